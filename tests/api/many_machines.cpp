// SPDX-License-Identifier: MIT
// A program for several processes, built without MPI: it runs as one, and where a launcher has
// started it as several, it says what is missing.
#include <cstdlib>
#include <iostream>
#include <nn/distributed/mpi.hpp>
#include <nn/nn.hpp>
#include <string>

int main(int argc, char** argv) {
  nn::Tensor<float, 2> x(64, 3);
  nn::Labels y(64);
  const nn::Random random{7, {}};
  for (int i = 0; i < 64; ++i) {
    for (int j = 0; j < 3; ++j) {
      x(i, j) = static_cast<float>(random.uniform(static_cast<std::uint64_t>(3 * i + j)));
    }
    y(i) = x(i, 0) > x(i, 1) ? 1 : 0;
  }
  const auto train = [&](nn::CommunicatorRef communicator) {
    nn::Sequential model{nn::Dense{8}, nn::ReLU{}, nn::Dense{2}, nn::Softmax{}};
    model.compile(nn::Adam{}, nn::SparseCategoricalCrossentropy{}, {nn::Accuracy{}});
    model.fit(x, y, {.batch_size = 16, .epochs = 2, .communicator = communicator});
    return model.evaluate(x, y, {.communicator = communicator})["loss"];
  };
  double shared = 0;
  {
    nn::mpi::Session mpi(argc, argv);
    if (!mpi.leads() || mpi.size() != 1) return 1;
    shared = train(mpi);
  }
  if (shared != train({})) {
    std::cerr << "expected the bits of a training without a session, got others\n";
    return 1;
  }
  ::setenv("PMI_SIZE", "4", 1);
  try {
    const nn::mpi::Session mpi(argc, argv);
    std::cerr << "expected a refusal of several processes, got none\n";
    return 1;
  } catch (const std::runtime_error& error) {
    const std::string expected =
        "mpi::Session: expected 4 processes that know each other (PMI_SIZE), got one; build the "
        "program with the MPI whose launcher starts it (in CMake, link nn::mpi)";
    if (error.what() == expected) return 0;
    std::cerr << error.what() << '\n';
    return 1;
  }
}
