// SPDX-License-Identifier: MIT
// mnist_train on the 60,000 digits that it draws itself.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/examples/mnist/run.hpp"

using namespace mnist::testing;

TEST_SUITE("examples/mnist/programs slow") {
  TEST_CASE(
      "mnist_train: draws its own digits where there are no files, and says so at both ends") {
    const TemporaryFolder folder;
    const Outcome outcome = run(folder, std::string("env -u NN_MNIST_DIR ") + NN_MNIST_TRAIN,
                                "--epochs 1 --batch-size 512 --quiet --metrics m.json");
    CHECK(outcome.status == 0);
    CHECK(first_line(outcome.output) == "Data: drawn digits, not MNIST (seed 42)");
    CHECK(last_line(outcome.output) ==
          "Saved the model, trained on drawn digits, not MNIST (seed 42), to mnist.safetensors");
    CHECK(nlohmann::json::parse(text_of(folder.path() / "m.json"))["drawn"] == true);
  }
}
