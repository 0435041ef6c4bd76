#!/bin/sh
# info.sh PROGRAMS DATA FOLDER FOREIGN GOLDEN CLASS_MAPS
#
# The program `info` about every kind of file and folder: weights of several projects, of a run, damaged ones, images in
# folders and arrays, annotations, class maps, settings, and what is none of these. FOREIGN, of foreign.cpp, makes weights
# by the lists in GOLDEN, tests/golden; CLASS_MAPS, of class_maps.cpp, images with maps. FOLDER is emptied.
set -eu
export PATH="$1:$PATH" LC_ALL=C
data=$2 folder=$3 foreign=$4 golden=$5 class_maps=$6
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
fail() { echo "$1"; cat said.txt; exit 1; }
# says TEXT: it stands in what was said.
says() { grep -qF -- "$1" said.txt || fail "it does not say: $1"; }
silent() { if grep -qF -- "$1" said.txt; then fail "it says: $1"; fi; }
# about FILES AND FLAGS...: all is well.
about() { info "$@" >said.txt 2>&1 || fail "info $* failed"; }
# unknown SENTENCE FILE FLAGS...: one line of error, status 1.
unknown() {
  expected=$1 status=0
  shift
  info "$@" >out.txt 2>said.txt || status=$?
  [ "$status" -eq 1 ] || fail "info $*: status $status"
  [ "$(wc -l <said.txt)" -eq 1 ] || fail "info $*: not one line"
  says "$expected"
}

# Weights of other projects.
"$foreign" make "$golden/foreign" .
about timm.safetensors
says 'kind        weights of a'
says 'container   safetensors'
says 'names       of the original repository'
says 'encoder     64 wide, 4 blocks, heads not told'
says 'image       1 x 8 x 8'
says 'patch       2'
says 'statistics  mean and deviation of its images are not told'
says 'fits        digits-8'
says 'loaded      the encoder by features, finetune, probe, segment, detect, onnx: 54 parameters of '
about original.pth
says 'kind        weights of a masked autoencoder'
says 'container   PyTorch (.pth)'
says 'names       of the original repository, behind model.'
says '; ignored: 1 tensor (state of training), 32 tensors (the decoder)'
says 'loaded      the whole by reconstruct, onnx: '
about transformers
says 'names       of Hugging Face'
says 'statistics  mean 0.2500, deviation 0.7500'
about timm_large.pth
says 'fits        digits-8 with positions resized'
about "$golden/published/augreg.safetensors" "$golden/published/hugging_face" "$golden/published/timm_pool.safetensors"
says 'names       of augreg'
says 'statistics  mean 0.5000, 0.5000, 0.5000, deviation 0.5000, 0.5000, 0.5000, as published: the file does not say'
says 'fits        no model that has a name'
says 'loaded      the encoder without its last norm by finetune, detect, segment --head pyramid: 28 parameters of 1,936 numbers'
says 'not loaded  the encoder by features, probe, segment: found no tensor norm.weight: a classifier that pools'
says 'loaded      the classifier with its head by predict, evaluate, onnx, with a model of 5 classes'
[ "$(grep -c '^file ' said.txt)" -eq 3 ] || fail "not three files"

# Weights that nothing can be loaded of, and such as are damaged. header JSON: a safetensors file, with what stands on
# standard input as its numbers.
header() {
  length=$(printf %s "$1" | wc -c)
  # shellcheck disable=SC2059
  printf "\\$(printf %03o $((length % 256)))\\$(printf %03o $((length / 256)))\\0\\0\\0\\0\\0\\0"
  printf %s "$1"
  cat
}
header '{"rope.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}' >rope.safetensors <<'NUMBERS'
1234567
NUMBERS
about rope.safetensors
printf '{"metadata": {}, "weight_map": {"rope.weight": "rope.safetensors"}}' >rope.index.json
about rope.index.json
says 'container   1 files by an index'
printf '{"weight_map": {"rope.weight": "gone.safetensors"}}' >gone.index.json
unknown "mae: gone.index.json: found no file 'gone.safetensors' beside it" gone.index.json
about "$golden/mae_grey.safetensors"
says "not loaded  found 2 models, under 'grad.' and no prefix, expected one"
about "$golden/mae_grey.safetensors" --prefix grad.
says 'names       of the original repository, behind grad.'
about rope.safetensors
says 'kind        tensors'
says 'names       rope.weight [2]'
says 'not loaded  found rotary positions'
printf '\0\0\0\0\0\0\300\177\0\0\0\0' | header '{"a.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b.weight":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}' >bad.safetensors
about bad.safetensors
silent suspicious
about --scan bad.safetensors
says 'suspicious  a.weight: found 1 of 2 numbers that is not finite, the first at [1], expected finite numbers'
says 'suspicious  b.weight: all zero'
says 'scanned     the numbers of 2 tensors'
head -c 100000 original.pth >cut.pth
unknown 'the file was cut' cut.pth
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n' >pointer.safetensors
unknown 'mae: pointer.safetensors: found a pointer of Git LFS, not the file itself, expected ' pointer.safetensors
says 'git lfs pull fetches the file'
printf '<!DOCTYPE html><html><body>404</body></html>' >page.pth
unknown 'mae: page.pth: found a web page, expected weights, images, ' page.pth
: >empty.bin
unknown 'found an empty file' empty.bin
unknown 'mae: nowhere.pth: found ' nowhere.pth
printf 'Images of cats.\n' >README
unknown "mae: README: found a text that begins 'Images of cats.', expected weights" README
unknown 'mae: command line: found no file, expected one or more: info FILE...'
# One that is unknown does not keep the others from being told.
status=0
info empty.bin timm.safetensors >said.txt 2>/dev/null || status=$?
[ "$status" -eq 1 ] || fail "status $status"
says 'fits        digits-8'

# A run: while it goes on and when it is done; what it wrote.
pretrain --data "$data/optdigits-images-idx3-ubyte" --model digits-8 --limit 64 --epochs 2 --checkpoint_epochs 1 --seed 3 \
  --validation_share 0.2 --out run >log.txt
about run
says 'kind        the folder of a run'
says 'checkpoints after updates '
says 'files       model.safetensors, encoder.safetensors, settings.json, log.jsonl'
says 'log         epoch 2: loss '
says 'kind        weights of a masked autoencoder'
says 'names       of this library'
says 'decoder     32 wide, 2 blocks, 2 heads'
says 'target      normalized pixels'
says 'hidden      75 % of the patches, random'
says '2 epochs of 2, of 64 images'
says 'made by     pretrain of mae 0.1.0, model digits-8'
says 'with the 168 tensors of an optimizer'
says 'fits        digits-8'
says 'loaded      the state of a run by pretrain --resume'
about --scan run
silent suspicious
finetune --encoder run/encoder.safetensors --data "$data/optdigits-images-idx3-ubyte" --limit 32 --validation_share 0.1 \
  --epochs 1 --out tuned >log.txt
about tuned/model.safetensors
says 'kind        weights of a classifier'
says 'classes     10 at most'
says 'made by     finetune of mae 0.1.0, model digits-8'
says 'loaded      the encoder without its last norm by finetune, detect, segment --head pyramid: 52 parameters'
says 'not loaded  the encoder by features, probe, segment: found no tensor norm.weight'
says 'loaded      the classifier with its head by predict, evaluate, onnx, with a model of 10 classes'
silent 'class names'
LC_ALL=C sed 's/"encoder":"64 wide, 4 blocks/"encoder":"64 wide, 5 blocks/' run/model.safetensors >contradicts.safetensors
about contradicts.safetensors
says 'suspicious  encoder 64 wide, 5 blocks, 4 heads is recorded, the tensors show 64 wide, 4 blocks'
about --settings run/model.safetensors
says 'settings    seed 3'
about run/settings.json run/log.jsonl
says 'read by     pretrain'
says 'kind        the log of a run'
newest=$(ls run/checkpoint-*.safetensors | sort -t- -k2 -n | tail -1)
{ head -c 2000000 "$newest"; printf x; tail -c +2000002 "$newest"; } >flipped && mv flipped "$newest"
about run
about --scan run
says 'suspicious  run/checkpoint-2.safetensors: found the checksum '

# Images.
mkdir -p classes/cat classes/dog parts/train/a parts/train/b parts/val/a parts/val/b
for name in astronaut chelsea coffee; do cp "$data/$name.png" classes/cat/; done
cp "$data/chelsea.png" classes/dog/
printf 'no image' >classes/dog/broken.png
echo note >classes/notes.txt
for part in train val; do cp "$data/chelsea.png" parts/$part/a/; cp "$data/coffee.png" parts/$part/b/; done
cp "$data/coffee.png" parts/train/b/two.png
about classes
says 'kind        a folder of images'
says 'images      5'
says 'classes     2: cat 3, dog 2'
says 'sizes       all 256 x 256'
says 'channels    colour in 4'
says 'fault       classes/dog/broken.png: found no image'
says 'note        1 files there are not named as images'
about parts
says 'parts       train 3, val 2'
says 'classes     2: a 2, b 3'
about "$data/optdigits-images-idx3-ubyte"
says "kind        images of MNIST's form (IDX)"
says 'images      1,797'
says 'classes     10: 0 178, 1 182,'
says 'sizes       all 8 x 8'
about "$data/coffee.png"
says 'kind        a PNG image'
says 'size        256 x 256 pixels'
mkdir cifar
{ printf '\3'; head -c 3072 "$data/coffee.png"; printf '\7'; head -c 3072 "$data/chelsea.png"; } >cifar/data_batch_1.bin
for i in 2 3 4 5; do cp cifar/data_batch_1.bin cifar/data_batch_$i.bin; done
cp cifar/data_batch_1.bin cifar/test_batch.bin
about cifar
says 'kind        CIFAR-10'
says 'images      12'
says '3 6, 4 0, 5 0, 6 0, 7 6,'
unknown 'found one of the files of CIFAR, expected the folder of them' cifar/data_batch_1.bin

# Arrays. npy SHAPE TYPE: standard input as an array.
npy() {
  text="{'descr': '$2', 'fortran_order': False, 'shape': ($1), }"
  printf '\223NUMPY\1\0v\0%-117s\n' "$text"
  cat
}
head -c 48 "$data/coffee.png" | npy '3, 4, 4' '|u1' >images.npy
printf '\1\0\1' | npy '3,' '|u1' >labels.npy
about images.npy
says 'kind        images in an array of NumPy'
says 'classes     2: 0 1, 1 2'
says 'sizes       all 4 x 4'
says 'array       |u1 of shape [3, 4, 4]'
head -c 48 "$data/coffee.png" | npy '3, 4' '<f4' >features.npy
about features.npy
says 'kind        an array of NumPy'
says 'note        as images: features.npy: found an array of shape [3, 4]'
head -c 40 "$data/coffee.png" | npy '3, 4' '<f4' >short.npy
unknown 'mae: short.npy: found 40 bytes of data' short.npy

# Annotations: of COCO, with and without its images, and of YOLO.
mkdir -p coco/images yolo/images yolo/labels
cp "$data/chelsea.png" coco/images/
cat >coco/cats.json <<'JSON'
{"images": [{"id": 1, "file_name": "chelsea.png", "height": 256, "width": 256}],
 "categories": [{"id": 7, "name": "cat"}, {"id": 9, "name": "dog"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 7, "bbox": [60, 20, 190, 230], "area": 40000, "iscrowd": 0},
                 {"id": 2, "image_id": 1, "category_id": 7, "bbox": [60, 20, 0, 230], "area": 0, "iscrowd": 0}]}
JSON
for place in coco/cats.json coco; do
  about $place
  says 'kind        annotated images'
  says 'objects     2, 2 with a box, 0 with an outline or mask; in 1 image'
  says 'classes     2: cat 2, dog 0'
  says 'sizes       all 256 x 256'
  says 'fault       boxes without width or height: 1, refused'
done
silent 'were not found near'
cp coco/cats.json alone.json
about alone.json
says 'images      1, whose files were not found near'
cp "$data/chelsea.png" yolo/images/
printf '0 0.5 0.5 0.25 0.5\n' >yolo/labels/chelsea.txt
printf 'names: [cat]\n' >yolo/data.yaml
about yolo
says 'classes     1: cat 1'
about --scan yolo
silent 'images were not looked at'

# Class maps.
"$class_maps" shapes 6 1 >said.txt
about shapes
says 'kind        images with class maps'
says 'images      6 in shapes/images, maps in shapes/masks'
says 'classes     3: 0 '
rm shapes/images/000.png
about shapes
says 'fault       shapes/masks/000.png: found a class map without an image'

# Texts.
printf '["cat", "dog"]' >classes.json
printf '{"epochs": 3, "batch": 8}' >settings.json
printf '{"epochs": 3, "batch": 8, "epoc": 1}' >mistaken.json
printf '[{"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "score": 0.5}]' >predictions.json
printf '{"height": 64, "width": 64, "patch": 8, "encoder": [192, 6, 3]}' >vit.json
printf '{"colour": "red"}' >other.json
printf '{"a": ' >half.json
about classes.json settings.json mistaken.json predictions.json vit.json
says 'names       2 names: cat, dog'
says 'read by     pretrain, finetune, probe, segment, detect'
says 'mistake     pretrain: mistaken.json: found the key "epoc", expected a setting; did you mean epochs?'
says 'found       1 object in 1 image, of 1 categories'
says 'kind        the description of a model'
unknown 'mae: other.json: found JSON, with the keys colour, expected weights' other.json
unknown 'mae: half.json: found what is not JSON, expected weights' half.json

# The same as JSON, an object a line.
info --json classes timm.safetensors empty.bin >said.txt 2>errors.txt && fail "empty.bin is known"
[ "$(wc -l <said.txt)" -eq 3 ] || fail "not three lines"
says '"file":"classes","kind":"images","format":"folder","images":5,"classes":[{"name":"cat","images":3},{"name":"dog","images":2}]'
says '"sizes":{"min":{"width":256,"height":256},'
says '"dialect":"the original repository","prefix":""'
says '"fits":["digits-8"]'
says '{"file":"empty.bin","error":"mae: empty.bin: found an empty file'
name=$(printf 'odd\033[2J\377.json')
cp classes.json "$name"
about --json "$name"
LC_ALL=C grep -q "$(printf '\033')" said.txt && fail "an escape code goes through" || :
about "$name"
says 'file        odd\x1b[2J\xff.json'
