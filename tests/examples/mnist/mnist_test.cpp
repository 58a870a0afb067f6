// SPDX-License-Identifier: MIT
// Which data the examples take, and that files must belong together.
#include "mnist/mnist.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "files.hpp"

using mnist::DataSet;
using namespace mnist::testing;

namespace {

/// Writes a sound little data set: 4 training and 2 test images of 2x3 pixels, 3 classes.
void write_data(const TemporaryFolder& folder) {
  write_file(folder / "train-images-idx3-ubyte", idx(2051, {4, 2, 3}, counting(24)));
  write_file(folder / "train-labels-idx1-ubyte", idx(2049, {4}, {2, 0, 1, 0}));
  write_file(folder / "t10k-images-idx3-ubyte", idx(2051, {2, 2, 3}, counting(12)));
  write_file(folder / "t10k-labels-idx1-ubyte", idx(2049, {2}, {1, 2}));
}

[[nodiscard]] std::string refusal(const TemporaryFolder& folder) {
  return message_of<nn::IoError>([&] { (void)mnist::load(folder.path()); });
}

/// Sets NN_MNIST_DIR, or takes it away, until the end of the scope.
class Environment {
 public:
  explicit Environment(const char* value) {
    const char* before = std::getenv("NN_MNIST_DIR");
    if (before != nullptr) before_ = before;
    set(value);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { set(before_ ? before_->c_str() : nullptr); }

 private:
  static void set(const char* value) {
    if (value != nullptr) {
      setenv("NN_MNIST_DIR", value, 1);
    } else {
      unsetenv("NN_MNIST_DIR");
    }
  }
  std::optional<std::string> before_;
};

}  // namespace

TEST_SUITE("examples/mnist/mnist") {
  TEST_CASE("load: gives both sets, the number of classes and what the data is") {
    const TemporaryFolder folder;
    write_data(folder);
    const DataSet data = mnist::load(folder.path());
    CHECK(nn::shape_of(data.train_images) == nn::Shape{4, 2, 3, 1});
    CHECK(nn::shape_of(data.test_images) == nn::Shape{2, 2, 3, 1});
    CHECK(data.train_labels(0) == 2);
    CHECK(data.test_labels(1) == 2);
    CHECK(data.num_classes == 3);
    CHECK_FALSE(data.drawn);
    CHECK(data.place == "files in " + folder.path().string());
    CHECK(data.name == "4 images of 2x3 in 3 classes");
  }

  TEST_CASE("identity: has the checksums of the unpacked files, and not their place") {
    const TemporaryFolder folder;
    write_data(folder);
    const auto crc32_of = [&](const char* file) {
      const Bytes bytes = read_file(folder / file);
      char digits[9];
      std::snprintf(digits, sizeof digits, "%08lx",
                    crc32(0, bytes.data(), static_cast<unsigned>(bytes.size())));
      return std::string(digits);
    };
    const std::string sentence = "4 images of 2x3 in 3 classes (CRC-32 of the images " +
                                 crc32_of("train-images-idx3-ubyte") + ", of the labels " +
                                 crc32_of("train-labels-idx1-ubyte") + ")";
    CHECK(mnist::identity(mnist::load(folder.path())) == sentence);
    write_gzip(folder / "train-images.idx3-ubyte.gz",
               read_file(folder / "train-images-idx3-ubyte"));
    std::filesystem::remove(folder / "train-images-idx3-ubyte");
    CHECK(mnist::identity(mnist::load(folder.path())) == sentence);
  }

  TEST_CASE("load: takes both spellings of the names, plain and packed, in any mixture") {
    const TemporaryFolder folder;
    write_gzip(folder / "train-images-idx3-ubyte.gz", idx(2051, {1, 1, 1}, {9}));
    write_file(folder / "train-labels.idx1-ubyte", idx(2049, {1}, {0}));
    write_gzip(folder / "t10k-images.idx3-ubyte.gz", idx(2051, {1, 1, 1}, {8}));
    write_file(folder / "t10k-labels-idx1-ubyte", idx(2049, {1}, {0}));
    const DataSet data = mnist::load(folder.path());
    CHECK(data.train_images(0, 0, 0, 0) == 9);
    CHECK(data.test_images(0, 0, 0, 0) == 8);
  }

  TEST_CASE("load: takes up to 256 classes") {
    const TemporaryFolder folder;
    write_data(folder);
    write_file(folder / "train-images-idx3-ubyte", idx(2051, {256, 2, 3}, counting(1536)));
    write_file(folder / "train-labels-idx1-ubyte", idx(2049, {256}, counting(256)));
    CHECK(mnist::load(folder.path()).num_classes == 256);
  }

  TEST_CASE("load: a missing folder or file is refused by name") {
    const TemporaryFolder folder;
    CHECK(message_of<nn::IoError>([&] { (void)mnist::load(folder / "absent"); }) ==
          "mnist: expected a folder, got nothing there (" + (folder / "absent").string() +
              "); name the folder that holds the IDX files");
    write_data(folder);
    CHECK(message_of<nn::IoError>([&] { (void)mnist::load(folder / "t10k-labels-idx1-ubyte"); }) ==
          "mnist: expected a folder, got a file (" + (folder / "t10k-labels-idx1-ubyte").string() +
              "); name the folder that holds the IDX files");
    std::filesystem::remove(folder / "t10k-labels-idx1-ubyte");
    CHECK(refusal(folder) == "mnist: expected the file t10k-labels-idx1-ubyte, got no such file (" +
                                 folder.path().string() +
                                 "); its name may have a dot before idx and may end in .gz");
  }

  TEST_CASE("load: images and labels must be equally many") {
    const TemporaryFolder folder;
    write_data(folder);
    write_file(folder / "train-labels-idx1-ubyte", idx(2049, {3}, {0, 1, 2}));
    CHECK(refusal(folder) ==
          "mnist: expected 4 labels, got 3 (training set); the image and label files must belong "
          "together");
    write_data(folder);
    write_file(folder / "t10k-labels-idx1-ubyte", idx(2049, {3}, {0, 1, 2}));
    CHECK(refusal(folder) ==
          "mnist: expected 2 labels, got 3 (test set); the image and label files must belong "
          "together");
  }

  TEST_CASE("load: test images must be as large as training images") {
    const TemporaryFolder folder;
    write_data(folder);
    write_file(folder / "t10k-images-idx3-ubyte", idx(2051, {2, 3, 2}, counting(12)));
    CHECK(refusal(folder) ==
          "mnist: expected test images [2, 3, 1], got [3, 2, 1] (as the training images are)");
  }

  TEST_CASE("load: training labels must run from 0 without a gap") {
    const TemporaryFolder folder;
    write_data(folder);
    write_file(folder / "train-labels-idx1-ubyte", idx(2049, {4}, {0, 1, 3, 1}));
    CHECK(refusal(folder) ==
          "mnist: expected labels from 0 without a gap, got 3 but no 2 (training labels); number "
          "the classes 0, 1, 2 and so on");
    write_file(folder / "train-labels-idx1-ubyte", idx(2049, {4}, {1, 2, 2, 1}));
    CHECK(refusal(folder) ==
          "mnist: expected labels from 0 without a gap, got 1 but no 0 (training labels); number "
          "the classes 0, 1, 2 and so on");
  }

  TEST_CASE("load: a test label that training does not have is refused") {
    const TemporaryFolder folder;
    write_data(folder);
    write_file(folder / "t10k-labels-idx1-ubyte", idx(2049, {2}, {2, 3}));
    CHECK(refusal(folder) ==
          "mnist: expected test labels below 3, got 3 (test image 1); the training labels do not "
          "have this class");
  }

  TEST_CASE("find_data: the option comes first, then NN_MNIST_DIR, then the build's folder") {
    const TemporaryFolder option;
    const TemporaryFolder named;
    const TemporaryFolder build;
    for (const TemporaryFolder* folder : {&option, &named, &build}) write_data(*folder);
    const Environment environment(named.path().c_str());
    CHECK(mnist::find_data(option.path(), build.path(), 1).place ==
          "files in " + option.path().string());
    CHECK(mnist::find_data(std::nullopt, build.path(), 1).place ==
          "files in " + named.path().string());
    const Environment none(nullptr);
    CHECK(mnist::find_data(std::nullopt, build.path(), 1).place ==
          "files in " + build.path().string());
  }

  TEST_CASE("find_data: a place that was named never gives way to another") {
    const TemporaryFolder empty;
    const TemporaryFolder build;
    write_data(build);
    const Environment environment((empty / "absent").c_str());
    CHECK_THROWS_AS((void)mnist::find_data(empty.path(), build.path(), 1), nn::IoError);
    CHECK_THROWS_AS((void)mnist::find_data("", build.path(), 1), nn::IoError);
    CHECK_THROWS_AS((void)mnist::find_data(std::nullopt, build.path(), 1), nn::IoError);
  }

  TEST_CASE("find_data: a build folder with a damaged file is an error") {
    const Environment none(nullptr);
    const TemporaryFolder build;
    write_data(build);
    std::filesystem::resize_file(build / "t10k-images-idx3-ubyte", 20);
    CHECK_THROWS_AS((void)mnist::find_data(std::nullopt, build.path(), 1), nn::IoError);
  }

#ifndef NN_SANITIZER  // 70,000 digits take long to draw
  TEST_CASE("find_data: without the four files it draws digits and says so") {
    const Environment none("");
    const TemporaryFolder build;  // as a download that broke off leaves it
    write_data(build);
    std::filesystem::remove(build / "t10k-images-idx3-ubyte");
    const DataSet data = mnist::find_data(std::nullopt, build.path(), 42);
    CHECK(data.drawn);
    CHECK(data.name == "drawn digits, not MNIST (seed 42)");
    CHECK(data.num_classes == 10);
    CHECK(nn::shape_of(data.train_images) == nn::Shape{60000, 28, 28, 1});
    CHECK(nn::shape_of(data.test_images) == nn::Shape{10000, 28, 28, 1});
    CHECK(data.train_labels.size() == 60000);
    CHECK(data.test_labels.size() == 10000);
  }
#endif

  TEST_CASE("load: real MNIST, where NN_MNIST_DIR names it") {
    const char* folder = std::getenv("NN_MNIST_DIR");
    if (folder == nullptr || *folder == '\0') return;
    const DataSet data = mnist::load(folder);
    CHECK(nn::shape_of(data.train_images) == nn::Shape{60000, 28, 28, 1});
    CHECK(nn::shape_of(data.test_images) == nn::Shape{10000, 28, 28, 1});
    CHECK(data.num_classes == 10);
    CHECK(data.train_labels(0) == 5);
    CHECK(data.test_labels(0) == 7);
    CHECK(mnist::identity(data) == "MNIST (CRC-32 of the images e9f4d8b3, of the labels e0cb4ad2)");
  }
}
