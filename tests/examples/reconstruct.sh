#!/bin/sh
# reconstruct.sh PROGRAM CHECKPOINT DATA FOLDER   tries the program reconstruct, in FOLDER, which is emptied first.
#
# CHECKPOINT is of the model digits-8 and does not say so; DATA is examples/data.
set -eu
program=$1 checkpoint=$2 data=$3 folder=$4
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
digits=$data/optdigits-images-idx3-ubyte

fail() { echo "$1"; exit 1; }
run() { "$program" --checkpoint "$checkpoint" --model digits-8 --images 3 "$@"; }
# Status 1, one line that says `$1`, and nothing left behind.
mistake() {
  expected=$1
  shift
  status=0
  "$@" >out.txt 2>error.txt || status=$?
  [ "$status" -eq 1 ] || fail "$*: status $status"
  [ "$(wc -l < error.txt)" -eq 1 ] || fail "$*: not one line: $(cat error.txt)"
  grep -qF -e "$expected" error.txt || fail "$*: '$expected' is not in: $(cat error.txt)"
  [ ! -e bad ] || fail "$*: left something behind"
}

# Images of a data set, with files for NumPy.
run --data "$digits" --out a --out-npy npy --seed 5 > a.txt
grep -q "are the original's" a.txt || fail "the oracle is not named"
[ "$(grep -c "grey levels off" a.txt)" -eq 3 ] || fail "not a line an image"
for file in a/panel.png npy/pred.npy npy/mask.npy npy/ids_restore.npy; do [ -s "$file" ] || fail "no $file"; done

# The same again is the same; another seed is not.
run --data "$digits" --out b --out-npy npy_b --seed 5 >b.txt
cmp a/panel.png b/panel.png
cmp npy/pred.npy npy_b/pred.npy
run --data "$digits" --out c --seed 6 >c.txt
! cmp -s a/panel.png c/panel.png || fail "another seed draws the same"

# A mask is noise: what it hides stays hidden.
run --data "$digits" --out d --noise npy/mask.npy --out-npy npy_d >d.txt
cmp npy/mask.npy npy_d/mask.npy

# Masks by another strategy; else by that of the checkpoint, which does not say and so is random.
run --data "$digits" --out i --seed 5 --masking block --out-npy npy_block >i.txt
grep -q "^masking *block$" i.txt || fail "the strategy is not named"
! cmp -s npy/mask.npy npy_block/mask.npy || fail "another strategy draws the same"
run --data "$digits" --out j --seed 5 --masking random --out-npy npy_random >j.txt
cmp npy/mask.npy npy_random/mask.npy

# Statistics from the visible patches, and without the whole image.
run --data "$digits" --out e --seed 5 --statistics visible --no-whole >e.txt
grep -q "estimated from visible ones" e.txt || fail "the estimate is not named"
! cmp -s a/panel.png e/panel.png || fail "other statistics draw the same"

# Images named one by one.
run --files "$data/chelsea.png" "$data/coffee.png" --out f >f.txt
[ "$(grep -c "grey levels off" f.txt)" -eq 2 ] || fail "not a line an image"
# They are normalised as is asked for, else as in pre-training.
run --files "$data/chelsea.png" "$data/coffee.png" --normalization data --out g >g.txt
run --files "$data/chelsea.png" "$data/coffee.png" --normalization given --mean 0.1 --deviation 0.9 --out h >h.txt
for other in g h; do ! cmp -s f.txt $other.txt || fail "$other: other statistics give the same"; done

mistake "--checkpoint: found nothing" "$program" --files "$data/chelsea.png" --out bad
mistake "expected the name of the model" "$program" --checkpoint "$checkpoint" --data "$digits" --out bad
mistake "missing.safetensors" "$program" --checkpoint missing.safetensors --model digits-8 --data "$digits" --out bad
mistake "error.txt" "$program" --checkpoint error.txt --model digits-8 --data "$digits" --out bad
mistake "--statistics: found orakle" run --data "$digits" --statistics orakle --out bad
mistake "did you mean --noise" run --data "$digits" --nose npy/mask.npy --out bad
mistake "npy/pred.npy: found an array" run --data "$digits" --noise npy/pred.npy --out bad
mistake "a.txt" run --data "$digits" --noise a.txt --out bad
mistake "missing.png" run --files missing.png --out bad
mistake "b.txt: found no image" run --files "$data/chelsea.png" b.txt --out bad
mistake "files beside data" run --files "$data/chelsea.png" --data "$digits" --out bad
mistake "--mask_ratio: found a mask ratio of 0.99" run --data "$digits" --mask_ratio 0.99 --out bad
mistake "--masking: found blok, expected one of auto, random, block, grid, inverse_block, unit, half_block; did you mean block?" \
  run --data "$digits" --masking blok --out bad
mistake "--masking: found a strategy beside noise" run --data "$digits" --noise npy/mask.npy --masking grid --out bad
mistake "--images: found 0" "$program" --checkpoint "$checkpoint" --images 0 --out bad
mistake "--out: found a.txt" run --data "$digits" --out a.txt
mistake "--out-npy: found a.txt" run --data "$digits" --out-npy a.txt --out bad
