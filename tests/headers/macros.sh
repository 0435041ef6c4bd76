#!/bin/sh
# macros.sh INCLUDE COMPILER FLAGS...   fails unless every header, but those whose names match $WITHOUT, compiles after
# macros.hpp, and after headers of the system that define such names. What the library itself includes is read before:
# macros may well break that.
include=$1
here=$(dirname "$0")
shift
headers=$(cd "$include" && find mae -name '*.hpp' | grep -vE "${WITHOUT:-^$}" | sort)
# shellcheck disable=SC2086
others=$(cd "$include" && sed -nE 's|^ *# *include *<([^>]+)>.*|\1|p' $headers | grep -v '^mae/' | sort -u)
failed=0
for macros in macros.hpp "complex.h sys/param.h sys/sysmacros.h termios.h ctype.h"; do
  {
    for header in $others $macros; do
      printf '#if __has_include(<%s>)\n#include <%s>\n#endif\n' "$header" "$header"
    done
    for header in $headers; do echo "#include <$header>"; done
  } | "$@" -I "$include" -I "$here" -fsyntax-only -x c++ - || failed=1
done
exit $failed
