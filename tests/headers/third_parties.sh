#!/bin/sh
# third_parties.sh INCLUDE COMPILER FLAGS...   fails if a header outside io/, checkpoint/, plot/ and interop/ needs a third party.
include=$1
shift
# Names from here on count from that folder: whatever it is called, it is not taken for a third party.
cd "$include" || exit 1
arguments=$(find mae -name '*.hpp' ! -path 'mae/io/*' ! -path 'mae/checkpoint/*' ! -path 'mae/plot/*' ! -path 'mae/interop/*' | sed 's/^/-include /')
# shellcheck disable=SC2086
read_files=$("$@" -I . -M $arguments -x c++ /dev/null) || exit 1
if printf '%s\n' "$read_files" | grep -iE '/(eigen|xtensor|xtl|nlohmann|doctest)|/png|/zlib'; then
  echo "the library itself needs no third party: only io/, checkpoint/, plot/ and interop/ may include these"
  exit 1
fi
