#!/bin/sh
# include_path.sh SOURCE PROGRAM VERSION COMPILER FLAGS...   compiles, links and runs SOURCE.
set -e
source=$1
program=$2
version=$3
shift 3
${LAUNCHER:+"$LAUNCHER"} "$@" -c "$source" -o "$program.o"
"$@" "$program.o" -o "$program"
"$program" "$version"
