#!/bin/sh
# self_contained.sh INCLUDE PATH COMPILER FLAGS...   compiles PATH below INCLUDE, or every header in it, alone,
# except those whose names match $WITHOUT.
include=$1
path=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
failed=0
for header in $(cd "$include" && find "$path" -name '*.hpp' | grep -vE "${WITHOUT:-^$}" | sort); do
  found=$(${LAUNCHER:+"$LAUNCHER"} "$@" -I "$include" -fsyntax-only -include "$header" "$here/empty.cpp" 2>&1) || failed=1
  [ -z "$found" ] || printf '%s\n' "$header alone:" "$found"
done
exit $failed
