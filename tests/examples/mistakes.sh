#!/bin/sh
# mistakes.sh PROGRAMS DATA FOLDER TABLE.md
#
# A mistake of the user ends a program with status 1 and one line on stderr that says what was found and what was
# expected; nothing is left behind and nothing that was there is changed. Each is tried here and becomes a line of a
# table. PROGRAMS and DATA are the folders of the built programs and of examples/data; FOLDER is emptied.
set -eu
export PATH="$1:$PATH" LC_ALL=C OMP_NUM_THREADS=1
data=$2 folder=$3 table=$4
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
  printf '| %s | `%s` | `%s` | %s |\n' "$what" "$shown" "$found" "$status" >> "$table"
}
# The first bytes of a file.
part() { head -c "$2" "$1" > "$3"; }

# --- What a user has ---
cp "$data/optdigits-images-idx3-ubyte" digits-images-idx3-ubyte
cp "$data/optdigits-labels-idx1-ubyte" digits-labels-idx1-ubyte
mkdir photos
for i in 1 2 3 4 5 6 7 8; do cp "$data/chelsea.png" "photos/$i.png"; done
digits="pretrain --model digits-8 --data digits-images-idx3-ubyte"
photos="pretrain --model digits-8 --data photos --batch 4"
$digits --epochs 1 --out run > log.txt
cp run/encoder.safetensors .

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
mistake "An unknown model" "mae: --model: found digits-9, expected one of digits-8, *; did you mean digits-8?" \
  pretrain --model digits-9
mistake "Two learning rates" \
  "mae: --base_learning_rate: found a value beside --learning_rate, expected one of the two; null leaves it open" \
  $digits --learning_rate 1e-3 --base_learning_rate 1e-3
mistake "A mask ratio outside (0, 1)" "mae: --mask_ratio: found 1, expected a number above 0 and below 1, or null" \
  $digits --mask_ratio 1
mistake "A mask ratio that is not compiled in" \
  "mae: --mask_ratio: found 0.6000, expected 0.75 or 0.50, compiled for digits-8; another MaskRatio goes to its line in examples/models.hpp" \
  $digits --mask_ratio 0.6

# --- Data ---
mistake "No data" "mae: --data: found nothing, expected a folder or a file of images" pretrain
mistake "Data that are not there" \
  'mae: nowhere: found "No such file or directory" on looking for it, expected images to train on' \
  pretrain --data nowhere
mkdir empty
mistake "An empty folder" \
  "mae: empty: found no picture, and 0 other files, expected files named .png, .jpg or .jpeg, or folders of them" \
  pretrain --data empty
mistake "A file that is no data" \
  "mae: run.json: found a file, expected a folder of pictures, .npy, images-idx3-ubyte, or a folder of CIFAR's files" \
  pretrain --data run.json
mistake "Fewer images than a batch" \
  "mae: --batch: found 64 images in an update, expected at most the 8 of photos; more --views make more" \
  pretrain --model digits-8 --data photos
mistake "More held out than there is" "mae: --limit: found 2000, expected at most the 1797 images that there are" \
  $digits --limit 2000
mkdir broken
cp photos/* broken
part photos/1.png 5000 broken/3.png
mistake "A truncated image" "mae: broken/3.png: found *, expected *" \
  pretrain --model digits-8 --batch 4 --data broken
echo "no picture" > broken/3.png
mistake "A file that is no image" "mae: broken/3.png: found no picture, expected one: *" \
  pretrain --model digits-8 --batch 4 --data broken
part digits-images-idx3-ubyte 50000 short-images-idx3-ubyte
mistake "A truncated data file" "mae: short-images-idx3-ubyte: found *, expected *" \
  pretrain --model digits-8 --data short-images-idx3-ubyte
cp digits-images-idx3-ubyte other-images-idx3-ubyte
part digits-labels-idx1-ubyte 100 other-labels-idx1-ubyte
mistake "Truncated labels" "mae: other-labels-idx1-ubyte: found *, expected *" \
  pretrain --model digits-8 --data other-images-idx3-ubyte
mistake "The wrong number of channels in given statistics" \
  "mae: --mean: found 3 numbers, expected 1, one for each channel, as normalization is given" \
  $digits --normalization given --mean 0.5,0.5,0.5 --deviation 0.2,0.2,0.2
mistake "ImageNet's statistics for grey images" \
  "mae: --normalization: found imagenet for images of 1 channel, expected data or given" $digits --normalization imagenet
mistake "Images without classes" "mae: photos: found pictures without classes, expected at least two sub-folders, one for each class" \
  finetune --encoder encoder.safetensors --data photos
mkdir one one/cat
cp photos/* one/cat
mistake "One class" "mae: one: found the only class 'cat', expected at least two sub-folders, one for each class" \
  finetune --encoder encoder.safetensors --data one
mkdir many
for class in a b c d e f g h i j k; do mkdir many/$class && cp photos/1.png many/$class; done
mistake "More classes than the model has" \
  "mae: many: found 11 classes, expected at most 10, the Classes of digits-8 in examples/models.hpp" \
  finetune --encoder encoder.safetensors --data many

# --- Checkpoints ---
mistake "No encoder" "mae: --encoder: found nothing, expected the file encoder.safetensors that pretrain wrote" \
  finetune --data digits-images-idx3-ubyte
mistake "An encoder that is not there" \
  'mae: nowhere.safetensors: found "No such file or directory" on opening, expected a readable file' \
  probe --encoder nowhere.safetensors --data digits-images-idx3-ubyte
part encoder.safetensors 100000 short.safetensors
mistake "A truncated checkpoint" "mae: short.safetensors: *: found *, expected *" \
  probe --encoder short.safetensors --data digits-images-idx3-ubyte
mistake "A file that is no checkpoint" "mae: run.json: found *, expected *" \
  probe --encoder run.json --data digits-images-idx3-ubyte
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
mistake "Resuming with another program" \
  "mae: run/checkpoint-28.safetensors: found a checkpoint of the program pretrain, expected one of probe" \
  probe --resume --out run --encoder encoder.safetensors
mkdir damaged
part run/checkpoint-28.safetensors 1000000 damaged/checkpoint-28.safetensors
mistake "Only damaged checkpoints" "mae: --out: found damaged without a good checkpoint, expected one to resume from" \
  pretrain --resume --out damaged

# --- Places and disks ---
mistake "A file for a folder" "mae: --out: found run.json, expected a folder that files can be written to" \
  $digits --out run.json
mistake "A device for a folder" "mae: --out: found /dev/null/run, expected a folder that files can be written to" \
  $digits --out /dev/null/run
mistake "A folder for a file" "mae: photos: found a directory, expected a file" pretrain photos
mistake "Nowhere to print" \
  "mae: standard output: found a place that cannot be written, expected all lines to arrive" \
  sh -c "pretrain --print-config > /dev/full"
mkdir features
ln -s /dev/full features/features.npy
mistake "A device for a file" \
  "mae: features/features.npy: found a device, pipe or socket, expected a file or nothing" \
  features --encoder encoder.safetensors --data digits-images-idx3-ubyte --out features
mkdir little
mistake "A disk that takes no more, found when writing" \
  'mae: little/features.npy: found "File too large" on writing, expected a file that can be written' \
  sh -c "ulimit -f 100; features --encoder encoder.safetensors --data digits-images-idx3-ubyte --out little"
if unshare -rm mount -t tmpfs none little 2> /dev/null; then
  mistake "A full disk, found before the work" \
    "mae: --out: found 1.0 MB free on the disk of little, expected at least 11 MB" \
    unshare -rm sh -c "mount -t tmpfs -o size=1m none little && $digits --out little"
else
  echo "no disk of 1 MB can be made here: a full disk is not tried"
fi

[ "$failures" -eq 0 ] || { echo "$failures mistakes are not told as they should be"; exit 1; }
echo "$(($(wc -l < "$table") - 2)) mistakes, each told in one line: $table"
