#!/bin/sh
# check.sh CASE.cpp COMPILER FLAGS...
#
# A case is one program with a mistake in it, and the same program with the mistake corrected under `#ifdef MAE_FIXED`.
#   // expect-error: words      must stand in the compiler's error line
#   // expect-text: words       must stand anywhere in its output
# The corrected program compiles. The other one gives exactly one error, in at most 15 lines.
case=$1
shift
export LC_ALL=C

fail() {
  printf '%s\n' "$case: $1" "$output"
  exit 1
}

output=$(${LAUNCHER:+"$LAUNCHER"} "$@" -fsyntax-only -DMAE_FIXED "$case" 2>&1) || fail "with -DMAE_FIXED this must compile:"
output=$("$@" -fsyntax-only "$case" 2>&1) && fail "compiled, but must not"
errors=$(printf '%s\n' "$output" | grep 'error:')
[ "$(printf '%s\n' "$errors" | grep -c .)" -eq 1 ] || fail "one mistake must give one error:"
[ "$(printf '%s\n' "$output" | grep -c '')" -le 15 ] || fail "an error must have at most 15 lines:"
grep -q '^// expect-error: .' "$case" || fail "the case has no line '// expect-error: words'"

# Here-documents keep the loops in this shell, where `fail` can end it.
while IFS= read -r words; do
  printf '%s\n' "$errors" | grep -qF -e "$words" || fail "the error line lacks '$words':"
done <<END
$(sed -n 's|^// expect-error: *||p' "$case")
END
while IFS= read -r words; do
  printf '%s\n' "$output" | grep -qF -e "$words" || fail "the output lacks '$words':"
done <<END
$(sed -n 's|^// expect-text: *||p' "$case")
END
