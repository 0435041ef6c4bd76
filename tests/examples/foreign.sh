#!/bin/sh
# foreign.sh PROGRAMS DATA FOLDER TOOL GOLDEN
#
# Files of other projects go through the programs as in README: features, reconstruct, finetune, probe. TOOL, of foreign.cpp,
# makes the files by the lists in GOLDEN and compares with what timm and transformers compute of them.
set -eu
export PATH="$1:$PATH"
data=$2 folder=$3 tool=$4 golden=$5
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
digits=$data/optdigits-images-idx3-ubyte
half="--normalization given --mean 0.5 --deviation 0.5"
fail() { echo "$*"; exit 1; }
has() { grep -qF -e "$2" "$1" || fail "'$2' is not in $1: $(cat "$1")"; }
"$tool" make "$golden" .

# features FILE KEY FLAGS...: both kinds against the project's own.
same_features() {
  file=$1 key=$2
  shift 2
  for tokens in mean class; do
    features --encoder "$file" --data "$digits" --tokens $tokens --out "$key-$tokens" "$@" > "$key.txt"
    "$tool" compare "$golden" "$key.$tokens" "$key-$tokens/features.npy"
  done
}
same_features timm.safetensors timm $half
has timm.txt 'assumed     4 heads, as the model has: the file does not say'
same_features timm_large.pth timm_large --model digits-8 --positions antialiased
has timm_large.txt 'statistics  mean 0.4490, deviation 0.2260'
has timm_large.txt 'positions 8 x 8 -> 4 x 4'
same_features transformers transformers
has transformers.txt 'statistics  mean 0.2500, deviation 0.7500'
same_features transformers_large transformers_large --model digits-8 $half
same_features original.pth original $half
has original.txt 'behind model.'
has original.txt 'ignored     32 tensors: the decoder'
features --encoder original.pth --data "$digits" $half --report --out full > full.txt
has full.txt 'ignored     model.decoder_norm.weight: the decoder'

# What they rebuild.
reconstruct --checkpoint transformers --data "$digits" --images 2 --noise noise.npy --out-npy transformers-pred > rebuilt.txt
"$tool" compare "$golden" transformers.pred transformers-pred/pred.npy
reconstruct --checkpoint original.pth --data "$digits" $half --images 2 --noise noise.npy --out-npy original-pred > rebuilt.txt
"$tool" compare "$golden" original.pred original-pred/pred.npy
has rebuilt.txt 'which fits the first image better'

# Trained further, and on without the file; a probe's encoder is frozen, so its features are the file's.
for file in timm.safetensors original.pth transformers transformers_large timm_large.pth; do
  size="" images=$half
  case $file in *large*) size="--model digits-8" ;; esac
  case $file in timm_large.pth | transformers) images="" ;; esac
  for program in finetune probe; do
    $program --encoder $file $size $images --data "$digits" --limit 64 --validation_share 0.2 --epochs 1 \
      --out "$program-$file" > "$program-$file.txt"
    has "$program-$file.txt" 'wrote '
  done
  has "finetune-$file.txt" 'the last norm, which pooling does without'
done
mv original.pth away.pth
finetune --resume --epochs 2 --out finetune-original.pth > resumed.txt
grep -q '^epoch 2/2' resumed.txt || fail "it does not go on: $(cat resumed.txt)"
same_features probe-timm.safetensors/model.safetensors timm

# What is no file of weights for this model: one line, and nothing is left.
mistake() {
  expected=$1
  shift
  if "$@" --data "$digits" --out bad > said.txt 2> error.txt; then fail "$* was not refused"; fi
  [ "$(wc -l < error.txt)" = 1 ] || fail "$*: not one line: $(cat error.txt)"
  has error.txt "$expected"
  [ ! -e bad ] || fail "$* left something behind"
}
mistake 'found no mean and deviation of its images, expected --normalization data' features --encoder timm.safetensors
mistake 'found an encoder without a decoder' reconstruct --checkpoint timm.safetensors $half
{ head -c 100000 away.pth; printf x; tail -c +100002 away.pth; } > flipped.pth
mistake 'found bytes with another checksum than it was written with' features --encoder flipped.pth $half
head -c 100000 away.pth > cut.pth
mistake 'the file was cut' finetune --encoder cut.pth $half
