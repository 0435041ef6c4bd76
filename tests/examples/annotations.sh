#!/bin/sh
# annotations.sh PROGRAMS DATA FOLDER
#
# The program `annotations` as its users meet it: a COCO file with faults is told, refused, mended and then without fault;
# a folder of YOLO's texts, and of Pascal VOC's XML where it is read, become COCO files. FOLDER is emptied.
set -eu
export PATH="$1:$PATH" LC_ALL=C
data=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder/images" "$folder/labels" "$folder/voc"
cd "$folder"
fail() { echo "$1"; cat said.txt; exit 1; }
# says TEXT: it stands in what was said.
says() { grep -qF -- "$1" said.txt || fail "it does not say: $1"; }

for name in astronaut chelsea; do cp "$data/$name.png" images/; done
cat > cats.json <<'JSON'
{"images": [{"id": 1, "file_name": "chelsea.png", "height": 256, "width": 256},
            {"id": 2, "file_name": "ASTRONAUT.png", "height": 256, "width": 256},
            {"id": 3, "file_name": "gone.png", "height": 10, "width": 10}],
 "categories": [{"id": 7, "name": "cat"}, {"id": 3, "name": "person"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 7, "bbox": [60, 20, 200, 230], "area": 40000, "iscrowd": 0},
                 {"id": 1, "image_id": 2, "category_id": 3, "bbox": [60, 20, 0, 230], "iscrowd": 0},
                 {"id": 0, "image_id": 2, "category_id": 3, "bbox": [20, 10, 200.5, 240], "area": 0, "note": "kept"},]}
JSON

status=0
annotations --data cats.json >said.txt 2>errors.txt || status=$?
[ "$status" -eq 1 ] || fail "faults are not refused: $status"
cat errors.txt >>said.txt
says "data        cats.json: 3 images, 3 objects in 2 categories"
says "images that are not there: 1, refused"
says "cats.json: image 3, 'gone.png' below "
says "images whose file is named otherwise: 1, refused"
says "boxes without width or height: 1, refused"
says "annotations that do not say iscrowd: 1, taken as 0"
[ "$(wc -l <errors.txt)" -eq 1 ] || fail "more than one line of errors"
grep -q "^mae: cats.json: found commas before a closing bracket, .* or faults = mend" errors.txt || fail "another error"

annotations --data cats.json --faults mend --out mended.json >said.txt
says "boxes over the border of their image by half a pixel or more: 1, cut at the border"
says "cats.json: annotation 1 of 'chelsea.png', box [60, 20, 200, 230]"
says "mended      2 images, 2 objects in 2 categories"
grep -qF '"bbox": [60, 20, 196, 230]' mended.json || fail "the box is not cut: $(cat mended.json)"
grep -qF '"file_name": "astronaut.png"' mended.json || fail "the file's name is not mended"
grep -qF '"note":"kept"' mended.json || fail "what others wrote is lost"
annotations --data mended.json --out again.json >said.txt
says "faults      none"
cmp mended.json again.json

printf '0 0.5 0.5 0.25 0.5\n' >labels/chelsea.txt
: >labels/astronaut.txt
printf 'names: [cat]\n' >data.yaml
annotations --data . --out yolo.json >said.txt
grep -qF '"bbox": [96, 64, 64, 128]' yolo.json || fail "another box: $(cat yolo.json)"
grep -qF '"categories": [' yolo.json && grep -qF '"name": "cat"' yolo.json || fail "no category: $(cat yolo.json)"

cp images/chelsea.png voc/
cat > voc/chelsea.xml <<'XML'
<annotation><filename>chelsea.png</filename><size><width>256</width><height>256</height></size>
<object><name>cat</name><difficult>1</difficult>
<bndbox><xmin>61</xmin><ymin>21</ymin><xmax>256</xmax><ymax>250</ymax></bndbox></object></annotation>
XML
if annotations --help | grep -q "Pascal VOC" && annotations --data voc --out voc.json >said.txt 2>&1; then
  grep -qF '"bbox": [60, 20, 196, 230], "area": 45080, "iscrowd": 0, "ignore": 1' voc.json || fail "another: $(cat voc.json)"
else
  says "found no annotations, expected COCO or YOLO"
fi

if annotations >said.txt 2>&1; then fail "works on nothing"; fi
says "mae: --data: found nothing, expected a file or folder of annotations: "
if annotations --data nowhere.json >said.txt 2>&1; then fail "works on what is not there"; fi
says "mae: nowhere.json: found nothing there, expected annotations: "
if annotations --data mended.json --faults mend --out ./mended.json >said.txt 2>&1; then fail "writes over what it reads"; fi
says "mae: --out: found ./mended.json, expected another file than the one that is read"
if annotations --data mended.json --out nowhere/out.json >said.txt 2>&1; then fail "writes into no folder"; fi
says "mae: nowhere/out.json: found "
