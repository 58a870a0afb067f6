# SPDX-License-Identifier: MIT
# Links files of both modes in every way, and looks at what the linker says. The files hold what
# nn/sequential.hpp and nn/compiled.hpp bring for it.
#
#   cmake -DCOMPILER=<compiler> "-DINCLUDE_DIRS=<folder;...>" -DWORK_DIR=<folder> -P link_check.cmake
file(MAKE_DIRECTORY ${WORK_DIR})
set(flags -std=c++20)
foreach(include_dir IN LISTS INCLUDE_DIRS)
  list(APPEND flags -isystem ${include_dir})
endforeach()

# compile(name text flag...)
function(compile name text)
  file(WRITE ${WORK_DIR}/${name}.cpp "#include <nn/link_check.hpp>\n${text}\n")
  execute_process(COMMAND ${COMPILER} ${flags} ${ARGN} -c ${WORK_DIR}/${name}.cpp -o ${WORK_DIR}/${name}.o
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# link(expectation name...): no expectation, no complaint.
function(link expectation)
  list(TRANSFORM ARGN APPEND .o)
  execute_process(COMMAND ${COMPILER} ${ARGN} -o program WORKING_DIRECTORY ${WORK_DIR}
    RESULT_VARIABLE result ERROR_VARIABLE complaint OUTPUT_VARIABLE complaint)
  if(expectation STREQUAL "" AND NOT result EQUAL 0 OR
     NOT expectation STREQUAL "" AND (result EQUAL 0 OR NOT complaint MATCHES "${expectation}"))
    message(FATAL_ERROR "${ARGN}: expected '${expectation}', got result ${result} and\n${complaint}")
  endif()
endfunction()

compile(main "int main() {}")
compile(main_compiled "int main() {}" -DNN_COMPILED)
compile(other "")
compile(other_compiled "" -DNN_COMPILED)
compile(library "extern const char nn::detail::NN_COMPILED_LIBRARY = 0;" -DNN_COMPILED)
compile(old_library "namespace nn::detail { extern const char nn_compiled_hpp_of_version_0_0_1 = 0; }" -DNN_COMPILED)
link("" main other)
link("" main_compiled other_compiled library)
set(mixed "all_files_of_a_program_define_NN_COMPILED_or_none")
link(${mixed} main other_compiled library)
link(${mixed} main_compiled other library)
link("nn_compiled_hpp_of_version_[0-9_]+" main_compiled other_compiled)
link("nn_compiled_hpp_of_version_[0-9_]+" main_compiled old_library)
link("nn_compiled_hpp_of_version_[0-9_]+" main_compiled library library)
