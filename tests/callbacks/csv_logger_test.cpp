// SPDX-License-Identifier: MIT
#include "nn/callbacks/csv_logger.hpp"

#include <doctest/doctest.h>

#include <charconv>
#include <stdexcept>
#include <string>

#include "tests/callbacks/callback_testing.hpp"
#include "tests/io/temporary_folder.hpp"

namespace nn {
namespace {

using testing::read_text;
using testing::TemporaryFolder;
using testing::train_with;

std::string shortest(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + 32, value).ptr};
}

/// Adds a value to the logs in odd epochs, as "a,b".
struct OddValue {
  void on_epoch_end(FitContext& context) {
    if (context.epoch % 2 == 1) context.logs.set("a,b", 0.5);
  }
};

TEST_SUITE("callbacks/csv_logger") {
  TEST_CASE("CSVLogger: a line for each epoch, columns by the alphabet, numbers that read back") {
    const TemporaryFolder folder;
    const std::string path = folder.path("log.csv");
    const History history = train_with(CSVLogger{path}, 2);
    std::string expected = "epoch,accuracy,loss,val_accuracy,val_loss\n";
    for (std::size_t i = 0; i < 2; ++i) {
      expected += std::to_string(i);
      for (const char* name : {"accuracy", "loss", "val_accuracy", "val_loss"}) {
        expected += "," + shortest(history[name][i]);
      }
      expected += "\n";
    }
    CHECK(read_text(path) == expected);
    static_cast<void>(train_with(CSVLogger{path}, 1, false));  // in its place
    CHECK(read_text(path).starts_with("epoch,accuracy,loss\n0,"));
  }

  TEST_CASE("CSVLogger: goes on behind a file with the same columns, and no other") {
    const TemporaryFolder folder;
    const std::string path = folder.path("log.csv");
    const CSVLogger logger(path, {.separator = ';', .append = true});
    static_cast<void>(train_with(logger, 1, false));
    const std::string first = read_text(path);
    static_cast<void>(train_with(logger, 1, false));
    CHECK(first.starts_with("epoch;accuracy;loss\n"));
    CHECK(read_text(path) == first + first.substr(first.find('\n') + 1));
    CHECK_THROWS_WITH_AS(static_cast<void>(train_with(logger, 1)),
                         (path + ": expected the columns "
                                 "epoch;accuracy;loss;val_accuracy;val_loss, got "
                                 "epoch;accuracy;loss (CSVLogger with append)")
                             .c_str(),
                         IoError);
  }

  TEST_CASE("CSVLogger: values that epochs lack, and names that need quotes") {
    const TemporaryFolder folder;
    const std::string path = folder.path("log.csv");
    struct Both {
      OddValue value;
      CSVLogger logger;
      void on_train_begin(FitContext& context) {
        context.logs.set("a,b", 0);
        logger.on_train_begin(context);
      }
      void on_epoch_end(FitContext& context) {
        value.on_epoch_end(context);
        logger.on_epoch_end(context);
      }
    };
    static_cast<void>(train_with(Both{{}, CSVLogger{path}}, 2, false));
    const std::string text = read_text(path);
    CHECK(text.starts_with("epoch,\"a,b\",accuracy,loss\n0,NA,"));
    CHECK(text.find("\n1,0.5,") != text.npos);
  }

  TEST_CASE("CSVLogger: refuses what can't be written, before the training") {
    const TemporaryFolder folder;
    const std::string path = folder.path("none/log.csv");
    CHECK_THROWS_WITH_AS(static_cast<void>(train_with(CSVLogger{path}, 1)),
                         (path + ": expected a file that can be written, got \"No such file or "
                                 "directory\"")
                             .c_str(),
                         IoError);
    CHECK_THROWS_WITH_AS(CSVLogger(path, {.separator = '"'}),
                         "CSVLogger: expected a separator, got a quote or the end of a line",
                         std::invalid_argument);
  }
}

}  // namespace
}  // namespace nn
