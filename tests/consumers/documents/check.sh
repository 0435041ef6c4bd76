#!/bin/sh
# check.sh DOCUMENT.md SOURCE BUILD PREFIX FOLDER COMPILER FLAGS...
#
# Runs or compiles every fenced block of a document; a block that is neither makes it fail.
#   cpp     compiled: as it stands if it begins with an include, against the emulated GPU if that is of mae.cuh; else
#           with <mae/mae.hpp> before it, as declarations or as the body of a function
#   sh      run, as one script, in a scratch folder, until a command fails. What stands in .ci/run is run there and
#           skipped here, and so are `cmake --preset default` and `cmake --build --preset default`, which made the
#           build that this test belongs to; a `--target` of theirs must be one of that build.
#   json    a file for a command that is run: `file` (see split.awk) names it, and a sh block uses that name
#   cmake   a project of one program: configured and built
#   text    what a program prints: stands, line for line, in a file examples/**/*.expected
# SOURCE is the repository, BUILD its build folder, PREFIX where the library is installed. The scratch folder has what a
# reader has who stands in the repository after the build: examples/, include/, build/default/examples/, and photographs
# of their own in my_photos/ and, sorted by class, in my_classes/, and images with class maps in my_scenes/. `sed` makes a command short, or one for a machine without
# a GPU; it may not change which programs run.
set -eu
document=$1 source=$2 build=$3 prefix=$4 folder=$5
shift 5
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$folder"
mkdir -p "$folder/blocks" "$folder/scratch"
blocks=$folder/blocks scratch=$folder/scratch
awk -v folder="$blocks" -f "$here/split.awk" "$document" || { echo "$document: cannot be taken apart"; exit 1; }

fail() {
  echo "$document:$line: a block of $language: $1" >&2
  exit 1
}

prepare_scratch() {
  mkdir -p "$scratch/build" "$scratch/my_photos" "$scratch/my_classes/cat" "$scratch/my_classes/coffee"
  mkdir "$scratch/build/default"
  ln -s "$build/examples" "$scratch/build/default/examples"
  ln -s "$source/examples" "$source/include" "$scratch"
  for copy in 1 2 3 4 5 6 7 8; do
    for name in astronaut chelsea coffee; do cp "$source/examples/data/$name.png" "$scratch/my_photos/$name-$copy.png"; done
    cp "$source/examples/data/chelsea.png" "$scratch/my_classes/cat/$copy.png"
    cp "$source/examples/data/coffee.png" "$scratch/my_classes/coffee/$copy.png"
  done
  class_maps=$build/examples/tests/example_class_maps
  [ ! -x "$class_maps" ] || "$class_maps" "$scratch/my_scenes" 12 1
  export XDG_CACHE_HOME="$build/tests/cache"  # one for all documents: what they compile on demand is the same
  export PKG_CONFIG_PATH="$prefix/share/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}" CMAKE_PREFIX_PATH="$prefix"
}

compile() {
  if [ "$(head -c 8 "$block")" = "#include" ]; then
    if grep -q '^#include <mae/mae.cuh>' "$block"; then set -- "$@" -I "$source/tests/cuda/emulation"; fi
    ${LAUNCHER:+"$LAUNCHER"} "$@" -fsyntax-only -x c++ "$block" || fail "does not compile"
    return
  fi
  {
    printf '#include <mae/checkpoint/load_encoder.hpp>\n#include <mae/mae.hpp>\nusing namespace mae;\n'
    [ ! -f "$blocks/$number.before" ] || cat "$blocks/$number.before"
  } > "$block.head"
  cat "$block.head" "$block" > "$block.declarations.cpp"
  { cat "$block.head"; echo 'void body() {'; cat "$block"; echo '}'; } > "$block.statements.cpp"
  ${LAUNCHER:+"$LAUNCHER"} "$@" -fsyntax-only "$block.declarations.cpp" 2> "$block.why" ||
    ${LAUNCHER:+"$LAUNCHER"} "$@" -fsyntax-only "$block.statements.cpp" 2>> "$block.why" || {
    cat "$block.why"
    fail "does not compile, neither as declarations nor as statements"
  }
}

# The programs of a script: the first word of each line that is not continued from the one before.
programs() { awk '!continued { print $1 } { continued = /\\$/ }' "$1"; }

# Throws out of the script $1 what needs no second run, least of all a build inside of a test.
without_builds() {
  made='cmake --build --preset default'
  targets=$(sed -n "s/^$made --target //p" "$1")
  [ -z "$targets" ] || known=$(cmake --build "$build" --target help)
  for target in $targets; do
    printf '%s\n' "$known" | grep -qw -e "$target" || fail "builds $target, which is no target"
  done
  grep -vx -e 'cmake --preset default' -e "$made\( --target [a-z0-9_ ]*\)*" "$1" | grep -vxF -f "$source/.ci/run" || true
}

run() {
  if [ -f "$blocks/$number.sed" ]; then
    sed -f "$blocks/$number.sed" "$block" > "$block.short"
    ! cmp -s "$block" "$block.short" || fail "its 'sed' changes nothing"
    [ "$(programs "$block")" = "$(programs "$block.short")" ] || fail "its 'sed' changes what is run"
  else
    cp "$block" "$block.short"
  fi
  # The shell does not stop where the first of two joined commands fails, so each gets a line of its own.
  ! grep -q '||' "$block.short" || fail "hides with || whether a command fails"
  awk '{ gsub(/ && /, "\n"); print }' "$block.short" > "$block.lines"
  without_builds "$block.lines" > "$block.run"
  (cd "$scratch" && sh -eux "$block.run") < /dev/null > "$block.out" 2>&1 || {
    cat "$block.out"
    fail "ends with an error"
  }
  cat "$block.short" >> "$blocks/commands"
}

configure() {
  project=$folder/project$number
  mkdir -p "$project"
  cp "$source/tests/consumers/main.cpp" "$project"
  {
    if ! grep -q cmake_minimum_required "$block"; then
      printf 'cmake_minimum_required(VERSION 3.25)\nproject(reader LANGUAGES CXX)\n'
      grep -q add_executable "$block" ||
        sed -n 's/^ *target_link_libraries(\([^ ]*\) .*/add_executable(\1 main.cpp)/p' "$block"
    fi
    cat "$block"
  } > "$project/CMakeLists.txt"
  { cmake -S "$project" -B "$project/build" -DCMAKE_CXX_COMPILER="$1" -DFETCHCONTENT_SOURCE_DIR_MAE="$source" &&
    cmake --build "$project/build"; } > "$block.out" 2>&1 || {
    cat "$block.out"
    fail "cannot be built"
  }
}

printed() {
  find "$source/examples" -name '*.expected' | while read -r expected; do
    awk 'NR == FNR { want[++n] = $0; next } $0 == want[at + 1] { if (++at == n) { found = 1; exit } next }
         { at = $0 == want[1] } END { exit !found }' "$block" "$expected" && echo "$expected"
  done | grep -q . || fail "no file examples/**/*.expected has these lines"
}

prepare_scratch
: > "$blocks/commands"
while read -r number language line; do
  block=$blocks/$number.$language
  if [ -f "$blocks/$number.file" ]; then cp "$block" "$scratch/$(cat "$blocks/$number.file")"; fi
  case $language in
    cpp) compile "$@" ;;
    sh) run ;;
    cmake) configure "$1" ;;
    text) printed ;;
    json) [ -f "$blocks/$number.file" ] || fail "is no file that a command reads" ;;
    *) fail "no test runs it" ;;
  esac
  echo "line $line: $language"
done < "$blocks/list"
while read -r number language line; do
  if [ "$language" = json ] && ! grep -qF "$(cat "$blocks/$number.file")" "$blocks/commands"; then
    fail "no command reads it"
  fi
done < "$blocks/list"
