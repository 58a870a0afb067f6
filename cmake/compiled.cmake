# SPDX-License-Identifier: MIT
# nn::compiled: the library compiled once, for programs of more than one file.
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/compiled.cpp CONTENT "#include <nn/compiled.hpp>\n")
add_library(nn_compiled STATIC ${PROJECT_BINARY_DIR}/compiled.cpp)
add_library(nn::compiled ALIAS nn_compiled)
target_link_libraries(nn_compiled PUBLIC nn)
target_compile_definitions(nn_compiled INTERFACE NN_COMPILED)
# Its own code is fast where the project around it has set no build type.
target_compile_options(nn_compiled PRIVATE $<$<CONFIG:>:-O2>)
set_target_properties(nn_compiled PROPERTIES EXPORT_NAME compiled POSITION_INDEPENDENT_CODE ON)
if(NOT NN_INSTALL OR NN_SANITIZE)
  set_target_properties(nn_compiled PROPERTIES EXCLUDE_FROM_ALL ON)  # built where it is linked
endif()
