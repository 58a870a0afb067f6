# SPDX-License-Identifier: MIT
# Makes one file of the page, its program and its model.
#
#   cmake -DPROGRAM=<draw.js beside draw.wasm> -DMODEL=<file of page_model> -DPAGE=<to write> -P inline.cmake
function(base64 file result)
  execute_process(COMMAND base64 -w 0 ${file} OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

cmake_path(REPLACE_EXTENSION PROGRAM LAST_ONLY wasm OUTPUT_VARIABLE wasm_file)
base64(${wasm_file} wasm)
base64(${MODEL} model)
file(READ ${CMAKE_CURRENT_LIST_DIR}/draw.html page)
file(READ ${PROGRAM} program)
string(REPLACE "/*PROGRAM*/" "${program}" page "${page}")
string(REPLACE "'WASM'" "'${wasm}'" page "${page}")
string(REPLACE "'MODEL'" "'${model}'" page "${page}")
file(WRITE ${PAGE} "${page}")
