#!/bin/sh
# check.sh SOURCE LINES CONDITION PROGRAM ARGUMENTS...
#
# Runs a program of this folder and asks whether some line of its output fulfils the condition, an expression of awk. Its
# source may have so many lines: all but comments, includes, blank ones, and the two that open and close main.
set -eu
source=$1 most=$2 condition=$3
shift 3
lines=$(grep -cvE '^ *(//.*)?$|^#include |^int main\(|^}$' "$source")
[ "$lines" -le "$most" ] || { echo "$source has $lines lines, which may be $most"; exit 1; }
output=$("$@") || { echo "$output"; exit 1; }
echo "$output"
echo "$output" | awk "$condition { found = 1 } END { exit !found }" || { echo "expected: $condition"; exit 1; }
