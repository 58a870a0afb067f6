# SPDX-License-Identifier: MIT
# Compiles all headers by a command that they refuse; fails unless that is said in one sentence, with
# no other errors behind it.
#
#   cmake -DSENTENCE=<what is said> -P refuse.cmake -- <command>...
set(command)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  if(DEFINED is_command)
    list(APPEND command ${CMAKE_ARGV${i}})
  elseif(CMAKE_ARGV${i} STREQUAL "--")
    set(is_command TRUE)
  endif()
endforeach()
execute_process(COMMAND ${command} RESULT_VARIABLE result ERROR_VARIABLE said)
string(REGEX MATCHALL "\n" lines "${said}")
list(LENGTH lines num_lines)
string(FIND "${said}" "error: #error \"${SENTENCE}\"" of_gcc)
string(FIND "${said}" "error: \"${SENTENCE}\"" of_clang)
if(result EQUAL 0 OR (of_gcc EQUAL -1 AND of_clang EQUAL -1) OR num_lines GREATER 15)
  message(FATAL_ERROR "expected at most 15 lines with: ${SENTENCE}\ngot ${num_lines} (status ${result}):\n${said}")
endif()
