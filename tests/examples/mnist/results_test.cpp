// SPDX-License-Identifier: MIT
// mnist_train and mnist_predict where results cannot be written, or are none.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>

#include "nn/sequential.hpp"
#include "tests/examples/mnist/files.hpp"
#include "tests/examples/mnist/picture/pictures.hpp"
#include "tests/examples/mnist/run.hpp"

using namespace mnist::testing;

namespace {

/// A picture of an upright bar.
void write_picture(const std::filesystem::path& path) {
  Bytes grey(28 * 28, 255);
  for (std::size_t y = 4; y < 24; ++y) grey[y * 28 + 14] = 0;
  REQUIRE(stbi_write_bmp(path.c_str(), 28, 28, 1, grey.data()) != 0);
}

/// A model of the kind that mnist_train makes, as small as can be and not trained.
nn::Sequential<float> make_digit_model() {
  nn::Sequential<float> model =
      nn::Sequential{nn::Flatten{}, nn::Dense{10, {.activation = nn::Activation::softmax}}};
  model.build({28, 28, 1});
  return model;
}

}  // namespace

TEST_SUITE("examples/mnist/results") {
  TEST_CASE("mnist_train: refuses two results in one place before the training") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 20);
    std::filesystem::create_symlink("m", folder.path() / "link");
    std::filesystem::create_directory_symlink(".", folder.path() / "here");
    for (const std::string name : {"m", "./m", "data/../m", "link", "here/m"}) {
      CAPTURE(name);
      const Outcome outcome =
          run(folder, NN_MNIST_TRAIN, "--data data --model m --metrics " + name);
      CHECK(outcome.status == 2);
      CHECK(outcome.output == "");
      CHECK(outcome.errors ==
            "mnist_train: expected different files for --model and --metrics, got m and " + name +
                " (the same place)\n");
      CHECK_FALSE(std::filesystem::exists(folder.path() / "m"));
    }
    for (const char* const options : {"--model m --report m", "--metrics m --report m --model j",
                                      "--model m --metrics j --report link"}) {
      CAPTURE(options);
      const Outcome outcome = run(folder, NN_MNIST_TRAIN, std::string("--data data ") + options);
      CHECK(outcome.status == 2);
      CHECK(outcome.errors.starts_with("mnist_train: expected different files for --m"));
      CHECK(outcome.errors.ends_with(" (the same place)\n"));
    }
  }

  TEST_CASE("mnist_train: refuses places that it can't write to before the training") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 20);
    std::filesystem::create_symlink("no/where", folder.path() / "dangling");
    REQUIRE(run(folder, "mkfifo", "pipe").status == 0);
    write_file(folder / "old", {7});
    const auto refusal = [&](const std::string& arguments) {
      const Outcome outcome = run(folder, NN_MNIST_TRAIN, "--data data " + arguments);
      CHECK(outcome.status == 1);
      CHECK(outcome.output == "");
      return outcome.errors;
    };
    const std::string missing =
        ": expected a file that can be written, got \"No such file or directory\"\n";
    CHECK(refusal("--model no/where") == "no/where" + missing);
    CHECK(refusal("--model dangling") == "dangling" + missing);
    CHECK(refusal("--model old --metrics data") ==
          "data: expected a regular file or a new name, got a directory\n");
    CHECK(refusal("--model old --metrics pipe") ==
          "pipe: expected a regular file or a new name, got a pipe\n");
    CHECK(refusal("--model old --report data") ==
          "data: expected a regular file or a new name, got a directory\n");
    CHECK(refusal("--model /dev/full") ==
          "/dev/full: expected a regular file or a new name, got a device\n");
    CHECK(read_file(folder / "old") == Bytes{7});
    if (geteuid() != 0) {  // root may write anywhere
      std::filesystem::create_directory(folder / "locked");
      std::filesystem::permissions(folder / "locked", std::filesystem::perms::owner_read |
                                                          std::filesystem::perms::owner_exec);
      CHECK(refusal("--model locked/m") ==
            "locked/m: expected a file that can be written, got \"Permission denied\"\n");
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      CHECK_FALSE(entry.path().filename().string().starts_with("."));  // nothing is left behind
    }
  }

  TEST_CASE("mnist_train: a training that diverged does not replace a model") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 100);
    write_file(folder / "m", {7});
    const Outcome outcome =
        run(folder, NN_MNIST_TRAIN,
            "--data data --epochs 1 --batch-size 20 --model m --quiet --learning-rate 1e30");
    CHECK(outcome.status == 1);
    CHECK(outcome.errors.starts_with(
        "mnist_train: expected finite results on the test images, got a loss of "));
    CHECK(outcome.errors.ends_with(
        " (the training diverged); try a smaller --learning-rate; nothing was written to m\n"));
    CHECK(read_file(folder / "m") == Bytes{7});
  }

  TEST_CASE("mnist_train: saves a model that was trained on a folder whose name is not UTF-8") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "sm\xFF", 20);
    const Outcome outcome = run(folder, NN_MNIST_TRAIN,
                                "--data 'sm\xFF' --epochs 1 --model m --quiet --metrics m.json");
    CHECK(outcome.status == 0);
    CHECK(outcome.errors == "");
    CHECK(first_line(outcome.output) == "Data: files in sm\xFF");
  }

#ifndef NN_SANITIZER  // whose runtimes need more memory than there is
  TEST_CASE("mnist_train: without memory for the model, a sentence") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 20);
    const Outcome outcome =
        run(folder, "ulimit -v 60000 && " NN_MNIST_TRAIN, "--data data --threads 1");
    CHECK(outcome.status == 1);
    CHECK(outcome.errors == "mnist_train: expected memory for images, model and batch, got none\n");
  }

  TEST_CASE("mnist_predict: a picture for which there is no memory is called by its name") {
    const TemporaryFolder folder;
    make_digit_model().save(folder / "m");
    write_picture(folder / "digit.bmp");
    write_packed_png(folder / "large.png", 8000, 1001, [](Bytes&, int) {});  // 256 MB unpacked
    const Outcome outcome = run(folder, "ulimit -v 250000 && NN_NUM_THREADS=1 " NN_MNIST_PREDICT,
                                "--model m large.png digit.bmp");
    CHECK(outcome.status == 1);
    CHECK(outcome.errors == "read_digits: expected memory for the picture, got none (large.png)\n");
    CHECK(last_line(outcome.output).starts_with("digit.bmp: "));
  }
#endif

  TEST_CASE("mnist_train, mnist_predict: text that gets lost is a failure") {
    if (!std::filesystem::exists("/dev/full")) return;
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 20);
    REQUIRE(run(folder, NN_MNIST_TRAIN, "--data data --epochs 1 --model m").status == 0);
    write_picture(folder / "digit.bmp");
    for (const std::string command :
         {NN_MNIST_TRAIN " --help", NN_MNIST_TRAIN " --data data --epochs 1 --quiet",
          NN_MNIST_PREDICT " --help", NN_MNIST_PREDICT " --model m digit.bmp"}) {
      CAPTURE(command);
      const Outcome outcome = run(folder, "(" + command, ">/dev/full)");
      CHECK(outcome.status == 1);
      CHECK(
          outcome.errors.ends_with(": expected a standard output that takes text, got an error\n"));
    }
  }

  TEST_CASE("mnist_predict: reads a picture from a pipe") {
    const TemporaryFolder folder;
    make_digit_model().save(folder / "m");
    write_picture(folder / "digit.bmp");
    const Outcome outcome =
        run(folder, "cat digit.bmp | " NN_MNIST_PREDICT, "--model m /dev/stdin");
    CHECK(outcome.errors == "");
    CHECK(outcome.output.starts_with("/dev/stdin: "));
  }

  TEST_CASE("mnist_predict: goes on after pictures that it can't read") {
    const TemporaryFolder folder;
    make_digit_model().save(folder / "m");
    write_picture(folder / "digit.bmp");
    write_file(folder / "photo.jpg", {'R', 'I', 'F', 'F', 0, 0, 0, 0, 'W', 'E', 'B', 'P'});
    const Outcome outcome =
        run(folder, NN_MNIST_PREDICT, "--model m photo.jpg digit.bmp missing.png digit.bmp --show");
    CHECK(outcome.status == 1);
    CHECK(
        outcome.errors ==
        "read_digits: expected a PNG, JPEG or BMP picture, got WebP (photo.jpg); convert it to one "
        "of these\n"
        "read_digits: expected a readable picture, got No such file or directory (missing.png)\n");
    const std::size_t first = outcome.output.find("\ndigit.bmp: ");
    CHECK(first != std::string::npos);
    CHECK(outcome.output.rfind("\ndigit.bmp: ") > first);
  }

  TEST_CASE("mnist_predict: refuses a model that gives no probabilities") {
    const TemporaryFolder folder;
    nn::Sequential<float> model{nn::Flatten{}, nn::Dense{10}};
    model.build({28, 28, 1});
    model.save(folder / "m");
    write_picture(folder / "digit.bmp");
    const Outcome outcome = run(folder, NN_MNIST_PREDICT, "--model m digit.bmp");
    CHECK(outcome.status == 1);
    CHECK(outcome.errors ==
          "mnist_predict: expected a model that takes images [28, 28, 1] and gives a row of "
          "probabilities, got one from [28, 28, 1] to [10] without a Softmax at its end (m); train "
          "one with mnist_train\n");
  }

  TEST_CASE("mnist_predict: refuses a model whose weights are lost") {
    const TemporaryFolder folder;
    auto model = make_digit_model();
    std::fill_n(model.parameters().values(), model.parameters().size(),
                std::numeric_limits<float>::quiet_NaN());
    model.save(folder / "m", {.allow_non_finite = true});
    write_picture(folder / "digit.bmp");
    const Outcome outcome = run(folder, NN_MNIST_PREDICT, "--model m digit.bmp");
    CHECK(outcome.status == 1);
    CHECK(outcome.output == "");
    CHECK(outcome.errors ==
          "mnist_predict: expected a model that gives finite probabilities, got others (m); its "
          "training diverged: train one again\n");
  }
}
