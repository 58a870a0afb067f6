// SPDX-License-Identifier: MIT
// A training by the processes of mpirun: test_mpi CASE [FILE]. Fails unless it goes as it should.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/distributed/mpi.hpp"
#include "nn/sequential.hpp"

namespace {

constexpr nn::Index pieces = 4;

/// Images [N, 8, 8, 1] of random numbers, and which of four parts is the brightest.
struct Images {
  nn::Tensor<float, 4> x;
  nn::Labels y;

  explicit Images(nn::Index count) : x(count, 8, 8, 1), y(count) {
    const nn::Random random{7, {}};
    for (nn::Index i = 0; i < count; ++i) {
      float sums[4] = {};
      for (nn::Index j = 0; j < 64; ++j) {
        const auto number = static_cast<std::uint64_t>(64 * i + j);
        x(i, j / 8, j % 8, 0) = static_cast<float>(random.uniform(number));
        sums[j / 16] += x(i, j / 8, j % 8, 0);
      }
      y(i) = static_cast<std::int32_t>(std::max_element(sums, sums + 4) - sums);
    }
  }
};

/// The same images one by one; on the last process number 70 can't be read.
struct TornImages {
  const Images& images;
  bool is_torn;

  [[nodiscard]] nn::Index size() const { return images.x.dimension(0); }
  [[nodiscard]] nn::Shape sample_shape() const { return {8, 8, 1}; }
  void read(nn::Index i, std::span<float> x, nn::TargetRow<float> y) const {
    if (is_torn && i >= 70) throw std::runtime_error("image 70 can't be read");
    std::copy_n(images.x.data() + 64 * i, 64, x.data());
    y.set_class(images.y(i));
  }
};

nn::Sequential<float> make_model() {
  nn::Sequential<float> model{nn::RandomTranslation{0.1, 0.1},
                              nn::Conv2D{8, {3, 3}, {.use_bias = false}},
                              nn::BatchNormalization{},
                              nn::ReLU{},
                              nn::Flatten{},
                              nn::Dropout{0.3},
                              nn::Dense{700},
                              nn::ReLU{},  // enough parameters for several messages
                              nn::Dense{4},
                              nn::Softmax{}};
  model.build({8, 8, 1}, {.seed = 5});
  model.compile(nn::Adam{{.learning_rate = 0.002}}, nn::SparseCategoricalCrossentropy{},
                {nn::Accuracy{}});
  return model;
}

nn::FitOptions options_for(nn::CommunicatorRef communicator) {
  return {.batch_size = 50,
          .epochs = 3,
          .verbose = nn::Verbose::silent,
          .validation_split = 0.1,
          .communicator = communicator,
          .sharing = {.pieces = pieces}};
}

/// Of the weights, and of what `fit` has told.
std::string digest(const nn::Sequential<float>& model, const nn::History& history) {
  std::uint64_t sum = 0;
  for (const auto& parameter : model.parameters()) {
    const auto value = parameter.value();
    sum = 31 * sum + nn::detail::digest(value.data(), value.size());
  }
  return nn::concat({"weights ", sum, '\n', to_string(history)});
}

/// The only process of a program without MPI.
class Alone final : public nn::Communicator {
 public:
  [[nodiscard]] nn::Index rank() const override { return 0; }
  [[nodiscard]] nn::Index size() const override { return 1; }
  void send(nn::Index, nn::Index, std::span<const std::byte>, nn::Index) override {}
  void receive(nn::Index, nn::Index, std::span<std::byte>, nn::Index) override {}
  [[nodiscard]] std::span<const nn::Index> finished(bool) override { return {}; }
  void fail(std::string_view) noexcept override {}
};

std::string expected_digest(const Images& data) {
  Alone alone;
  nn::Sequential<float> model = make_model();
  const nn::History history = model.fit(data.x, data.y, options_for(alone));
  return digest(model, history);
}

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

/// The bits of one process, in memory and read one by one.
void test_bits(nn::mpi::Session& mpi, const Images& data) {
  const std::string expected = expected_digest(data);
  nn::Sequential<float> model = make_model();
  const nn::History history = model.fit(data.x, data.y, options_for(mpi));
  require(digest(model, history) == expected, "expected the bits of one process, got others");

  nn::Sequential<float> other = make_model();
  const nn::History again = other.fit(TornImages{data, false}, options_for(mpi));
  require(digest(other, again) == expected, "expected the bits of data in memory, got others");

  const nn::Scores alone = model.evaluate(data.x, data.y);
  const nn::Scores shared = model.evaluate(data.x, data.y, {.communicator = mpi});
  require(alone["loss"] == shared["loss"] && alone["accuracy"] == shared["accuracy"],
          "expected the scores of one process, got others");
}

/// A program with another batch size on one process is found by all.
void test_mismatch(nn::mpi::Session& mpi, const Images& data) {
  nn::Sequential<float> model = make_model();
  nn::FitOptions options = options_for(mpi);
  if (mpi.rank() == mpi.size() - 1) options.batch_size = 40;
  try {
    model.fit(data.x, data.y, options);
  } catch (const std::invalid_argument& error) {
    const std::string expected = nn::concat(
        {"Model::fit, communicator: expected the same batch_size in all processes, got "
         "40 in process ",
         mpi.size() - 1, " (50 in process 0); start the same program on the same data everywhere"});
    require(error.what() == expected, error.what());
    return;
  }
  require(false, "expected a refusal of another batch size, got none");
}

/// What is thrown on one process ends `fit` on all, whose models are as they were.
void test_failure(nn::mpi::Session& mpi, const Images& data) {
  nn::Sequential<float> model = make_model();
  const std::string before = digest(model, {});
  const bool is_torn = mpi.rank() == mpi.size() - 1;
  try {
    model.fit(TornImages{data, is_torn}, options_for(mpi));
  } catch (const std::runtime_error& error) {
    const std::string expected = is_torn
                                     ? "image 70 can't be read"
                                     : nn::concat({"process ", mpi.size() - 1, " of ", mpi.size(),
                                                   " has failed: image 70 can't be read"});
    require(error.what() == expected, error.what());
    require(digest(model, {}) == before, "expected the model of before, got another");
    throw std::runtime_error("ended as expected");
  }
  require(false, "expected a failure of one process, got none");
}

/// A run with backups. Says at its end whether the bits are those of one that nothing disturbed.
void test_backup(nn::mpi::Session& mpi, const Images& data, const std::string& path) {
  nn::Sequential<float> model = make_model();
  nn::FitOptions options = options_for(mpi);
  options.callbacks = {nn::BackupAndRestore{{.path = path, .save_freq = 1}}};
  const nn::History history = model.fit(data.x, data.y, options);
  if (!mpi.leads()) return;
  require(digest(model, history) == expected_digest(data),
          "expected the bits of an undisturbed run, got others");
  std::puts("the right bits");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    nn::mpi::Session mpi(argc, argv);
    const std::string name = argc > 1 ? argv[1] : "";
    const Images data(230);
    if (name == "bits") {
      test_bits(mpi, data);
    } else if (name == "mismatch") {
      test_mismatch(mpi, data);
    } else if (name == "failure") {
      test_failure(mpi, data);
    } else if (name == "backup" && argc == 3) {
      test_backup(mpi, data, argv[2]);
    } else {
      throw std::invalid_argument("expected a case: bits, mismatch, failure, backup FILE");
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "test_mpi: %s\n", error.what());
    return 1;
  }
}
