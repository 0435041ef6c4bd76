#!/bin/sh
# include_path.sh SOURCE PROGRAM COMPILER FLAGS...   compiles, links and runs SOURCE.
set -e
source=$1
program=$2
shift 2
"$@" "$source" -o "$program"
"$program"
