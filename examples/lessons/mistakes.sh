#!/bin/sh
# mistakes.sh LESSON.cpp COMPILER FLAGS...
#
# A lesson shows a mistake as a line behind `//!`, and the compiler's sentence behind `// error:` in the next line.
# This makes each mistake in turn: the compiler must give one error, with that sentence.
lesson=$1
shift
export LC_ALL=C

fail() {
  printf '%s\n' "$lesson: $1" "$output"
  exit 1
}

count=$(grep -c '^ *//!' "$lesson")
[ "$count" -gt 0 ] || fail "no line begins with //!"
k=1
while [ "$k" -le "$count" ]; do
  sentence=$(awk -v k="$k" '/^ *\/\/!/ && ++n == k { getline; if (sub(/^ *\/\/ error: */, "")) print }' "$lesson")
  [ -n "$sentence" ] || fail "no '// error:' follows mistake $k"
  output=$(awk -v k="$k" '/^ *\/\/!/ && ++n == k { sub(/\/\/!/, "") } { print }' "$lesson" |
    "$@" -fsyntax-only -x c++ - 2>&1) && fail "mistake $k compiles"
  errors=$(printf '%s\n' "$output" | grep 'error:')
  [ "$(printf '%s\n' "$errors" | grep -c .)" -eq 1 ] || fail "mistake $k must give one error:"
  printf '%s\n' "$errors" | grep -qF -e "$sentence" || fail "mistake $k must give '$sentence':"
  k=$((k + 1))
done
