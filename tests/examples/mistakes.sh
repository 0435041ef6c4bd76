#!/bin/sh
# mistakes.sh PROGRAMS DATA FOLDER TABLE.md CLASS_MAPS
#
# A mistake of the user ends a program with status 1 and one line on stderr that says what was found and what was
# expected; nothing is left behind and nothing that was there is changed. Each is tried here and becomes a line of a
# table. PROGRAMS and DATA are the folders of the built programs and of examples/data; FOLDER is emptied; CLASS_MAPS makes
# images with class maps.
set -eu
export PATH="$1:$PATH" LC_ALL=C OMP_NUM_THREADS=1
data=$2 folder=$3 table=$4 class_maps=$5
jpeg=$(cd "$(dirname "$0")/../io/jpeg_python" && pwd)
published=$(cd "$(dirname "$0")/../golden/published" && pwd)
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
failures=0
snapshot() { find . -type f -exec cksum {} + | sort; find . -type d | sort; }
printf '| mistake | command | message | status |\n|---|---|---|---:|\n' > "$table"

# mistake WHAT MESSAGE COMMAND...   where * in MESSAGE stands for anything
mistake() {
  what=$1 expected=$2
  shift 2
  before=$(snapshot) status=0
  found=$("$@" 2>&1 > /dev/null) || status=$?
  why=
  [ "$status" -eq 1 ] || why="status $status, not 1"
  # shellcheck disable=SC2254
  case $found in $expected) ;; *) why="$why; expected: $expected" ;; esac
  [ "$(printf '%s\n' "$found" | wc -l)" -eq 1 ] || why="$why; not one line"
  [ "$before" = "$(snapshot)" ] || why="$why; files were left behind or changed"
  if [ -n "$why" ]; then
    printf '%s\n  %s\n  found: %s\n  %s\n' "$what" "$*" "$found" "$why"
    failures=$((failures + 1))
  fi
  shown=$*
  [ "$1" != sh ] || shown=$3
  [ "$1" != unshare ] || shown=${5#*&& }
  [ "$1" != setpriv ] || shown=$(shift 4 && echo "$*")
  printf '| %s | `%s` | `%s` | %s |\n' "$what" "$shown" "$found" "$status" >> "$table"
}
# The first bytes of a file.
part() { head -c "$2" "$1" > "$3"; }
# npy TYPE SHAPE BYTES FILE: an array of NumPy whose numbers are all zero, in BYTES bytes.
npy() {
  { printf '\223NUMPY\001\000v\000%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': ($2), }"
    head -c "$3" /dev/zero; } > "$4"
}

# --- What a user has ---
cp "$data/optdigits-images-idx3-ubyte" digits-images-idx3-ubyte
cp "$data/optdigits-labels-idx1-ubyte" digits-labels-idx1-ubyte
mkdir photos
for i in 1 2 3 4 5 6 7 8; do cp "$data/chelsea.png" "photos/$i.png"; done
digits="pretrain --model digits-8 --data digits-images-idx3-ubyte"
$digits --epochs 1 --out run > log.txt
cp run/encoder.safetensors run/model.safetensors .

# --- Settings ---
mistake "A misspelt flag" "mae: command line: found --epoch, expected a setting; did you mean --epochs?" \
  pretrain --epoch 3
mistake "An unknown flag" "mae: command line: found --colour, expected one that --help lists" pretrain --colour red
mistake "A stray word" "mae: command line: found out, expected one file and flags as --help lists" \
  pretrain settings.json out
echo '{"epoch": 3}' > run.json
mistake "A misspelt key" 'mae: run.json: found the key "epoch", expected a setting; did you mean epochs?' \
  pretrain run.json
echo '{"epochs": "ten"}' > run.json
mistake "A wrong type" 'mae: run.json: epochs: found "ten", expected a whole number from 1 to 1000000' pretrain run.json
echo '{"epochs": 0}' > run.json
mistake "A value out of range" "mae: run.json: epochs: found 0, expected a whole number from 1 to 1000000" \
  pretrain run.json
echo '{"epochs": 3, "epochs": 4}' > run.json
mistake "A key twice" "mae: run.json: epochs: found twice, expected once" pretrain run.json
printf '{"epochs": 3,\n "batch" 4}\n' > run.json
mistake "Not JSON" "mae: run.json: line 2: found what is not JSON, expected a JSON object of settings" pretrain run.json
mistake "No such file" \
  'mae: nothing.json: found "No such file or directory" on opening, expected a readable file' pretrain nothing.json
mistake "A word for a number" "mae: --epochs: found ten, expected a whole number from 1 to 1000000" pretrain --epochs ten
mistake "A negative number" "mae: --batch: found -3, expected a whole number from 1 to 1000000" pretrain --batch -3
mistake "No value" "mae: --out: found no value, expected one after it" pretrain --epochs 1 --out
mistake "A flag for a value" "mae: --out: found no value, expected one after it" pretrain --out --epochs 1
mistake "A flag twice" "mae: --epochs: found twice, expected once" pretrain --epochs 1 --epochs 2
mistake "A misspelt choice" "mae: --bad_images: found skp, expected one of stop, skip; did you mean skip?" \
  pretrain --bad_images skp
mistake "An unknown model" "mae: --model: found digits-9, expected a model; did you mean digits-8?" \
  pretrain --model digits-9
mistake "An unknown device" "mae: --device: found gpu, expected one of cpu, cuda*" pretrain --device gpu
if ldd "$(command -v pretrain)" | grep -q libcublasLt; then
  echo "this build has cuda: it is not tried without"
else
  mistake "A GPU, in a build without CUDA" \
    "mae: --device: found cuda, expected cpu, which is all that this build has; one with -D MAE_CUDA=ON has cuda" \
    $digits --device cuda --out device
fi
mistake "Two learning rates" \
  "mae: --base_learning_rate: found a value beside --learning_rate, expected one of the two; null leaves it open" \
  $digits --learning_rate 1e-3 --base_learning_rate 1e-3
mistake "An option of another optimizer" "mae: --beta1: found a value, expected none, since the optimizer has no beta1" \
  $digits --optimizer sgd --beta1 0.5
mistake "The layout of IDX files for a folder" \
  "mae: idx_layout: found 'emnist' for photos, whose format is folder, expected a layout for IDX files alone" \
  pretrain --model digits-8 --data photos --idx_layout emnist
mistake "A warm-up as long as the run" \
  "mae: --warmup: found 10 epochs, expected fewer than the 10 of the run" $digits --epochs 10 --warmup 10
mistake "A lowest rate above the highest" \
  "mae: --min_learning_rate: found 0.01, expected at most the highest rate, which is 0.001" \
  $digits --learning_rate 1e-3 --min_learning_rate 1e-2
mistake "A mask ratio outside (0, 1)" "mae: --mask_ratio: found 1, expected a number above 0 and below 1, or null" \
  $digits --mask_ratio 1
mistake "A mask ratio that hides every patch" \
  "mae: --mask_ratio: found a mask ratio of 0.99 of 16 patches, expected sizes for which this holds: mae: this mask ratio keeps no patch; at least one must stay visible" \
  $digits --mask_ratio 0.99
mistake "A mask strategy that nobody knows" \
  "mae: --masking: found blocks, expected one of random, block, grid, inverse_block, unit, half_block; did you mean block?" \
  $digits --masking blocks

# --- Data ---
mistake "No data" "mae: --data: found nothing, expected a folder or a file of images" pretrain
mistake "Data that are not there" \
  'mae: nowhere: found "No such file or directory" on looking for it, expected images to train on' \
  pretrain --data nowhere
mkdir empty
mistake "An empty folder" \
  "mae: empty: found no image, and 0 other files, expected files named .png, .jpg or .jpeg, or folders of them" \
  pretrain --data empty
mistake "A file that is no data" \
  "mae: run.json: found a text in JSON, expected a folder of images, .npy, images-idx3-ubyte, or a folder of CIFAR's files" \
  pretrain --data run.json
mistake "Fewer images than a batch" \
  "mae: --batch: found 64 images in an update, expected at most the 8 of photos; more --repeats make more" \
  pretrain --model digits-8 --data photos
mistake "More held out than there is" "mae: --limit: found 2000, expected at most the 1797 images that there are" \
  $digits --limit 2000
mkdir broken
cp photos/* broken
part photos/1.png 5000 broken/3.png
mistake "A truncated image" "mae: broken/3.png: found *, expected *" \
  pretrain --model digits-8 --batch 4 --data broken
echo "no image" > broken/3.png
mistake "An image larger than allowed" \
  "mae: photos/1.png: found * x * pixels, expected at most 10000, which is max_pixels" \
  pretrain --model digits-8 --data photos --batch 8 --max_pixels 10000
mistake "A file that is no image" "mae: broken/3.png: found no image, expected one: *" \
  pretrain --model digits-8 --batch 4 --data broken
part digits-images-idx3-ubyte 50000 short-images-idx3-ubyte
mistake "A truncated data file" "mae: short-images-idx3-ubyte: found *, expected *" \
  pretrain --model digits-8 --data short-images-idx3-ubyte
cp digits-images-idx3-ubyte other-images-idx3-ubyte
part digits-labels-idx1-ubyte 100 other-labels-idx1-ubyte
mistake "Truncated labels" "mae: other-labels-idx1-ubyte: found *, expected *" \
  pretrain --model digits-8 --data other-images-idx3-ubyte
gzip -c digits-images-idx3-ubyte > whole.gz
part whole.gz 20000 packed-images-idx3-ubyte.gz
mistake "A truncated packed file" \
  'mae: packed-images-idx3-ubyte.gz: found "*unexpected end of file", expected a whole gzip file' \
  pretrain --model digits-8 --data packed-images-idx3-ubyte.gz
mkdir cifar
for i in 1 2 3 4 5; do head -c 3073 /dev/zero > cifar/data_batch_$i.bin; done
part cifar/data_batch_1.bin 3000 cifar/data_batch_3.bin
mistake "A truncated file of CIFAR-10" "mae: cifar/data_batch_3.bin: found 3000 bytes, expected CIFAR's binary records, a multiple of 3073 bytes" \
  pretrain --model digits-8 --data cifar
rm cifar/data_batch_3.bin
mistake "A missing file of CIFAR-10" \
  'mae: cifar/data_batch_3.bin: found "No such file or directory" on opening, expected a readable file' \
  pretrain --model digits-8 --data cifar
mkdir jpegs
for i in 1 2 3 4; do cp "$jpeg/rgb.jpg" jpegs/$i.jpg; done
if pretrain --model digits-8 --batch 4 --epochs 1 --data jpegs --out jpeg_run > log.txt 2>&1; then
  part "$jpeg/rgb.jpg" 500 jpegs/3.jpg
  mistake "A truncated JPEG" "mae: jpegs/3.jpg: found *, expected a whole JPEG file" \
    pretrain --model digits-8 --batch 4 --data jpegs
  part "$jpeg/rgb.jpg" 3 jpegs/3.jpg
  mistake "A JPEG without an image" "mae: jpegs/3.jpg: found *, expected a whole JPEG file" \
    pretrain --model digits-8 --batch 4 --data jpegs
else
  echo "this build reads no JPEG: truncated ones are not tried"
fi
npy '|u1' '4, 8, 8' 255 short.npy
mistake "A truncated .npy" "mae: short.npy: found 255 bytes of data, expected 256 for '|u1' of shape \[4, 8, 8]" \
  pretrain --model digits-8 --batch 4 --data short.npy
part short.npy 60 header.npy
mistake "A .npy truncated in its header" "mae: header.npy: found 60 bytes, expected at least 128: the header is cut" \
  pretrain --model digits-8 --batch 4 --data header.npy
npy '<c8' '4, 8, 8' 2048 complex.npy
mistake "A .npy of another type" \
  "mae: complex.npy: found complex numbers, type '<c8', expected real or whole numbers of up to 8 bytes, or bool" \
  pretrain --model digits-8 --batch 4 --data complex.npy
{ npy '<f4' '4, 8, 8' 1020 reals.npy && printf '\000\000\300\177' >> reals.npy; }
mistake "A .npy with NaN" \
  "mae: reals.npy: found the value nan at \[3, 7, 7], expected finite numbers from 0 to 1" \
  pretrain --model digits-8 --batch 4 --data reals.npy
npy '|u1' '4, 64' 256 flat.npy
mistake "A .npy of another shape" \
  "mae: flat.npy: found an array of shape \[4, 64], expected \[n, H, W], \[n, H, W, C] or \[n, C, H, W], C 1 or 3; a.reshape(-1, H, W) makes images of rows" \
  pretrain --model digits-8 --batch 4 --data flat.npy
npy '|u1' '4, 8, 8' 256 four_images.npy
npy '<i8' '3,' 24 four_labels.npy
mistake "Fewer labels than images, in .npy" \
  "mae: four_labels.npy: found labels of shape \[3], expected \[4], one for each image in four_images.npy" \
  pretrain --model digits-8 --batch 4 --data four_images.npy
mistake "The wrong number of channels in given statistics" \
  "mae: --mean: found 3 numbers, expected 1, one for each channel, as normalization is given" \
  $digits --normalization given --mean 0.5,0.5,0.5 --deviation 0.2,0.2,0.2
mistake "Given statistics that are not asked for" \
  "mae: --deviation: found numbers, and auto as normalization, expected --normalization given beside them" \
  $digits --deviation 0.2
mistake "ImageNet's statistics for grey images" \
  "mae: --normalization: found imagenet for images of 1 channel, expected data or given" $digits --normalization imagenet
mistake "Images without classes" "mae: photos: found images without classes, expected at least two sub-folders, one for each class" \
  finetune --encoder encoder.safetensors --data photos
mkdir one one/cat
cp photos/* one/cat
mistake "One class" "mae: one: found the only class 'cat', expected at least two sub-folders, one for each class" \
  finetune --encoder encoder.safetensors --data one
mkdir many
for class in a b c d e f g h i j k; do mkdir many/$class && cp photos/1.png many/$class; done
mistake "More classes than the model has" \
  "mae: many: found 11 classes, expected at most 10, as digits-8 has, or its sizes (mae models) with classes=11" \
  finetune --encoder encoder.safetensors --data many

# --- Checkpoints ---
mistake "No encoder" \
  "mae: --encoder: found nothing, expected the file encoder.safetensors that pretrain wrote, or --scratch to begin from random weights" \
  finetune --data digits-images-idx3-ubyte
mistake "An encoder that is not there" \
  'mae: nowhere.safetensors: found "No such file or directory" on opening, expected a readable file' \
  probe --encoder nowhere.safetensors --data digits-images-idx3-ubyte
part encoder.safetensors 100000 short.safetensors
mistake "A truncated checkpoint" "mae: short.safetensors: *: found *, expected *" \
  probe --encoder short.safetensors --data digits-images-idx3-ubyte
mistake "A file that is no checkpoint" "mae: run.json: found *, expected *" \
  probe --encoder run.json --data digits-images-idx3-ubyte
{ printf 'PK\003\004' && head -c 200 /dev/zero; } > weights.pth
mistake "A .pth that is cut" "mae: weights.pth: found *, expected *" \
  probe --encoder weights.pth --data digits-images-idx3-ubyte
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n' > pointer.safetensors
mistake "A pointer of Git LFS" "mae: pointer.safetensors: found a pointer of Git LFS, not the file itself, expected *; git lfs pull fetches the file" \
  probe --encoder pointer.safetensors --data digits-images-idx3-ubyte
echo '{"metadata": {"total_size": 8}, "weight_map": {"cls_token": "model-00001-of-00002.safetensors"}}' > index.json
mistake "An index of weights without its files" "mae: index.json: found no file 'model-00001-of-00002.safetensors' beside it, expected *" \
  finetune --encoder index.json --data digits-images-idx3-ubyte
cp "$published/optimizer.pth" "$published/original.pth" .
mistake "An optimizer's state alone" "mae: optimizer.pth: found the state of an optimizer alone, expected the weights of a model" \
  probe --encoder optimizer.pth --data digits-images-idx3-ubyte
mistake "Published weights of sizes that no model here has" \
  "mae: original.pth: encoder: found 8 wide, 2 blocks, 4 heads, expected 64 wide, 4 blocks, 4 heads, as the model has" \
  features --model digits-8 --encoder original.pth --data digits-images-idx3-ubyte
mistake "Published weights whose sizes no model is found for" \
  "mae: original.pth: found an encoder *, expected sizes by --model" \
  features --encoder original.pth --data digits-images-idx3-ubyte
# names FILE NAME...: a safetensors file of tensors of one number each.
names() {
  file=$1 header= at=0
  shift
  for name in "$@"; do
    header="$header${header:+,}\"$name\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[$at,$((at + 4))]}"
    at=$((at + 4))
  done
  { printf "\\$(printf %o $(((${#header} + 2) % 256)))\\$(printf %o $(((${#header} + 2) / 256)))\\0\\0\\0\\0\\0\\0{$header}"
    head -c "$at" /dev/zero; } > "$file"
}
names two.safetensors left.blocks.0.attn.qkv.weight right.blocks.0.attn.qkv.weight
mistake "Two models in one file" \
  "mae: two.safetensors: found 2 models, under 'left.' and 'right.', expected one, or the prefix of the one that is meant" \
  features --model digits-8 --encoder two.safetensors --data digits-images-idx3-ubyte
names registers.safetensors blocks.0.attn.qkv.weight reg_token
mistake "An encoder with registers" \
  "mae: registers.safetensors: found register tokens ('reg_token'), expected an encoder without them" \
  features --model digits-8 --encoder registers.safetensors --data digits-images-idx3-ubyte
names resnet.safetensors conv1.weight bn1.weight
mistake "Weights of another kind of network" \
  "mae: resnet.safetensors: found tensors of no known family, such as 'conv1.weight', expected an encoder under *" \
  finetune --model digits-8 --encoder resnet.safetensors --data digits-images-idx3-ubyte
{ head -c -4 encoder.safetensors; printf '\000\000\300\177'; } > nan.safetensors
mistake "Weights that are no numbers" \
  "mae: nan.safetensors: tensor 'norm.bias': found 1 of 64 numbers that is not finite, the first at \[63], expected finite numbers" \
  features --encoder nan.safetensors --data digits-images-idx3-ubyte --out of_nan
mistake "A checkpoint of another model" \
  "mae: encoder.safetensors: encoder: found 64 wide, 4 blocks, 4 heads, expected 192 wide, 8 blocks, 3 heads, as the model has" \
  probe --model photos-64 --encoder encoder.safetensors --data digits-images-idx3-ubyte
mistake "A folder of an earlier run" \
  "mae: --out: found run with checkpoints of an earlier run, expected --resume to go on, or another folder" \
  $digits --out run
mistake "Nothing to resume" \
  "mae: --out: found empty without a checkpoint, expected the folder of an earlier run, to resume it" \
  pretrain --resume --out empty
mistake "Resuming with another setting" \
  "mae: --batch: found 32, expected 64, as the run that is resumed has; another value needs another run" \
  pretrain --resume --out run --batch 32
mistake "Resuming with another mask strategy" \
  "mae: --masking: found \"block\", expected \"random\", as the run that is resumed has; another value needs another run" \
  pretrain --resume --out run --masking block
mistake "Resuming with another program" \
  "mae: run/checkpoint-28.safetensors: found a checkpoint of the program pretrain, expected one of probe" \
  probe --resume --out run --encoder encoder.safetensors
mkdir damaged
part run/checkpoint-28.safetensors 1000000 damaged/checkpoint-28.safetensors
mistake "Only damaged checkpoints" "mae: --out: found damaged without a good checkpoint, expected one to resume from" \
  pretrain --resume --out damaged

# --- Reconstruction and features ---
show="reconstruct --checkpoint model.safetensors --images 3"
known="$show --data digits-images-idx3-ubyte"
mistake "No model to reconstruct with" \
  "mae: --checkpoint: found nothing, expected the file model.safetensors that pretrain wrote" \
  reconstruct --data digits-images-idx3-ubyte
mistake "A model that is not there" \
  'mae: nowhere.safetensors: found "No such file or directory" on opening, expected a readable file' \
  reconstruct --checkpoint nowhere.safetensors --data digits-images-idx3-ubyte
mistake "An encoder for a whole model" "mae: encoder.safetensors: found *, expected *" \
  reconstruct --checkpoint encoder.safetensors --data digits-images-idx3-ubyte
mistake "A truncated model" "mae: short.safetensors: *: found *, expected *" \
  reconstruct --checkpoint short.safetensors --data digits-images-idx3-ubyte
mistake "Nothing to reconstruct" "mae: --data: found nothing, expected a folder or a file of images" $show
mistake "No images to reconstruct" "mae: --images: found 0, expected a whole number from 1 to 1000" \
  reconstruct --checkpoint model.safetensors --images 0
mistake "An image that is not there" \
  'mae: nowhere.png: found "No such file or directory" on opening, expected a readable file' \
  $show --files nowhere.png
mistake "An image of another kind" "mae: digits-images-idx3-ubyte: found no image, expected one: *" \
  $show --files digits-images-idx3-ubyte
mistake "An image larger than allowed, to be shown" \
  "mae: photos/1.png: found * x * pixels, expected at most 10000, which is max_pixels" \
  $show --files photos/1.png --max_pixels 10000
mistake "Files beside data" "mae: --data: found files beside data, expected one of the two" \
  $known --files photos/1.png
mistake "Statistics of ImageNet for grey images" \
  "mae: --normalization: found imagenet for images of 1 channel, expected data or given" \
  $show --files photos/1.png --normalization imagenet
npy '<f4' '2, 16' 128 noise.npy
mistake "Noise for another number of images" \
  "mae: noise.npy: found an array of \[2, 16], expected \[3, 16], a number for each patch of each image" \
  $known --noise noise.npy
npy '<i8' '3, 16' 384 noise.npy
mistake "Noise of another type" "mae: noise.npy: found elements of type '<i8', expected real numbers: f2, f4 or f8" \
  $known --noise noise.npy
mistake "Noise that is no array" "mae: run.json: found a text in JSON, expected an array of NumPy, as numpy.save writes it" \
  $known --noise run.json
mistake "A mask ratio to reconstruct with that hides every patch" \
  "mae: --mask_ratio: found a mask ratio of 0.99 of 16 patches, expected sizes for which this holds: mae: this mask ratio keeps no patch; at least one must stay visible" \
  $known --mask_ratio 0.99
mistake "A file for the folder of arrays" \
  "mae: --out-npy: found run.json, expected a folder that files can be written to" $known --out-npy run.json
mkdir panels
ln -s /dev/full panels/panel.png
mistake "A device for an image" \
  "mae: panels/panel.png: found a device, pipe or socket, expected a file or nothing" $known --out panels
mistake "Nothing to take features with" \
  "mae: --encoder: found nothing, expected the file encoder.safetensors that pretrain wrote" \
  features --data digits-images-idx3-ubyte
mistake "Features of no data" "mae: --data: found nothing, expected a folder or a file of images" \
  features --encoder encoder.safetensors
mistake "Features of a part" \
  "mae: --validation_share: found 0.*, expected 0: features are those of all images of data, in their order" \
  features --encoder encoder.safetensors --data digits-images-idx3-ubyte --validation_share 0.2
mistake "Features where images may be left out" \
  "mae: --bad_images: found skip, expected stop: each row is that of its image" \
  features --encoder encoder.safetensors --data digits-images-idx3-ubyte --bad_images skip
mistake "A file that is no image, among those for features" "mae: broken/3.png: found no image, expected one: *" \
  features --encoder encoder.safetensors --data broken
mistake "A file for the folder of features" \
  "mae: --out: found run.json, expected a folder that files can be written to" \
  features --encoder encoder.safetensors --data digits-images-idx3-ubyte --out run.json
mkdir features
ln -s /dev/full features/features.npy
mistake "A device for a file" \
  "mae: features/features.npy: found a device, pipe or socket, expected a file or nothing" \
  features --encoder encoder.safetensors --data digits-images-idx3-ubyte --out features
mkdir little_room
mistake "A disk that takes no more, found when writing" \
  'mae: little_room/features.npy: found "File too large" on writing, expected a file that can be written' \
  sh -c "ulimit -f 100; features --encoder encoder.safetensors --data digits-images-idx3-ubyte --out little_room"

# --- Export ---
mistake "Nothing to export" "mae: --checkpoint: found nothing, expected a file that pretrain, finetune or probe wrote" onnx
mistake "A classifier in a file that has none" \
  "mae: --part: found classifier, expected encoder or mae: the checkpoint has no head" \
  onnx --checkpoint encoder.safetensors --part classifier
mistake "A masked autoencoder in an encoder's file" "mae: encoder.safetensors: found *, expected *" \
  onnx --checkpoint encoder.safetensors --part mae
mistake "A mean without a deviation" \
  "mae: --mean: found one of mean and deviation, expected both, or those of the checkpoint" \
  onnx --checkpoint encoder.safetensors --mean 0.5
mistake "Another mean than the file's" "mae: encoder.safetensors: normalization: found mean *, expected mean *" \
  onnx --checkpoint encoder.safetensors --mean 0.5 --deviation 0.5
mistake "An export into a folder that is not there" \
  'mae: nowhere/x.onnx: found "No such file or directory" on *, expected a file that can be written' \
  onnx --checkpoint encoder.safetensors --out nowhere/x.onnx
mistake "An export over a folder" "mae: photos: found a directory, expected a file or nothing" \
  onnx --checkpoint encoder.safetensors --out photos
mistake "A disk that takes no more of an export" \
  'mae: exported.onnx: found "File too large" on writing, expected a file that can be written' \
  sh -c "ulimit -f 100; onnx --checkpoint encoder.safetensors --out exported.onnx"
mistake "A disk that takes no more of an export's weights" \
  'mae: exported.onnx.*.data: found "File too large" on writing, expected a file that can be written' \
  sh -c "ulimit -f 100; onnx --checkpoint encoder.safetensors --external_data_above 0 --out exported.onnx"

# --- Rights: root has them all, so that another user must try ---
user=
[ "$(id -u)" -ne 0 ] || user="setpriv --reuid=65534 --regid=65534 --clear-groups"
mkdir locked mixed shared open
cp photos/* mixed
cp digits-images-idx3-ubyte locked-images-idx3-ubyte
chmod 000 locked mixed/3.png locked-images-idx3-ubyte
chmod 555 shared
chmod 777 open
if $user pretrain --version > /dev/null 2>&1 && ! $user test -r locked-images-idx3-ubyte; then
  mistake "A folder without the right to read it" 'mae: locked: found "Permission denied" on *, expected *' \
    $user pretrain --model digits-8 --batch 4 --data locked --out open/run
  mistake "An image without the right to read it" \
    'mae: mixed/3.png: found "Permission denied" on opening, expected a readable file' \
    $user pretrain --model digits-8 --batch 4 --data mixed --out open/run
  mistake "A file without the right to read it" \
    'mae: locked-images-idx3-ubyte: found "Permission denied" on opening, expected a readable file' \
    $user pretrain --model digits-8 --data locked-images-idx3-ubyte --out open/run
  mistake "A folder without the right to write there" \
    "mae: --out: found shared/run without the right to write there, expected a folder that files can be written to" \
    $user $digits --out shared/run
else
  echo "no user without rights here: those are not tried"
fi
chmod 755 locked shared

# --- Places, memory and disks ---
mistake "A file for a folder" "mae: --out: found run.json, expected a folder that files can be written to" \
  $digits --out run.json
mistake "A device for a folder" "mae: --out: found /dev/null/run, expected a folder that files can be written to" \
  $digits --out /dev/null/run
mistake "A folder for a file" "mae: photos: found a directory, expected a file" pretrain photos
mistake "Nowhere to print" \
  "mae: standard output: found a place that cannot be written, expected all lines to arrive" \
  sh -c "pretrain --print-config > /dev/full"
mistake "A plan larger than memory" \
  "mae: memory: found *, which ulimit -v leaves, expected at least * beside images; a smaller --batch, fewer --threads or --loaders, or a smaller model need less" \
  sh -c "ulimit -v 1000000; $digits --batch 1000000 --repeats 1000"
mistake "A list larger than memory" \
  "mae: memory: found too little for a list of 1797000000 images, expected room for it; fewer --repeats need less" \
  sh -c "ulimit -v 1000000; $digits --repeats 1000000"
mkdir little
if unshare -rm mount -t tmpfs none little 2> /dev/null; then
  mistake "A full disk, found before the work" \
    "mae: --out: found 1.0 MB free on the disk of little, expected at least 11 MB" \
    unshare -rm sh -c "mount -t tmpfs -o size=1m none little && $digits --out little"
  # The disk fills up once there is a checkpoint, but for a megabyte, which images and log find enough: the next
  # checkpoint does not. When there is room again, the run goes on from the first to the same bits.
  # That room is less than a run needs at its beginning: the checkpoints that are there take no more.
  cat > full_disk.sh <<END
mount -t tmpfs -o size=13m none little
$digits --epochs 20 --checkpoint_epochs 1 --log_every 0 --out little/run &
run=\$!
until ls little/run/checkpoint-*.safetensors; do kill -0 \$run || exit 3; sleep 0.02; done > filler.txt 2>&1
for again in 1 2 3 4 5; do
  free=\$((\$(df --output=avail -k little | tail -n 1) - 1000))
  [ \$free -le 0 ] || head -c \$((1024 * free)) /dev/zero >> little/filler 2> filler.txt || true
  sleep 0.1
done
status=0
wait \$run || status=\$?
rm little/filler filler.txt
pretrain --resume --out little/run || exit 4
cmp little/run/model.safetensors filled/model.safetensors || exit 5
exit \$status
END
  $digits --epochs 20 --out filled > log.txt
  mistake "A disk that fills up during a run" \
    'mae: little/run/checkpoint-*.safetensors: found "No space left on device" on *, expected a file that can be written' \
    unshare -rm sh -eu full_disk.sh
else
  echo "no disk of 1 MB can be made here: a full disk is not tried"
fi

# --- Class maps ---
"$class_maps" shapes 6 1
segment="segment --scratch --model digits-8 --batch 4 --epochs 1"
# with FOLDER: the same images and maps, to be changed.
with() { rm -rf "$1" && cp -r shapes "$1"; }
mistake "Images without class maps" \
  "mae: photos: found no sub-folder of images, expected sub-folders images and masks, or JPEGImages and SegmentationClass; others can be given" \
  $segment --data photos
with partly && rm partly/masks/002.png partly/masks/004.png
mistake "An image without a class map" \
  "mae: partly/images/002.png: found an image without a class map, expected partly/masks/002.png; and so on, 2 faults" \
  $segment --data partly
with partly && rm partly/images/003.png
mistake "A class map without an image" \
  "mae: partly/masks/003.png: found a class map without an image, expected an image partly/images/003, in JPEG or PNG" \
  $segment --data partly
with partly && cp partly/masks/000.png partly/masks/001.png
mistake "A class map of another size" \
  "mae: partly/masks/001.png: found * x * pixels, expected * x *, as many as the upright partly/images/001.png has" \
  $segment --data partly
with partly && cp "$data/chelsea.png" partly/masks/001.png
mistake "A class map in colours" \
  "mae: partly/masks/001.png: found the colour (*) at row 0, column 0, expected a class map: the number of a class for each pixel, as an index of a palette or a level of grey" \
  $segment --data partly
with partly && cp partly/images/001.png partly/masks/001.png
echo '["ground", "square", "disc"]' > names.json
mistake "A class that is not among the names" \
  "mae: partly/masks/001.png: found class *, expected classes below 3, or 255 for none" \
  $segment --data partly --classes names.json
mistake "More classes than the model has" \
  "mae: partly/masks/001.png: found class *, expected classes below 10, the most that there may be, or 255 for none" \
  $segment --data partly
with partly && part partly/masks/005.png 90 cut.png && mv cut.png partly/masks/005.png
mistake "A truncated class map" "mae: partly/masks/005.png: found a file that ends within a chunk, expected a whole PNG file" \
  $segment --data partly
with partly && mv partly/masks/000.png partly/masks/000.jpg
mistake "A class map in JPEG" \
  "mae: partly/masks/000.jpg: found a class map that is not named as PNG, expected one in PNG, which keeps numbers as they are" \
  $segment --data partly
mistake "No part to look at" \
  "mae: shapes: found no part to test with, expected sub-folders train and val (or test) of images and class maps" \
  $segment --data shapes --validation shapes
mkdir linked
for name in images masks; do ln -s ../shapes/$name linked/$name; done
mistake "Held-out images that are trained on" \
  "mae: --validation: found 'linked/images/*.png', a file to train on, where it is 'shapes/images/*.png', expected images that are not trained on" \
  $segment --data shapes --validation linked
mistake "Class maps of nothing" "mae: --validation_class_maps: found shapes/masks, expected nothing without validation" \
  $segment --data shapes --validation_class_maps shapes/masks
mistake "Another format" "mae: --format: found idx, expected folder: images with class maps lie in folders" \
  $segment --data shapes --format idx
mistake "Images to predict that are not there" \
  "mae: --predict: found nowhere, which is not there, expected a folder of images to look at" \
  $segment --data shapes --predict nowhere
mistake "A single image to predict" \
  "mae: --predict: found shapes/images/000.png, which is no folder, expected a folder of images to look at" \
  $segment --data shapes --predict shapes/images/000.png
mistake "A stride of nothing" "mae: --stride: found 0, expected a number above 0 and at most 1" \
  $segment --data shapes --stride 0
mistake "No encoder to begin from" \
  "mae: --encoder: found nothing, expected the file encoder.safetensors that pretrain wrote, or --scratch to begin from random weights" \
  segment --data shapes
mistake "An encoder of another size" "mae: model.safetensors: encoder: found 64 wide, *, expected 192 wide, *" \
  segment --data shapes --encoder model.safetensors --model photos-64

[ "$failures" -eq 0 ] || { echo "$failures mistakes are not told as they should be"; exit 1; }
echo "$(($(wc -l < "$table") - 2)) mistakes, each told in one line: $table"
