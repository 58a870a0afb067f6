// SPDX-License-Identifier: MIT
// mnist_train, mnist_predict and xor as a user runs them: options, results, refusals.
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "mnist/drawn_digits.hpp"
#include "nn/io/safetensors.hpp"
#include "nn/sequential.hpp"
#include "tests/examples/mnist/files.hpp"
#include "tests/examples/mnist/picture/pictures.hpp"
#include "tests/examples/mnist/run.hpp"
#include "tests/report/page.hpp"

using namespace mnist::testing;

namespace {

/// Lets the shell `kill` a training on `data` as soon as that has begun. (A shell that is not
/// interactive has programs in the background ignore SIGINT.)
[[nodiscard]] Outcome run_and_kill(const TemporaryFolder& folder, const std::string& kill) {
  return run(folder,
             "{ env --default-signal=INT " NN_MNIST_TRAIN
             " --data data --epochs 1000 --batch-size 1 --metrics m.json & "
             "for i in $(seq 1000); do grep -q 'Total params' stdout && break; sleep 0.02; done; " +
                 kill + "; wait $!; }",
             "");
}

}  // namespace

TEST_SUITE("examples/mnist/programs") {
  TEST_CASE(
      "mnist_train: trains on the given files, reports on screen and in JSON, saves a model") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 200);
    const Outcome outcome = run(folder, NN_MNIST_TRAIN,
                                "--data data --epochs 2 --batch-size 64 --validation-split 0.25 "
                                "--threads 1 --seed 010 --model m.safetensors --metrics m.json "
                                "--report r.html");
    CHECK(outcome.status == 0);
    CHECK(outcome.errors == "");
    CHECK(first_line(outcome.output) == "Data: files in data");
    CHECK(last_line(outcome.output) ==
          "Saved the model, trained on 200 images of 28x28 in 10 classes, to m.safetensors");
    CHECK(outcome.output.find("Epoch 2/2") != std::string::npos);
    CHECK(outcome.output.find("val_accuracy") != std::string::npos);
    CHECK(outcome.output.find("\n      predicted\ntrue ") != std::string::npos);

    const auto report = nlohmann::json::parse(text_of(folder.path() / "m.json"));
    CHECK(report["data"] == "200 images of 28x28 in 10 classes");
    CHECK(report["drawn"] == false);
    CHECK(report["samples"]["train"] == 200);
    CHECK(report["nn"] ==
          nn::concat({NN_VERSION_MAJOR, ".", NN_VERSION_MINOR, ".", NN_VERSION_PATCH}));
    CHECK(report["command"] ==
          "mnist_train --recipe keras --epochs 2 --batch-size 64 --optimizer adam --learning-rate "
          "0.001 --precision float32 --validation-split 0.25 --threads 1 --seed 10");
    const std::string html = text_of(folder.path() / "r.html");
    const nn::testing::Page page(html);
    page.check();
    const auto figures = page.figures();
    CHECK(figures["command"] == report["command"]);
    CHECK(figures["seed"] == 10);
    CHECK(figures["parameters"] == report["parameters"]);
    CHECK(figures["confusion_matrix"] == report["test"]["confusion_matrix"]);
    CHECK(figures["scores"]["loss"] == report["test"]["loss"]);
    CHECK(figures["epochs"][1]["val_loss"] == report["epochs"][1]["val_loss"]);
    CHECK(page.ids().contains("cells"));
    CHECK(report["threads"] == 1);
    CHECK(report["instruction_set"].is_string());
    CHECK(report["precision"] == "float32");
    CHECK(report["recipe"] == "keras");
    CHECK(report["optimizer"] == "adam");
    CHECK(report["batch_size"] == 64);
    CHECK(report["learning_rate"] == 0.001);
    CHECK(report["schedule"] == "constant");
    CHECK(report["seed"] == 10);
    CHECK(report["parameters"] == 2770634);
    CHECK(report["stopped"] == false);
    REQUIRE(report["epochs"].size() == 2);
    for (const char* name : {"seconds", "loss", "accuracy", "val_loss", "val_accuracy"}) {
      CAPTURE(name);
      CHECK(report["epochs"][1][name].is_number());
    }
    CHECK(report["test"]["per_class"].size() == 10);
    std::int64_t counted = 0;
    for (const auto& row : report["test"]["confusion_matrix"]) {
      for (const auto& count : row) counted += count.get<std::int64_t>();
    }
    CHECK(counted == 200);
    CHECK(report["peak_memory_bytes"] > 1'000'000);
  }

  TEST_CASE("mnist_train: neither model nor figures tell the folders of who trained") {
    const TemporaryFolder folder;
    const std::string secret = "secret_place";
    write_digits(folder.path() / secret, 20);
    const std::string here = folder.path().string() + "/";
    for (const std::string& data : {"--data " + here + secret, "--data " + secret, std::string{}}) {
      CAPTURE(data);
      const Outcome outcome =
          run(folder, "NN_MNIST_DIR=" + here + secret + " " NN_MNIST_TRAIN,
              data + " --epochs 1 --model " + here + secret + "/m --metrics " + here + "m.json");
      REQUIRE(outcome.status == 0);
      const auto file = nn::io::SafetensorsFile::read(here + secret + "/m");
      CHECK(file.metadata().contains("trained_on"));
      for (const auto& [name, value] : file.metadata()) {
        CHECK(value.find(secret) == std::string::npos);
        CHECK(value.find(folder.path().filename().string()) == std::string::npos);
      }
      const std::string figures = text_of(here + "m.json");
      CHECK(figures.find(secret) == std::string::npos);
      CHECK(figures.find(folder.path().filename().string()) == std::string::npos);
    }
  }

  TEST_CASE("mnist_train: the fast recipe takes one epoch, and options where they are given") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 200);
    const std::string common = "--data data --threads 1 --recipe fast --metrics m.json";
    const Outcome outcome = run(folder, NN_MNIST_TRAIN, common);
    CHECK(outcome.errors == "");
    CHECK(
        outcome.output.find(
            "Recipe: fast (1 epoch, batches of 128, adam, learning rate up to 0.01, float32)\n") !=
        std::string::npos);
    auto report = nlohmann::json::parse(text_of(folder.path() / "m.json"));
    CHECK(report["recipe"] == "fast");
    CHECK(report["precision"] == "float32");
    CHECK(report["parameters"] == 212682);
    CHECK(report["epochs"].size() == 1);
    const double first_loss = report["test"]["loss"];

    const Outcome changed =
        run(folder, NN_MNIST_TRAIN,
            common + " --quiet --epochs 2 --batch-size 50 --optimizer sgd --learning-rate 0.5");
    CHECK(changed.errors == "");
    CHECK(changed.output.find(
              "Recipe: fast (2 epochs, batches of 50, sgd, learning rate up to 0.5, float32)\n") !=
          std::string::npos);
    report = nlohmann::json::parse(text_of(folder.path() / "m.json"));
    CHECK(report["optimizer"] == "sgd");
    CHECK(report["learning_rate"] == 0.5);
    CHECK(report["schedule"] == "OneCycle");
    CHECK(report["epochs"].size() == 2);
    const auto repeated = report;
    CHECK(run(folder, "NN_MNIST_DIR=data PATH=$(dirname " NN_MNIST_TRAIN "):$PATH ",
              report["command"].get<std::string>() + " --metrics m.json")
              .status == 0);
    report = nlohmann::json::parse(text_of(folder.path() / "m.json"));
    CHECK(report["test"] == repeated["test"]);
    CHECK(report["command"] == repeated["command"]);
    CHECK(report["epochs"][1]["loss"] < report["epochs"][0]["loss"]);

    const Outcome half = run(folder, NN_MNIST_TRAIN, common + " --quiet --precision bfloat16");
    CHECK(half.errors == "");
    CHECK(half.output.find("learning rate up to 0.01, bfloat16)\n") != std::string::npos);
    const auto half_report = nlohmann::json::parse(text_of(folder.path() / "m.json"));
    CHECK(half_report["precision"] == "bfloat16");
    CHECK(half_report["test"]["loss"] != first_loss);

    const Outcome refused =
        run(folder, NN_MNIST_TRAIN, "--data data --recipe fast --optimizer sgd");
    CHECK(refused.status == 2);
    CHECK(
        refused.errors ==
        "mnist_train: expected --learning-rate beside --recipe fast --optimizer sgd, got none (the "
        "recipe's rate is for adam)\n");
  }

  TEST_CASE("mnist_train: the best recipe varies its images, and averages its weights") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 200);
    const Outcome outcome =
        run(folder, NN_MNIST_TRAIN,
            "--data data --recipe best --epochs 2 --batch-size 50 --metrics m.json");
    CHECK(outcome.errors == "");
    CHECK(
        outcome.output.find(
            "Recipe: best (2 epochs, batches of 50, adam, learning rate up to 0.004, float32)\n") !=
        std::string::npos);
    CHECK(outcome.output.find("\nLoss by epoch: * training\n") != std::string::npos);
    CHECK(outcome.output.find('\033') == std::string::npos);  // a file takes no colours
    const auto report = nlohmann::json::parse(text_of(folder.path() / "m.json"));
    CHECK(report["recipe"] == "best");
    CHECK(report["schedule"] == "OneCycle");
    CHECK_FALSE(report.contains("repeats"));
    CHECK_FALSE(report.contains("ensemble"));
    CHECK(run(folder, NN_MNIST_TRAIN, "--data data --recipe best --optimizer sgd").errors ==
          "mnist_train: expected --learning-rate beside --recipe best --optimizer sgd, got none "
          "(the recipe's rate is for adam)\n");
  }

  TEST_CASE("mnist_train: several seeds give a mean with its interval, and the first one's model") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 200);
    const std::string common = "--data data --recipe fast --epochs 2 --threads 1 --quiet --seed 5 ";
    const Outcome outcome =
        run(folder, NN_MNIST_TRAIN, common + "--seeds 3 --metrics m.json --model several");
    CHECK(outcome.errors == "");
    for (const char* line : {"\nSeed 5: accuracy ", "\nSeed 6: accuracy ", "\nSeed 7: accuracy ",
                             "\n3 seeds: mean accuracy "}) {
      CAPTURE(line);
      CHECK(outcome.output.find(line) != std::string::npos);
    }
    const auto report = nlohmann::json::parse(text_of(folder.path() / "m.json"));
    const auto& repeats = report["repeats"];
    REQUIRE(repeats["runs"].size() == 3);
    CHECK(repeats["runs"][2]["seed"] == 7);
    CHECK(repeats["runs"][0]["accuracy"] == report["test"]["accuracy"]);
    CHECK(repeats["runs"][0]["loss"] != repeats["runs"][1]["loss"]);
    CHECK(repeats["interval_95"][0] <= repeats["mean"]);
    CHECK(repeats["mean"] <= repeats["interval_95"][1]);
    CHECK(repeats["standard_deviation"].is_number());
    CHECK(report["command"].get<std::string>().ends_with(" --seed 5 --seeds 3"));
    REQUIRE(run(folder, NN_MNIST_TRAIN, common + "--model one").status == 0);
    CHECK(text_of(folder.path() / "one") == text_of(folder.path() / "several"));
  }

  TEST_CASE("mnist_train: an ensemble is one model, the mean of its networks") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 200);
    const std::string common = "--data data --recipe fast --epochs 2 --threads 1 --quiet ";
    const Outcome outcome =
        run(folder, NN_MNIST_TRAIN, common + "--ensemble 2 --metrics m.json --model both");
    CHECK(outcome.errors == "");
    CHECK(outcome.output.find("\nTest on 200 images: accuracy ") != std::string::npos);
    const auto report = nlohmann::json::parse(text_of(folder.path() / "m.json"));
    CHECK(report["ensemble"] == nlohmann::json{42, 43});
    CHECK(report["parameters"] == 2 * 212682);
    const auto [images, labels] = mnist::draw_digits(5, 3, mnist::Split::test);
    nn::Tensor<float, 2> mean(5, 10);
    mean.setZero();
    for (const char* seed : {"42", "43"}) {
      REQUIRE(run(folder, NN_MNIST_TRAIN, common + "--model one --seed " + seed).status == 0);
      mean += nn::load((folder.path() / "one").string()).predict(images) * 0.5f;
    }
    const auto both = nn::load((folder.path() / "both").string()).predict(images);
    for (nn::Index i = 0; i < mean.size(); ++i) {
      CHECK(both.data()[i] == doctest::Approx(mean.data()[i]).epsilon(1e-5));
    }
    REQUIRE(stbi_write_png((folder.path() / "five.png").c_str(), 28, 28, 1, images.data(), 28) !=
            0);
    const Outcome read = run(folder, NN_MNIST_PREDICT, "five.png --model both");
    CHECK(read.errors == "");
    CHECK(read.status == 0);
    CHECK(run(folder, NN_MNIST_TRAIN, "--ensemble 2 --seeds 2").status == 2);
  }

  TEST_CASE("mnist_train: a first signal ends the training; its model is tested and saved") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 500);
    for (const bool by_interrupt : {true, false}) {
      CAPTURE(by_interrupt);
      const Outcome outcome = run_and_kill(folder, by_interrupt ? "kill -INT $!" : "kill -TERM $!");
      CHECK(outcome.status == (by_interrupt ? 130 : 143));
      CHECK(outcome.errors == "");
      CHECK(outcome.output.find("\nEpoch 1/1000 - ") != std::string::npos);
      CHECK(outcome.output.find("\nStopped by a signal in epoch ") != std::string::npos);
      CHECK(outcome.output.find(" of 1000: testing and saving the model so far\n") !=
            std::string::npos);
      CHECK(outcome.output.find("\nTest on 500 images: ") != std::string::npos);
      CHECK(last_line(outcome.output) ==
            "Saved the model, trained on 500 images of 28x28 in 10 classes, to mnist.safetensors");
      const auto report = nlohmann::json::parse(text_of(folder.path() / "m.json"));
      CHECK(report["stopped"] == true);
      CHECK(report["epochs"].size() < 1000);
      CHECK(std::filesystem::remove(folder.path() / "mnist.safetensors"));
    }
  }

  TEST_CASE("mnist_train: a second signal ends the program at once") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 500);
    const Outcome outcome = run_and_kill(folder, "kill -INT $!; kill -TERM $!");
    CHECK((outcome.status == 130 || outcome.status == 143));
    CHECK(outcome.output.find("Saved") == std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "mnist.safetensors"));
  }

  TEST_CASE("mnist_train: a training that was killed goes on from its backup") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 500);
    const std::string training = "--data data --quiet --epochs ";
    REQUIRE(run(folder, NN_MNIST_TRAIN, training + "3 --model whole.safetensors").status == 0);
    // Killed after an epoch, or before it ends by itself.
    const std::string begin = std::string(NN_MNIST_TRAIN) + " " + training +
                              "3 --backup run.ckpt > /dev/null & pid=$!; "
                              "while [ ! -e run.ckpt ] && kill -0 $pid; do sleep 0.01; done; "
                              "kill -KILL $pid; wait; true";
    run(folder, "sh", "-c '" + begin + "'");
    CHECK(run(folder, NN_MNIST_TRAIN, training + "3 --backup run.ckpt").status == 0);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "run.ckpt"));
    CHECK(text_of(folder.path() / "mnist.safetensors") ==
          text_of(folder.path() / "whole.safetensors"));
  }

  TEST_CASE("mnist_train: refuses a bad command line with one sentence and status 2") {
    const TemporaryFolder folder;
    for (const char* arguments : {"--epochs 0",
                                  "--epochs three",
                                  "--batch-size -1",
                                  "--learning-rate 0",
                                  "--optimizer adagrad",
                                  "--threads 0",
                                  "--seed -1",
                                  "--seeds 0",
                                  "--ensemble 17",
                                  "--validation-split 1",
                                  "--unknown",
                                  "stray",
                                  "--data",
                                  "--recipe slow",
                                  "--precision half",
                                  "--learning-rate nan",
                                  "--learning-rate inf",
                                  "--learning-rate 0.1x",
                                  "--validation-split nan",
                                  "--metrics mnist.safetensors",
                                  "--backup mnist.safetensors",
                                  "--backup run.ckpt --seeds 2",
                                  "--model= --quiet",
                                  "--model ''"}) {
      CAPTURE(arguments);
      const Outcome outcome = run(folder, NN_MNIST_TRAIN, arguments);
      CHECK(outcome.status == 2);
      CHECK(outcome.output == "");
      CHECK(outcome.errors.starts_with("mnist_train: "));
      CHECK(outcome.errors.find('\n') == outcome.errors.size() - 1);
    }
    CHECK(run(folder, NN_MNIST_TRAIN, "--help").status == 0);
  }

  TEST_CASE("mnist_train: refuses files that it can't use with one sentence and status 1") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 20);
    const auto refusal = [&](const std::string& arguments) {
      const Outcome outcome = run(folder, NN_MNIST_TRAIN, arguments);
      CHECK(outcome.status == 1);
      return outcome.errors;
    };
    CHECK(
        refusal("--data nowhere") ==
        "mnist: expected a folder, got nothing there (nowhere); name the folder that holds the IDX "
        "files\n");
    const Outcome full = run(folder, std::string("ulimit -f 100 && ") + NN_MNIST_TRAIN,
                             "--data data --epochs 1 --quiet");
    CHECK(full.status == 1);
    CHECK(full.errors.find("mnist.safetensors: expected") == 0);
    CHECK_FALSE(std::filesystem::exists(folder.path() / "mnist.safetensors"));
  }

  TEST_CASE("mnist_predict: reads a picture with the model that mnist_train saved") {
    const TemporaryFolder folder;
    write_digits(folder.path() / "data", 1000);
    REQUIRE(run(folder, NN_MNIST_TRAIN, "--data data --epochs 3 --quiet").status == 0);
    const auto [images, labels] = mnist::draw_digits(10, 3, mnist::Split::train);
    int hits = 0;
    for (int i = 0; i < 10; ++i) {
      const std::string name = "digit" + std::to_string(i) + ".png";
      const std::string path = (folder.path() / name).string();
      REQUIRE(stbi_write_png(path.c_str(), 28, 28, 1, images.data() + i * 28 * 28, 28) != 0);
      const Outcome outcome = run(folder, NN_MNIST_PREDICT, name);
      CHECK(outcome.status == 0);
      CHECK(first_line(outcome.output)
                .starts_with("Model trained on 1000 images of 28x28 in 10 classes (CRC-32 of the "
                             "images "));
      hits += last_line(outcome.output).starts_with(name + ": " + std::to_string(labels(i)) + " (");
    }
    CHECK(hits >= 7);  // pictures that it was trained on
  }

  TEST_CASE("mnist_predict: refuses what it can't read") {
    const TemporaryFolder folder;
    CHECK(run(folder, NN_MNIST_PREDICT, "").status == 2);
    const Outcome outcome = run(folder, NN_MNIST_PREDICT, "picture.png --model missing");
    CHECK(outcome.status == 1);
    CHECK(outcome.errors.starts_with("missing: "));
  }

  TEST_CASE("xor: learns the exclusive or") {
    const TemporaryFolder folder;
    const Outcome outcome = run(folder, NN_XOR, "");
    CHECK(outcome.status == 0);
    CHECK(outcome.output.find("1 xor 1 = 0") != std::string::npos);
  }

  TEST_CASE("xor: --help tells what it does, and other arguments are refused") {
    const TemporaryFolder folder;
    for (const char* option : {"--help", "-h"}) {
      const Outcome help = run(folder, NN_XOR, option);
      CHECK(help.status == 0);
      CHECK(help.output.starts_with("Usage: xor\n"));
      CHECK(help.errors == "");
    }
    const Outcome refused = run(folder, NN_XOR, "--epochs 3");
    CHECK(refused.status == 2);
    CHECK(refused.output == "");
    CHECK(refused.errors == "xor: expected no argument but --help, got '--epochs'\n");
  }
}
