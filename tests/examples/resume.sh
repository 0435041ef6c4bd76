#!/bin/sh
# resume.sh PROGRAMS DATA FOLDER
#
# A run, of any of the programs that train, that is told to stop ends with status 0 and says how to go on; resumed, with
# other numbers of threads, it ends in the same bits as a run that nobody stopped.
set -eu
export PATH="$1:$PATH"
data=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
ln -s "$data" data
data=data  # without a space, whatever the folder of the project is called
digits=$data/optdigits-images-idx3-ubyte
shared="--validation_share 0.2 --shift 1 --log_every 10"
without_time() { sed 's/"images_per_second":[^,}]*//' "$1"; }

# stopped SIGNAL WHOLE COMMAND...   stops the command, which writes to the folder SIGNAL, once it has made 50 updates, and
# lets it go on; the files must be those of WHOLE, which nobody stopped.
stopped() {
  signal=$1 whole=$2
  shift 2
  rm -rf "$signal"
  "$@" --out "$signal" > "$signal.txt" &
  process=$!
  while ! grep -q '"event":"step","step":50' "$signal/log.jsonl" 2> /dev/null; do
    kill -0 $process 2> /dev/null || { echo "the run ended before it could be stopped"; cat "$signal.txt"; exit 1; }
    sleep 0.02
  done
  kill -s "$signal" $process
  wait $process || { echo "status $? after SIG$signal"; exit 1; }
  grep -q "^stopped after update .* to go on: $1 --resume --out $signal\$" "$signal.txt" ||
    { echo "it does not say how to go on:"; cat "$signal.txt"; exit 1; }
  "$1" --resume --out "$signal" --threads 1 --loaders 3 > "$signal.resumed.txt"
  for file in "$whole"/*.safetensors "$whole"/*.png; do
    name=${file##*/}
    # Which checkpoints are kept before the last depends on where a run was stopped.
    case $name in checkpoint-*) [ "$name" = "checkpoint-$(updates "$whole").safetensors" ] || continue ;; esac
    cmp "$file" "$signal/$name"
  done
  without_time "$whole/log.jsonl" > whole.log
  without_time "$signal/log.jsonl" > "$signal.log"
  cmp whole.log "$signal.log"
}
# The updates of the newest checkpoint in a folder.
updates() { find "$1" -name 'checkpoint-*' | sed 's/.*checkpoint-\([0-9]*\).*/\1/' | sort -n | tail -n 1; }

# shellcheck disable=SC2086
for program in pretrain finetune probe; do
  case $program in
    pretrain) more="--model digits-8 --masking half_block --epochs 8 --baseline_steps 30" signals="TERM INT" ;;
    *) more="--encoder pretrain/encoder.safetensors --limit 640 --epochs 12" signals=TERM ;;
  esac
  run="$program --data $digits $shared $more"
  $run --out $program > $program.txt
  for signal in $signals; do stopped $signal $program $run; done
done

# All parts of the recipe at once: their random numbers, and the average of weights, go on too.
# shellcheck disable=SC2086
{
  run="finetune --data $digits --validation_share 0.2 --log_every 10 --encoder pretrain/encoder.safetensors --limit 640"
  run="$run --recipe small-data --epochs 6 --warmup 1 --mixup 0.8 --cutmix 1 --ema_decay 0.9 --trained_blocks 3 --clip 1"
  run="$run --evaluation_crop 0.9 --test_crops 5"
  $run --out recipe > recipe.txt
  grep -q ' accuracy .* averaged ' recipe.txt
  stopped TERM recipe $run
}
