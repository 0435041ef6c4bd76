#!/bin/sh
# folders.sh PROGRAMS DATA FOLDER
#
# Folders of images as they are found: divided into parts, out of archives, albums, with names of any bytes. Which images
# are taken is told before the work begins, and results say which row is which file and which number which class.
set -eu
export PATH="$1:$PATH" LC_ALL=C
data=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
fail() { echo "$*"; exit 1; }
# images FOLDER NAME...: two images in each folder of these names.
images() {
  above=$1
  shift
  for below in "$@"; do
    mkdir -p "$above/$below"
    cp "$data/chelsea.png" "$above/$below/0.png"
    cp "$data/coffee.png" "$above/$below/1.png"
  done
}
# told TEXT COMMAND...: the command ends well and prints a line `data TEXT`, where * stands for anything.
told() {
  text=$1
  shift
  "$@" > told.txt || fail "status $? of $*"
  found=$(sed -n 's/^data  *//p' told.txt)
  # shellcheck disable=SC2254
  case "
$found
" in *"
"$text"
"*) ;; *) fail "$*
  prints: $found
  not:    $text" ;; esac
}
# refused MESSAGE COMMAND...: the command ends with status 1 and that line on stderr.
refused() {
  expected=$1 status=0
  shift
  found=$("$@" 2>&1 > refused.txt) || status=$?
  [ $status = 1 ] || fail "status $status of $*"
  # shellcheck disable=SC2254
  case $found in $expected) ;; *) fail "$* says: $found; not: $expected" ;; esac
}
is() { printf '%s\n' "$2" | cmp -s "$1" - || fail "$1 is: $(cat "$1"); not: $2"; }

small="--model digits-8 --batch 2 --epochs 1"
images plain .
# shellcheck disable=SC2086
pretrain $small --data plain --out plain_run > told.txt
encoder=plain_run/encoder.safetensors
tune="--encoder $encoder --batch 2 --epochs 1"

# Parts are known by their names, and what is set aside is never learned from.
for other in val Valid validation test; do
  images "s_$other/train" cat dog
  images "s_$other/$other" cat dog
  # shellcheck disable=SC2086
  {
    told "4 images of s_$other/train (folder), 2 classes" pretrain $small --data "s_$other" --out "pretrained_$other"
    told "held out: 4 images of s_$other/$other, 2 classes" \
      finetune $tune --data "s_$other" --validation "s_$other" --out "finetuned_$other"
  }
done
images s_val/test cat dog
images s_val/extra bird
# shellcheck disable=SC2086
{
  told "held out: 4 images of s_val/val, 2 classes" probe $tune --data s_val/train --validation s_val --out probed
  told "held-out images that are byte copies of images to train on: 4, such as 's_val/val/cat/0.png' of 's_val/train/cat/0.png'" \
    probe $tune --data s_val/train --validation s_val --out copies
  refused "mae: --validation: found 's_val/train/cat/0.png', a file to train on, expected images that are not trained on" \
    finetune $tune --data s_val --validation s_val/train --out refused
  ln -s s_val/train linked
  refused "mae: --validation: found 'linked/cat/0.png', a file to train on, where it is 's_val/train/cat/0.png', expected *" \
    finetune $tune --data s_val --validation linked --out refused
  images doubtful cat dog test
  refused "mae: doubtful: found the folder 'test', named as a part of a set, beside 'cat', expected parts or classes: *" \
    finetune $tune --data doubtful --out refused
  refused "mae: doubtful: found the folder 'test', *" pretrain $small --data doubtful --out refused
  told "6 images of doubtful (folder), 3 classes" finetune $tune --data doubtful --no-parts --out three
}
[ ! -e refused ] || fail "a folder was made for nothing"

# Classes of the two sides, and names that differ by little.
images letters a A b
images some a
images others a bird
# shellcheck disable=SC2086
{
  told "the classes 'A' and 'a' differ by the case of letters alone" finetune $tune --data letters --out letters_run
  told "classes without a held-out image: 2, such as 'A'" \
    finetune $tune --data letters --validation some --out some_run
  refused "mae: others: found the class folder 'bird', expected only the 3 known classes, 'A' to 'b'" \
    finetune $tune --data letters --validation others --out refused
  told "no classes: others: found the class folder 'bird', expected only the 3 known classes, 'A' to 'b'" \
    pretrain $small --data letters --validation others --out others_run
}

# Unlabelled work takes what images there are; what is passed over is told.
images zip cat dog __MACOSX/cat cat/.ipynb_checkpoints @eaDir
mkdir zip/later zip/later/inner
images album . 2023 2023/may
mkdir web
for from in a b c d e f g h i; do
  mkdir -p web/$from
  for to in a b c d e f g h i; do [ $from = $to ] || ln -s ../$to web/$from/$to; done
done
cp "$data/chelsea.png" web/a/0.png
cp "$data/chelsea.png" web/b/0.png
# shellcheck disable=SC2086
{
  told "folders passed over, empty or a system's own: 3" pretrain $small --data zip --out zip_run
  grep -q "4 images of zip (folder), 2 classes" told.txt || fail "other images of zip: $(cat told.txt)"
  told "no classes: images such as '0.png' lie beside folders of images" pretrain $small --data album --out album_run
  grep -q "6 images of album (folder), no classes" told.txt || fail "other images of album: $(cat told.txt)"
  told "2 images of web (folder), 2 classes" pretrain $small --data web --out web_run
  refused "mae: zip/later: found no image, expected at least one in each class folder" \
    finetune $tune --data zip --out refused
  refused "mae: album: found images such as '0.png' beside folders of images, expected either images or *" \
    finetune $tune --data album --out refused
}

# A run goes on with the classes that it began with, or not at all.
cp -r s_test classes
# shellcheck disable=SC2086
finetune $tune --data classes --out named > told.txt
is named/classes.json '[
"cat",
"dog"
]'
mv classes/train/cat classes/train/zebra
refused "mae: classes: found class 0 'dog', expected class 0 'cat', as the run that is resumed has; other classes need *" \
  finetune --resume --out named
mv classes/train/zebra classes/train/cat
mv classes/train/cat/0.png classes/train/cat/2.png
refused "mae: classes: found as many images as before whose files have other names, expected the names of the run *" \
  finetune --resume --out named
mv classes/train/cat/2.png classes/train/cat/0.png
mv plain/0.png plain/2.png
refused "mae: plain: found as many images as before whose files have other names, expected the names of the run *" \
  pretrain --resume --out plain_run
mv plain/2.png plain/0.png
finetune --resume --out named > told.txt

# Held-out images that cannot be read are left out, not counted as others.
cp -r s_val damaged
head -c 100 s_val/val/cat/0.png > damaged/val/cat/0.png
told "held out: 3 images of damaged/val, 2 classes" \
  finetune $tune --data damaged --validation damaged --bad_images skip --out damaged_run
told "held out: 3 images of damaged/val, *" \
  pretrain $small --data damaged --validation damaged --bad_images skip --out damaged_too

# Rows are files and labels are classes.
told "12 images of s_val (folder; its parts train, val, test), 2 classes" \
  features --encoder $encoder --data s_val --out rows
head -c 128 rows/features.npy | grep -q "'shape': (12, 64)" || fail "rows/features.npy has another shape"
is rows/files.json '[
"train/cat/0.png",
"train/cat/1.png",
"val/cat/0.png",
"val/cat/1.png",
"test/cat/0.png",
"test/cat/1.png",
"train/dog/0.png",
"train/dog/1.png",
"val/dog/0.png",
"val/dog/1.png",
"test/dog/0.png",
"test/dog/1.png"
]'
cmp rows/classes.json named/classes.json
images part dog
told "2 images of part (folder), 2 classes" \
  features --encoder $encoder --data part --classes rows/classes.json --out dogs
[ "$(tail -c 16 dogs/labels.npy | od -An -v -td8 | tr -d ' \n')" = 11 ] || fail "dogs have another number"
images part bird
refused "mae: part: found the class folder 'bird', expected only the 2 known classes, 'cat' to 'dog'" \
  features --encoder $encoder --data part --classes rows/classes.json --out dogs
# What lay there for other rows goes.
features --encoder $encoder --data plain --out rows > told.txt
is rows/files.json '[
"0.png",
"1.png"
]'
[ ! -e rows/labels.npy ] && [ ! -e rows/classes.json ] || fail "labels of other images were left behind"
reconstruct --checkpoint plain_run/model.safetensors --data s_val --images 2 --out shown --out-npy shown > told.txt
is shown/files.json '[
"train/cat/0.png",
"train/dog/0.png"
]'

# Names of any bytes: everything works, and JSON stays JSON.
name=$(printf 'caf\351')
images "$name" .
mv "$name/0.png" "$name/$name.png"
# shellcheck disable=SC2086
pretrain $small --data "$name" --out "run-$name" > told.txt
grep -q "$(printf '"data": "caf\357\237\251"')" "run-$name/settings.json" || fail "settings.json has another name"
pretrain --resume --out "run-$name" > told.txt
pretrain "run-$name/settings.json" --out "again-$name" > told.txt
cmp "run-$name/model.safetensors" "again-$name/model.safetensors"
features --encoder $encoder --data "$name" --out "rows-$name" > told.txt
is "rows-$name/files.json" "$(printf '[\n"1.png",\n"caf\357\237\251.png"\n]')"
reconstruct --checkpoint plain_run/model.safetensors --files "$name/$name.png" "$name/1.png" \
  --out "shown-$name" --out-npy "shown-$name" > told.txt
is "shown-$name/files.json" "$(printf '[\n"caf\357\237\251/caf\357\237\251.png",\n"caf\357\237\251/1.png"\n]')"
