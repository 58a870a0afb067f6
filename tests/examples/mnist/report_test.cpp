// SPDX-License-Identifier: MIT
// What mnist_train shows, in lines as long as there is room.
#include "mnist/report.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string>

#include "mnist/terminal.hpp"

namespace {

/// Sets COLUMNS, or takes it away, until the end of the scope.
class Columns {
 public:
  explicit Columns(const char* value) {
    if (const char* before = std::getenv("COLUMNS")) before_ = before;
    set(value);
  }
  Columns(const Columns&) = delete;
  Columns& operator=(const Columns&) = delete;
  ~Columns() { set(before_ ? before_->c_str() : nullptr); }

 private:
  static void set(const char* value) {
    value != nullptr ? setenv("COLUMNS", value, 1) : unsetenv("COLUMNS");
  }
  std::optional<std::string> before_;
};

[[nodiscard]] std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

/// Ten digits, none of which is read right, as often as in MNIST's test images.
[[nodiscard]] mnist::DataSet ten_digits() {
  mnist::DataSet data;
  data.test_images = mnist::Images(10, 28, 28, 1);
  data.test_images.setConstant(255);
  data.test_labels = nn::Labels(10);
  for (int i = 0; i < 10; ++i) data.test_labels(i) = i;
  return data;
}

[[nodiscard]] mnist::TestResult all_misread() {
  mnist::TestResult result{0, nn::ConfusionMatrix(10), nn::Tensor<float, 2>(10, 10)};
  result.probabilities.setZero();
  for (int i = 0; i < 10; ++i) {
    result.probabilities(i, (i + 1) % 10) = 1;
    for (int k = 0; k < 1000; ++k) result.confusion.add(i, (i + 1) % 10);
  }
  return result;
}

}  // namespace

TEST_SUITE("examples/mnist/report") {
  TEST_CASE("line_width: that of the terminal, else COLUMNS, else 80") {
    const int screen = posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(screen >= 0);
    winsize size{};
    size.ws_col = 43;
    REQUIRE(ioctl(screen, TIOCSWINSZ, &size) == 0);
    const int file = open("/dev/null", O_WRONLY);
    {
      const Columns named("132");
      CHECK(mnist::line_width(screen) == 43);
      CHECK(mnist::line_width(file) == 132);
    }
    for (const char* value : {static_cast<const char*>(nullptr), "", "wide", "0", "-5"}) {
      const Columns named(value);
      CHECK(mnist::line_width(file) == 80);
    }
    close(file);
    close(screen);
  }

  TEST_CASE("mnist_train: tables and misread digits keep to the line") {
    for (const nn::Index line_width : {40, 80, 120}) {
      CAPTURE(line_width);
      const mnist::TestResult result = all_misread();
      const auto limit = static_cast<std::size_t>(line_width);
      CHECK(longest_line(mnist::class_tables(result.confusion, line_width)) <= limit);
      const std::string digits = mnist::misread_digits(ten_digits(), result, line_width);
      CHECK(longest_line(digits) <= limit);
      CHECK(digits.find("a 3 read as 4 (100 %)") != std::string::npos);
    }
  }

  TEST_CASE("mnist_train: shows precision, recall and F1 of each class") {
    nn::ConfusionMatrix confusion(2);
    confusion.add(0, 0);
    confusion.add(0, 1);
    confusion.add(1, 1);
    CHECK(mnist::class_tables(confusion, 80) ==
          "      predicted\n"
          "true  0  1\n"
          "   0  1  1\n"
          "   1  0  1\n"
          "\n"
          "class  precision  recall      F1\n"
          "    0     1.0000  0.5000  0.6667\n"
          "    1     0.5000  1.0000  0.6667\n");
  }
}
