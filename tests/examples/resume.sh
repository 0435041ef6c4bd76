#!/bin/sh
# resume.sh PROGRAMS DATA FOLDER
#
# A run that is told to stop ends with status 0 and says how to go on; resumed, with other numbers of threads, it ends in
# the same bits as a run that nobody stopped.
set -eu
export PATH="$1:$PATH"
data=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
run="pretrain --model digits-8 --data $data/optdigits-images-idx3-ubyte --held_out_share 0.2 --shift 1 --epochs 8 --log_every 10"
without_time() { sed 's/"images_per_second":[^,}]*//' "$1"; }

$run --out whole > whole.txt
for signal in TERM INT; do
  $run --out "$signal" > "$signal.txt" &
  process=$!
  while ! grep -q '"event":"step","step":50' "$signal/log.jsonl" 2> /dev/null; do
    kill -0 $process 2> /dev/null || { echo "the run ended before it could be stopped"; cat "$signal.txt"; exit 1; }
    sleep 0.02
  done
  kill -s "$signal" $process
  wait $process || { echo "status $? after SIG$signal"; exit 1; }
  grep -q "^stopped after update .* to go on: pretrain --resume --out $signal\$" "$signal.txt" ||
    { echo "it does not say how to go on:"; cat "$signal.txt"; exit 1; }
  pretrain --resume --out "$signal" --threads 1 --loaders 3 > "$signal.resumed.txt"
  for file in model.safetensors encoder.safetensors checkpoint-176.safetensors loss.png panel.png; do
    cmp "whole/$file" "$signal/$file"
  done
  without_time whole/log.jsonl > whole.log
  without_time "$signal/log.jsonl" > "$signal.log"
  cmp whole.log "$signal.log"
done
