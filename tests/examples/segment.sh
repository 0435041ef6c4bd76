#!/bin/sh
# segment.sh PROGRAMS DATA FOLDER CLASS_MAPS
#
# `segment` as its users meet it: images and class maps as they lie in the world, an encoder or none, scores, class maps
# and a panel at the end, other images at last; stopped or killed and resumed to the same bits. CLASS_MAPS makes the data.
# shellcheck source=tests/examples/places.sh
. "$(dirname "$0")/places.sh"
files() { find "$1" -type f | wc -l; }
# size FILE: height and width of a PNG file.
size() { od -An -tu1 -j16 -N8 "$1" | awk '{ print $5 * 256 * 256 * 256 + $6 * 65536 + $7 * 256 + $8, $3 * 256 + $4 }'; }

"$maker" shapes 40 1
echo '["ground", "square", "disc"]' > names.json
pretrain --model digits-8 --data shapes/images --batch 16 --repeats 4 --min_crop_scale 0.3 --epochs 2 --out pretrained > pretrained.txt
run="segment --model digits-8 --data shapes --validation_share 0.25 --classes names.json --batch 10 --repeats 4
  --base_learning_rate 3e-2 --epochs 8 --flip --min_crop_scale 0.4 --zoom 2 --log_every 5"

segment --help > help.txt
says help.txt "folder of images and class maps"

echo "--- from scratch: what is written, and that it learns"
# shellcheck disable=SC2086
$run --scratch --out whole > whole.txt
has whole/model.safetensors whole/scores.json whole/panel.png whole/mean_iou.png whole/loss.png whole/settings.json
[ "$(files whole/predictions)" = 10 ] || fail "not a class map for each held-out image"
for file in whole/predictions/*.png; do
  [ "$(size "$file")" = "$(size "shapes/images/${file##*/}")" ] || fail "$file has another size than its image"
done
says whole.txt "^data  *30 images of shapes/images (class maps of shapes/masks), 3 classes$"
says whole.txt "^data  *pixels by class, and maps that have it: 0 'ground' .* % in 40; 1 'square' .* % in 40; 2 'disc' "
says whole.txt "^data  *pixels without a class: "
says whole.txt "^epoch 8/8  loss .*  mean IoU .* %"
says whole.txt "^class  *2 disc: IoU .* %, accuracy .* %$"
says whole.txt "^wrote whole/model.safetensors, classes.json, scores.json, predictions, panel.png and loss.png$"
iou=$(sed -n 's/^ "mean_iou": \([0-9.]*\),$/\1/p' whole/scores.json | awk '{ printf "%.1f", 100 * $1 }')
says whole.txt "^mean IoU  *$iou %, accuracy of classes "
[ "${iou%.*}" -gt 50 ] || fail "a mean IoU of $iou %: ground alone has 26"
[ "$(grep -c '"mean_iou":' whole/log.jsonl)" = 8 ] || fail "the log has no mean IoU for each epoch"
grep -aq mean_iou whole/checkpoint-*.safetensors || fail "no checkpoint knows its mean IoU"

echo "--- stopped, killed and resumed, by other numbers of threads"
goes_on mean_iou.png predictions

echo "--- other images"
mkdir photos
for file in whole/predictions/*.png; do cp "shapes/images/${file##*/}" photos; done
segment --resume --predict photos --out whole > predict.txt
says predict.txt ", predicted, predicted.csv, predicted.json and loss.png$"
diff -r whole/predictions whole/predicted
rm -r whole/predicted
ended=$(sh -c 'echo $$')
touch whole/panel.png.$ended-0.tmp whole/predictions/x.png.$ended-12.tmp whole/panel.png.$$-0.tmp whole/x.tmp
bad=$(ls photos | head -n 1)
head -c 100 "shapes/images/$bad" > "photos/$bad"
segment --resume --predict photos --zoom 3 --stride 0.5 --out whole > predict.txt 2> predict.error
[ ! -e whole/panel.png.$ended-0.tmp ] && [ ! -e whole/predictions/x.png.$ended-12.tmp ] || fail "what a process left"
[ -e whole/panel.png.$$-0.tmp ] && [ -e whole/x.tmp ] || fail "a file is gone that is not of an ended process"
says predict.error "^skipped: mae: photos/$bad: found "
says predict.txt "^predicted  *9 of 10 images$"
[ "$(files whole/predicted)" = 9 ] || fail "not a class map for each good image"
! diff -rq whole/predictions whole/predicted > differ.txt || fail "no difference for a bad image"
! grep -q differ differ.txt || fail "scores and predicted class maps are of another zoom"

echo "--- images of extreme shapes are drawn small; a panel that cannot be drawn ends no run"
"$maker" long 2 3 2 6000
segment --encoder pretrained/encoder.safetensors --data shapes --validation long --out long_run --epochs 1 > long.txt
has long_run/panel.png
[ "$(size long_run/panel.png | awk '{ print $2 < 2100 }')" = 1 ] || fail "a panel of $(size long_run/panel.png)"
mkdir undrawn
ln -s /dev/full undrawn/panel.png
segment --scratch --model digits-8 --data shapes --validation_share 0.25 --epochs 1 --out undrawn > undrawn.txt
says undrawn.txt "^no image of how the model does: mae: undrawn/panel.png: found a device"
says undrawn.txt "^wrote undrawn/model.safetensors, scores.json, predictions and loss.png$"

echo "--- from an encoder, in the ways that data lie"
tune="segment --encoder pretrained/encoder.safetensors --batch 10 --epochs 1 --zoom 2"
# shellcheck disable=SC2086
for part in training validation; do
  mkdir -p ade/images/$part ade/annotations/$part
  case $part in training) names="00? 01?" ;; *) names="03?" ;; esac
  for name in $names; do
    cp shapes/images/$name.png ade/images/$part
    cp shapes/masks/$name.png ade/annotations/$part
  done
done
# shellcheck disable=SC2086
$tune --data ade --validation ade --out ade_run > ade.txt
! grep "left alone" ade.txt || fail "what is looked at is not left alone"
says ade.txt "^data  *20 images of ade/images/training (class maps of ade/annotations/training), 3 classes$"
says ade.txt "^data  *held out: 10 images of ade/images/validation, 3 classes$"
for file in ade/images/validation/*; do has ade_run/predictions/"${file##*/}"; done
$tune --data ade --reduce_zero_label --out reduced > reduced.txt
says reduced.txt "^data  *20 images of .*, 2 classes$"
says reduced.txt "^data  *left alone: ade/images/validation; --validation ade looks at it$"
[ ! -e reduced/predictions ] || fail "class maps of no held-out image"
echo '["square", "disc"]' > two.json
$tune --data ade --validation ade --reduce_zero_label --classes two.json --out reduced_too > reduced.txt
says reduced.txt "^class  *0 square (1 in files): IoU"
grep -q '"in_files": 2' reduced_too/scores.json || fail "scores.json does not say the numbers of the files"
# Read back, they have no pixel of 0, which would be no class.
$tune --data ade/images/validation --class_maps reduced_too/predictions --reduce_zero_label --classes two.json --out back > back.txt
says back.txt "^data  *10 images of .*, 2 classes$"
! grep "pixels without a class" back.txt || fail "predicted class maps have other numbers than the files"
mkdir -p voc/ImageSets/Segmentation
ln -s ../shapes/images voc/JPEGImages
ln -s ../shapes/masks voc/SegmentationClass
for i in 1 2 3 4 5; do echo "00$i"; done > voc/ImageSets/Segmentation/train.txt
for i in 6 7; do echo "00$i"; done > voc/ImageSets/Segmentation/val.txt
$tune --data voc --validation voc --out voc_run > voc.txt
says voc.txt "^data  *5 images of voc/JPEGImages (class maps of voc/SegmentationClass; the names in voc/ImageSets/Segmentation/train.txt)"
says voc.txt "^data  *held out: 2 images of voc/JPEGImages"
[ "$(files voc_run/predictions)" = 2 ] || fail "not a class map for each image of val.txt"
$tune --data voc --out voc_alone > voc.txt
says voc.txt "^data  *left alone: voc/ImageSets/Segmentation/val.txt; --validation voc looks at it$"
$tune --data shapes/images --class_maps shapes/masks --limit 10 --out given > given.txt
says given.txt "^data  *10 images of shapes/images (class maps of shapes/masks)"

echo "--- faults are told and left out"
cp -r shapes faulty
rm faulty/masks/005.png
cp faulty/images/006.png faulty/masks/007.png
"$maker" many 1 1 200
cp many/images/000.png faulty/images/008.png
cp many/masks/000.png faulty/masks/008.png
head -c 200 shapes/images/009.png > faulty/images/009.png
$tune --data faulty --validation_share 0.5 --bad_images skip --out skipped > skipped.txt 2> skipped.error
says skipped.error "^skipped: mae: faulty/images/005.png: found an image without a class map, expected faulty/masks/005.png$"
says skipped.error "^skipped: mae: faulty/masks/007.png: found "
says skipped.error "^skipped: mae: faulty/masks/008.png: found class 200, expected classes below 10, "
says skipped.error "^skipped: mae: faulty/images/009.png: found "
[ "$(wc -l < skipped.error)" -eq 4 ] || fail "not one line a fault: $(cat skipped.error)"
says skipped.txt "^data  *18 images of faulty/images "
says skipped.txt "^data  *held out: 18 images of them, "
[ "$(files skipped/predictions)" = 18 ] || fail "not a class map for each held-out image"

echo "--- classes that are in held-out class maps alone"
"$maker" others 3 2 6
$tune --data shapes --validation others --out others_run > others.txt
says others.txt "^data  *classes without a pixel, 4 of 7: 2, 3, 4, 5$"
says others.txt "^data  *classes of held-out class maps that are in none to train on, so that they are never learnt: 6$"
says others.txt "^class  *6: IoU 0.0 %, accuracy 0.0 %$"
grep -q '"class": 6,' others_run/scores.json || fail "scores.json has not all classes that count"

echo "--- a run that is resumed finds the images that it began with"
cp -r shapes changed
$tune --data changed --validation_share 0.25 --out changed_run > changed.txt
for folder in images masks; do mv changed/$folder/003.png changed/$folder/z.png; done
refuses "^mae: changed: found as many images as before whose files have other names, expected the names of the run" \
  segment --resume --out changed_run --epochs 2
rm -r changed
"$maker" changed 40 1 7
refuses "^mae: changed: found 8 classes, expected 3, as the run that is resumed has; other classes need another run$" \
  segment --resume --out changed_run --epochs 2
rm -r changed
cp -r shapes changed
segment --resume --out changed_run --epochs 2 > changed.txt
