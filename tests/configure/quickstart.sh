#!/bin/sh
# quickstart.sh SCRIPT FOLDER
#
# The quick start on machines that lack this and that, all of them played by scripts: what is missing is installed, what
# cannot be had does not stop the rest.
set -eu
script=$1 folder=$2
rm -rf "$folder"
mkdir -p "$folder/examples" "$folder/bin" "$folder/build/default/examples"
cp "$script" "$folder/examples"
cd "$folder"
for tool in sh cat dirname env grep head mkdir sed sort; do ln -s "$(command -v "$tool")" bin; done

# play NAME: a program that notes how it is called, and then does what stands in.
play() {
  {
    printf '#!/bin/sh\necho "%s $*" >> "%s/calls"\n' "${1##*/}" "$folder"
    cat
  } >"$1"
  chmod +x "$1"
}
play bin/id <<'END'
echo "$USER_NUMBER"
END
play bin/c++ <<'END'
header=$(sed 's/.*<\(.*\)>/\1/')
case " $LACKS " in *" $header "*) exit 1 ;; esac
END
play bin/cmake <<'END'
echo "cmake version 3.25.1"
END
play bin/ninja </dev/null
play bin/apt-get <<'END'
for word; do case " $REFUSES " in *" $word "*) echo "E: Unable to fetch $word" >&2; exit 100 ;; esac; done
END
for program in digits_pretrain digits_finetune photographs; do play build/default/examples/$program </dev/null; done

fail() {
  echo "$1; status $status, calls:"
  cat calls said.txt
  exit 1
}
# start: runs the script; what it calls apart from the looks for headers is in `calls`.
start() {
  status=0
  rm -f calls
  PATH="$folder/bin" sh examples/quickstart.sh >said.txt 2>&1 || status=$?
  grep -v '^c++ \|^id \|^cmake --version' calls >called || true
}
# What is installed by each call of apt-get.
installs() { sed -n 's/^apt-get .* install //p' called; }
ran() { [ "$status" -eq 0 ] && grep -q '^photographs --out out' called; }
all="digits_pretrain digits_finetune photographs"

export LACKS="" REFUSES="" USER_NUMBER=0
start
ran || fail "a complete machine"
if grep apt-get called; then fail "a complete machine installs nothing"; fi
grep -qx "cmake --build --preset default --target $all" called || fail "it builds something else"

LACKS="CLI/CLI.hpp eigen3/Eigen/Core Eigen/Core jconfig.h"
start
ran || fail "a machine without three"
[ "$(installs)" = "libjpeg-dev libcli11-dev libeigen3-dev" ] || fail "three are installed"

REFUSES="libcli11-dev update"
start
ran || fail "an optional package that cannot be had"
[ "$(installs | tail -n 3 | tr '\n' ' ')" = "libjpeg-dev libcli11-dev libeigen3-dev " ] || fail "one after the other"
grep -qx "Not to be had: libcli11-dev (Unable to fetch libcli11-dev)" said.txt || fail "it is told"
[ "$(grep -c "^Not to be had" said.txt)" -eq 1 ] || fail "it alone is told"

LACKS="nlohmann/json.hpp png.h"
REFUSES="update install"
start
ran || fail "CMake may know of libraries that lie elsewhere"
[ "$(grep -c "^Not to be had" said.txt)" -eq 2 ] || fail "both are told"

USER_NUMBER=1000
start
ran || fail "no right to install"
if grep apt-get called; then fail "nothing is tried without the right"; fi
grep -qx "Not found: nlohmann-json3-dev libpng-dev (names of Debian's packages), and no right to install them." said.txt ||
  fail "what is missing is told"

rm bin/c++
USER_NUMBER=0
start
[ "$status" -eq 1 ] || fail "no compiler"
[ "$(tail -n 1 said.txt)" = "g++ 12 or clang 14, CMake 3.25 and Ninja are needed; found no c++." ] || fail "no compiler: told"
