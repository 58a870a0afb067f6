// SPDX-License-Identifier: MIT
// A program may end while a thread computes, and the end of a static object may predict.
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <nn/sequential.hpp>
#include <thread>

namespace {

/// Predicts when the program ends, after the library's own threads and memory were first used.
class Reader {
 public:
  Reader() { model_.build({64}, {.seed = 1}); }
  ~Reader() {
    const nn::Tensor<float, 2> again = model_.predict(x_);
    for (nn::Index i = 0; i < again.size(); ++i) {
      if (again.data()[i] != result_.data()[i]) ::_exit(1);
    }
  }
  void predict() {
    x_.setConstant(0.5f);
    result_ = model_.predict(x_);
  }

 private:
  nn::Sequential<float> model_{nn::Dense{300}, nn::ReLU{}, nn::Dense{300}};
  nn::Tensor<float, 2> x_{100, 64}, result_;
};

Reader& reader() {
  static Reader the_reader;
  return the_reader;
}

}  // namespace

int main() {
  ::alarm(120);  // a program that doesn't end fails
  reader().predict();
  std::atomic<bool> computes = false;
  std::thread([&computes] {
    for (;;) {
      nn::parallel_for(64, [](nn::Index) {
        volatile int work = 0;
        for (int i = 0; i < 1000; ++i) work = i;
        static_cast<void>(work);
      });
      if (!computes) computes = true;
    }
  }).detach();
  while (!computes) std::this_thread::yield();
  std::exit(0);  // `computes` stays: main never returns
}
