// SPDX-License-Identifier: MIT
// oneDNN: its primitives driven by hand, a bound for what a library built on them can reach.
#include <omp.h>

#include "onednn_convolutions.hpp"
#include "onednn_model.hpp"
#include "run_epochs.hpp"

namespace {

using compare::Index;

/// 10,000 images, in batches of the number that is fastest.
double seconds_of_predict(compare::OneDnnModel& model) {
  const compare::Digits test = compare::read_digits("t10k", 10000);
  std::vector<std::uint8_t> answers(test.labels.size());
  const auto predict = [&](Index batch) {
    for (Index first = 0; first < test.count(); first += batch) {
      model.predict(test.images.data() + first * compare::num_pixels, batch,
                    answers.data() + first);
    }
  };
  Index fastest = 0;
  double least = 1e9;
  for (const Index batch : {50, 100, 250, 500}) {
    predict(batch);
    const double start = compare::now();
    predict(batch);
    const double seconds = compare::now() - start;
    if (seconds < least) {
      least = seconds;
      fastest = batch;
    }
  }
  return compare::median_seconds(0.7, [&] { predict(fastest); });
}

double seconds_of_image(compare::OneDnnModel& model) {
  const compare::Digits test = compare::read_digits("t10k", 1);
  std::uint8_t answer = 0;
  return compare::median_seconds(0.7, [&] { model.predict(test.images.data(), 1, &answer); });
}

/// matmul on row-major matrices; what is stored transposed is told by strides.
void run_products(const compare::Report& report) {
  const auto make = [](const compare::ProductShape& shape, const float* a, const float* b,
                       float* c) {
    const auto matrix = [](Index rows, Index cols, bool is_transposed, const float* data) {
      const compare::Descriptor descriptor({rows, cols}, compare::Type::f32,
                                           is_transposed ? compare::Tag::ba : compare::Tag::ab);
      return dnnl::memory(descriptor, compare::engine(), const_cast<float*>(data));
    };
    const auto A = matrix(shape.m, shape.k, shape.a_transposed, a);
    const auto B = matrix(shape.k, shape.n, shape.b_transposed, b);
    const auto C = matrix(shape.m, shape.n, false, c);
    const auto description =
        compare::describe_forward<dnnl::matmul>(false, A.get_desc(), B.get_desc(), C.get_desc());
    return compare::Operation(dnnl::matmul(description), description,
                              {{DNNL_ARG_SRC, A}, {DNNL_ARG_WEIGHTS, B}, {DNNL_ARG_DST, C}});
  };
  compare::compare_products(report, make);
}

std::string version() {
  const auto* v = dnnl::version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

}  // namespace

int main(int argc, char** argv) {
  const compare::Task task(argc, argv);
  omp_set_num_threads(task.threads);
#pragma omp parallel
  _mm_setcsr(_mm_getcsr() | 0x8040);  // denormal numbers are zero
  const compare::Report report("onednn", version(), task);
  if (task.mode == "int8") task.refuse();
  if (task.work == "product") {
    if (task.mode != "f32") task.refuse();
    run_products(report);
    return 0;
  }
  if (task.work == "convolution") {
    if (task.mode != "f32") task.refuse();
    compare::compare_convolutions(report, compare::quickest_convolution);
    return 0;
  }
  compare::OneDnnModel model(task.mode == "bf16");
  if (task.work == "epoch") {
    compare::run_epochs(task, report, model);
  } else if (task.work == "predict") {
    report.print({{"images", 10000}, {"seconds", seconds_of_predict(model)}});
  } else if (task.work == "image") {
    report.print({{"images", 1}, {"seconds", seconds_of_image(model)}});
  } else {
    task.refuse();
  }
}
