# SPDX-License-Identifier: MIT
# What the project's own programs are compiled with; users of nn::nn never see it.
set(CMAKE_CXX_EXTENSIONS OFF)
set(development_flags -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  $<$<BOOL:${NN_WARNINGS_AS_ERRORS}>:-Werror>)
add_library(nn_development INTERFACE)
target_link_libraries(nn_development INTERFACE nn::nn)
if(NN_SANITIZE)
  set(sanitizer_flags -fsanitize=${NN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  list(APPEND development_flags ${sanitizer_flags})
  target_compile_definitions(nn_development INTERFACE NN_SANITIZER)
  target_link_options(nn_development INTERFACE ${sanitizer_flags})
endif()
target_compile_options(nn_development INTERFACE ${development_flags})
target_compile_options(nn_compiled PRIVATE ${development_flags})

# For programs that take the library compiled once.
add_library(nn_development_compiled INTERFACE)
target_link_libraries(nn_development_compiled INTERFACE nn_development nn::compiled)
