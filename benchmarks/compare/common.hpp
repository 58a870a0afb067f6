// SPDX-License-Identifier: MIT
// What the programs that are compared have in common: command line, data, clock, and lines of JSON.
// Every program is called as `program WORK MODE THREADS [IMAGES [EPOCHS]]`.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace compare {

using Index = std::int64_t;

/// The digit recogniser's sizes: Conv2D 32 3x3, Flatten, Dense 128, Dense 10, and its training.
inline constexpr Index image_size = 28, num_pixels = image_size * image_size;
inline constexpr Index num_filters = 32, kernel_size = 3, map_size = image_size - kernel_size + 1;
inline constexpr Index num_features = num_filters * map_size * map_size;  // 21632
inline constexpr Index num_hidden = 128, num_classes = 10, batch_size = 128;

/// Adam with Keras' defaults.
inline constexpr float learning_rate = 1e-3f, beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-7f;

/// The rate of step `step`, counted from 1, with both bias corrections in it.
[[nodiscard]] inline float corrected_rate(Index step) {
  const auto t = static_cast<double>(step);
  return static_cast<float>(learning_rate * std::sqrt(1 - std::pow(double{beta2}, t)) /
                            (1 - std::pow(double{beta1}, t)));
}

/// The exit status that says "this program cannot do that": the row is left out.
inline constexpr int not_available = 3;

[[noreturn]] inline void stop(const std::string& message, int status = 1) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(status);
}

/// What to do: an epoch, of the digit recogniser or a deeper network, or of a residual one with and
/// without batch normalization, the prediction of 10,000
/// images, or of one, the big products, or convolutions; of compare_steps, the network.
struct Task {
  std::string work;  // epoch, deeper, resnet20, plain20, predict, image, product, convolution
  std::string mode;  // f32, bf16, int8
  int threads;
  Index images = 60000;  // of an epoch
  int epochs = 1;

  Task(int argc, char** argv) {
    if (argc < 4) stop(std::string{argv[0]} + ": expected WORK MODE THREADS [IMAGES [EPOCHS]]");
    work = argv[1];
    mode = argv[2];
    threads = std::atoi(argv[3]);
    if (argc > 4) images = std::atoll(argv[4]);
    if (argc > 5) epochs = std::atoi(argv[5]);
    if (threads < 1 || images < batch_size || epochs < 1) {
      stop("compare: expected THREADS and EPOCHS from 1, IMAGES from 128");
    }
  }

  [[noreturn]] void refuse() const { stop("not available: " + work + " " + mode, not_available); }
};

/// Prints results, one JSON object a line.
class Report {
 public:
  Report(const char* peer, std::string version, const Task& task)
      : head_("{\"peer\":\"" + std::string{peer} + "\",\"version\":\"" + std::move(version) +
              "\",\"work\":\"" + task.work + "\",\"mode\":\"" + task.mode +
              "\",\"threads\":" + std::to_string(task.threads)) {}

  void print(std::initializer_list<std::pair<const char*, double>> figures,
             const char* shape = nullptr) const {
    std::string line = head_;
    if (shape != nullptr) line += ",\"shape\":\"" + std::string{shape} + "\"";
    for (const auto& [name, value] : figures) {
      char text[80];
      std::snprintf(text, sizeof text, ",\"%s\":%.9g", name, value);
      line += text;
    }
    std::printf("%s}\n", line.c_str());
    std::fflush(stdout);
  }

 private:
  std::string head_;
};

[[nodiscard]] inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The median of the seconds that `work()` takes, over about `budget` seconds and at least five
/// calls, after a call that does not count.
template <class Work>
[[nodiscard]] double median_seconds(double budget, const Work& work) {
  work();
  std::vector<double> seconds;
  const double start = now();
  while (seconds.size() < 5 || now() - start < budget) {
    const double before = now();
    work();
    seconds.push_back(now() - before);
  }
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

/// Memory that begins with a cache line, as all the libraries' own does.
template <class T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t cache_line{64};

  LineAllocator() = default;
  template <class U>
  LineAllocator(const LineAllocator<U>&) {}  // implicit, as containers ask for
  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), cache_line));
  }
  void deallocate(T* values, std::size_t) { ::operator delete(values, cache_line); }
  [[nodiscard]] bool operator==(const LineAllocator&) const = default;
};
using AlignedValues = std::vector<float, LineAllocator<float>>;

/// Numbers between -0.5 and 0.5, the same for each `state`.
[[nodiscard]] inline AlignedValues random_values(Index count, unsigned state) {
  AlignedValues values(static_cast<std::size_t>(count));
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) * 0x1p-24f - 0.5f;
  }
  return values;
}

/// Images and labels of MNIST.
struct Digits {
  std::vector<std::uint8_t> images;  // [N, 28, 28]
  std::vector<std::uint8_t> labels;  // [N]
  [[nodiscard]] Index count() const { return static_cast<Index>(labels.size()); }
};

/// Up to `limit` bytes of a file, from `header_bytes` on.
[[nodiscard]] inline std::vector<std::uint8_t> read_bytes(const std::string& path, int header_bytes,
                                                          Index limit) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) stop("compare: expected a readable file, got none (" + path + ")");
  const auto there = static_cast<Index>(file.tellg()) - header_bytes;
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(std::clamp<Index>(there, 0, limit)));
  file.seekg(header_bytes);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

/// The first `limit` of the images of `set` ("train" or "t10k") in NN_MNIST_DIR's plain IDX files.
[[nodiscard]] inline Digits read_digits(const std::string& set, Index limit) {
  const char* folder = std::getenv("NN_MNIST_DIR");
  if (folder == nullptr) stop("compare: expected NN_MNIST_DIR to name MNIST's folder, got nothing");
  const std::string start = std::string{folder} + "/" + set;
  Digits digits{read_bytes(start + "-images-idx3-ubyte", 16, limit * num_pixels),
                read_bytes(start + "-labels-idx1-ubyte", 8, limit)};
  if (static_cast<Index>(digits.images.size()) != digits.count() * num_pixels) {
    stop("compare: expected as many images as labels (" + start + ")");
  }
  return digits;
}

}  // namespace compare
