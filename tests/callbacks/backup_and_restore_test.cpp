// SPDX-License-Identifier: MIT
#include "nn/callbacks/backup_and_restore.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "nn/callbacks/early_stopping.hpp"
#include "nn/losses/mean_squared_error.hpp"
#include "nn/metrics/metrics.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/schedules/one_cycle.hpp"
#include "nn/training/fit.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::random_tensor;
using testing::read_text;
using testing::TemporaryFolder;
using testing::weights_of;
using testing::write_text;

/// What stands for the end of a process.
struct Crash : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return "crash"; }
};

/// Ends the run at the hook of this number, counted over all hooks of the run.
struct CrashAt {
  int hook;
  int* count;
  void next() const {
    if ((*count)++ == hook) throw Crash{};
  }
  void on_train_begin(FitContext&) const { next(); }
  void on_epoch_begin(FitContext&) const { next(); }
  void on_batch_begin(FitContext&) const { next(); }
  void on_batch_end(FitContext&) const { next(); }
  void on_epoch_end(FitContext&) const { next(); }
  void on_train_end(FitContext&) const { next(); }
};

/// Halves the learning rate whenever the loss of a batch rises, and tells History how often: its
/// work depends on all batches before.
struct LoweredRate {
  double last = 1e9;
  double count = 0;
  void on_batch_end(FitContext& context) {
    const double loss = context.logs["loss"];
    if (loss > last) {
      context.set_learning_rate(context.learning_rate() * 0.75);
      ++count;
    }
    last = loss;
  }
  void on_epoch_end(FitContext& context) const { context.logs.set("halved", count); }
  [[nodiscard]] std::vector<double> state() const { return {last, count}; }
  void set_state(const std::vector<double>& state) {
    last = state.at(0);
    count = state.at(1);
  }
};

/// Dropout, shuffling, moving statistics, moments, an average of the weights: all that a run can
/// forget.
Sequential<float> begin_model(std::uint64_t seed = 5) {
  Sequential<float> model{Dense{6, {.activation = Activation::relu}}, BatchNormalization{},
                          Dropout{0.25}, Dense{3}};
  model.build({4}, {.seed = seed});
  model.compile(Adam{{.learning_rate = 0.02, .use_ema = true, .ema_momentum = 0.9}},
                SparseCategoricalCrossentropy{{.from_logits = true}}, {Accuracy{}, F1Score{}});
  return model;
}

struct Run {
  Tensor<float, 2> x = random_tensor<float, 2>({23, 4}, 7);
  Labels y = counted_labels(23, 3);
  Index epochs = 3;

  [[nodiscard]] FitOptions options(std::vector<Callback> callbacks) const {
    return {.batch_size = 4,
            .epochs = epochs,
            .verbose = Verbose::silent,
            .callbacks = std::move(callbacks),
            .validation_split = 0.2};
  }
  /// With callbacks that remember, and `more` at the end.
  History train(Sequential<float>& model, const BackupAndRestoreOptions& backup,
                std::vector<Callback> more = {}) const {
    std::vector<Callback> callbacks{
        BackupAndRestore{backup}, LoweredRate{},
        EarlyStopping{{.min_delta = 0.01, .patience = 2, .restore_best_weights = true}}};
    callbacks.insert(callbacks.end(), more.begin(), more.end());
    return model.fit(x, y, options(std::move(callbacks)));
  }
};

/// A History without its seconds.
std::map<std::string, std::vector<double>> values_of(const History& history) {
  std::map<std::string, std::vector<double>> values;
  for (const auto& [name, column] : history) values[name] = column;
  values["epochs"].assign(history.epochs().begin(), history.epochs().end());
  return values;
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing thrown";
}

/// Ends a training by a crash at this hook, so that there is a backup.
void leave_backup(const std::string& path, int hook, Index save_freq = 1) {
  Sequential<float> model = begin_model();
  int count = 0;
  CHECK_THROWS_AS(
      Run{}.train(model, {.path = path, .save_freq = save_freq}, {CrashAt{hook, &count}}), Crash);
  REQUIRE(std::filesystem::exists(path));
}

}  // namespace

TEST_SUITE("callbacks/backup_and_restore") {
  TEST_CASE("BackupAndRestore: a run that ends at any hook goes on with the same bits") {
    const TemporaryFolder folder;
    const std::string path = folder.path("run.ckpt");
    const Run run;
    int num_hooks = 0;
    Sequential<float> undisturbed = begin_model();
    const History expected =
        run.train(undisturbed, {.path = path, .save_freq = 1}, {CrashAt{-1, &num_hooks}});
    CHECK(folder.names().empty());
    REQUIRE(num_hooks > 30);
    for (const Index save_freq : {0, 1, 3}) {
      for (int hook = 0; hook < num_hooks; hook += save_freq == 1 ? 1 : 5) {
        CAPTURE(save_freq);
        CAPTURE(hook);
        const BackupAndRestoreOptions backup{.path = path, .save_freq = save_freq};
        Sequential<float> first = begin_model();
        int count = 0;
        // The last callback of the list: the others have run their hook.
        CHECK_THROWS_AS(run.train(first, backup, {CrashAt{hook, &count}}), Crash);
        Sequential<float> second = begin_model();
        count = 0;
        const History history = run.train(second, backup, {CrashAt{-1, &count}});
        CHECK(weights_of(second) == weights_of(undisturbed));
        CHECK(values_of(history) == values_of(expected));
        if (save_freq == 1 && hook > 5 && hook < num_hooks - 1) CHECK(count < num_hooks);
        CHECK(folder.names().empty());
      }
    }
  }

  TEST_CASE("BackupAndRestore: the order of the callbacks does not matter") {
    const TemporaryFolder folder;
    const std::string path = folder.path("run.ckpt");
    const Run run;
    const auto train = [&](Sequential<float>& model, int hook) {
      int count = 0;
      return model.fit(run.x, run.y,
                       run.options({EarlyStopping{{.restore_best_weights = true}}, LoweredRate{},
                                    CrashAt{hook, &count}, BackupAndRestore{path}}));
    };
    Sequential<float> undisturbed = begin_model(), first = begin_model(), second = begin_model();
    const History expected = train(undisturbed, -1);
    CHECK_THROWS_AS(train(first, 20), Crash);
    const History history = train(second, -1);
    CHECK(weights_of(second) == weights_of(undisturbed));
    CHECK(values_of(history) == values_of(expected));
  }

  TEST_CASE("BackupAndRestore: a process that is killed at any instant ends with the same bits") {
    const TemporaryFolder folder;
    const std::string path = folder.path("run.ckpt"), result = folder.path("result");
    Run run;
    run.epochs = 12;
    const auto train_to_file = [&] {
      Sequential<float> model = begin_model();
      model.fit(run.x, run.y,
                run.options({LoweredRate{}, BackupAndRestore{{.path = path, .save_freq = 3}}}));
      model.save_weights(result);
    };
    const auto child = [&] {
      const pid_t process = ::fork();
      if (process == 0) {
        try {
          train_to_file();
        } catch (...) {
          ::_exit(1);
        }
        ::_exit(0);
      }
      return process;
    };
    const auto wait = [](pid_t process) {
      int status = 0;
      ::waitpid(process, &status, 0);
      return status;
    };
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    REQUIRE(wait(child()) == 0);
    const auto duration = Clock::now() - start;
    const std::string expected = read_text(result);
    int num_killed = 0;
    const Random random(11, {RandomPurpose::user});
    std::uint64_t draw = 0;
    for (int round = 0; round < 4; ++round) {
      std::filesystem::remove(result);
      for (int attempt = 0;; ++attempt) {
        const pid_t process = child();
        // Later attempts get more time, so that the round ends.
        std::this_thread::sleep_for(duration * (0.5 + 0.1 * attempt) * random.uniform(draw++));
        ::kill(process, SIGKILL);
        const int status = wait(process);
        REQUIRE((WIFSIGNALED(status) || status == 0));
        if (WIFSIGNALED(status)) ++num_killed;
        if (status == 0 && std::filesystem::exists(result)) break;
      }
      CHECK(read_text(result) == expected);
      CHECK_FALSE(std::filesystem::exists(path));
    }
    CHECK(num_killed > 0);  // the machine may have become faster since `duration` was taken
  }

  TEST_CASE("BackupAndRestore: a run with a schedule goes on along it, and a diverged one too") {
    const TemporaryFolder folder;
    const std::string path = folder.path("run.ckpt");
    const auto x = random_tensor<double, 2>({12, 3}, 1), y = random_tensor<double, 2>({12, 2}, 2);
    const auto train = [&](double rate, int hook) {
      Sequential<double> model{Dense<double>{5}, Dense<double>{2}};
      model.build({3}, {.seed = 2});
      const OneCycle cycle{rate, 24};
      model.compile(SGD{{.learning_rate = cycle, .momentum = cycle.momentum()}}, MeanSquaredError{},
                    {R2Score{}, RootMeanSquaredError{}});
      int count = 0;
      std::vector<Callback> callbacks{BackupAndRestore{{.path = path, .save_freq = 2}}};
      callbacks.emplace_back(CrashAt{hook, &count});
      const History history = model.fit(x, y,
                                        {.batch_size = 3,
                                         .epochs = 6,
                                         .verbose = Verbose::silent,
                                         .callbacks = std::move(callbacks)});
      return std::pair(weights_of(model), history);
    };
    const auto have_equal_bits = [](const std::vector<double>& a, const std::vector<double>& b) {
      return a.size() == b.size() &&
             std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
    };
    for (const double rate : {0.1, 1e200}) {
      CAPTURE(rate);
      const auto [weights, history] = train(rate, -1);
      CHECK_THROWS_AS(train(rate, 30), Crash);
      const auto [weights_again, history_again] = train(rate, -1);
      CHECK(have_equal_bits(weights_again, weights));
      CHECK(have_equal_bits(history_again["loss"], history["loss"]));
      CHECK(have_equal_bits(history_again["r2_score"], history["r2_score"]));
      REQUIRE(history.divergence().has_value() == (rate > 1));
      if (rate > 1) {
        CHECK(history_again.divergence()->to_string() == history.divergence()->to_string());
      }
    }
  }

  TEST_CASE("BackupAndRestore: the file stays if that is wanted, and ends the same run at once") {
    const TemporaryFolder folder;
    const BackupAndRestoreOptions backup{.path = folder.path("run.ckpt"),
                                         .delete_checkpoint = false};
    const Run run;
    Sequential<float> model = begin_model(), again = begin_model();
    const History expected = model.fit(run.x, run.y, run.options({BackupAndRestore{backup}}));
    CHECK(folder.names() == std::vector<std::string>{"run.ckpt"});
    int count = 0;
    const History history = again.fit(run.x, run.y, run.options({BackupAndRestore{backup}}));
    CHECK(weights_of(again) == weights_of(model));
    CHECK(values_of(history) == values_of(expected));
    CHECK(history.seconds() == expected.seconds());  // no epoch ran
    // More epochs go on from there.
    Run longer;
    longer.epochs = 7;
    Sequential<float> whole = begin_model();
    whole.fit(run.x, run.y, longer.options({CrashAt{-1, &count}}));
    Sequential<float> continued = begin_model();
    continued.fit(run.x, run.y, longer.options({BackupAndRestore{backup}}));
    CHECK(weights_of(continued) == weights_of(whole));
  }

  TEST_CASE("BackupAndRestore: refuses a backup of another run, and leaves the model alone") {
    const TemporaryFolder folder;
    const std::string path = folder.path("run.ckpt");
    leave_backup(path, 25);
    const std::string before = read_text(path);
    const auto message = [&](Sequential<float> model, const Run& run) {
      const auto weights = weights_of(model);
      std::string text =
          refusal([&] { run.train(model, {.path = path, .save_freq = 1}, {LoweredRate{}}); });
      CHECK(weights_of(model) == weights);
      CHECK(read_text(path) == before);
      return text;
    };
    const std::string expected = path + ": expected a backup of this run, with ";
    const std::string remedy = "; remove the file to begin anew";
    const Run run;
    CHECK(message(begin_model(6), run) == expected + "seed \"6\", got \"5\"" + remedy);
    Sequential<float> model = begin_model();
    model.compile(SGD{}, SparseCategoricalCrossentropy{{.from_logits = true}},
                  {Accuracy{}, F1Score{}});
    CHECK(message(model, run) == expected + "optimizer \"sgd\", got \"adam\"" + remedy);
    model.compile(Adam{}, SparseCategoricalCrossentropy{{.from_logits = true}}, {Accuracy{}});
    CHECK(message(model, run) ==
          expected + "metrics \"accuracy\", got \"accuracy, f1_score\"" + remedy);
    model = begin_model();
    model.freeze(3);
    CHECK(message(model, run) == expected +
                                     "parameters \"frozen [6, 3], 3.dense.bias frozen [3]\"" +
                                     ", got \"[6, 3], 3.dense.bias [3]\"" + remedy);
    Run other;
    other.x = random_tensor<float, 2>({24, 4}, 7);
    other.y = counted_labels(24, 3);
    CHECK(message(begin_model(), other) == expected + "samples \"19\", got \"18\"" + remedy);
    // A run that begins where another one has ended, as a second phase of training.
    Sequential<float> trained = begin_model();
    trained.fit(run.x, run.y, run.options({}));
    CHECK(message(trained, run) == expected + "step at its start \"15\", got \"0\"" + remedy);
  }

  TEST_CASE("BackupAndRestore: refuses files that are torn, hostile or of something else") {
    const TemporaryFolder folder;
    const std::string path = folder.path("run.ckpt");
    leave_backup(path, 25);
    const std::string whole = read_text(path);
    const auto message = [&] {
      Sequential<float> model = begin_model();
      const auto weights = weights_of(model);
      int count = 0;
      std::string text = refusal([&] {
        Run{}.train(model, {.path = path, .save_freq = 1}, {CrashAt{-1, &count}});
      });
      CHECK((weights_of(model) == weights) == (text != "nothing thrown"));
      return text;
    };
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{7}, whole.size() / 2, whole.size() - 1}) {
      CAPTURE(size);
      write_text(path, whole.substr(0, size));
      const std::string text = message();
      CHECK(text.starts_with(path));
      CHECK(text.find(": expected ") != std::string::npos);
    }
    Sequential<float> model = begin_model();
    model.save(path);
    CHECK(message() ==
          path + ": expected a backup of a training run, got another safetensors file");

    using Lists = std::map<std::string, std::vector<double>>;
    using Floats = std::map<std::string, std::vector<float>>;
    using Texts = std::map<std::string, std::string>;
    const auto changed = [&](const std::function<void(Lists&, Floats&, Texts&)>& change) {
      write_text(path, whole);
      const auto file = io::SafetensorsFile::read(path);
      Lists lists;
      Floats floats;
      Texts texts = file.metadata();
      for (const auto& entry : file.tensors()) {
        const auto count = static_cast<std::size_t>(entry.shape.num_elements());
        if (entry.dtype.name == "F64") {
          lists[entry.name].resize(count);
          file.copy_to(entry, lists[entry.name].data());
        } else {
          floats[entry.name].resize(count);
          file.copy_to(entry, floats[entry.name].data());
        }
      }
      change(lists, floats, texts);
      io::SafetensorsWriter writer;
      for (const auto& [name, text] : texts) writer.set_metadata(name, text);
      for (const auto& [name, list] : lists) writer.add(name, {std::ssize(list)}, list.data());
      for (const auto& [name, list] : floats) writer.add(name, {std::ssize(list)}, list.data());
      writer.write(path);
      return message();
    };
    CHECK(changed([](Lists&, Floats&, Texts&) {}) == "nothing thrown");
    CHECK(changed([](Lists&, Floats&, Texts& texts) { texts["format_version"] = "1"; }) ==
          path +
              ": expected format_version '2', got \"1\"; the backup is of another version of "
              "the library");
    CHECK(changed([](Lists&, Floats& floats, Texts&) { floats.erase("weights"); }) ==
          path + ": RunState: expected weights, got none");
    CHECK(changed([](Lists&, Floats& floats, Texts&) {
            floats["weights"].pop_back();
          }).starts_with(path + ": RunState, weights: expected "));
    CHECK(changed([](Lists&, Floats& floats, Texts&) {
            floats["moment_1"].push_back(1);
          }).starts_with(path + ": RunState, moment_1: expected "));
    CHECK(changed([](Lists& lists, Floats& floats, Texts&) {
            floats.erase("weights");
            lists["weights"] = {1, 2};
          }).find(" floats, got 2 doubles") != std::string::npos);
    CHECK(changed([](Lists& lists, Floats&, Texts&) { lists["counts"].pop_back(); }) ==
          path + ": expected 5 'counts' and one 'learning_rate', got 4 and 1");
    for (const double count : {-1.0, 0.5, 1e300, not_a_number<double>}) {
      for (std::size_t i = 0; i < 4; ++i) {
        CAPTURE(count);
        CAPTURE(i);
        CHECK(changed([&](Lists& lists, Floats&, Texts&) {
                lists["counts"][i] = count;
              }).starts_with(path + ": RunState: expected a whole number from 0 to 2^53, got "));
      }
    }
    CHECK(changed([](Lists& lists, Floats&, Texts&) { lists["counts"][1] = 6; }) ==
          path + ": RunState: expected a batch of an epoch, got 6");
    CHECK(changed([](Lists& lists, Floats&, Texts&) { lists["learning_rate"][0] = -1; }) ==
          path + ": Adam: expected a finite learning_rate of 0 or more, got -1");
    CHECK(changed([](Lists& lists, Floats&, Texts&) { lists.erase("num_rows"); }) ==
          path + ": RunState: expected a loss and a number of rows for each output, got 0");
    CHECK(changed([](Lists& lists, Floats&, Texts&) { lists["metric.0"].push_back(1); }) ==
          path + ": RowMean: expected a state of 2 numbers, got 3");
    CHECK(changed([](Lists& lists, Floats&, Texts&) { lists["metric.1"][0] = -3; }) ==
          path + ": F1Score: expected counts of 0 or more, got -3");
    CHECK(changed([](Lists& lists, Floats&, Texts&) { lists.erase("callback.2"); }) ==
          path + ": EarlyStopping: expected a state of 4 numbers, got 0");
    CHECK(changed([](Lists& lists, Floats&, Texts&) {
            lists["history.seconds"].push_back(1);
          }).starts_with(path + ": expected "));
  }

  TEST_CASE("BackupAndRestore: says which metric can't be put back within an epoch") {
    const TemporaryFolder folder;
    const std::string path = folder.path("run.ckpt");
    const Run run;
    std::vector<std::vector<std::int32_t>> batches;
    Sequential<float> model = begin_model();
    model.compile(Adam{}, SparseCategoricalCrossentropy{{.from_logits = true}},
                  {testing::Recorder{&batches}});
    const auto train = [&](Index save_freq) {
      return refusal([&] {
        model.fit(run.x, run.y,
                  run.options({BackupAndRestore{{.path = path, .save_freq = save_freq}}}));
      });
    };
    CHECK(train(2) ==
          "BackupAndRestore: expected metrics that give their state, for backups within an epoch, "
          "got recorder; give it state() and set_state(), or leave out save_freq");
    CHECK(train(0) == "nothing thrown");
  }

  TEST_CASE(
      "BackupAndRestore: refuses options that make no sense, and a folder that is not there") {
    CHECK(refusal([] { BackupAndRestore{""}; }) ==
          "BackupAndRestore: expected a path, got an empty one");
    CHECK(refusal([] { BackupAndRestore{{.path = "x", .save_freq = -1}}; }) ==
          "BackupAndRestore: expected a save_freq of 0 or more, got -1");
    const TemporaryFolder folder;
    const std::string path = folder.path("none/run.ckpt");
    Sequential<float> model = begin_model();
    const auto weights = weights_of(model);
    CHECK(refusal([&] { Run{}.train(model, {.path = path}); }) ==
          path + ": expected a file that can be written, got \"No such file or directory\"");
    CHECK(weights_of(model) == weights);
  }

  TEST_CASE("BackupAndRestore: a model with several inputs and outputs goes on to the same bits") {
    const auto a = random_tensor<float, 2>({20, 3}, 1), b = random_tensor<float, 2>({20, 2}, 2);
    const auto y = random_tensor<float, 2>({20, 1}, 3);
    const Labels classes = counted_labels(20, 3);
    const auto make = [] {
      const Input<float> first{{3}}, second{{2}};
      const auto h = concatenate({first, second}) | Dense{6} | ReLU{};
      Model<float> model({first, second}, {h | Dense{3} | Softmax{}, h | Dense{1}}, {.seed = 4});
      model.compile(Adam{}, {SparseCategoricalCrossentropy{}, MeanSquaredError{}},
                    {{Accuracy{}}, {RootMeanSquaredError{}}});
      return model;
    };
    const TemporaryFolder folder;
    const auto run = [&](Model<float>& model, std::vector<Callback> callbacks) {
      return model.fit({a, b}, {classes, y},
                       {.batch_size = 6,
                        .epochs = 3,
                        .verbose = Verbose::silent,
                        .callbacks = std::move(callbacks)});
    };
    Model<float> whole = make();
    const History expected = run(whole, {});
    int num_cut_off = 0;
    for (int hook = 0; hook < 40; hook += 3) {
      CAPTURE(hook);
      int count = 0;
      const BackupAndRestoreOptions options{.path = folder.path("run"), .save_freq = 1};
      Model<float> cut_off = make(), model = make();
      try {
        run(cut_off, {CrashAt{hook, &count}, BackupAndRestore{options}});
      } catch (const Crash&) {
        ++num_cut_off;
      }
      const History history = run(model, {CrashAt{-1, &count}, BackupAndRestore{options}});
      CHECK(weights_of(model) == weights_of(whole));
      for (const char* name : {"loss", "dense_2_loss", "softmax_accuracy"}) {
        CHECK(history[name].back() == expected[name].back());
      }
    }
    CHECK(num_cut_off > 5);
  }
}

}  // namespace nn
