# SPDX-License-Identifier: MIT
# Stops where nn::nn sets anything for its user besides include folders, libraries and C++20.
foreach(property COMPILE_OPTIONS COMPILE_DEFINITIONS LINK_OPTIONS)
  get_target_property(value nn::nn INTERFACE_${property})
  if(value)
    message(FATAL_ERROR "nn::nn: expected no INTERFACE_${property}, got ${value}")
  endif()
endforeach()
if(CMAKE_BUILD_TYPE OR CMAKE_CXX_FLAGS)
  message(FATAL_ERROR "consumer: expected no build type and no flags, got ${CMAKE_BUILD_TYPE} ${CMAKE_CXX_FLAGS}")
endif()
# A project inside another one brings none of its own programs along.
foreach(target nn_development test_main nn_benchmarks mnist_train)
  if(TARGET ${target})
    message(FATAL_ERROR "consumer: expected nn::nn alone, got the target ${target} too")
  endif()
endforeach()
