#!/bin/sh
# main_job.sh SOURCE FOLDER TARGETS...
#
# The main job of the quick start without a network, from a copy of SOURCE in FOLDER: configured without each optional
# package in turn, then built and run without all of them. What is needed and missing is named at once.
set -eu
source=$1 folder=$2
shift 2
rm -rf "$folder"
mkdir -p "$folder"
for part in CMakeLists.txt CMakePresets.json examples include tests; do cp -R "$source/$part" "$folder"; done
cd "$folder"

fail() {
  cat said.txt
  echo "$1"
  exit 1
}
# Nobody answers at port 9. Where the system allows it, there is no network at all.
export http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9
offline=
if unshare -n true 2>/dev/null; then
  offline="unshare -n"
elif unshare -rn true 2>/dev/null; then
  offline="unshare -rn"
fi
# configure FLAGS...: what a package that is missing costs is no time.
configure() {
  $offline timeout 60 cmake --preset default -D MAE_WERROR="${WERROR:-OFF}" "$@" >said.txt 2>&1
}
# hidden PACKAGES...: the flags that hide these and show the other optional ones.
hidden() {
  for package in $optional; do
    case " $* " in *" $package "*) hide=ON ;; *) hide=OFF ;; esac
    printf '%s ' "-DCMAKE_DISABLE_FIND_PACKAGE_$package=$hide"
  done
}
# The lines about packages that are not there.
left_out() { grep -c "^-- mae: without " said.txt || true; }

optional="Eigen3 xtensor JPEG pugixml doctest CLI11 OpenMP"
# shellcheck disable=SC2046
configure $(hidden) || fail "cannot be configured"
missing=$(left_out)  # on this machine
# What is compiled with the name of a folder, a compiler cache does not know in another: two small files alone.
if grep 'DEFINES = .*/' build/default/build.ninja | grep -v -e EXAMPLE_DATA_FOLDER= -e MAE_SOURCE_FOLDER= >said.txt; then
  fail "compiled with the name of a folder"
fi
for package in $optional; do
  # shellcheck disable=SC2046
  configure $(hidden "$package") || fail "cannot be configured without $package"
  cp said.txt "without-$package.txt"
  if [ "$(left_out)" -gt $((missing + 1)) ]; then fail "more than one line about $package"; fi
  cmake --build --preset default --target "$@" -- -n >said.txt 2>&1 || fail "cannot be built without $package"
done
# Every name that CMake gives is one that the quick start installs.
sed -n 's/^-- mae: without .*(Debian: \([a-z0-9-]*\)).*/\1/p' without-*.txt | sort -u >names.txt
[ "$(wc -l <names.txt)" -eq 6 ] || fail "not six packages: $(cat names.txt)"
while read -r name; do
  grep -q "optional $name\"" examples/quickstart.sh || fail "the quick start does not install $name"
done <names.txt

# needed SENTENCE FLAGS...: the packages are missing, and the answer is this sentence.
needed() {
  sentence=$1
  shift
  if configure "$@"; then fail "configured without what is needed"; fi
  tr -s ' \n' ' ' <said.txt | grep -qF "mae: please install $sentence (names of Debian's packages), which mae/io needs" ||
    fail "it does not say: please install $sentence"
}
json=-DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON png=-DCMAKE_DISABLE_FIND_PACKAGE_PNG=ON
needed nlohmann-json3-dev $json
needed "nlohmann-json3-dev and libpng-dev" $json $png
needed libpng-dev -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=OFF $png

# shellcheck disable=SC2046,SC2086
configure $(hidden Eigen3 xtensor JPEG pugixml doctest CLI11) -DCMAKE_DISABLE_FIND_PACKAGE_PNG=OFF ||
  fail "cannot be configured without all of them"
$offline cmake --build --preset default --target "$@" >said.txt 2>&1 || fail "cannot be built"
if ninja -C build/default -t deps | grep -E '/(CLI|doctest|Eigen|xtensor)/|/jpeglib.h|/pugixml.hpp'; then
  fail "these headers were said to be missing"
fi
pretrain=build/default/examples/digits_pretrain
$pretrain --epochs 1 --seeds 1 --out out >said.txt || fail "does not run"
[ -s out/digits-encoder-0.safetensors ] || fail "leaves no encoder: $(ls out)"
# The flags are read, and mistakes told, as ever.
mistake() {
  sentence=$1
  shift
  if $pretrain "$@" >said.txt 2>&1; then fail "$* is accepted"; fi
  [ "$(cat said.txt)" = "mae: $sentence" ] || fail "$* must give: $sentence"
}
mistake "command line: found --epoch, expected a setting; did you mean --epochs?" --epoch 3
mistake "command line: found out, expected flags as --help lists" out
mistake "--epochs: found ten, expected a whole number from 1 to 1000000" --epochs ten
mistake "--out: found no value, expected one after it" --epochs 1 --out
mistake "--epochs: found twice, expected once" --epochs 1 --epochs 2
$pretrain --help >said.txt
grep -q -e "--seeds" said.txt || fail "--help says nothing of --seeds"
