# SPDX-License-Identifier: MIT
# Where nn is added to a project: says once if the project's programs are compiled without optimization.
get_property(nn_has_configurations GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
get_property(nn_said GLOBAL PROPERTY NN_SAID_BUILD_TYPE)
if(NOT CMAKE_BUILD_TYPE AND NOT nn_has_configurations AND NOT CMAKE_CXX_FLAGS MATCHES "-O" AND NOT nn_said
    AND NOT nn_FIND_QUIETLY)
  message(NOTICE "nn: expected a build with optimization, got an empty CMAKE_BUILD_TYPE; configure with -DCMAKE_BUILD_TYPE=Release, or programs take many times as long")
  set_property(GLOBAL PROPERTY NN_SAID_BUILD_TYPE TRUE)
endif()
