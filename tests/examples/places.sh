# What segment.sh, detect.sh and predict.sh share: each includes it and hands on its arguments, PROGRAMS DATA FOLDER MAKER.
# shellcheck shell=sh disable=SC2034,SC2154,SC2086
set -eu
export PATH="$1:$PATH" LC_ALL=C
folder=$3 maker=$4
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
fail() { echo "$*"; exit 1; }
has() { for file in "$@"; do [ -s "$file" ] || fail "$file is missing"; done; }
says() { grep -q -e "$2" "$1" || { echo "$1 does not say $2:"; cat "$1"; exit 1; }; }
# refuses MESSAGE COMMAND...: it ends with status 1 and says so.
refuses() {
  expected=$1 status=0
  shift
  "$@" > refused.txt 2> refused.error || status=$?
  [ $status -eq 1 ] || fail "status $status, not 1: $*"
  says refused.error "$expected"
}
updates() { find "$1" -name 'checkpoint-*' | sed 's/.*checkpoint-\([0-9]*\).*/\1/' | sort -n | tail -n 1; }
without_time() { sed 's/"images_per_second":[^,}]*//' "$1"; }
# goes_on FILE...: a run by the command $run from scratch that is told to stop or killed, and resumed by other numbers
# of threads, ends in the bits of the folder `whole`, these files and folders of it included.
goes_on() {
  for signal in TERM KILL; do
    $run --scratch --checkpoint_epochs 1.3 --out $signal > $signal.txt &
    process=$!
    while ! grep -q '"event":"step","step":40' $signal/log.jsonl 2> /dev/null; do
      kill -0 $process 2> /dev/null || { echo "the run ended before it could be stopped"; cat $signal.txt; exit 1; }
      sleep 0.02
    done
    kill -s $signal $process
    status=0
    wait $process 2> /dev/null || status=$?
    [ $signal = KILL ] || [ $status -eq 0 ] || fail "status $status after SIG$signal"
    "${run%% *}" --resume --out $signal --threads 1 --loaders 3 > $signal.resumed.txt
    for file in "checkpoint-$(updates whole).safetensors" model.safetensors scores.json panel.png loss.png "$@"; do
      diff -r "whole/$file" "$signal/$file"
    done
    without_time whole/log.jsonl > whole.log
    without_time $signal/log.jsonl > $signal.log
    cmp whole.log $signal.log
  done
}
