// SPDX-License-Identifier: MIT
// OpenBLAS: its sgemm, with its own threads.
#include <cblas.h>
#include <omp.h>

#include "plain_model.hpp"

namespace {

struct BlasProduct {
  static void run(const compare::ProductShape& shape, const float* a, const float* b, float* c) {
    const auto m = static_cast<blasint>(shape.m), k = static_cast<blasint>(shape.k),
               n = static_cast<blasint>(shape.n);
    const auto kind = [](bool transposed) { return transposed ? CblasTrans : CblasNoTrans; };
    cblas_sgemm(CblasRowMajor, kind(shape.a_transposed), kind(shape.b_transposed), m, n, k, 1.0f, a,
                shape.a_transposed ? m : k, b, shape.b_transposed ? k : n, 0.0f, c, n);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const compare::Task task(argc, argv);
  omp_set_num_threads(task.threads);
  openblas_set_num_threads(task.threads);
  const std::string text = openblas_get_config();  // "OpenBLAS 0.3.21 NO_LAPACK …"
  const std::string version = text.substr(9, text.find(' ', 9) - 9);
  compare::run_plain<BlasProduct>(task, compare::Report("openblas", version, task));
}
