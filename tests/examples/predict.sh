#!/bin/sh
# predict.sh PROGRAMS DATA FOLDER CLASS_FOLDERS CLASS_MAPS BOXES
#
# `predict` and `evaluate` as their users meet them, on what finetune, probe, detect and segment wrote: files with names
# of files and classes, the scores that the training told, images that cannot be read, mistakes. CLASS_FOLDERS,
# CLASS_MAPS and BOXES make data.
# shellcheck source=tests/examples/places.sh
. "$(dirname "$0")/places.sh"
data=$2 class_folders=$4 class_maps=$5 boxes=$6
ln -s "$data" data
# refuses MESSAGE COMMAND...: it ends with status 1 and says so, where * stands for anything, and leaves nothing behind.
refuses() {
  expected=$1 status=0
  shift
  found=$("$@" --out never 2>&1 > /dev/null) || status=$?
  # shellcheck disable=SC2254
  case $found in $expected) ;; *) fail "$*: found $found, expected $expected" ;; esac
  [ $status -eq 1 ] || fail "$*: status $status"
  [ ! -e never ] || fail "$*: something is left behind"
}
# number KEY FILE: of a JSON file that has it on a line.
number() { sed -n "s/^ \"$1\": \([-0-9.e]*\),\{0,1\}\$/\1/p" "$2"; }

"$class_folders" data/optdigits-images-idx3-ubyte classes 60
tune="--model digits-8 --data classes --validation_share 0.25"
# shellcheck disable=SC2086
finetune $tune --scratch --batch 32 --epochs 50 --base_learning_rate 8e-3 --evaluation_crop 0.9 --out tuned > tuned.txt

echo "--- evaluate: a classifier has the accuracy that its training told, and its confusion matrix says the same"
evaluate --checkpoint tuned/model.safetensors --data classes --validation_share 0.25 --out evaluated > evaluated.txt
has evaluated/scores.json evaluated/scores.csv evaluated/confusion.csv evaluated/confusion.png evaluated/predicted.csv evaluated/worst.png
told=$(sed -n 's/.*"accuracy":\([0-9.]*\).*/\1/p' tuned/log.jsonl | tail -n 1)
number accuracy evaluated/scores.json | awk -v told="$told" '{ exit !($1 - told < 1e-6 && told - $1 < 1e-6) }' ||
  fail "accuracy $(number accuracy evaluated/scores.json), in training $told"
echo "$told" | awk '{ exit !($1 > 0.7) }' || fail "an accuracy of $told"
says evaluated.txt "^data  *105 images of classes (folder)$"
says evaluated.txt "^accuracy  *[0-9.]* % of 105 images, among the top 5 [0-9.]* %; loss "
says evaluated.txt "^class  *0 five, or V: precision .* %, recall .* % of "
head -n 1 evaluated/confusion.csv | grep -qF 'class \ prediction,"five, or V",four,one,six,three,two,zero' || fail "other columns"
sed 1d evaluated/confusion.csv | sed 's/"five, or V"/five/' | awk -F , -v told="$told" '
  { for (k = 2; k <= NF; ++k) all += $k; right += $(NR + 1) }
  END { exit !(NR == 7 && all == 105 && right / all - told < 1e-6 && told - right / all < 1e-6) }' ||
  fail "the matrix says another accuracy: $(cat evaluated/confusion.csv)"
[ "$(wc -l < evaluated/predicted.csv)" = 106 ] || fail "not a line for each image"
evaluate --checkpoint tuned/model.safetensors --data classes --validation_share 0.25 --test_crops 5 --worst 0 --out crops > crops.txt
says crops.txt "^wrote .*predicted.csv$"
[ ! -e crops/worst.png ] || fail "images are drawn"

echo "--- predict: classes of new images; what cannot be read is named, counted, and the status says so"
mkdir photos
for class in zero one two; do for i in 000 001; do cp classes/$class/$i.png photos/$class-$i.png; done; done
predict --checkpoint tuned/model.safetensors --data photos --top 7 --draw --out predicted > predicted.txt
says predicted.txt "^wrote  *predicted/predicted.csv, predicted.json, drawn, classes.json$"
has predicted/predicted.json predicted/drawn/zero-000.png
[ "$(head -n 1 predicted/predicted.csv | cut -d , -f 1-7)" = file,label,class,probability,label_2,class_2,probability_2 ] ||
  fail "$(head -n 1 predicted/predicted.csv)"
sed 1d predicted/predicted.csv | sed 's/"five, or V"/five/' | awk -F , '
  { sum = 0; for (k = 4; k <= NF; k += 3) { sum += $k; if (k > 4 && $k > $(k - 3)) exit 1 } if (sum < 0.9999 || sum > 1.0001) exit 1 }
  END { exit NR != 6 }' || fail "probabilities: $(cat predicted/predicted.csv)"
sed -n 's/^one-000.png,\([^,]*\),\([^,]*\),\([^,]*\),.*/\1,\2,\3/p' predicted/predicted.csv > one.txt
predict --checkpoint tuned/model.safetensors --files classes/one/000.png photos/two-000.png --out listed > listed.txt
sed -n 's/^classes.one.000.png,\([^,]*\),\([^,]*\),\([^,]*\),.*/\1,\2,\3/p' listed/predicted.csv | cmp - one.txt
[ "$(head -n 1 listed/predicted.csv | tr , '\n' | wc -l)" = 16 ] || fail "not five classes"
predict --checkpoint tuned/model.safetensors --data data/optdigits-images-idx3-ubyte --out array > array.txt
says array/predicted.csv "^1796,"
cp -r photos some
head -c 60 photos/one-000.png > some/one-000.png
echo "no image" > some/a.png
for threads in 1 2; do
  status=0
  predict --checkpoint tuned/model.safetensors --data some --top 7 --threads $threads --out rest > rest.txt 2> rest.error || status=$?
  [ $status = 1 ] || fail "status $status"
  [ "$(grep -c '^skipped: ' rest.error)" = 2 ] || fail "not two named: $(cat rest.error)"
  says rest.error "^skipped: mae: some/a.png: found "
  says rest.error "^mae: some: found 2 images skipped, expected all to be read; "
  grep -v one-000 predicted/predicted.csv | cmp - rest/predicted.csv
done
if predict --checkpoint tuned/model.safetensors --data some --bad_images stop --out stops > stops.txt 2> stops.error; then
  fail "it did not stop"
fi
says stops.error "^mae: some/a.png: found "
[ ! -e stops/predicted.csv ] || fail "something is told"

echo "--- probes"
for recipe in whole_set paper; do
  pretrain --model digits-8 --data photos --batch 2 --epochs 1 --out pretrained_$recipe > pretrained.txt
  # shellcheck disable=SC2086
  probe --encoder pretrained_$recipe/encoder.safetensors $tune --recipe $recipe --batch 32 --epochs 2 --out probed_$recipe > probed.txt
  evaluate --checkpoint probed_$recipe/model.safetensors --data classes --validation_share 0.25 --out probe_$recipe > probe.txt
  told=$(sed -n 's/.*"accuracy":\([0-9.]*\).*/\1/p' probed_$recipe/log.jsonl | tail -n 1)
  number accuracy probe_$recipe/scores.json | awk -v told="$told" '{ exit !($1 >= told - 1e-6) }' ||
    fail "accuracy $(number accuracy probe_$recipe/scores.json), in training $told"
done

echo "--- pretrain goes on from other weights, with a fresh optimizer"
pretrain --model digits-8 --data classes --batch 32 --epochs 20 --base_learning_rate 4e-3 --log_every 1 --out source > source.txt
pretrain --init source/model.safetensors --data classes --batch 32 --epochs 1 --log_every 1 --out on > on.txt
says on.txt "^model  *digits-8,"
says on.txt "^loaded  *86 parameters, "
first() { sed -n 's/.*"event":"step","step":1,.*"loss":\([0-9.]*\).*/\1/p' "$1/log.jsonl"; }
echo "$(first source) $(first on)" | awk '{ exit !($2 > 0 && $2 < $1 / 2) }' ||
  fail "the first losses are $(first source) and $(first on)"
refuses "mae: --init: found pretrained_paper/model.safetensors, expected nothing beside resume, *" \
  pretrain --resume --init pretrained_paper/model.safetensors
refuses "mae: pretrained_paper/encoder.safetensors: *" pretrain --init pretrained_paper/encoder.safetensors --data photos --batch 2

echo "--- a detector"
"$boxes" make boxes 40 1
detect --model digits-8 --scratch --data boxes/images --annotations boxes.json --validation_share 0.25 --batch 10 --repeats 4 \
  --base_learning_rate 5e-2 --epochs 8 --flip --least_score 0.1 --out detected > detected.txt
evaluate --checkpoint detected/model.safetensors --data boxes/images --annotations boxes.json --validation_share 0.25 \
  --out boxes_evaluated > boxes_evaluated.txt
for file in scores.json predictions.json held_out.json; do cmp detected/$file boxes_evaluated/$file; done
has boxes_evaluated/worst.png
mkdir scenes
cp boxes/images/00?.png scenes
detect --resume --predict scenes --out detected > again.txt
predict --checkpoint detected/model.safetensors --data scenes --draw --out boxes_predicted > boxes_predicted.txt
for file in predicted.csv predicted.json predicted_images.json; do cmp detected/$file boxes_predicted/$file; done
[ "$(find boxes_predicted/drawn -name '*.png' | wc -l)" = 10 ] || fail "not ten drawn"
says boxes_predicted/predicted.csv "^00[0-9].png,[49],\(square\|disc\),0\.[0-9]*,"
cp some/a.png scenes
status=0
predict --checkpoint detected/model.safetensors --data scenes --out boxes_rest > boxes_rest.txt 2> boxes_rest.error || status=$?
[ $status = 1 ] || fail "status $status"
cmp boxes_predicted/predicted.csv boxes_rest/predicted.csv
detect --resume --predict scenes --out detected > again.txt 2> again.error
says again.txt "^predicted  *10 of 11 images$"
rm scenes/a.png

echo "--- a segmenter, of either head"
"$class_maps" maps 40 1
echo '["ground", "square", "disc"]' > names.json
for head in linear pyramid; do
  segment --model digits-8 --scratch --head $head --data maps --validation_share 0.25 --classes names.json --batch 10 --repeats 4 \
    --base_learning_rate 3e-2 --epochs 8 --flip --zoom 2 --min_crop_scale 0.4 --out segmented_$head > segmented.txt
  evaluate --checkpoint segmented_$head/model.safetensors --data maps --validation_share 0.25 --out maps_evaluated > maps_evaluated.txt
  cmp segmented_$head/scores.json maps_evaluated/scores.json
  diff -r segmented_$head/predictions maps_evaluated/predictions
  has maps_evaluated/worst.png maps_evaluated/confusion.csv maps_evaluated/confusion.png
  segment --resume --predict scenes --out segmented_$head > again.txt
  predict --checkpoint segmented_$head/model.safetensors --data scenes --draw --out maps_predicted > maps_predicted.txt
  diff -r segmented_$head/predicted maps_predicted/predicted
  for file in predicted.csv predicted.json; do cmp segmented_$head/$file maps_predicted/$file; done
done
for class in 0,ground 1,square 2,disc; do says segmented_linear/predicted.csv "^00[0-9].png,predicted/00[0-9].png,$class,"; done
has maps_predicted/drawn/000.png maps_predicted/classes.json
# Two images that differ in the ending alone have class maps of different names.
cp scenes/000.png scenes/000.jpg.png
cp scenes/000.png scenes/000.jpg.PNG
predict --checkpoint segmented_linear/model.safetensors --data scenes --out twins > twins.txt
has twins/predicted/000.jpg.png.png twins/predicted/000.jpg.PNG.png

echo "--- mistakes"
mkdir empty flat more more/eight
cp photos/one-000.png flat
cp photos/one-000.png more/eight
ln -s ../classes/one more/one
head -c 100000 tuned/model.safetensors > cut.safetensors
: > none.safetensors
for program in predict evaluate; do
  refuses "mae: --checkpoint: found nothing, expected a file that finetune, probe, detect or segment wrote" $program --data photos
  refuses "mae: --data: found nothing, expected *" $program --checkpoint tuned/model.safetensors
  refuses "mae: pretrained_paper/model.safetensors: found a file of pretrain, expected a file of finetune, probe, detect or segment" \
    $program --checkpoint pretrained_paper/model.safetensors --data photos
  refuses "mae: cut.safetensors: *" $program --checkpoint cut.safetensors --data photos
  refuses 'mae: nowhere.safetensors: found "No such file or directory" *' $program --checkpoint nowhere.safetensors --data photos
  refuses "mae: none.safetensors: *" $program --checkpoint none.safetensors --data photos
  refuses "mae: photos*: found *" $program --checkpoint photos --data photos
  # What the file says of its model is read as any other text is.
  for model in '$(id)xyz' 'vit.json' 'digits-9' '../../..'; do
    sed "s|\"model\":\"digits-8\"|\"model\":\"$model\"|" tuned/model.safetensors > hostile.safetensors
    refuses "mae: hostile.safetensors: model: found $model, expected *" $program --checkpoint hostile.safetensors --data photos
  done
  sed 's|\\"shortest_side\\":256|\\"shortest_side\\":2e9|' tuned/model.safetensors > hostile.safetensors
  refuses "mae: the checkpoint's shortest_side: found 2000000000.0, expected a whole number from 0 to 65536" \
    $program --checkpoint hostile.safetensors --data photos
  refuses "mae: empty: *" $program --checkpoint tuned/model.safetensors --data empty
  refuses "mae: --zoom: found a value, expected none: tuned/model.safetensors is no segmenter" \
    $program --checkpoint tuned/model.safetensors --data photos --zoom 2
  refuses "mae: --least_score: found a value, expected none: tuned/model.safetensors is no detector" \
    $program --checkpoint tuned/model.safetensors --data photos --least_score 0.2
  refuses "mae: --normalization: found data, expected auto, imagenet or given: *" \
    $program --checkpoint tuned/model.safetensors --data photos --normalization data
  refuses "mae: --test_crops: found a value, expected none: detected/model.safetensors is no classifier" \
    $program --checkpoint detected/model.safetensors --data photos --test_crops 5
done
refuses "mae: --data: found files beside data, expected one of the two" \
  predict --checkpoint tuned/model.safetensors --data photos --files some/a.png
refuses "mae: --top: found 3, expected nothing: detected/model.safetensors is no classifier" \
  predict --checkpoint detected/model.safetensors --data photos --top 3
refuses "mae: flat: found images without classes, expected at least two sub-folders, one for each class" \
  evaluate --checkpoint tuned/model.safetensors --data flat
refuses "mae: more: found the class folder 'eight', expected only the 7 known classes, *" \
  evaluate --checkpoint tuned/model.safetensors --data more
refuses "mae: photos: found no annotations, *" evaluate --checkpoint detected/model.safetensors --data photos
refuses "mae: photos: *" evaluate --checkpoint segmented_linear/model.safetensors --data photos
refuses "mae: --validation: found photos, expected nothing: data are looked at" \
  evaluate --checkpoint tuned/model.safetensors --data classes --validation photos
refuses "mae: --annotations: found a value, expected none: tuned/model.safetensors is no detector" \
  evaluate --checkpoint tuned/model.safetensors --data classes --annotations boxes.json
refuses "mae: --classes: found names.json, expected nothing: the model knows the names of its classes" \
  evaluate --checkpoint segmented_linear/model.safetensors --data maps --classes names.json
