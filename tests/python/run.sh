#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Do TensorBoard, Jupyter and Python's own readers understand what the library writes? Installs them
# into build/python. Builds in the folder of tests/run.sh.
set -euo pipefail
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=cmake/requirements.sh
source "$root/cmake/requirements.sh"

require g++ cmake ninja-build libeigen3-dev doctest-dev nlohmann-json3-dev libcli11-dev libstb-dev \
  zlib1g-dev python3-venv
python=$root/build/python/bin/python
[[ -x $python ]] || python3 -m venv "$root/build/python"
"$python" -m pip install --quiet --disable-pip-version-check -r "$root/tests/python/requirements.txt"

folder=$root/build/tests
cmake -S "$root" -B "$folder" -DCMAKE_BUILD_TYPE=Release -DNN_BUILD_TESTS=ON --log-level=WARNING
cmake --build "$folder" --parallel "$(nproc)" --target mnist_train write_logs
"$python" "$root/tests/python/logs_test.py" "$folder/tests/write_logs"
"$python" "$root/tests/python/notebook_test.py" "$folder/mnist_train"
