#!/bin/sh
# Installs what is missing (Debian, Ubuntu), builds, and runs the main examples: pre-training on handwritten digits, loading
# the encoder in another process to compare it with training from scratch, and rebuilding a photograph. Pictures go to out/.
set -eu
cd "$(dirname "$0")/.."

present() { command -v "$1" >/dev/null 2>&1; }
# A library is present when the compiler finds its header.
header() { present c++ && printf '#include <%s>\n' "$1" | c++ -x c++ -std=c++20 -fsyntax-only - 2>/dev/null; }

missing=
present c++ || missing="$missing g++"
present cmake || missing="$missing cmake"
present ninja || missing="$missing ninja-build"
header nlohmann/json.hpp || missing="$missing nlohmann-json3-dev"
header png.h || missing="$missing libpng-dev"
header jconfig.h || missing="$missing libjpeg-dev"
header xtensor/xnpy.hpp || header xtensor/io/xnpy.hpp || missing="$missing xtensor-dev"
header CLI/CLI.hpp || missing="$missing libcli11-dev"
header doctest/doctest.h || missing="$missing doctest-dev"

if [ -n "$missing" ]; then
  if ! present apt-get; then
    echo "Not found:$missing (names of Debian packages)." >&2
    echo "g++ 12 or clang 14, CMake 3.25 and Ninja are needed; CMake downloads the libraries." >&2
    if ! present c++ || ! present cmake || ! present ninja; then exit 1; fi
  else
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
      present sudo || { echo "Please install as root: apt-get install$missing" >&2; exit 1; }
      as_root=sudo
    fi
    echo "Installing:$missing"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
  fi
fi

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
