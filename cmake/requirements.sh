# SPDX-License-Identifier: MIT
# Sourced by the run.sh scripts: installs what a build needs, and builds.
# shellcheck shell=bash

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

has_header() { [[ -e /usr/include/$1 || -e /usr/local/include/$1 ]]; }

# Is there what the Debian package $1 would bring, from wherever it came?
has() {
  case $1 in
    g++) command -v "${CXX:-g++}" ;;
    ninja-build) command -v ninja || command -v make ;;
    libeigen3-dev) has_header eigen3/Eigen/Core ;;
    libcli11-dev) has_header CLI/CLI.hpp ;;
    libstb-dev) has_header stb/stb_image.h ;;
    zlib1g-dev) has_header zlib.h ;;
    doctest-dev) has_header doctest/doctest.h ;;
    nlohmann-json3-dev) has_header nlohmann/json.hpp ;;
    libbenchmark-dev) has_header benchmark/benchmark.h ;;
    emscripten) command -v em++ ;;
    nodejs) command -v node ;;
    *) command -v "$1" || dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed' ;;
  esac >/dev/null
}

# As root, or through sudo; without a terminal sudo may not ask for a password.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# install PACKAGE...: by apt-get, quietly; what it said is shown when it fails.
install() {
  local log
  log=$(mktemp)
  if {
    as_root apt-get -q update || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$@"
  } >"$log" 2>&1; then
    rm -f "$log"
  else
    tail -n 5 "$log" >&2
    rm -f "$log"
    return 1
  fi
}

# require PACKAGE...: installs those that are missing. Libraries that can't be installed are left to
# CMake, which downloads them; without a compiler or CMake there is no going on.
require() {
  local package missing=()
  for package in "$@"; do
    has "$package" || missing+=("$package")
  done
  if ((${#missing[@]})); then
    if ! command -v apt-get >/dev/null; then
      say "Missing: ${missing[*]} (Debian's names), and there is no apt-get to install them with."
    elif [[ $(id -u) != 0 ]] && ! command -v sudo >/dev/null; then
      say "Missing: ${missing[*]}. Ask an administrator to run: apt-get install ${missing[*]}"
    else
      say "Installing ${missing[*]} (apt-get) ..."
      install "${missing[@]}" ||
        say "That did not work. To do it by hand: apt-get install ${missing[*]}"
    fi
  fi
  has g++ || fail "expected a C++20 compiler (g++ 11 or newer, or CXX=clang++ 14 or newer), got none; install one and start again"
  has cmake || fail "expected CMake 3.24 or newer, got none; install it and start again"
  has ninja-build || fail "expected ninja or make, got neither; install one and start again"
  local version
  version=$(cmake --version | sed -n '1s/[^0-9]*//p')
  printf '3.24\n%s\n' "$version" | sort -C -V ||
    fail "expected CMake 3.24 or newer, got $version; a newer one comes with: pip install cmake"
}

# Is there another compiler in FOLDER's cache than CXX asks for? CMake would stay with it.
has_other_compiler() {
  local cache=$1/CMakeCache.txt compiler
  [[ -e $cache ]] && compiler=$(command -v "${CXX:-}") &&
    ! grep -q "^CMAKE_CXX_COMPILER:[A-Z]*=$compiler\$" "$cache"
}

# build SOURCE FOLDER CMAKE-OPTION...: configures the project of SOURCE in FOLDER and builds it.
build() {
  local source=$1 folder=$2 options=()
  shift 2
  has_other_compiler "$folder" && options=(--fresh)
  if [[ ! -e $folder/CMakeCache.txt || ${#options[@]} -gt 0 ]] && command -v ninja >/dev/null; then
    options+=(-G Ninja)
  fi
  cmake -S "$source" -B "$folder" "${options[@]}" -DCMAKE_BUILD_TYPE=Release --log-level=WARNING "$@"
  cmake --build "$folder" --parallel "$(nproc)"
}
