#!/bin/sh
# Installs what is missing (Debian, Ubuntu), builds, and runs the main examples: pre-training on handwritten digits, loading
# the encoder in another process to compare it with training from scratch, and rebuilding a photograph. Panels go to out/.
#
# Where there is no network, what is installed must do: CMake leaves out what is optional and names what is needed.
set -eu
cd "$(dirname "$0")/.."

present() { command -v "$1" >/dev/null 2>&1; }
# A library is present when the compiler finds its header.
header() { present c++ && printf '#include <%s>\n' "$1" | c++ -x c++ -std=c++20 -fsyntax-only - 2>/dev/null; }

needed=
present c++ || needed="$needed g++"
present cmake || needed="$needed cmake"
present ninja || needed="$needed ninja-build"
header nlohmann/json.hpp || needed="$needed nlohmann-json3-dev"
header png.h || needed="$needed libpng-dev"
optional=
header jconfig.h || optional="$optional libjpeg-dev"
header xtensor/xadapt.hpp || header xtensor/containers/xadapt.hpp || optional="$optional xtensor-dev"
header CLI/CLI.hpp || optional="$optional libcli11-dev"
header doctest/doctest.h || optional="$optional doctest-dev"
header eigen3/Eigen/Core || header Eigen/Core || optional="$optional libeigen3-dev"

# Says on stderr what went wrong.
apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
    -o Acquire::Retries=0 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 "$@" >/dev/null
}
missing=$needed$optional
as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
if [ -z "$missing" ]; then
  : nothing to install
elif ! present apt-get || ! present "${as_root:-sh}"; then
  echo "Not found:$missing (names of Debian's packages), and no right to install them." >&2
else
  echo "Installing:$missing"
  apt update 2>/dev/null || true
  # Together, else one by one, so that one that cannot be had does not stop the rest.
  # shellcheck disable=SC2086
  if ! apt install $missing 2>/dev/null; then
    for package in $missing; do
      said=$(apt install "$package" 2>&1) ||
        echo "Not to be had: $package ($(printf '%s\n' "$said" | sed -n 's/^E: //p' | head -n 1))" >&2
    done
  fi
fi

for program in c++ cmake ninja; do
  present $program || { echo "g++ 12 or clang 14, CMake 3.25 and Ninja are needed; found no $program." >&2; exit 1; }
done
found=$(cmake --version | sed -n 's/^cmake version //p')
if [ "$(printf '%s\n' 3.25 "$found" | sort -V | head -n 1)" != 3.25 ]; then
  echo "CMake 3.25 is needed, found $found. Debian 12 and Ubuntu 24.04 have it, and so does 'pip install cmake'." >&2
  exit 1
fi

cmake --preset default
cmake --build --preset default --target digits_pretrain digits_finetune photographs
programs=build/default/examples
mkdir -p out
"$programs/digits_pretrain" --out out
"$programs/digits_finetune" --in out
"$programs/photographs" --out out
