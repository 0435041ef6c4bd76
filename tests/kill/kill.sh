#!/usr/bin/env bash
# A run that is killed again and again must end in the same bits as one that is not.
#
#   kill.sh KILLS FOLDER WHOLE COMMAND...      "{}" in COMMAND stands for the folder of a run
#
# COMMAND begins a run in its folder or goes on with the one that is there, and exits with 0 at its end. It is run once
# in peace, then killed (SIGKILL) KILLS times at random moments. Each time the newest checkpoint-<number>.safetensors
# must be whole (the program WHOLE says so) and COMMAND must go on; whenever the run reaches its end, its last
# checkpoint must equal the undisturbed one's, byte for byte, and a new run begins. SEED=n repeats the moments.
set -euo pipefail
kills=$1 folder=$2 whole=$3
shift 3
seed=${SEED:-$(date +%N | sed 's/^0*//')}
RANDOM=$((seed % 32768))
mkdir -p "$folder"
rm -rf "$folder/peace" "$folder/killed"

fail() {
  echo "after $count kills, seed $seed: $1" >&2
  tail -n 20 "$folder/log" >&2
  exit 1
}
newest() { [ ! -d "$1" ] || find "$1" -maxdepth 1 -name 'checkpoint-*.safetensors' | sort -V | tail -n 1; }
# start NAME: replaces this process by the command, on one thread or two.
start() {
  export OMP_NUM_THREADS=$2
  local name=$1
  shift 2
  exec "${@//\{\}/$folder/$name}" >>"$folder/log" 2>&1
}

count=0
: >"$folder/log"
before=$(date +%s%N)
(start peace 1 "$@") || fail "the undisturbed run failed"
span=$((($(date +%s%N) - before) / 1000))  # microseconds
end=$(newest "$folder/peace")
[ -n "$end" ] || fail "the undisturbed run left no checkpoint"

ends=0 leftovers=0
while [ "$count" -lt "$kills" ] || [ "$ends" -eq 0 ]; do
  : >"$folder/log"
  (start killed $((1 + RANDOM % 2)) "$@") &
  run=$!
  if [ "$count" -lt "$kills" ]; then
    sleep "$(awk -v r=$((RANDOM * 32768 + RANDOM)) -v s=$span 'BEGIN { printf "%.6f", r / 2^30 * s / 2e6 }')"
    kill -KILL "$run" 2>/dev/null || true
  fi
  status=0
  wait "$run" 2>/dev/null || status=$?
  if [ "$status" -eq 137 ]; then
    count=$((count + 1))
    found=$(newest "$folder/killed")
    [ -z "$found" ] || "$whole" "$found" >>"$folder/log" 2>&1 || fail "$found is not whole"
    [ -z "$(find "$folder" -name '*.tmp')" ] || leftovers=$((leftovers + 1))
  elif [ "$status" -eq 0 ]; then
    ends=$((ends + 1))
    found=$(newest "$folder/killed")
    [ "${found##*/}" = "${end##*/}" ] || fail "the run ended with ${found##*/}, undisturbed with ${end##*/}"
    cmp "$found" "$end" || fail "the bits differ"
    rm -rf "$folder/killed"
  else
    fail "the run failed with status $status"
  fi
done
echo "$count kills, after $leftovers of them an unfinished file; $ends runs ended in the same bits"
rm -rf "$folder"
