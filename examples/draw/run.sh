#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes the page to draw on, one HTML file: installs what is missing, trains the digit recogniser
# (recipe fast) and compiles the library to WebAssembly.
#
#   examples/draw/run.sh [option of mnist_train, such as --data FOLDER]...
set -euo pipefail
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=cmake/requirements.sh
source "$root/cmake/requirements.sh"

require g++ cmake ninja-build libeigen3-dev emscripten nodejs
has emscripten || fail "expected Emscripten, got none; install it and start again"
folder=$root/build/draw
mkdir -p "$folder"
if [[ -n ${NN_PROGRAMS:-} ]]; then  # the folder of mnist_train and page_model, where they are built
  programs=$NN_PROGRAMS
  "$programs/mnist_train" --recipe fast --model "$folder/reader.safetensors" "$@"
else
  programs=$root/build/examples
  "$root/examples/mnist/run.sh" --recipe fast --model "$folder/reader.safetensors" "$@"
fi
"$programs/page_model" "$folder/reader.safetensors" "$folder/page.safetensors"

say "Compiling to WebAssembly ..."
# Node of another origin than Debian's does not look for modules where Debian's packages put them.
export NODE_PATH=${NODE_PATH:-/usr/share/nodejs}
build "$root" "$root/build/wasm_page" -DCMAKE_TOOLCHAIN_FILE="$root/cmake/wasm.cmake" \
  -DNN_BUILD_TESTS=OFF -DNN_BUILD_BENCHMARKS=OFF -DNN_INSTALL=OFF
cmake -DPROGRAM="$root/build/wasm_page/draw.js" -DMODEL="$folder/page.safetensors" \
  -DPAGE="$folder/draw.html" -P "$root/examples/draw/inline.cmake"
say "The page: $folder/draw.html ($(stat -c %s "$folder/draw.html") bytes). Open it in a browser."
