#!/bin/sh
# pkg_config.sh SOURCES PREFIX FOLDER VERSION COMPILER FLAGS...
#
# Compiles and runs the consumers in SOURCES by what pkg-config tells about the library in PREFIX, after the installed
# tree was moved to FOLDER: the files must not say where they once were.
set -eu
sources=$1 prefix=$2 folder=$3 version=$4
shift 4
rm -rf "$folder"
mkdir -p "$folder"
cp -R "$prefix" "$folder/moved"
export PKG_CONFIG_PATH="$folder/moved/share/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
cd "$folder"
[ "$(pkg-config --modversion mae)" = "$version" ]
if grep -rlF "$prefix" moved; then
  echo "these files know where they were installed"
  exit 1
fi
# pkg-config writes what a shell reads: a space in a folder's name comes with a backslash.
by() {
  flags=$(pkg-config --cflags --libs "$1")
  shift
  eval "\"\$@\" $flags"
}
by mae "$@" "$sources/main.cpp" -o consumer
./consumer "$version"
by mae-io "$@" "$sources/io.cpp" -o consumer_io
./consumer_io
