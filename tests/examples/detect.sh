#!/bin/sh
# detect.sh PROGRAMS DATA FOLDER BOXES
#
# `detect` as its users meet it: images and boxes of COCO, Pascal VOC and YOLO, an encoder or none, scores, results and a
# panel at the end, other images at last; stopped or killed and resumed to the same bits; mistakes. BOXES makes the
# data, and evaluates results.
# shellcheck source=tests/examples/places.sh
. "$(dirname "$0")/places.sh"
# number KEY FILE: of a JSON file that has it on a line.
number() { sed -n "s/^ \"$1\": \([-0-9.e]*\),\$/\1/p" "$2"; }

"$maker" make shapes 40 1
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
"$maker" score whole/held_out.json whole/predictions.json > evaluated.txt
[ "$(number AP whole/scores.json | awk '{ printf "%.6f", $1 }') $(number AP50 whole/scores.json | awk '{ printf "%.6f", $1 }')" \
  = "$(cat evaluated.txt)" ] || fail "other scores: $(cat evaluated.txt)"
number AP50 whole/scores.json | awk '{ exit !($1 > 0.4) }' || fail "an AP50 of $(number AP50 whole/scores.json)"

echo "--- stopped, killed and resumed, by other numbers of threads"
goes_on predictions.json held_out.json average_precision.png

echo "--- other images: those held out, under their own names"
mkdir photos
sed -n 's/.*"file_name": "\([0-9]*.png\)".*/\1/p' whole/held_out.json | while read -r name; do cp "shapes/images/$name" photos; done
detect --resume --predict photos --out whole > predict.txt
says predict.txt ", panel.png, predicted.csv, predicted.json, predicted_images.json and loss.png$"
# What is found in an image does not depend on the set that it is of: only ids and their order are others.
for file in predictions predicted; do
  sed -n 's/.*"image_id": [0-9]*, //p' whole/$file.json | tr -d ' ,]' | sort > $file.txt
done
cmp predictions.txt predicted.txt
grep -q '"file_name": "[0-9]*.png", "height": ' whole/predicted_images.json || fail "images without names"
grep -q '"category_id": 9' whole/predicted.json || fail "other ids of categories"
echo "--- one of them cannot be read"
first=$(find photos -type f | sort | head -n 1)
head -c 100 "$first" > cut.png
mv cut.png "$first"
echo "no image" > photos/zzz.png
detect --resume --predict photos --out whole > predict.txt 2> predict.error
says predict.error "^skipped: mae: $first: found "
says predict.error "^skipped: mae: photos/zzz.png: found "
says predict.txt "^predicted  *9 of 11 images$"
[ "$(grep -c '"file_name"' whole/predicted_images.json)" = 9 ] || fail "not the images that can be read"
grep -q '"image_id": 2,' whole/predicted.json && ! grep -Eq '"image_id": (1|11),' whole/predicted.json ||
  fail "results of images that cannot be read"

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
for part in train val; do
  mkdir -p parts/images/$part parts/labels/$part
  case $part in train) names="00? 01?" ;; *) names="03?" ;; esac
  for name in $names; do
    cp shapes/images/$name.png parts/images/$part
    cp shapes/labels/$name.txt parts/labels/$part
  done
done
cp shapes/data.yaml parts
$tune --data parts --validation parts --out parts_run > parts.txt
says parts.txt "^data  *20 images of parts/images/train (boxes of parts/images/train), 2 classes$"
says parts.txt "^data  *held out: 10 images of parts/images/val, 2 classes$"
! grep "left alone" parts.txt || fail "what is looked at is not left alone"
$tune --data parts --out parts_alone > parts.txt
says parts.txt "^data  *left alone: parts/images/val; --validation parts looks at it$"
if detect --help | grep -q "Pascal VOC" && $tune --data shapes/voc --out voc_run > voc.txt 2>&1; then
  says voc.txt "^data  *40 images of shapes/voc/JPEGImages (boxes of shapes/voc), 2 classes$"
  [ ! -e voc_run/predictions.json ] || fail "results of no held-out image"
  # Held out of a COCO file what is trained on VOC's: categories are known by their names.
  cp -r shapes/images held
  $tune --data shapes/voc --validation held --validation_annotations shapes.json --out mixed > mixed.txt
  says mixed.txt "^data  *held out: 40 images of held, 2 classes$"
  "$maker" score mixed/held_out.json mixed/predictions.json | awk '{ printf "%.6f", $1 }' > evaluated.txt
  [ "$(number AP mixed/scores.json | awk '{ printf "%.6f", $1 }')" = "$(cat evaluated.txt)" ] || fail "other ids"
  mkdir -p shapes/voc/ImageSets/Main
  for i in 1 2 3 4 5; do echo "00$i  1"; done > shapes/voc/ImageSets/Main/train.txt
  for i in 6 7; do echo "00$i"; done > shapes/voc/ImageSets/Main/val.txt
  $tune --data shapes/voc --validation shapes/voc --out lists > voc.txt
  says voc.txt "^data  *5 images of shapes/voc/JPEGImages (boxes of shapes/voc; the names in shapes/voc/ImageSets/Main/train.txt), 2 classes$"
  says voc.txt "^data  *held out: 2 images of shapes/voc/JPEGImages, 2 classes$"
  [ "$(grep -c '"file_name"' lists/held_out.json)" = 2 ] || fail "not the images of val.txt"
  for given in "" " --annotations shapes/voc"; do
    rm -rf lists
    # shellcheck disable=SC2086
    $tune --data shapes/voc${given:+/JPEGImages} $given --out lists > voc.txt
    says voc.txt "^data  *5 images of shapes/voc/JPEGImages "
    says voc.txt "^data  *left alone: shapes/voc/ImageSets/Main/val.txt; --validation shapes/voc.* looks at it$"
  done
  cp -r shapes/voc unlisted
  echo nobody > unlisted/ImageSets/Main/train.txt
  echo "<annotation><object>" > unlisted/Annotations/000.xml
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

head -c 300 shapes/images/009.png > cut.png
cp -r shapes/images damaged
mv cut.png damaged/009.png
$tune --data damaged --annotations shapes.json --validation_share 0.5 --bad_images skip --out skipped > skipped.txt 2> skipped.error
says skipped.error "^skipped: mae: damaged/009.png: found "
[ "$(wc -l < skipped.error)" -eq 1 ] || fail "not one line a fault: $(cat skipped.error)"
says skipped.txt "^data  *39 images, 78 objects in 2 categories$"
says skipped.txt "^data  *held out: 20 images of them, 2 classes$"
[ "$(grep -c '"file_name"' skipped/held_out.json)" = 20 ] || fail "other images held out"

echo "--- classes that held-out images alone have, and a panel that cannot be drawn"
sed 's/"category_id": 9/"category_id": 4/' shapes.json > squares.json
cp -r shapes/images others
mkdir others_run
ln -s /dev/full others_run/panel.png
$tune --data shapes/images --annotations squares.json --validation others --validation_annotations shapes.json \
  --out others_run > others.txt
says others.txt "^data  *classes of held-out objects that no image to train on has, so that they are never learnt: 'disc'$"
says others.txt "^no image of how the model does: mae: others_run/panel.png: found a device"
says others.txt "^wrote .*, scores.json, predictions.json, held_out.json and loss.png$"

echo "--- a run that is resumed finds the images that it began with"
cp -r shapes/images changed
sed 's/square/cube/' shapes.json > renamed.json
$tune --data changed --annotations shapes.json --validation_share 0.25 --out changed_run > changed.txt
again="detect --resume --out changed_run --epochs 2"
refuses "^mae: changed: found class . '.*', expected class . '.*', as the run that is resumed has; other classes" \
  $again --annotations renamed.json
mv changed/003.png changed/z.png
sed 's/003.png/z.png/' shapes.json > renamed.json
refuses "^mae: changed: found as many images as before whose files have other names, expected the names of the run" \
  $again --annotations renamed.json
mv changed/z.png changed/003.png
$again --annotations shapes.json > changed.txt

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
mistake "mae: many: found 11 classes, expected at most 10, as digits-8 has, or its sizes (mae models) with classes=11" $detect --data many
mistake "mae: shapes.json: found images that are not there: 30, such as *" $detect --data photos --annotations shapes.json
mistake "mae: --validation_annotations: found *, expected nothing without validation" \
  $detect --data shapes --validation_annotations shapes.json
mistake "mae: --validation: found 'shapes/images/000.png', a file to train on, *" \
  $detect --data shapes --validation shapes/images --validation_annotations shapes.json
# One fault at a time: of images, of texts, of JSON.
with() { rm -rf "$1" && cp -r shapes "$1"; }
with partly && rm partly/labels/002.txt partly/labels/004.txt
mistake "mae: partly: found images without a file of labels: 2, such as partly/images/002.png, expected none; or faults = mend, *" \
  $detect --data partly
with partly && rm partly/images/003.png
mistake "mae: partly: found files of labels without an image: 1, such as partly/labels/003.txt, *" $detect --data partly
with partly && echo "0 0.5 0.5" >> partly/labels/003.txt
mistake "mae: partly: found lines or objects that cannot be read: 1, such as partly/labels/003.txt: line 3: '0 0.5 0.5', *" \
  $detect --data partly
with partly && echo "0 1.5 0.5 0.1 0.1" >> partly/labels/003.txt
mistake "mae: partly: found boxes *: 1, such as *" $detect --data partly
with partly && echo "no image" > partly/images/005.png
mistake "mae: partly: found images that cannot be read: 1, such as partly/images/005.png: *" $detect --data partly
with partly && head -c 300 shapes/images/005.png > partly/images/005.png
mistake "mae: partly/images/005.png: found a file that ends *, expected a whole PNG file" $detect --data partly
with partly && cp partly/images/006.png partly/images/007.png
mistake "mae: shapes.json: found images * than annotated: 1, such as *007.png*" \
  $detect --data partly/images --annotations shapes.json
head -c 1000 shapes.json > broken.json
mistake "mae: broken.json: found *" $detect --data shapes/images --annotations broken.json
sed 's/"category_id": 9/"category_id": 7/' shapes.json > broken.json
mistake "mae: broken.json: found annotations of an unknown category: 40, such as *" \
  $detect --data shapes/images --annotations broken.json
{ sed '/"bbox"/d' shapes.json && echo ']}'; } > broken.json
mistake "mae: training set: found no place with an object, expected objects of a size that the model's maps can find" \
  $detect --data shapes/images --annotations broken.json
sed 's/"disc"/"bowl"/' shapes.json > broken.json
mistake "mae: broken.json: found the category 'bowl', expected only the 2 known classes, 'square' to 'disc'" \
  $detect --data shapes --validation others --validation_annotations broken.json
if [ -d unlisted ]; then
  mistake "mae: unlisted/Annotations/000.xml: found \"*\" at byte *, expected an annotation in Pascal VOC's XML" \
    $detect --data unlisted
  rm unlisted/Annotations/000.xml
  mistake "mae: unlisted/ImageSets/Main/train.txt: found no name of an annotated image, expected at least one" \
    $detect --data unlisted
fi
mistake "mae: --predict: found nowhere, which is not there, expected a folder of images to look at" \
  $detect --data shapes --predict nowhere
mistake "mae: --predict: found shapes.json, which is no folder, expected a folder of images to look at" \
  $detect --data shapes --predict shapes.json
mistake "mae: --least_score: found 1, expected a number from 0 and below 1" $detect --data shapes --least_score 1
mistake "mae: --mean: found numbers, and auto as normalization, expected --normalization given beside them" \
  $detect --data shapes --mean 0.5
mistake "mae: --min_crop_scale: found 0.5, expected 1: a crop cuts objects; *" $detect --data shapes --min_crop_scale 0.5
mistake "mae: --max_scale: found 0.5, expected at least min_scale, 0.75" $detect --data shapes --max_scale 0.5
mistake "mae: --format: found idx, expected folder: images with boxes lie in folders" $detect --data shapes --format idx
mistake "mae: --encoder: found nothing, expected the file encoder.safetensors that pretrain wrote*" detect --data shapes
