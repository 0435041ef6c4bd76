#!/bin/sh
# terminal.sh PROGRAMS DATA FOLDER
#
# What a program shows on terminals of several kinds, in a file, and where there is no output at all; and names of files
# that do harm where they are printed as they are.
set -eu
export PATH="$1:$PATH"
data=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
escape=$(printf '\033')
fail() { echo "$*"; exit 1; }
digits="pretrain --data $data/optdigits-images-idx3-ubyte --model digits-8 --log_every 20"
run="$digits --epochs 2"

# on KIND COLUMNS: the run on a terminal; what it has been sent goes to the file seen.
on() {
  rm -rf out
  TERM=$1 script -qec "stty cols $2; $digits --epochs 12 --threads 1 --out out" seen > /dev/null < /dev/null
  grep -q "wrote out/model.safetensors" seen || fail "the run did not end: $(cat seen)"
}
if command -v script > /dev/null && script -qec true /dev/null > /dev/null < /dev/null; then
  # A line that is drawn over and over, and never goes on to the next row.
  for columns in 100 40 7; do
    on xterm $columns
    tr '\r' '\n' < seen | grep "$escape\[K" | sed "s/$escape\[K.*//" > drawn
    [ "$(grep -c epoch drawn)" -gt 1 ] || [ $columns -lt 10 ] || fail "no line was drawn in $columns columns"
    longest=$(awk '{ if (length($0) > most) most = length($0) } END { print most + 0 }' drawn)
    [ "$longest" -lt $columns ] || fail "a line of $longest in $columns columns: $(cat drawn)"
  done
  # A dumb terminal, or one of which nothing is known: plain lines.
  for kind in dumb ""; do
    on "$kind" 40
    ! grep -q "$escape" seen || fail "escape codes for TERM=$kind"
    grep -q "^epoch 1/12  update 20  loss .* images/s" seen || fail "no lines on the way for TERM=$kind: $(cat seen)"
  done
else
  echo "no program script here, or no terminal to be had: terminals are not tried"
fi

# A file.
TERM=xterm $run --out filed > filed.txt
! grep -q "$escape" filed.txt || fail "escape codes in a file"
! tr -d '\n' < filed.txt | grep -q '[[:cntrl:]]' || fail "control characters in a file"

# Closed output: no file of the run gets what is printed.
status=0
$run --out closed >&- 2> closed.txt || status=$?
[ $status = 1 ] || fail "status $status where standard output is closed"
grep -q "^mae: standard output: found a place that cannot be written" closed.txt || fail "it does not say so: $(cat closed.txt)"
without_time() { sed 's/"images_per_second":[^,}]*//' "$1"; }
without_time filed/log.jsonl > filed.log
without_time closed/log.jsonl > closed.log
cmp filed.log closed.log
cmp filed/encoder.safetensors closed/encoder.safetensors
$run --out silent > /dev/null 2>&- <&-
cmp filed/encoder.safetensors silent/encoder.safetensors

# Names.
name=$(printf 'a\033[2Jb\nc\342\200\256d')
mkdir "$name"
for i in 1 2 3; do head -c 9000 "$data/chelsea.png" > "$name/$i.png"; done
cp "$data/chelsea.png" "$name/4.png"
status=0
pretrain --data "$name" --model digits-8 --batch 2 --epochs 1 --out bad > names.txt 2> names.error || status=$?
[ $status = 1 ] || fail "status $status for a broken image"
pretrain --data "$name" --model digits-8 --batch 1 --epochs 1 --bad_images skip --out skipped >> names.txt 2>> names.error
grep -qF 'mae: a\x1b[2Jb\nc\u202ed/' names.error || fail "the name is not told: $(cat names.error)"
grep -qF 'images of a\x1b[2Jb\nc\u202ed' names.txt || fail "the name is not told: $(cat names.txt)"
! cat names.txt names.error | tr -d '\n' | LC_ALL=C grep -q "[[:cntrl:]]" || fail "control characters are printed"
[ "$(wc -l < names.error)" = 4 ] || fail "a name makes more lines: $(cat names.error)"

# More threads than may run, here on one processor: told, and as many as may; the same bits.
if command -v taskset > /dev/null && [ "$(nproc)" -gt 1 ]; then
  env -u OMP_NUM_THREADS taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')" $run --out one > one.txt
  grep -q "^threads     1, as many as may run here at a time, of [0-9]* processors$" one.txt || fail "$(cat one.txt)"
  cmp filed/encoder.safetensors one/encoder.safetensors
fi
$run --threads 4096 --out many > many.txt
grep -q "^threads     [0-9]*, as many as may run here at a time, instead of 4096$" many.txt || fail "$(cat many.txt)"
cmp filed/encoder.safetensors many/encoder.safetensors
# The environment's number is taken at its word, and told.
over=$(($(nproc) + 2))
OMP_NUM_THREADS=$over $run --out over > over.txt
grep -q "^threads     $over by OMP_NUM_THREADS, of which [0-9]* may run here at a time$" over.txt || fail "$(cat over.txt)"
cmp filed/encoder.safetensors over/encoder.safetensors
