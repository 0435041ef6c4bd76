#!/bin/sh
# installed.sh PROGRAMS DATA FOLDER BUILD SOURCES
#
# What `cmake --install` puts somewhere works there without the sources: `mae`, links by the names of its sub-commands, and
# models compiled on demand, wherever the installation is moved.
set -eu
folder=$3 build=$4 sources=$5
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
export XDG_CACHE_HOME="$folder/cache" OMP_NUM_THREADS=1
for component in mae programs; do cmake --install "$build" --prefix "$folder/first" --component $component > $component.txt; done
mv first "moved there"
PATH="$folder/moved there/bin:$PATH"
for name in pretrain finetune probe detect segment annotations features reconstruct onnx; do
  [ "$(readlink "moved there/bin/$name")" = mae ]
  "$name" --help > "$name.txt"
done
[ "$(ls "moved there/bin" | wc -l)" -eq 10 ]
mae build --model 1x8x8/2,32x1x2,32x1x2 --program onnx --out mine > built.txt
./mine --help | cmp - onnx.txt
if sed "s|$folder||g" cache/mae/*/key.txt | grep -F -e "$sources" -e "$build"; then  # the test itself lies in the build
  echo "the installed program compiles with files of the sources or the build"
  exit 1
fi
