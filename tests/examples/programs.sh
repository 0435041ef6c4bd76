#!/bin/sh
# programs.sh PROGRAMS DATA FOLDER
#
# The programs one after the other, as a user runs them, each for a moment: on digits and on a folder of photographs.
set -eu
export PATH="$1:$PATH"
data=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
digits=$data/optdigits-images-idx3-ubyte
fail() { echo "$*"; exit 1; }
has() { for file in "$@"; do [ -s "$file" ] || fail "$file is missing"; done; }

# What --print-config writes is a complete file, and valid.
for program in pretrain finetune probe segment features reconstruct onnx; do
  $program --print-config > $program.json
  $program $program.json --print-config | cmp - $program.json
  for key in $(sed -n 's/^ *"\([a-z_0-9-]*\)":.*/\1/p' $program.json); do
    $program --help | grep -q -e "--$key" || fail "$program --help does not tell of $key"
  done
  [ "$($program --version)" = "$(pretrain --version)" ] || fail "$program --version"
done

# From pre-training to features.
pretrain --data "$digits" --model digits-8 --validation_share 0.2 --epochs 2 --base_learning_rate 4e-3 --mask_ratio 0.5
has pretrained/model.safetensors pretrained/encoder.safetensors pretrained/loss.png pretrained/accuracy.png \
  pretrained/panel.png pretrained/log.jsonl pretrained/settings.json
[ "$(grep -c '"event":"epoch"' pretrained/log.jsonl)" = 2 ] || fail "the log has no line for each epoch"
grep -q '"validation_loss":.*"knn":' pretrained/log.jsonl || fail "held-out images were not looked at"
encoder=pretrained/encoder.safetensors
finetune --encoder $encoder --data "$digits" --validation_share 0.2 --limit 100 --epochs 2
finetune --scratch --model digits-8 --data "$digits" --limit 100 --epochs 1 --out scratch
probe --encoder pretrained/model.safetensors --data "$digits" --validation_share 0.2 --limit 100 --epochs 2
has finetuned/model.safetensors scratch/model.safetensors probed/model.safetensors
features --encoder $encoder --data "$digits"
features --encoder $encoder --data "$digits" --tokens all --out all
head -c 128 features/features.npy | grep -q "'shape': (1797, 64)" || fail "features.npy has another shape"
head -c 128 all/features.npy | grep -q "'shape': (1797, 17, 64)" || fail "all/features.npy has another shape"
has features/labels.npy

# Other optimizers, one of them at a rate of its own; that run goes on.
pretrain --data "$digits" --model digits-8 --limit 200 --epochs 1 --optimizer sgd --nesterov --momentum 0.8 \
  --learning_rate 1e-2 --out sgd
pretrain --resume --epochs 2 --out sgd
grep -aq '"run.momentum":"0.8"' sgd/checkpoint-*.safetensors ||
  fail "the run was not made by the optimizer that was asked for"
finetune --scratch --model digits-8 --data "$digits" --limit 100 --epochs 1 --optimizer lars --trust 0.01 --out lars
has sgd/model.safetensors lars/model.safetensors

# What was trained, as ONNX: the encoder or, where there is one, the classifier; larger than allowed, in two files.
for from in pretrained/encoder pretrained/model finetuned/model probed/model; do
  onnx --checkpoint $from.safetensors --out exported.onnx > exported.txt
  grep -q "^wrote  *exported.onnx$" exported.txt || fail "onnx does not tell what it wrote: $(cat exported.txt)"
  case $from in pretrained/*) output=features ;; *) output=logits ;; esac
  grep -q "$output" exported.onnx || fail "the ONNX of $from does not give $output"
done
onnx onnx.json --checkpoint pretrained/model.safetensors --part mae --external_data_above 1000 --out mae.onnx
grep -q ids_restore mae.onnx || fail "the ONNX of a masked autoencoder has no ids_restore"
has mae.onnx.*.data

# A folder of photographs, with accumulation; one that cannot be read is named and skipped.
mkdir photos
for name in astronaut chelsea coffee; do for i in 1 2 3; do cp "$data/$name.png" photos/$name-$i.png; done; done
head -c 9000 "$data/chelsea.png" > photos/chelsea-2.png
pretrain --data photos --model digits-8 --batch 2 --accumulation 2 --epochs 2 --bad_images skip --flip \
  --min_crop_scale 0.5 --out skipped 2> skipped.txt
[ "$(wc -l < skipped.txt)" = 1 ] || fail "the bad image is not named once: $(cat skipped.txt)"
grep -q "^skipped: mae: photos/chelsea-2.png: found" skipped.txt || fail "another image is named: $(cat skipped.txt)"

# A run that learns nothing is told so, at the update that the setting says.
pretrain --data "$digits" --model digits-8 --epochs 2 --warmup 0 --learning_rate 0 --baseline_steps 40 --out still \
  > still.txt
[ "$(grep -c "^still at the baseline after 40 updates: " still.txt)" = 1 ] || fail "it is not told: $(cat still.txt)"

# A loss that is not finite ends the run, names the layer, and keeps the last good checkpoint.
status=0
pretrain --data "$digits" --model digits-8 --epochs 9 --warmup 3 --learning_rate 1e18 --checkpoint_epochs 0.04 \
  --out lost > lost.txt 2> lost.error || status=$?
[ $status = 1 ] || fail "a loss that is not finite ends with status $status: $(cat lost.error)"
[ "$(wc -l < lost.error)" = 1 ] || fail "not one line: $(cat lost.error)"
grep -q "^mae: training step: found a loss of .*, first not finite in .*, expected finite numbers" lost.error ||
  grep -q "^mae: gradient: found .* not finite" lost.error || fail "it does not say why: $(cat lost.error)"
grep -q "^the last good checkpoint: lost/checkpoint-" lost.txt || fail "it does not say what is left: $(cat lost.txt)"
has lost/checkpoint-*.safetensors
