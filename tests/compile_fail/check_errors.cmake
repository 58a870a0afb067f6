# SPDX-License-Identifier: MIT
# Compiles FILE, which must fail, and looks for each of its expectations in what the compiler says.
#
#   cmake -DFILE=<file> "-DCOMPILE=<command;...>" -P check_errors.cmake
file(STRINGS ${FILE} expectations REGEX "^// error: ")
execute_process(COMMAND ${COMPILE} -DNN_BAD ${FILE} RESULT_VARIABLE result ERROR_VARIABLE complaint
  OUTPUT_QUIET)
if(result EQUAL 0)
  message(FATAL_ERROR "${FILE}: expected errors under NN_BAD, got none")
endif()
foreach(expectation IN LISTS expectations)
  string(REGEX REPLACE "^// error: " "" expectation "${expectation}")
  if(NOT complaint MATCHES "error: .*${expectation}")
    message(FATAL_ERROR "${FILE}: expected an error that matches '${expectation}', got\n${complaint}")
  endif()
endforeach()
