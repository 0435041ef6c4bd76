#!/bin/sh
# device.sh PROGRAMS DATA FOLDER EMULATED
#
# `pretrain` on the processor, in PROGRAMS, and on the emulated GPU, EMULATED: their losses agree, and each goes on from a
# checkpoint of the other. What the GPU trained is an encoder like any other.
set -eu
export PATH="$1:$PATH"
data=$2 folder=$3 emulated=$4
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
ln -s "$data" data
data=data  # without a space, whatever the folder of the project is called
digits=$data/optdigits-images-idx3-ubyte
fail() { echo "$*"; exit 1; }
# Of every epoch: loss, loss and accuracy of nearest neighbours on held-out images.
epochs() {
  sed -n 's/.*"event":"epoch".*"loss":\(.*\),"rate".*"validation_loss":\(.*\),"knn":\(.*\)}/\1 \2 \3/p' "$1/log.jsonl"
}
# agree A B: two folders whose epochs had the same numbers, as far as float can tell.
agree() {
  epochs "$1" > a.txt
  epochs "$2" > b.txt
  paste a.txt b.txt | awk -v names="$1 and $2" '
    function differ(x, y) { return !(x > 0) || !((x - y) ^ 2 <= (1e-4 * x) ^ 2) }
    { print names ": epoch " NR ": " $0; if (differ($1, $4) || differ($2, $5) || $3 != $6) bad = 1 }
    END { exit bad || NR != 2 }' || fail "$1 and $2 differ"
}
# left_after_one_epoch FROM TO: the folder of a run of two epochs, as it was after the first.
left_after_one_epoch() {
  cp -R "$1" "$2"
  rm "$2"/checkpoint-8.safetensors "$2"/model.safetensors "$2"/encoder.safetensors
  [ -s "$2/checkpoint-4.safetensors" ] || fail "$1 has no checkpoint of its first epoch"
}

run="--data $digits --model digits-8 --limit 32 --validation_share 0.01 --batch 8 --epochs 2 --warmup 1
  --base_learning_rate 4e-3 --shift 1 --checkpoint_epochs 1"
# shellcheck disable=SC2086
pretrain $run --out processor
# shellcheck disable=SC2086
"$emulated" $run --out gpu --device cuda | tee gpu.txt
grep -q "weights and steps on the GPU" gpu.txt || fail "it does not say what lies on the GPU"
agree processor gpu

left_after_one_epoch gpu to_processor
pretrain --resume --out to_processor --device cpu
agree processor to_processor
left_after_one_epoch processor to_gpu
"$emulated" --resume --out to_gpu --device cuda
agree processor to_gpu

probe --encoder gpu/encoder.safetensors --data "$digits" --limit 100 --epochs 1
