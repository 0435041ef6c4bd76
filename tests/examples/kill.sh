#!/bin/sh
# kill.sh PROGRAMS DATA FOLDER KILLS
#
# Kills a run at random moments, again and again: each time the next one goes on from the newest checkpoint, and the one
# that reaches the end ends in the same bits as a run that nobody killed.
set -eu
export PATH="$1:$PATH" OMP_NUM_THREADS=1
data=$2 folder=$3 kills=$4
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
ln -s "$data" data
data=data  # without a space, whatever the folder of the project is called
run="pretrain --model digits-8 --data $data/optdigits-images-idx3-ubyte --validation_share 0.2 --shift 1 --epochs 6
  --checkpoint_epochs 0.3"
begin=$(date +%s%N)
$run --out whole > whole.txt
length=$(($(date +%s%N) - begin))

count=0 ended=0 resumed=0
while [ "$count" -lt "$kills" ] || [ "$ended" -eq 0 ]; do
  resume=
  if ls killed/checkpoint-*.safetensors > /dev/null 2>&1; then resume=--resume && resumed=$((resumed + 1)); fi
  # shellcheck disable=SC2086
  $run --out killed $resume > run.txt 2>&1 &
  process=$!
  if [ "$count" -lt "$kills" ]; then
    sleep "$(awk -v seed="$count$$" -v length_ns="$length" 'BEGIN { srand(seed); print rand() * length_ns / 1e9 }')"
    kill -9 $process 2> /dev/null || true
  fi
  status=0
  wait $process 2> /dev/null || status=$?
  if grep "passed over" run.txt | grep -v "unfinished file"; then echo "a checkpoint is damaged" && exit 1; fi
  if [ "$status" -eq 137 ]; then count=$((count + 1)) && continue; fi
  if [ "$status" -ne 0 ]; then echo "status $status after $count kills:" && cat run.txt && exit 1; fi
  for file in model.safetensors encoder.safetensors checkpoint-132.safetensors; do cmp "whole/$file" "killed/$file"; done
  rm -rf killed
  ended=$((ended + 1))
done
echo "killed $count times, resumed $resumed times, ended $ended times in the same bits"
