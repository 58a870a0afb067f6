// SPDX-License-Identifier: MIT
// Eigen alone: its products, in threads of OpenMP.
#include <omp.h>

#include <Eigen/Core>

#include "plain_model.hpp"

namespace {

struct EigenProduct {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  static void run(const compare::ProductShape& shape, const float* a, const float* b, float* c) {
    const auto [name, m, k, n, a_transposed, b_transposed] = shape;
    Eigen::Map<Matrix> C(c, m, n);
    using Map = Eigen::Map<const Matrix>;
    if (a_transposed) {
      C.noalias() = Map(a, k, m).transpose() * Map(b, k, n);
    } else if (b_transposed) {
      C.noalias() = Map(a, m, k) * Map(b, n, k).transpose();
    } else {
      C.noalias() = Map(a, m, k) * Map(b, k, n);
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  const compare::Task task(argc, argv);
  omp_set_num_threads(task.threads);
  const compare::Report report("eigen",
                               std::to_string(EIGEN_WORLD_VERSION) + "." +
                                   std::to_string(EIGEN_MAJOR_VERSION) + "." +
                                   std::to_string(EIGEN_MINOR_VERSION),
                               task);
  compare::run_plain<EigenProduct>(task, report);
}
