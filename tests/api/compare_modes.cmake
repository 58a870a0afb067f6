# SPDX-License-Identifier: MIT
# Runs the two PROGRAMS (paths with a comma between them), each in a folder of its own in WORK_DIR, and
# compares the models that they save.
string(REPLACE "," ";" programs ${PROGRAMS})
foreach(program IN LISTS programs)
  get_filename_component(name ${program} NAME)
  file(MAKE_DIRECTORY ${WORK_DIR}/${name})
  execute_process(COMMAND ${program} WORKING_DIRECTORY ${WORK_DIR}/${name} OUTPUT_QUIET
    COMMAND_ERROR_IS_FATAL ANY)
  file(SHA256 ${WORK_DIR}/${name}/digits.safetensors sum)
  list(APPEND sums ${sum})
endforeach()
list(REMOVE_DUPLICATES sums)
if(NOT sums MATCHES "^[0-9a-f]+$")
  message(FATAL_ERROR "expected the same model from both programs, got ${sums}")
endif()
