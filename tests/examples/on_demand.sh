#!/bin/sh
# on_demand.sh PROGRAMS DATA FOLDER INCLUDE
#
# Models that no program was built with: described, checked, compiled once, kept, executed. A script stands for the
# compiler but at the end, where the same model, compiled on demand and built in, must give the same bits.
set -eu
programs=$1 data=$2 folder=$3 include=$4
rm -rf "$folder"
mkdir -p "$folder/tmp"
cd "$folder"
folder=$(pwd -P)
export OMP_NUM_THREADS=1 TMPDIR="$folder/tmp" XDG_CACHE_HOME="$folder/cache" HOME="$folder" LC_ALL=C
unset CXX
fail() { echo "$*"; exit 1; }

# The program where another toolkit can stand beside it.
mkdir kit bin
cp "$programs/mae" kit/mae
mae=$folder/kit/mae
# toolkit COMPILER: the one that is used.
toolkit() { sed "s|\"compiler\": \"[^\"]*\"|\"compiler\": \"$1\"|" "$programs/toolkit.json" > kit/toolkit.json; }
digits="--data $data/optdigits-images-idx3-ubyte --limit 32 --epochs 1 --batch 16"
sizes=1x8x8/2,32x1x2,32x1x2
run() { "$mae" pretrain --model "$@" $digits; }

# A compiler that notes its calls and writes a program that tells its arguments. What it does before comes from `act`.
cat > bin/compiler <<END
#!/bin/sh
case " \$* " in *" --version "*) cat "$folder/version"; exit 0 ;; esac
echo call >> "$folder/calls"
env | sort > "$folder/environment"
while [ \$# -gt 0 ]; do [ "\$1" != -o ] || out=\$2; shift; done
. "$folder/act"
printf '#!/bin/sh\necho compiled: "\$@"\n' > "\$out"
chmod +x "\$out"
END
chmod +x bin/compiler
echo 'compiler 1' > version
: > act
toolkit "$folder/bin/compiler"
calls() { [ ! -e calls ] || wc -l < calls | tr -d ' '; }

# refuses SENTENCE MODEL: with status 1 and one line, without a compiler, without a file.
refuses() {
  rm -f calls
  status=0
  said=$(run "$2" 2>&1 > out.txt) || status=$?
  # shellcheck disable=SC2254
  case $said in $1) ;; *) fail "--model $2: $said; expected: $1" ;; esac
  [ "$status" -eq 1 ] || fail "--model $2: status $status"
  [ "$(printf '%s\n' "$said" | wc -l)" -eq 1 ] || fail "--model $2: $said"
  [ ! -e calls ] || fail "--model $2: the compiler was called"
}

# --- What is no model ---
refuses 'mae: --model: found digit-8, expected a model; did you mean digits-8?' digit-8
refuses 'mae: --model: found a, expected one of digits-8, *, a file vit.json, or sizes such as *' a
refuses 'mae: --model: found 3x64x64, expected channels x height x width / patch, *' 3x64x64,192x6x3
refuses 'mae: --model: encoder: found other than three whole numbers, expected width, blocks, heads, *' 1x8x8/2,32.5x1x2
refuses 'mae: --model: height: found ten, expected a whole number from 1 to 65536' 1xtenx8/2,32x1x2
refuses 'mae: --model: found the key "clases", expected a setting; did you mean classes?' $sizes,clases=3
refuses 'mae: --model: target: found twice, expected once' $sizes,target=pixels,target=pixels
refuses 'mae: --model: found pixel, expected one of normalized_pixels, pixels; did you mean pixels?' $sizes,target=pixel
refuses 'mae: --model: found half, expected one of float, bf16' $sizes,precision=half
refuses 'mae: nothing.json: found "No such file or directory" on opening, *' nothing.json
echo '{"height": 8, "width": 8, "patch": 2, "encoder": [32, 1, 2], "decodr": [32, 1, 2]}' > vit.json
refuses 'mae: vit.json: found the key "decodr", expected a setting; did you mean decoder?' vit.json
echo '{"height": 8, "width": 8, "encoder": [32, 1, 2]}' > vit.json
refuses 'mae: vit.json: patch: found nothing, expected a whole number' vit.json
for name in '../../x' 'a b' '"' 'A' '$(touch gone)' '' "$(printf 'a%.0s' $(seq 33))"; do
  refuses "mae: --model: name: found *, expected 1 to 32 small letters, digits and hyphens" "$sizes,name=$name"
done
[ ! -e gone ]
# Rules about shapes, in the compiler's very sentences.
grep -o '"mae: this mask ratio [^"]*"\|"mae::[A-Z][^"]*"' "$include/mae/model/geometry.hpp" | tr -d '"' > sentences.txt
rule() {
  refuses "mae: --model: found $1, expected sizes for which this holds: *" "$2"
  grep -qxF -e "${said#*this holds: }" sentences.txt || fail "no header says: ${said#*this holds: }"
}
rule 'a height of 9 in patches of 2' 1x9x8/2,32x1x2,32x1x2
rule 'a width of 9 in patches of 2' 1x8x9/2,32x1x2,32x1x2
rule 'encoder of width 30' 1x8x8/2,30x1x2,32x1x2
rule 'encoder of width 32 with 5 heads' 1x8x8/2,32x1x5,32x1x2
rule 'decoder of width 32 with 3 heads' 1x8x8/2,32x1x2,32x1x3
rule 'a mask ratio of 0.99 of 16 patches' $sizes,mask_ratio=0.99
rule 'a mask ratio of 0.99 of 16 patches' $sizes,mask_ratio=0.75/0.99
# 100 legal and 100 illegal sizes at random: the rules here and there say the same.
awk 'BEGIN {
  srand(7)
  for (i = 0; i < 200; ++i) {
    patch = 1 + int(rand() * 16); rows = 2 + int(rand() * 6); columns = 2 + int(rand() * 6)
    heads = 1 + int(rand() * 8); width = 4 * heads * (1 + int(rand() * 9))
    height = rows * patch; broken = i < 100 ? 0 : 1 + int(rand() * 3)
    if (broken == 1) { patch = 2 + int(rand() * 15); height = rows * patch + 1 + int(rand() * (patch - 1)) }
    if (broken == 2) { heads = 1; width += 1 + int(rand() * 3) }
    if (broken == 3) heads = width + 1
    printf "%d %dx%dx%d/%d,%dx%dx%d,32x1x2\n", (broken > 0), 1 + int(rand() * 5), height, columns * patch, patch, width, 1 + int(rand() * 30), heads
  }
}' > random.txt
while read -r broken model; do
  status=0
  said=$("$mae" models --model "$model" 2>&1) || status=$?
  [ "$status" -eq "$broken" ] || fail "$model: status $status: $said"
  [ "$broken" -eq 0 ] || grep -qxF -e "${said#*this holds: }" sentences.txt || fail "$model: $said"
done < random.txt

# --- Compiled once ---
rm -f calls
run $sizes --seed 3 > first.txt
grep -q '^compiling *pretrain for unnamed once, about' first.txt
grep -q "^compiled: --model $sizes --seed 3 --data .*" first.txt
run $sizes > second.txt
[ "$(calls)" -eq 1 ] || fail "compiled $(calls) times"
if grep -q '^compiling' second.txt; then fail "compiled again"; fi
grep -q "^compiled: --model $sizes " second.txt
# The environment of a compiler: no more than it needs.
[ "$(sed 's/=.*//' environment | grep -v '^PWD$\|^SHLVL$\|^_$\|^OLDPWD$' | tr '\n' ' ')" = "HOME LANG LC_ALL PATH TMPDIR " ] ||
  fail "the compiler's environment: $(cat environment)"
# The same sizes in a file, under a name: the same program. Another size, or precision, is another one.
echo '{"name": "mine", "channels": 1, "height": 8, "width": 8, "patch": 2, "encoder": [32, 1, 2], "decoder": [32, 1, 2]}' > vit.json
run vit.json > named.txt
[ "$(calls)" -eq 1 ]
grep -q '^model .*name=mine$' named.txt
run $sizes,precision=bf16 > other.txt
[ "$(calls)" -eq 2 ]
# What is compiled in is not compiled, by whatever words it is described.
"$mae" models --model digits-8 | sed -n 's/^model *//p; s/^compiled *//p' > known.txt
[ "$(sed -n 2p known.txt)" = yes ]
run "$(sed 's/name=.*/name=other/;q' known.txt)" --out known > ran.txt
grep -q '^model *digits-8, images' ran.txt
[ "$(calls)" -eq 2 ]
# The cache is for its user alone, and can be looked at.
[ "$(stat -c %a cache/mae)" = 700 ]
"$mae" cache > list.txt
[ "$(grep -c ' pretrain 1x8x8/2,32x1x2,32x1x2,target=normalized_pixels,' list.txt)" -eq 2 ] || fail "$(cat list.txt)"
# Another version of the compiler, or other headers or libraries: compiled again. What the other left is not run.
echo 'compiler 2' > version
run $sizes > newer.txt
[ "$(calls)" -eq 3 ]
mkdir newer
cp "$programs/libmae_programs.a" newer
echo >> newer/libmae_programs.a
sed -i "s|\"[^\"]*/libmae_programs.a\"|\"$folder/newer/libmae_programs.a\"|" kit/toolkit.json
run $sizes > newer.txt
[ "$(calls)" -eq 4 ]
toolkit "$folder/bin/compiler"
# What was kept and is damaged is compiled again.
for key in cache/mae/*/key.txt; do echo other >> "$key"; done
run $sizes > damaged.txt
[ "$(calls)" -eq 5 ]
# Of another program: that is compiled too. A file can be made of each.
"$mae" build --model $sizes --program finetune --out tuner > built.txt
[ "$(calls)" -eq 6 ]
[ "$(./tuner a 'b c')" = 'compiled: a b c' ]

# --- Processes at once, killed compilers ---
echo 'sleep 2' > act
"$mae" cache --clear > cleared.txt
[ -z "$(ls cache/mae)" ] || fail "left: $(ls cache/mae)"
rm -f calls
run $sizes > one.txt &
one=$!
run $sizes > two.txt &
wait $one
wait $!
[ "$(calls)" -eq 1 ] || fail "two processes at once: compiled $(calls) times"
grep -q '^compiled: ' one.txt
grep -q '^compiled: ' two.txt
cat one.txt two.txt | grep -q '^waiting *another process compiles this model'
# Its user kills the program that compiles: the next one is not kept waiting, and removes what it left.
"$mae" cache --clear > cleared.txt
rm -f calls
echo 'sleep 30' > act
# shellcheck disable=SC2086
"$mae" pretrain --model $sizes $digits > killed.txt &
process=$!
until [ -e calls ]; do sleep 0.05; done
kill -9 $process
wait $process || true
: > act
run $sizes > after.txt
grep -q '^compiled: ' after.txt
[ "$(find cache/mae -name '*.tmp' | wc -l)" -eq 0 ]
# breaks SENTENCE ACT: a compiler that fails is told in one line; nothing is kept but its output, and the next one works.
breaks() {
  "$mae" cache --clear > cleared.txt
  echo "$2" > act
  status=0
  said=$(run $sizes 2>&1 > out.txt) || status=$?
  # shellcheck disable=SC2254
  case $said in $1) ;; *) fail "$said; expected: $1" ;; esac
  [ "$status" -eq 1 ] || fail "status $status"
  [ -z "$(find cache/mae -name program -o -name '*.tmp')" ] || fail "left: $(find cache/mae)"
  : > act
  run $sizes | grep -q '^compiled: '
}
breaks 'mae: --model: found that the compiler was killed by signal 9, expected it to end by itself, *' 'kill -9 $$'
breaks 'mae: --model: found that the compiler says: a.cpp:1:2: error: no, expected a program; the full output is in *.log' \
  'echo well; echo "a.cpp:1:2: error: no"; echo "b.cpp:1:2: error: later"; exit 1'
breaks 'mae: --model: found that the compiler says: collect2 failed, expected *' 'echo collect2 failed; exit 1'
breaks 'mae: --model: found no program after *' 'exit 0'

# --- No compiler, no toolkit ---
toolkit /nowhere/c++
"$mae" cache --clear > cleared.txt
status=0
said=$(PATH=/nowhere run $sizes 2>&1 > out.txt) || status=$?
case $said in
  'mae: --model: found no C++20 compiler (tried /nowhere/c++, $CXX, c++, g++, clang++), expected one, or a model that is compiled'*) ;;
  *) fail "no compiler: $said" ;;
esac
[ "$status" -eq 1 ]
rm kit/toolkit.json
refuses 'mae: --model: found *, which pretrain was not built with, expected one of its models, *' $sizes
# Where the library's own compiler is not, another one is taken.
toolkit /nowhere/c++
CXX=$folder/bin/compiler run $sizes | grep -q '^compiled: '
CXX="$folder/bin/compiler -pipe" run $sizes,precision=bf16 | grep -q '^compiled: '
toolkit "$folder/bin/compiler"

# --- Where the cache lies ---
# elsewhere WHY: told, and a private folder is taken.
elsewhere() {
  run $sizes > where.txt || fail "$(cat where.txt)"
  grep -q "^cache *$XDG_CACHE_HOME/mae is $1, expected a folder that this user alone can write to; taken: $TMPDIR/mae-" where.txt ||
    fail "$(cat where.txt)"
  grep -q '^compiled: ' where.txt
}
chmod 777 cache/mae
elsewhere 'a folder that others can write to'
chmod 777 tmp/mae-*
status=0
said=$(run $sizes 2>&1 > out.txt) || status=$?
case $said in
  "mae: $XDG_CACHE_HOME/mae: found a folder that others can write to, and a folder that others can write to at "*) ;;
  *) fail "both: $said" ;;
esac
[ "$status" -eq 1 ]
chmod 700 cache/mae tmp/mae-*
if chown 65534 cache/mae 2> /dev/null; then
  elsewhere 'a folder of another user'
  chown "$(id -u)" cache/mae
fi
mv cache/mae away
echo > cache/mae
elsewhere 'a file'
rm cache/mae
mv away cache/mae
if unshare -rm mount -t tmpfs none tmp 2> /dev/null; then
  mkdir small
  XDG_CACHE_HOME=$folder/small
  unshare -rm sh -c "mount -t tmpfs -o ro none small && \"$mae\" pretrain --model $sizes $digits" > readonly.txt
  grep -q '^cache .*"Read-only file system", expected .*; taken: ' readonly.txt || fail "$(cat readonly.txt)"
  grep -q '^compiled: ' readonly.txt
  # A cache on a full disk, and on one that fills up while it is compiled.
  for size in 1m 34m; do
    echo 'head -c 40000000 /dev/zero > "$out" || exit 1' > act
    status=0
    said=$(unshare -rm sh -c "mount -t tmpfs -o size=$size none small && \"$mae\" pretrain --model $sizes $digits" 2>&1 > out.txt) ||
      status=$?
    case $said in
      "mae: $XDG_CACHE_HOME/mae: found "*" free on its disk, expected at least 32 MB to compile a model") ;;
      *) fail "a full cache: $said" ;;
    esac
    [ "$status" -eq 1 ]
  done
  : > act
  XDG_CACHE_HOME=$folder/cache
else
  echo "no disk can be made here: a full and a read-only cache are not tried"
fi
# The last 32 are kept.
echo ': > "$out"' > act
for blocks in $(seq 34); do run 1x8x8/2,32x${blocks}x2,32x1x2 > /dev/null; done
[ "$(find cache/mae -name program | wc -l)" -eq 32 ] || fail "$(find cache/mae -name program | wc -l) are kept"
"$mae" cache | grep -q ',32x1x2,32x1x2,' && fail "the oldest is kept"
"$mae" cache --clear > /dev/null
[ -z "$(find cache/mae -name program)" ]
# What is not the cache's stays.
mkdir cache/mae/mine
touch cache/mae/.hidden cache/mae/notes.txt
"$mae" cache --clear > /dev/null
[ "$(ls -A cache/mae | tr '\n' ' ')" = ".hidden mine notes.txt " ] || fail "the cache has $(ls -A cache/mae)"

# --- The same bits, compiled on demand and built in ---
cp "$programs/toolkit.json" kit/toolkit.json
train() { "$mae" pretrain --model "$1" --mask_ratio 0.75 --data "$data/optdigits-images-idx3-ubyte" --limit 96 --epochs 2 --batch 16 --out "$2"; }
train digits-8 built_in > built_in.txt
train 1x8x8/2,64x4x4,32x2x2,classes=10,name=other on_demand > on_demand.txt
grep -q '^compiling ' on_demand.txt
grep -q '^model *other, images of 1 x 8 x 8' on_demand.txt
# Weights come after a header of 8 bytes and as many as these say; in it stand the names.
weights() { tail -c "+$((9 + $(od -An -t u8 -N 8 "$1" | tr -d ' ')))" "$1" | cksum; }
for file in model encoder; do
  [ "$(weights built_in/$file.safetensors)" = "$(weights on_demand/$file.safetensors)" ] || fail "$file: other bits"
done
cmp built_in/panel.png on_demand/panel.png
# A run goes on with nothing but its folder; a checkpoint says which model it is of.
"$mae" pretrain --resume --epochs 3 --out on_demand > resumed.txt
grep -q '^model *other, images of' resumed.txt
if grep -q '^compiling' resumed.txt; then fail "compiled again to resume"; fi
