# SPDX-License-Identifier: MIT
# Other projects' code: the system's copy where there is one, else a pinned release, downloaded and checked.
# nn::nn needs Eigen only; the rest serves tests, examples and benchmarks.
include(FetchContent)

option(NN_FETCH_DEPENDENCIES "Download the pinned releases even where the system has a copy" OFF)

# nn_fetch(name url sha256): downloads an archive to ${name}_SOURCE_DIR without running its build files.
macro(nn_fetch name url sha256)
  string(TOUPPER FETCHCONTENT_SOURCE_DIR_${name} source_dir)
  message(NOTICE "nn: downloading ${url}; where that fails, install ${name} or name a copy: -D${source_dir}=folder")
  FetchContent_Declare(${name} URL ${url} URL_HASH SHA256=${sha256} SOURCE_SUBDIR no-build-files)
  FetchContent_MakeAvailable(${name})
endmacro()

# nn_header_only(name header folder url sha256): makes the target nn_<name>, through which `header` is
# found: on the system, or in `folder` of the archive.
function(nn_header_only name header folder url sha256)
  string(TOUPPER NN_${name}_INCLUDE_DIR include_dir)
  if(NOT NN_FETCH_DEPENDENCIES)
    find_path(${include_dir} ${header} PATH_SUFFIXES ${name} DOC "Folder that holds ${header}")
  endif()
  if(${include_dir})
    set(found ${${include_dir}})
  else()
    nn_fetch(${name} ${url} ${sha256})
    set(found ${${name}_SOURCE_DIR}/${folder})
  endif()
  if(CMAKE_CROSSCOMPILING)
    # The folder may be the host's /usr/include, whose other headers are not the target's.
    string(REGEX REPLACE "/.*" "" entry ${header})
    set(alone ${PROJECT_BINARY_DIR}/dependencies/${name})
    file(MAKE_DIRECTORY ${alone})
    file(CREATE_LINK ${found}/${entry} ${alone}/${entry} SYMBOLIC)
    set(found ${alone})
  endif()
  add_library(nn_${name} INTERFACE)
  target_include_directories(nn_${name} SYSTEM INTERFACE ${found})
endfunction()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

if(NOT TARGET Eigen3::Eigen AND NOT NN_FETCH_DEPENDENCIES)
  # Of any version, as Eigen 5 says that it is no 3.4.
  find_package(Eigen3 QUIET NO_MODULE)
  if(Eigen3_FOUND AND Eigen3_VERSION VERSION_LESS 3.4)
    message(FATAL_ERROR "nn: expected Eigen 3.4 or later, got ${Eigen3_VERSION} (${Eigen3_DIR}); name a newer one by -DEigen3_DIR=folder, or have one downloaded by -DNN_FETCH_DEPENDENCIES=ON")
  endif()
endif()
if(NOT TARGET Eigen3::Eigen)
  nn_fetch(eigen https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.bz2
    b4c198460eba6f28d34894e3a5710998818515104d6e74e5cc331ce31e46e626)
  add_library(Eigen3::Eigen INTERFACE IMPORTED GLOBAL)
  target_include_directories(Eigen3::Eigen INTERFACE ${eigen_SOURCE_DIR})
endif()

if(NN_BUILD_TESTS)
  nn_header_only(doctest doctest/doctest.h . https://github.com/doctest/doctest/archive/v2.4.9.zip
    88a552f832ef3e4e7b733f9ab4eff5d73d7c37e75bebfef4a3339bf52713350d)
endif()

if(NN_BUILD_TESTS OR NN_BUILD_EXAMPLES)
  nn_header_only(json nlohmann/json.hpp single_include
    https://github.com/nlohmann/json/archive/refs/tags/v3.11.2.tar.gz
    d69f9deb6a75e2580465c6c4c5111b89c4dc2fa94e3a85fcd2ffcd9a143d9273)
  nn_header_only(stb stb_image.h .
    https://github.com/nothings/stb/archive/8b5f1f37b5b75829fc72d38e7b5d4bcbf8a26d55.zip
    93a16ee3e866e719feec459f6f132cce932c5ec751eb38e3ec1975f911353d2e)
endif()

if(NN_BUILD_EXAMPLES AND NOT EMSCRIPTEN)
  nn_header_only(cli11 CLI/CLI.hpp include
    https://github.com/CLIUtils/CLI11/archive/refs/tags/v2.1.2.tar.gz
    26291377e892ba0e5b4972cdfd4a2ab3bf53af8dac1f4ea8fe0d1376b625c8cb)

  if(NOT NN_FETCH_DEPENDENCIES)
    find_package(ZLIB QUIET)
  endif()
  if(NOT TARGET ZLIB::ZLIB)
    nn_fetch(zlib https://github.com/madler/zlib/releases/download/v1.3.1/zlib-1.3.1.tar.gz
      9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23)
    set(ZLIB_BUILD_EXAMPLES OFF)
    add_subdirectory(${zlib_SOURCE_DIR} ${zlib_BINARY_DIR} EXCLUDE_FROM_ALL)
    target_include_directories(zlibstatic SYSTEM INTERFACE ${zlib_SOURCE_DIR} ${zlib_BINARY_DIR})
    add_library(ZLIB::ZLIB ALIAS zlibstatic)
  endif()
endif()

if(NN_BUILD_BENCHMARKS)
  if(NOT NN_FETCH_DEPENDENCIES)
    find_package(benchmark 1.7 QUIET)
  endif()
  if(NOT TARGET benchmark::benchmark)
    nn_fetch(googlebenchmark https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz
      6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7)
    set(BENCHMARK_ENABLE_TESTING OFF)
    set(BENCHMARK_ENABLE_INSTALL OFF)
    set(BENCHMARK_ENABLE_WERROR OFF)
    add_subdirectory(${googlebenchmark_SOURCE_DIR} ${googlebenchmark_BINARY_DIR} EXCLUDE_FROM_ALL)
  endif()
endif()
