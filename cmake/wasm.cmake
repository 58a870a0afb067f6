# SPDX-License-Identifier: MIT
# Toolchain file: builds for WebAssembly with Emscripten; the tests run under Node.
find_program(nn_emxx em++ REQUIRED)
file(REAL_PATH ${nn_emxx} nn_emxx_path)
cmake_path(GET nn_emxx_path PARENT_PATH nn_emscripten)
include(${nn_emscripten}/cmake/Modules/Platform/Emscripten.cmake)
# Header-only libraries of the system serve here too.
list(APPEND CMAKE_PREFIX_PATH /usr /usr/local)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)

# Vectors of 128 bits, exceptions, and sizes of 64 bits where pointers have 32.
set(CMAKE_CXX_FLAGS_INIT "-msimd128 -fwasm-exceptions -DEIGEN_DEFAULT_DENSE_INDEX_TYPE=int64_t -include ${CMAKE_CURRENT_LIST_DIR}/wasm_libcxx.hpp")
# One file for each program, without a second one to fetch.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-sSINGLE_FILE -sALLOW_MEMORY_GROWTH")
