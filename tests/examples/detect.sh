#!/bin/sh
# detect.sh PROGRAMS DATA FOLDER BOXES
#
# `detect` as its users meet it: images and boxes of COCO, Pascal VOC and YOLO, an encoder or none, scores, results and a
# panel at the end, other images at last; stopped or killed and resumed to the same bits; mistakes. BOXES makes the
# data, and evaluates results.
set -eu
export PATH="$1:$PATH" LC_ALL=C
folder=$3 boxes=$4
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
fail() { echo "$*"; exit 1; }
has() { for file in "$@"; do [ -s "$file" ] || fail "$file is missing"; done; }
says() { grep -q -e "$2" "$1" || { echo "$1 does not say $2:"; cat "$1"; exit 1; }; }
updates() { find "$1" -name 'checkpoint-*' | sed 's/.*checkpoint-\([0-9]*\).*/\1/' | sort -n | tail -n 1; }
without_time() { sed 's/"images_per_second":[^,}]*//' "$1"; }
# number KEY FILE: of a JSON file that has it on a line.
number() { sed -n "s/^ \"$1\": \([-0-9.e]*\),\$/\1/p" "$2"; }

"$boxes" make shapes 40 1
pretrain --model digits-8 --data shapes/images --batch 16 --repeats 4 --min_crop_scale 0.3 --epochs 2 --out pretrained > pretrained.txt
coco="--data shapes/images --annotations shapes.json"
run="detect --model digits-8 $coco --validation_share 0.25 --batch 10 --repeats 4 --base_learning_rate 5e-2 --epochs 12
  --flip --log_every 5"

echo "--- from scratch: what is written, and that it learns"
# shellcheck disable=SC2086
$run --scratch --out whole > whole.txt
has whole/model.safetensors whole/scores.json whole/predictions.json whole/held_out.json whole/panel.png \
  whole/average_precision.png whole/loss.png whole/settings.json
says whole.txt "^data  *30 images of shapes/images (boxes of shapes.json), 2 classes$"
says whole.txt "^data  *40 images, 80 objects in 2 categories$"
says whole.txt "^data  *objects by class: 'square' 40, 'disc' 40$"
says whole.txt "^memory  *up to .* MB beside the program: .* batches, [0-9]* kB images, "
says whole.txt "^coverage  *30 images, 0 ignored boxes, .* places with an object an image$"
says whole.txt "^epoch 12/12  loss .*  average precision .* %"
says whole.txt "^AP50  *[01]\..*(IoU 0.50, area all, at most 100 detections)$"
says whole.txt "^categories  *disc  *10  *0"
says whole.txt "^missed  *20 objects: .* found"
says whole.txt "^wrote whole/model.safetensors, classes.json, scores.json, predictions.json, held_out.json, panel.png and loss.png$"
[ "$(grep -c '"id"' whole/held_out.json)" -gt 30 ] || fail "not ten images and twenty objects held out"
[ "$(grep -c '"average_precision":' whole/log.jsonl)" = 12 ] || fail "the log has no average precision for each epoch"
grep -aq average_precision whole/checkpoint-*.safetensors || fail "no checkpoint knows its average precision"

echo "--- results are COCO's: an evaluator that reads the files finds the same scores"
"$boxes" score whole/held_out.json whole/predictions.json > evaluated.txt
[ "$(number AP whole/scores.json | awk '{ printf "%.6f", $1 }') $(number AP50 whole/scores.json | awk '{ printf "%.6f", $1 }')" \
  = "$(cat evaluated.txt)" ] || fail "other scores: $(cat evaluated.txt)"
number AP50 whole/scores.json | awk '{ exit !($1 > 0.4) }' || fail "an AP50 of $(number AP50 whole/scores.json)"

echo "--- stopped, killed and resumed, by other numbers of threads"
for signal in TERM KILL; do
  # shellcheck disable=SC2086
  $run --scratch --checkpoint_epochs 1.3 --out $signal > $signal.txt &
  process=$!
  while ! grep -q '"event":"step","step":40' $signal/log.jsonl 2> /dev/null; do
    kill -0 $process 2> /dev/null || { echo "the run ended before it could be stopped"; cat $signal.txt; exit 1; }
    sleep 0.02
  done
  kill -s $signal $process
  status=0
  wait $process 2> /dev/null || status=$?
  [ $signal = KILL ] || [ $status -eq 0 ] || fail "status $status after SIG$signal"
  detect --resume --out $signal --threads 1 --loaders 3 > $signal.resumed.txt
  for file in "checkpoint-$(updates whole).safetensors" model.safetensors scores.json predictions.json held_out.json \
    panel.png loss.png average_precision.png; do
    cmp "whole/$file" "$signal/$file"
  done
  without_time whole/log.jsonl > whole.log
  without_time $signal/log.jsonl > $signal.log
  cmp whole.log $signal.log
done

echo "--- other images: those held out, under their own names"
mkdir photos
sed -n 's/.*"file_name": "\([0-9]*.png\)".*/\1/p' whole/held_out.json | while read -r name; do cp "shapes/images/$name" photos; done
detect --resume --predict photos --out whole > predict.txt
says predict.txt ", panel.png, predicted.json, predicted_images.json and loss.png$"
# What is found in an image does not depend on the set that it is of: only ids and their order are others.
for file in predictions predicted; do
  sed -n 's/.*"image_id": [0-9]*, //p' whole/$file.json | tr -d ' ,]' | sort > $file.txt
done
cmp predictions.txt predicted.txt
grep -q '"file_name": "[0-9]*.png", "height": ' whole/predicted_images.json || fail "images without names"
grep -q '"category_id": 9' whole/predicted.json || fail "other ids of categories"

echo "--- from an encoder, in each format"
tune="detect --encoder pretrained/encoder.safetensors --batch 10 --epochs 1"
# shellcheck disable=SC2086
$tune $coco --validation_share 0.25 --out coco_run > coco.txt
# held_boxes RUN: in pixels; YOLO has shares of sides, in so many digits.
held_boxes() {
  sed -n 's/.*"bbox": \[\(.*\)\], "area.*/\1/p' "$1/held_out.json" | awk -F ', ' '{ for (i = 1; i < 5; ++i) printf "%d ", 1000 * $i + 0.5; print "" }'
}
held_boxes coco_run > coco.boxes
[ "$(wc -l < coco.boxes)" -eq 20 ] || fail "other boxes: $(cat coco.boxes)"
for yolo in "shapes" "shapes/images" "shapes/images --annotations shapes/labels" "shapes/images --annotations shapes"; do
  rm -rf yolo_run
  # shellcheck disable=SC2086
  $tune --data $yolo --validation_share 0.25 --out yolo_run > yolo.txt
  says yolo.txt "^data  *30 images of shapes/images (boxes of shapes"
  held_boxes yolo_run > yolo.boxes
  cmp coco.boxes yolo.boxes
done
if detect --help | grep -q "Pascal VOC" && $tune --data shapes/voc --out voc_run > voc.txt 2>&1; then
  says voc.txt "^data  *40 images of shapes/voc/JPEGImages (boxes of shapes/voc), 2 classes$"
  [ ! -e voc_run/predictions.json ] || fail "results of no held-out image"
  # Held out of a COCO file what is trained on VOC's: categories are known by their names.
  cp -r shapes/images held
  $tune --data shapes/voc --validation held --validation_annotations shapes.json --out mixed > mixed.txt
  says mixed.txt "^data  *held out: 40 images of held, 2 classes$"
  "$boxes" score mixed/held_out.json mixed/predictions.json | awk '{ printf "%.6f", $1 }' > evaluated.txt
  [ "$(number AP mixed/scores.json | awk '{ printf "%.6f", $1 }')" = "$(cat evaluated.txt)" ] || fail "other ids"
else
  says voc.txt "expected COCO or YOLO"
fi

echo "--- faults are told, and refused or mended"
sed 's/"file_name": "005.png"/"file_name": "gone.png"/; s/"id": 9, "image_id": 112/"id": 9, "image_id": 7/' \
  shapes.json > faulty.json
faulty="$tune --data shapes/images --annotations faulty.json"
if $faulty --out refused > refused.txt 2> refused.error; then fail "faults are not refused"; fi
says refused.txt "^annotations images that are not there: 1, refused$"
says refused.txt "^annotations annotations of an unknown image: 1, refused$"
says refused.error "^mae: faulty.json: found images that are not there: 1, such as .*'gone.png' .* or faults = mend"
[ ! -e refused ] || fail "something is left behind"
$faulty --faults mend --out mended > mended.txt
says mended.txt "^annotations images that are not there: 1, left out with their annotations$"
says mended.txt "^data  *39 images of shapes/images (boxes of faulty.json), 2 classes$"

echo "--- mistakes"
# mistake MESSAGE COMMAND...   where * in MESSAGE stands for anything
mistake() {
  expected=$1 status=0
  shift
  found=$("$@" --out never 2>&1 > /dev/null) || status=$?
  # shellcheck disable=SC2254
  case $found in $expected) ;; *) fail "$*: found $found, expected $expected" ;; esac
  [ $status -eq 1 ] || fail "$*: status $status"
  [ ! -e never ] || fail "$*: something is left behind"
}
mkdir many
cp shapes/images/00?.png many
awk 'BEGIN { printf "names: [";  for (i = 0; i < 11; ++i) printf "%sc%d", i ? ", " : "", i; print "]" }' > many/data.yaml
for i in 0 1 2 3 4 5 6 7 8 9; do echo "$i 0.5 0.5 0.5 0.5" > many/00$i.txt; done
detect="detect --scratch --model digits-8 --epochs 1"
mistake "mae: --data: found nothing, expected a folder *" $detect
mistake "mae: photos: found no annotations, expected *COCO or YOLO*" $detect --data photos
mistake "mae: nowhere.json: found nothing there, expected annotations: *" $detect --data photos --annotations nowhere.json
mistake "mae: many: found 11 classes, expected at most 10, the Classes of digits-8 *" $detect --data many
mistake "mae: shapes.json: found images that are not there: 30, such as *" $detect --data photos --annotations shapes.json
mistake "mae: --validation_annotations: found *, expected nothing without validation" \
  $detect --data shapes --validation_annotations shapes.json
mistake "mae: --validation: found 'shapes/images/000.png', a file to train on, *" \
  $detect --data shapes --validation shapes/images --validation_annotations shapes.json
mistake "mae: --min_crop_scale: found 0.5, expected 1: a crop cuts objects; *" $detect --data shapes --min_crop_scale 0.5
mistake "mae: --max_scale: found 0.5, expected at least min_scale, 0.75" $detect --data shapes --max_scale 0.5
mistake "mae: --format: found idx, expected folder: images with boxes lie in folders" $detect --data shapes --format idx
mistake "mae: --encoder: found nothing, expected the file encoder.safetensors that pretrain wrote" detect --data shapes
