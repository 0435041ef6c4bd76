#!/bin/sh
# create.sh CONAN RECIPE FOLDER   creates and tests the package offline, in a Conan home of its own in FOLDER.
#
# Third parties are those of the system, as the profile says; without these lines they come from a remote.
set -eu
conan=$1 recipe=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder"
export CONAN_HOME="$folder/home"
"$conan" profile detect
cat >> "$CONAN_HOME/profiles/default" <<END
[platform_requires]
nlohmann_json/3.11.2
libpng/1.6.39
zlib/1.2.13
END
"$conan" create "$recipe" --no-remote -s compiler.cppstd=20 \
  -c tools.cmake.cmake_layout:test_folder="$folder/test" -c tools.cmake.cmaketoolchain:user_presets=
