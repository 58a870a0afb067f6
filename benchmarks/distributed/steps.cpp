// SPDX-License-Identifier: MIT
// How long one update of the digit reader takes in so many processes: steps BATCH STEPS. What the
// link between processes 0 and 1 carries: steps link.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "nn/distributed/mpi.hpp"
#include "nn/sequential.hpp"

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Images of noise: what an update costs does not depend on them.
void measure_steps(nn::mpi::Session& mpi, nn::Index batch_size, nn::Index steps) {
  nn::Tensor<std::uint8_t, 4> x(batch_size * steps, 28, 28, 1);
  nn::Labels y(batch_size * steps);
  const nn::Random random{1, {}};
  for (nn::Index i = 0; i < x.size(); ++i) {
    x.data()[i] = static_cast<std::uint8_t>(random.block(static_cast<std::uint64_t>(i / 4))[0] >>
                                            (8 * (i % 4)));
  }
  for (nn::Index i = 0; i < y.size(); ++i) y(i) = static_cast<std::int32_t>(i % 10);
  nn::Sequential model{nn::Rescaling{1.0 / 255},
                       nn::Conv2D{32, {3, 3}, {.activation = nn::Activation::relu}}, nn::Flatten{},
                       nn::Dense{128, {.activation = nn::Activation::relu}},
                       nn::Dense{10, {.activation = nn::Activation::softmax}}};
  model.build({28, 28, 1}, {.seed = 1});
  model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{}, {nn::Accuracy{}});
  const nn::FitOptions options{
      .batch_size = batch_size, .epochs = 2, .verbose = nn::Verbose::silent, .communicator = mpi};
  const nn::History history = model.fit(x, y, options);
  if (!mpi.leads()) return;
  const double seconds = history.seconds().back() / static_cast<double>(steps);
  std::printf("%lld %d %lld %.6f\n", static_cast<long long>(mpi.size()), nn::num_threads(),
              static_cast<long long>(batch_size), seconds);
}

/// Seconds that a message of so many bytes takes there and back, halved: the median.
double seconds_of_message(nn::mpi::Session& mpi, std::size_t bytes) {
  std::vector<std::byte> message(bytes);
  std::vector<double> times;
  for (int i = 0; i < 200; ++i) {
    const double start = now();
    if (mpi.leads()) nn::detail::send_all(mpi, 1, 0, message);
    if (mpi.rank() == 1) nn::detail::receive_all(mpi, 0, 0, message);
    if (mpi.rank() == 1) nn::detail::send_all(mpi, 0, 0, message);
    if (mpi.leads()) nn::detail::receive_all(mpi, 1, 0, message);
    times.push_back((now() - start) / 2);
  }
  std::nth_element(times.begin(), times.begin() + 100, times.end());
  return times[100];
}

void measure_link(nn::mpi::Session& mpi) {
  constexpr std::size_t large = std::size_t{1} << 22;
  const double latency = seconds_of_message(mpi, 8);
  const double seconds = seconds_of_message(mpi, large) - latency;
  if (!mpi.leads()) return;
  std::printf("latency %.3g s, %.3g GB/s\n", latency, static_cast<double>(large) / seconds / 1e9);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    nn::mpi::Session mpi(argc, argv);
    if (argc == 2 && std::string(argv[1]) == "link") {
      measure_link(mpi);
    } else if (argc == 3) {
      measure_steps(mpi, std::atol(argv[1]), std::atol(argv[2]));
    } else {
      throw std::invalid_argument("steps: expected BATCH STEPS, or link");
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
