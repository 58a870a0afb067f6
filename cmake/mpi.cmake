# SPDX-License-Identifier: MIT
# nn::mpi: for programs that train by several processes (nn/distributed/mpi.hpp). Where there is no
# MPI, such a program runs as one process. Read by the project and by its package.
if(NOT TARGET nn::mpi)
  set(MPI_CXX_SKIP_MPICXX TRUE)  # what the library needs is C
  find_package(MPI QUIET COMPONENTS CXX)
  add_library(nn_mpi INTERFACE IMPORTED GLOBAL)
  add_library(nn::mpi ALIAS nn_mpi)
  target_link_libraries(nn_mpi INTERFACE nn::nn)
  if(MPI_CXX_FOUND)
    target_link_libraries(nn_mpi INTERFACE MPI::MPI_CXX)
    target_compile_definitions(nn_mpi INTERFACE NN_MPI)
  endif()
endif()
