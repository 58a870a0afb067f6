# SPDX-License-Identifier: MIT
# The negative control of check_structure.cmake: small trees with one fault each, which it must reject
# with the right sentence, and one without a fault.
#
#   cmake -DWORK_DIR=<scratch folder> -P check_structure_test.cmake
cmake_minimum_required(VERSION 3.24)

set(top "// SPDX-License-Identifier: MIT\n// A title.\n")
set(num_wrong 0)

# write_header(file [line...]): a well-formed header with these lines in it, and the lowest header.
set(lowest "#include \"nn/core/cxx20.hpp\"\n")
function(write_header file)
  string(JOIN "\n" lines ${ARGN})
  file(WRITE ${WORK_DIR}/nn/core/cxx20.hpp "${top}#pragma once\n")
  file(WRITE ${WORK_DIR}/nn/${file} "${top}#pragma once\n${lowest}${lines}\n")
endfunction()

# expect(sentence): checks the tree that was written and clears it; "" stands for no fault.
function(expect sentence)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -DINCLUDE_DIR=${WORK_DIR}
      -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/check_structure.cmake
    RESULT_VARIABLE result ERROR_VARIABLE said OUTPUT_QUIET)
  file(REMOVE_RECURSE ${WORK_DIR})
  string(FIND "${said}" "${sentence}\n" position)
  if(sentence STREQUAL "" AND result EQUAL 0)
    return()
  elseif(NOT sentence STREQUAL "" AND NOT result EQUAL 0 AND said MATCHES ", 1 faults"
      AND NOT position EQUAL -1)
    return()
  endif()
  message("expected: ${sentence}\ngot (status ${result}): ${said}")
  math(EXPR num_wrong "${num_wrong} + 1")
  set(num_wrong ${num_wrong} PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})

write_header(core/a.hpp "#include \"nn/core/b.hpp\"")
write_header(core/b.hpp "#include <vector>")
write_header(layers/dense.hpp "#include \"nn/core/a.hpp\"")
write_header(layers/pooling/max_pooling2d.hpp "#include \"nn/core/a.hpp\"")
write_header(layers/layers.hpp "#include \"nn/layers/dense.hpp\"" "DO(Dense) DO(MaxPooling2D)")
write_header(sequential.hpp "#include \"nn/layers/layers.hpp\"")
expect("")

write_header(layers/dense.hpp)
write_header(layers/pooling/max_pooling2d.hpp)
write_header(layers/layers.hpp "DO(Dense)")
expect("nn/layers/pooling/max_pooling2d.hpp: expected its layer in NN_FOR_EACH_LAYER of nn/layers/layers.hpp, got none; no file could name it")

write_header(losses/mean_squared_error.hpp)
write_header(losses/losses.hpp "DO(MeanAbsoluteError)")
expect("nn/losses/mean_squared_error.hpp: expected its loss in NN_FOR_EACH_LOSS of nn/losses/losses.hpp, got none; no file could name it")

write_header(merging/subtract.hpp)
write_header(merging/merging.hpp "DO(Add)")
expect("nn/merging/subtract.hpp: expected its merging layer in NN_FOR_EACH_MERGING of nn/merging/merging.hpp, got none; no file could name it")

write_header(metrics/class_counts.hpp)
write_header(metrics/recall.hpp)
write_header(metrics/metrics.hpp "DO(Recall)")
expect("")

write_header(training/fit.hpp)
write_header(io/file.hpp "#include \"nn/training/fit.hpp\"")
expect("nn/io/file.hpp: expected includes from storeys below 9, got \"nn/training/fit.hpp\" (storey 10)")

write_header(model/sequential.hpp)
write_header(layers/dense.hpp "#include \"nn/model/sequential.hpp\"")
expect("nn/layers/dense.hpp: expected includes from storeys below 7, got \"nn/model/sequential.hpp\" (storey 8)")

write_header(losses/a.hpp)
write_header(layers/dense.hpp "#include \"nn/losses/a.hpp\"")
expect("nn/layers/dense.hpp: expected includes from storeys below 7, got \"nn/losses/a.hpp\" (storey 7)")

write_header(optimizers/sgd.hpp)
write_header(optimizers/adam.hpp "#include \"nn/optimizers/sgd.hpp\"")
expect("nn/optimizers/adam.hpp: expected no include from its own folder, got \"nn/optimizers/sgd.hpp\" (optimizers/ is a row of separate rooms); move what both need to a storey below")

write_header(core/a.hpp "#include \"nn/core/b.hpp\"")
write_header(core/b.hpp "#include \"nn/core/c.hpp\"")
write_header(core/c.hpp "#include \"nn/core/a.hpp\"")
write_header(core/d.hpp)
expect("nn: expected no cycle of includes, got one among nn/core/a.hpp, nn/core/b.hpp, nn/core/c.hpp")

write_header(core/a.hpp "#include \"nn/core/gone.hpp\"")
expect("nn/core/a.hpp: expected a header of the library, got \"nn/core/gone.hpp\" (no such file)")

write_header(util/a.hpp)
expect("nn/util/a.hpp: expected a folder that has a storey, got nn/util/; add it to check_structure.cmake and to the documentation")

write_header(core/a.hpp)
file(WRITE ${WORK_DIR}/nn/core/a.hpp "${top}${lowest}")
expect("nn/core/a.hpp: expected #pragma once, got none")

write_header(core/a.hpp)
file(WRITE ${WORK_DIR}/nn/core/a.hpp "#pragma once\n\n#pragma once\n${lowest}")
expect("nn/core/a.hpp: expected the licence's line and a title line at the top, got neither or one of them")

write_header(core/a.hpp "#include <iostream>")
expect("nn/core/a.hpp: expected no #include <iostream> in the library, got one")

write_header(core/a.hpp)
file(WRITE ${WORK_DIR}/nn/core/a.hpp "${top}#pragma once\n")
expect("nn/core/a.hpp: expected the check of the compiler's standard, got no header that has it; include \"nn/core/cxx20.hpp\"")

write_header(layers/dense.hpp "#include <immintrin.h>")
expect("nn/layers/dense.hpp: expected instruction sets only in kernels/ and core/, got #include <immintrin.h>")

write_header(core/a.hpp "std::snprintf(text, 9, \"is %.4f\", number)\;")
expect("nn/core/a.hpp: expected text that does not follow the locale, got \"is %.4f; with_digits and from_chars do not")

write_header(core/a.hpp "const double number = std::stod(text)\;")
expect("nn/core/a.hpp: expected text that does not follow the locale, got :stod(; with_digits and from_chars do not")

write_header(core/a.hpp "using namespace std;")
expect("nn/core/a.hpp: expected no using namespace in a header, got one")

if(num_wrong GREATER 0)
  message(FATAL_ERROR "${num_wrong} cases went wrong")
endif()
