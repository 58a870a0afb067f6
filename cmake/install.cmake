# SPDX-License-Identifier: MIT
# install() rules: headers and what find_package(nn) reads.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/nn)
install(TARGETS nn nn_compiled EXPORT nnTargets FILE_SET HEADERS)
install(EXPORT nnTargets NAMESPACE nn:: DESTINATION ${package_dir})

configure_package_config_file(cmake/nnConfig.cmake.in nnConfig.cmake INSTALL_DESTINATION ${package_dir})
# Headers only: the same files serve every processor. Those of 32 bits are refused by a sentence of
# the headers, which says more than a package that is not found.
write_basic_package_version_file(nnConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/nnConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/nnConfigVersion.cmake cmake/build_type.cmake cmake/mpi.cmake DESTINATION ${package_dir})
