#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# WebAssembly: runs the tests of core and kernels under Node, makes the page to draw on and draws on
# it in Chromium. Installs what is missing.
#
#   tests/draw/run.sh [folder for screenshots]
set -euo pipefail
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=cmake/requirements.sh
source "$root/cmake/requirements.sh"

require g++ cmake ninja-build libeigen3-dev doctest-dev nlohmann-json3-dev emscripten nodejs \
  chromium chromium-driver python3-selenium
export NODE_PATH=${NODE_PATH:-/usr/share/nodejs}
cd "$root"
cmake --preset wasm --log-level=WARNING
cmake --build --preset wasm --parallel "$(nproc)"
ctest --preset wasm --parallel "$(nproc)"
if [[ -x build/tests/page_model ]]; then  # tests/run.sh has built the examples already
  export NN_PROGRAMS=$root/build/tests
fi
examples/draw/run.sh --quiet
/usr/bin/python3 tests/draw/draw_test.py build/draw/draw.html "$@"
