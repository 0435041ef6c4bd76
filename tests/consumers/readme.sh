#!/bin/sh
# Every block of C++ in README.md that begins with an include is a whole file: it must compile as it stands.
# readme.sh README FOLDER COMPILER [FLAG ...]
set -eu
readme=$1 folder=$2
shift 2
mkdir -p "$folder"
rm -f "$folder"/block*.cpp
awk -v folder="$folder" '
  /^```/ { inside = ($0 == "```cpp"); fresh = inside; next }
  inside && fresh { fresh = 0; whole = /^#include/; if (whole) number++ }
  inside && whole { print > (folder "/block" number ".cpp") }
' "$readme"
[ -f "$folder/block1.cpp" ] || { echo "no C++ file found in $readme"; exit 1; }
for block in "$folder"/block*.cpp; do "$@" -fsyntax-only "$block"; done
