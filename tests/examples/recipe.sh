#!/bin/sh
# recipe.sh PROGRAMS DATA FOLDER
#
# A recipe sets what nobody has given; --print-config shows what comes of it and is a file that says the same again; parts
# that make no sense are told.
set -eu
export PATH="$1:$PATH"
data=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
digits=$data/optdigits-images-idx3-ubyte

# has FILE KEY VALUE
has() { grep -q "^ *\"$2\": $3,\{0,1\}$" "$1" || { echo "$1 has not $2 $3:"; grep "\"$2\"" "$1"; exit 1; }; }

finetune --print-config > plain.json
for key in recipe:'"none"' rand_augment:'""' random_erasing:0.0 mixup:0.0 cutmix:0.0 ema_decay:0.0 trained_blocks:-1 \
  evaluation_crop:1.0 test_crops:1; do
  has plain.json "${key%%:*}" "${key#*:}"
done

echo '{"mixup": 0.25, "layer_decay": 0.5}' > mine.json
finetune mine.json --recipe paper-large --epochs 20 --no-flip --print-config > paper.json
for key in recipe:'"paper-large"' rand_augment:'"rand-m9-mstd0.5-inc1"' random_erasing:0.25 cutmix:1.0 drop_path:0.2 \
  label_smoothing:0.1 base_learning_rate:0.001 warmup:5.0 batch:32 accumulation:32 weight_decay:0.05 min_crop_scale:0.08 \
  evaluation_crop:0.875 mixup:0.25 layer_decay:0.5 epochs:20 flip:false; do
  has paper.json "${key%%:*}" "${key#*:}"
done
finetune paper.json --print-config > again.json
cmp paper.json again.json
finetune --recipe paper-base --print-config > base.json
for key in layer_decay:0.65 epochs:100 mixup:0.8 flip:true base_learning_rate:0.0005; do
  has base.json "${key%%:*}" "${key#*:}"
done
finetune --recipe small-data --print-config > small.json
for key in mixup:0.0 cutmix:0.0 batch:16 accumulation:1 random_erasing:0.0 rand_augment:'"rand-m3-mstd0.5-n1-inc1"'; do has small.json "${key%%:*}" "${key#*:}"; done

# refuses SENTENCE FLAGS...
refuses() {
  sentence=$1
  shift
  if finetune --scratch --model digits-8 --data "$digits" --out refused "$@" > said.txt 2>&1; then
    echo "finetune $* was not refused"
    exit 1
  fi
  grep -qF -e "$sentence" said.txt || { echo "finetune $*:"; cat said.txt; exit 1; }
  test ! -e refused
}
refuses '--recipe: found paper, expected one of none, paper-base' --recipe paper
refuses '--rand_augment: found augmix-m3, expected a text like rand-m9-mstd0.5-inc1' --rand_augment augmix-m3
refuses 'test_crops: found 3, expected 1, 5 or 10' --test_crops 3
refuses 'trained_blocks: found 9, expected at most the encoder'"'"'s 4' --trained_blocks 9
refuses '--ema_decay: found 1, expected a number from 0 and below 1' --ema_decay 1

finetune --recipe small-data --scratch --model digits-8 --data "$digits" --limit 160 --epochs 2 --warmup 1 \
  --validation_share 0.2 --ema_decay 0.5 --out run > run.txt
grep -q ' averaged ' run.txt
grep -q '"ema_accuracy":' run/log.jsonl
test -s run/ema.safetensors
for optimizer in sgd lars; do
  finetune --scratch --model digits-8 --data "$digits" --limit 64 --epochs 1 --warmup 0 --optimizer $optimizer \
    --learning_rate 0.1 --ema_decay 0.5 --out $optimizer > $optimizer.txt
done
finetune --resume --epochs 2 --out lars > resumed.txt  # the average goes on
for run in run sgd lars; do
  if cmp -s $run/ema.safetensors $run/model.safetensors; then
    echo "$run: the average is the model itself"
    exit 1
  fi
done
