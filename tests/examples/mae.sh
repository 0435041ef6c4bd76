#!/bin/sh
# mae.sh PROGRAMS DATA FOLDER SOURCES
#
# One program has all as sub-commands, by its arguments or by the name that it is called by. SOURCES is examples/programs.
set -eu
programs=$1 folder=$3 sources=$4
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
export OMP_NUM_THREADS=1
mae=$programs/mae

# refuses SENTENCE COMMAND...
refuses() {
  sentence=$1 status=0
  shift
  said=$("$@" 2>&1 > out.txt) || status=$?
  if [ "$status" -ne 1 ] || [ "$said" != "$sentence" ] || [ -s out.txt ]; then
    printf '%s: status %s\n%s\nexpected: %s\n' "$*" "$status" "$said" "$sentence"
    exit 1
  fi
}

# Every program of the folder is in the list, and answers; the program of that name says the same but for its name.
mkdir links
"$mae" --help > help.txt
for source in "$sources"/*.cpp; do
  name=$(basename "$source" .cpp)
  [ "$name" != mae ] || continue
  grep -q "^  $name  *[a-z]" help.txt || { echo "mae --help does not list $name"; exit 1; }
  "$mae" "$name" --help > sub.txt
  grep -q "^Usage: mae $name \|^ *mae $name \[" sub.txt || { echo "mae $name --help:"; head -5 sub.txt; exit 1; }
  "$programs/$name" --help > alone.txt
  sed "s/mae $name /$name /" sub.txt | cmp - alone.txt
  "$mae" help "$name" | cmp - sub.txt
  ln -s "$mae" "links/$name"  # a link of that name is that program
  "links/$name" --help | cmp - alone.txt
done

# The file of --print-config says to its program what the flags said: with either it comes as far, past all checks of
# settings, to a file that is not there. doctor's lines change from one moment to the next.
export XDG_CACHE_HOME="$folder/cache"
for source in "$sources"/*.cpp; do
  name=$(basename "$source" .cpp)
  [ "$name" != mae ] && [ "$name" != doctor ] || continue
  "$mae" "$name" --help > sub.txt
  grep -q -e --print-config sub.txt || continue
  flags=
  if grep -q -e '--files ' sub.txt; then flags="--files nowhere.png"; elif grep -q -e '--data ' sub.txt; then flags="--data nowhere"; fi
  for flag in "--encoder nowhere.safetensors" "--checkpoint nowhere.safetensors" "--model digits-8" "--learning_rate 1e-3"; do
    if grep -q -e "${flag%% *} " sub.txt; then flags="$flags $flag"; fi
  done
  # shellcheck disable=SC2086
  "$mae" "$name" $flags --print-config > "$name.json"
  "$mae" "$name" "$name.json" --print-config | cmp - "$name.json"
  status=0 again=0
  # shellcheck disable=SC2086
  "$mae" "$name" $flags > said.txt 2>&1 || status=$?
  "$mae" "$name" "$name.json" > again.txt 2>&1 || again=$?
  sed "s/$name.json: /--/" again.txt | cmp - said.txt || { echo "$name $flags:"; cat said.txt again.txt; exit 1; }
  [ "$status" -eq "$again" ]
  case $name in models|build|cache) ;; *) grep -q '^mae: nowhere' said.txt || { echo "$name $flags: $(cat said.txt)"; exit 1; } ;; esac
done
# How a trained model looks at images its checkpoint says: the file has what was given alone.
for name in predict evaluate; do
  if grep -q -e '"zoom"' -e '"least_score"' -e '"shortest_side"' "$name.json"; then echo "$name.json: $(cat "$name.json")"; exit 1; fi
  "$mae" "$name" --zoom 2 --print-config | grep -q '"zoom": 2'
  "$mae" "$name" --help | grep -q -e "--zoom \\[the checkpoint's\\]"
done
"$mae" --version | grep -q '^mae [0-9.]*$'
refuses 'mae: command line: found pretran, expected a command; did you mean pretrain?' "$mae" pretran --data x
refuses 'mae: command line: found frobnicate, expected a command, as mae --help lists them' "$mae" frobnicate
refuses 'mae: command line: found nothing, expected a command, as mae --help lists them' "$mae"
refuses 'mae: command line: found featurs, expected a command; did you mean features?' "$mae" help featurs
refuses 'mae: command line: found --epoch, expected a setting; did you mean --epochs?' "$mae" pretrain --epoch 3

# The parameters that are counted are those of the compiled model.
"$mae" models > models.txt
grep -q '^digits-8 .* yes$' models.txt
grep -q '^vit-small-224 .* no$' models.txt
"$mae" models --model digits-8 > one.txt
"$mae" pretrain --model digits-8 --data "$2/optdigits-images-idx3-ubyte" --limit 64 --epochs 1 --out run > run.txt
count=$(sed -n 's/^parameters *//p' run.txt)
grep -q "^parameters *$count, " one.txt || { echo "the run has $count parameters:"; cat one.txt; exit 1; }
"$mae" pretrain --resume --epochs 2 --out run > more.txt
