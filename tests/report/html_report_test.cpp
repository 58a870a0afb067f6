// SPDX-License-Identifier: MIT
#include "nn/report/html_report.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "nn/layers/layers.hpp"
#include "nn/losses/losses.hpp"
#include "nn/metrics/metrics.hpp"
#include "nn/optimizers/optimizers.hpp"
#include "nn/training/fit.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/report/page.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::Element;
using testing::Page;
using testing::random_tensor;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

History some_history() {
  return History({0, 1, 2}, {1.5, 1.25, 1.75},
                 {{"loss", {0.5, 0.25, 0.125}},
                  {"accuracy", {0.8, 0.9, 0.95}},
                  {"val_loss", {0.5, 0.375, 0.4375}},
                  {"val_accuracy", {0.75, 0.85, 0.84}}});
}

/// Rows that say `read` with probability p, and share the rest between the other classes.
Tensor<float, 2> probabilities_of(const std::vector<int>& read, const std::vector<float>& p,
                                  Index classes) {
  Tensor<float, 2> rows(static_cast<Index>(read.size()), classes);
  for (Index i = 0; i < rows.dimension(0); ++i) {
    const auto sample = static_cast<std::size_t>(i);
    for (Index k = 0; k < classes; ++k) {
      rows(i, k) =
          k == read[sample] ? p[sample] : (1 - p[sample]) / static_cast<float>(classes - 1);
    }
  }
  return rows;
}

/// Number of elements with this attribute.
std::size_t count_with(const Page& page, const std::string& name, const std::string& attribute,
                       const std::string& value) {
  std::size_t count = 0;
  for (const Element& element : page.all(name)) {
    const auto found = element.attributes.find(attribute);
    count += found != element.attributes.end() && found->second == value ? 1U : 0U;
  }
  return count;
}

}  // namespace

TEST_SUITE("report/html_report") {
  TEST_CASE("html_report: of a classifier of images, everything it can show") {
    const Sequential<float> model = testing::image_model();
    const auto x = random_tensor<float, 4>({40, 8, 8, 1}, 2);
    const Labels y = counted_labels(40, 3);
    const History history = some_history();
    const std::string html = html_report({.title = "Images",
                                          .data = "made up",
                                          .command = "make --it",
                                          .seed = 7,
                                          .facts = {{"Weather", "fine"}},
                                          .history = history,
                                          .model = model,
                                          .samples = x,
                                          .targets = y,
                                          .class_names = {"cat", "dog", "owl"}});
    const Page page(html);
    page.check();
    for (const char* id : {"training", "confusion", "classes", "calibration", "mistakes",
                           "uncertain", "model", "cells", "figures"}) {
      CAPTURE(id);
      CHECK(page.ids().contains(id));
    }
    CHECK(page.all("svg").size() == 4);  // loss, accuracy, time, calibration
    CHECK(page.all("figure").size() == 4);

    // Each sample of the galleries has a picture and a saliency map.
    const auto figures = page.figures();
    const std::size_t num_cards = figures["mistakes"].size() + figures["least_certain"].size();
    std::size_t num_maps = 0;
    for (const Element& image : page.all("img")) {
      num_maps += image.attributes.at("alt").starts_with("Saliency map of sample ") ? 1U : 0U;
    }
    CHECK(num_cards > 10);
    CHECK(num_maps == num_cards);
    CHECK(html == html_report({.title = "Images",
                               .data = "made up",
                               .command = "make --it",
                               .seed = 7,
                               .facts = {{"Weather", "fine"}},
                               .history = history,
                               .model = model,
                               .samples = x,
                               .targets = y,
                               .class_names = {"cat", "dog", "owl"}}));
  }

  TEST_CASE("html_report: the figures for programs are those that were given") {
    const std::vector<int> truth{0, 0, 1, 1, 2, 2}, read{0, 1, 1, 1, 2, 0};
    const auto p = probabilities_of(read, {0.9f, 0.8f, 0.7f, 0.95f, 0.6f, 0.99f}, 3);
    Scores scores;
    scores.set("loss", 0.3125);
    const auto figures = Page(html_report({.title = "T",
                                           .data = "D",
                                           .command = "C",
                                           .seed = 18446744073709551615U,
                                           .facts = {{"F", "G"}},
                                           .history = some_history(),
                                           .scores = scores,
                                           .targets = truth,
                                           .predictions = p}))
                             .figures();
    CHECK(figures["title"] == "T");
    CHECK(figures["data"] == "D");
    CHECK(figures["command"] == "C");
    CHECK(figures["seed"] == 18446744073709551615U);
    CHECK(figures["fact: F"] == "G");
    CHECK(figures["machine"] == cpu());
    CHECK(figures["scores"]["loss"] == 0.3125);
    CHECK(figures["best_epoch"] == 2);
    REQUIRE(figures["epochs"].size() == 3);
    CHECK(figures["epochs"][2] == nlohmann::json{{"epoch", 3},
                                                 {"seconds", 1.75},
                                                 {"loss", 0.125},
                                                 {"accuracy", 0.95},
                                                 {"val_loss", 0.4375},
                                                 {"val_accuracy", 0.84}});
    CHECK(figures["confusion_matrix"] == nlohmann::json{{1, 1, 0}, {0, 2, 0}, {1, 0, 1}});
    const ConfusionMatrix confusion = confusion_matrix(truth, p);
    CHECK(figures["accuracy"] == confusion.accuracy());
    CHECK(figures["f1"] == confusion.f1());
    for (Index k = 0; k < 3; ++k) {
      CAPTURE(k);
      const auto& each = figures["per_class"][static_cast<std::size_t>(k)];
      CHECK(each["precision"] == confusion.precision(k));
      CHECK(each["recall"] == confusion.recall(k));
      CHECK(each["f1"] == confusion.f1(k));
      CHECK(each["support"] == 2);
    }
    // The surest mistake first; of right ones, the least sure.
    REQUIRE(figures["mistakes"].size() == 2);
    CHECK(figures["mistakes"][0]["sample"] == 5);
    CHECK(figures["mistakes"][0]["true"] == 2);
    CHECK(figures["mistakes"][0]["read"] == 0);
    CHECK(figures["mistakes"][0]["read_probability"] == static_cast<double>(p(5, 0)));
    CHECK(figures["mistakes"][0]["true_probability"] == static_cast<double>(p(5, 2)));
    CHECK(figures["mistakes"][0]["second"] == 1);
    CHECK(figures["mistakes"][1]["sample"] == 1);
    CHECK(figures["least_certain"][0]["sample"] == 4);
    CHECK(figures["least_certain"].size() == 4);
  }

  TEST_CASE("html_report: calibration compares confidence and accuracy in ten intervals") {
    const std::vector<int> truth{0, 0, 0, 0, 1}, read{0, 0, 1, 1, 0};
    const auto p = probabilities_of(read, {0.75f, 0.75f, 0.75f, 1.0f, 0.5f}, 2);
    const auto figures = Page(html_report({.targets = truth, .predictions = p})).figures();
    const auto& bins = figures["calibration"];
    REQUIRE(bins.size() == 10);
    CHECK(bins[7] == nlohmann::json{{"count", 3}, {"confidence", 0.75}, {"accuracy", 2.0 / 3}});
    CHECK(bins[9] == nlohmann::json{{"count", 1}, {"confidence", 1.0}, {"accuracy", 0.0}});
    CHECK(bins[5]["count"] == 1);
    CHECK(bins[0]["count"] == 0);
    // (3 |2/3 - 0.75| + |0 - 1| + |0 - 0.5|) / 5
    CHECK(figures["expected_calibration_error"] == doctest::Approx(0.35));
  }

  TEST_CASE("html_report: a count of the matrix leads to some of its samples") {
    std::vector<int> truth, read;
    std::vector<float> p;
    for (int i = 0; i < 60; ++i) {
      truth.push_back(i % 3);
      read.push_back(i % 5 == 0 ? (i + 1) % 3 : i % 3);
      p.push_back(0.5f + 0.008f * static_cast<float>(i));
    }
    const auto rows = probabilities_of(read, p, 3);
    const auto x = random_tensor<float, 4>({60, 9, 10, 3}, 4);
    const std::string html =
        html_report({.samples = x, .targets = truth, .predictions = rows, .samples_per_cell = 3});
    const Page page(html);
    page.check();
    const ConfusionMatrix confusion = confusion_matrix(truth, rows);
    for (Index t = 0; t < 3; ++t) {
      for (Index k = 0; k < 3; ++k) {
        CAPTURE(t);
        CAPTURE(k);
        const std::string id = concat({"cell-", t, "-", k});
        const bool is_there = confusion(t, k) > 0;
        CHECK(page.ids().contains(id) == is_there);
        CHECK(count_with(page, "a", "href", "#" + id) == (is_there ? 1 : 0));
      }
    }
    // 3 + 3 of two galleries' 12 + 24, and of 6 cells at most 3 each.
    const std::size_t num_thumbs = count_with(page, "img", "height", "37");
    CHECK(num_thumbs > 12);
    CHECK(num_thumbs <= 18);

    // Without samples or predictions there is nothing to lead to.
    const std::string alone_html = html_report({.confusion = confusion});
    const Page alone(alone_html);
    alone.check();
    CHECK(alone.all("table").size() == 2);
    CHECK_FALSE(alone.ids().contains("cells"));
  }

  TEST_CASE("html_report: no name can break out of its place") {
    const std::string hostile =
        "</script></title><script>alert(1)</script><img src=x onerror=y>\"'&";
    const std::string broken = "bad \xFF\xC3 \x01\x1B \xEF\xBF\xBF end";
    const std::vector<int> truth{0, 1, 1}, read{1, 1, 0};
    const auto p = probabilities_of(read, {0.9f, 0.8f, 0.7f}, 2);
    Scores scores;
    scores.set(hostile, 1);
    const std::string html =
        html_report({.title = hostile,
                     .data = broken,
                     .command = hostile + " " + hostile,
                     .facts = {{hostile, broken}, {broken, hostile}},
                     .history = History({0}, {1}, {{hostile, {1}}, {"val_" + hostile, {2}}}),
                     .scores = scores,
                     .targets = truth,
                     .predictions = p,
                     .class_names = {hostile, broken}});
    const Page page(html);
    page.check();
    CHECK(page.all("script").size() == 1);
    CHECK(page.all("img").empty());
    CHECK(page.all("title").front().text == hostile);
    CHECK(page.all("h1").front().text == hostile);
    const auto figures = page.figures();
    CHECK(figures["title"] == hostile);
    CHECK(figures["per_class"][0]["name"] == hostile);
    const std::string mark = "\xEF\xBF\xBD";
    CHECK(figures["data"] == "bad " + mark + mark + " " + mark + mark + " " + mark + " end");
  }

  TEST_CASE("html_report: of a model of values, errors instead of classes") {
    Sequential<double> model{Dense<double>{1}};
    model.build({3}, {.seed = 4});
    const auto x = random_tensor<double, 2>({50, 3}, 5);
    const auto y = random_tensor<double, 2>({50, 1}, 6);
    const std::string html =
        html_report({.history = some_history(), .model = model, .samples = x, .targets = y});
    const Page page(html);
    page.check();
    CHECK(page.ids().contains("values"));
    CHECK_FALSE(page.ids().contains("confusion"));
    const auto predicted = model.predict(x);
    double error = 0, squares = 0, total = 0, mean = 0;
    for (Index i = 0; i < 50; ++i) mean += y(i, 0) / 50;
    for (Index i = 0; i < 50; ++i) {
      error += std::abs(predicted(i, 0) - y(i, 0)) / 50;
      squares += std::pow(predicted(i, 0) - y(i, 0), 2);
      total += std::pow(y(i, 0) - mean, 2);
    }
    const auto values = page.figures()["values"];
    REQUIRE(values.size() == 1);
    CHECK(values[0]["mean_absolute_error"] == doctest::Approx(error));
    CHECK(values[0]["root_mean_squared_error"] == doctest::Approx(std::sqrt(squares / 50)));
    CHECK(values[0]["r2"] == doctest::Approx(1 - squares / total));
    CHECK(page.all("circle").size() == 50 + 12);  // and those of two curves of the history
  }

  TEST_CASE("html_report: several values a sample, some not finite") {
    Tensor<float, 2> y(30, 2), predicted(30, 2), many(30, 6);
    for (Index i = 0; i < 60; ++i) y.data()[i] = predicted.data()[i] = static_cast<float>(i);
    many.setConstant(0.5f);
    predicted(3, 1) = static_cast<float>(nan);
    const std::string html = html_report({.targets = y, .predictions = predicted});
    const Page page(html);
    page.check();
    CHECK(page.figures()["values"].size() == 2);
    CHECK(page.figures()["values"][0]["r2"] == 1);
    CHECK(page.figures()["values"][1]["r2"].is_null());
    const std::string pooled_html = html_report({.targets = many, .predictions = many});
    const Page pooled(pooled_html);
    pooled.check();
    CHECK(pooled.figures()["values"].size() == 1);
    CHECK(pooled.figures()["values"][0]["count"] == 180);
  }

  TEST_CASE("html_report: logits, one score of two classes and one-hot rows are classes") {
    const std::vector<int> truth{0, 1, 1, 0};
    Tensor<float, 2> logits(4, 3), sigmoid(4, 1), one_hot(4, 3), given(4, 3);
    logits.setZero();
    one_hot.setZero();
    given.setConstant(0.25f);
    for (Index i = 0; i < 4; ++i) {
      logits(i, 1) = 2;
      one_hot(i, truth[static_cast<std::size_t>(i)]) = 1;
      given(i, 1) = 0.5f;
      sigmoid(i, 0) = i == 1 ? 0.75f : 0.25f;
    }
    const auto of_logits = Page(html_report({.targets = truth, .predictions = logits})).figures();
    CHECK(of_logits["confusion_matrix"] == nlohmann::json{{0, 2, 0}, {0, 2, 0}, {0, 0, 0}});
    CHECK(of_logits["mistakes"][0]["read_probability"] ==
          doctest::Approx(std::exp(2) / (std::exp(2) + 2)));
    const auto of_sigmoid = Page(html_report({.targets = truth, .predictions = sigmoid})).figures();
    CHECK(of_sigmoid["confusion_matrix"] == nlohmann::json{{2, 0}, {1, 1}});
    CHECK(of_sigmoid["mistakes"][0]["read_probability"] == 0.75);
    const auto of_one_hot = Page(html_report({.targets = one_hot, .predictions = given})).figures();
    CHECK(of_one_hot["confusion_matrix"] == nlohmann::json{{0, 2, 0}, {0, 2, 0}, {0, 0, 0}});
  }

  TEST_CASE("html_report: samples that are no images are numbers") {
    Sequential model{Dense{4, {.activation = Activation::tanh}}, Dense{3}, Softmax{}};
    model.build({20}, {.seed = 1});
    const auto x = random_tensor<float, 2>({30, 20}, 3);
    const Labels y = counted_labels(30, 3);
    const std::string html = html_report({.model = model, .samples = x, .targets = y});
    const Page page(html);
    page.check();
    CHECK(page.all("img").empty());
    CHECK(html.find("… (20 numbers)") != std::string::npos);
    CHECK(html.find("steepest in x[") != std::string::npos);
  }

  TEST_CASE("html_report: a model whose gradients are gone has no saliency maps") {
    Sequential<float> model = testing::image_model();
    model.quantize(NumberFormat::int8);
    const auto x = random_tensor<float, 4>({20, 8, 8, 1}, 2);
    const Labels y = counted_labels(20, 3);
    const std::string html = html_report({.model = model, .samples = x, .targets = y});
    const Page page(html);
    page.check();
    CHECK_FALSE(page.all("img").empty());
    CHECK(html.find("Saliency") == std::string::npos);
  }

  TEST_CASE("html_report: any part may be missing, and a training may have diverged") {
    const std::string empty_html = html_report({});
    const Page empty(empty_html);
    empty.check();
    CHECK(empty.all("h2").empty());
    History history({0, 1}, {1, 1}, {{"loss", {0.5, nan}}, {"accuracy", {nan, nan}}});
    history.set_divergence(Divergence{});
    const std::string html = html_report({.history = history});
    const Page page(html);
    page.check();
    CHECK(page.figures()["epochs"][1]["loss"].is_null());
    CHECK(page.figures()["best_epoch"] == 1);
    CHECK(html.find("The training diverged") != std::string::npos);
    const std::string single_html = html_report({.history = History({4}, {1}, {{"loss", {0.5}}})});
    const Page single(single_html);
    single.check();
    CHECK(single.figures()["epochs"][0]["epoch"] == 5);
  }

  TEST_CASE("html_report: of a model that gives NaN") {
    std::vector<int> truth, read;
    for (int i = 0; i < 50; ++i) {
      truth.push_back(i % 3);
      read.push_back(i % 2);
    }
    auto p = probabilities_of(read, std::vector<float>(50, 0.75f), 3);
    for (Index i = 0; i < 50; i += 3) p(i, 0) = static_cast<float>(nan);
    const auto x = random_tensor<float, 4>({50, 8, 8, 1}, 3);
    const std::string html =
        html_report({.samples = x, .targets = truth, .predictions = p, .gallery_size = 50});
    const Page page(html);
    page.check();
    CHECK(page.figures()["least_certain"].back()["read_probability"].is_null());
    CHECK(page.figures()["mistakes"].front()["read_probability"] == 0.75);
  }

  TEST_CASE("html_report: stays small, whatever the pictures, classes and epochs") {
    constexpr std::size_t most = 3'000'000;
    // Large pictures in colours, 10 classes, all cells in use.
    const auto x = random_tensor<float, 4>({300, 128, 200, 3}, 3);
    std::vector<int> truth, read;
    for (int i = 0; i < 300; ++i) {
      truth.push_back(i % 10);
      read.push_back(i / 10 % 10);
    }
    const auto p = probabilities_of(read, std::vector<float>(300, 0.5f), 10);
    const std::string large = html_report({.samples = x, .targets = truth, .predictions = p});
    CHECK(large.size() < most);
    Page(large).check();

    // As many classes as samples.
    constexpr Index count = 700;
    const Labels labels = counted_labels(count, count);
    Tensor<float, 2> rows(count, count);
    rows.setZero();
    for (Index i = 0; i < count; ++i) rows(i, (i * 3) % count) = 1;
    const auto small = random_tensor<float, 2>({count, 4}, 3);
    const std::string many =
        html_report({.samples = small, .targets = labels, .predictions = rows});
    CHECK(many.size() < most);
    const Page page(many);
    page.check();
    CHECK(page.figures()["confusion_counts"].size() == count);

    std::vector<Index> epochs;
    std::vector<double> ones(20000, 1);
    for (Index i = 0; i < 20000; ++i) epochs.push_back(i);
    const std::string longest = html_report({.history = History(epochs, ones, {{"loss", ones}})});
    CHECK(longest.size() < most);
    CHECK(Page(longest).figures()["epochs"].size() == 20000);
  }

  TEST_CASE("html_report: parts that contradict each other are refused by a sentence") {
    const auto message = [](const HtmlReport& report) {
      try {
        static_cast<void>(html_report(report));
      } catch (const std::invalid_argument& error) {
        return std::string(error.what());
      }
      return std::string();
    };
    const std::vector<int> truth{0, 1, 2}, too_few{0, 1}, unknown{0, 1, 3};
    const auto p = probabilities_of({0, 1, 1}, {0.9f, 0.9f, 0.9f}, 3);
    CHECK(message({.targets = too_few, .predictions = p}) ==
          "html_report: expected targets for 3 samples, got 2; give samples and a model, or "
          "predictions, for all targets");
    CHECK(message({.targets = truth}) ==
          "html_report: expected targets for 0 samples, got 3; give samples and a model, or "
          "predictions, for all targets");
    CHECK(message({.targets = unknown, .predictions = p}) ==
          "html_report: expected classes from 0 to 2, got 3 (target 2)");
    CHECK(message({.targets = truth, .predictions = p, .class_names = {"a", "b"}}) ==
          "html_report: expected names of 3 classes, got 2");
    CHECK(message({.confusion = ConfusionMatrix(3), .targets = truth, .predictions = p}) ==
          "html_report: expected the confusion matrix of the samples, with 1 of class 0 read as "
          "0, got 0; leave it out, and it is counted");
    CHECK(message({.confusion = ConfusionMatrix(2), .targets = truth, .predictions = p}) ==
          "html_report: expected a confusion matrix of 3 classes, got 2");
    CHECK(message({.samples_per_cell = -1}) ==
          "html_report: expected samples_per_cell of 0 or more, got -1");
    CHECK(message({.gallery_size = -2}) ==
          "html_report: expected a gallery_size of 0 or more, got -2");
    CHECK(message({.smooth_samples = -3}) ==
          "html_report: expected smooth_samples of 0 or more, got -3");
    const Tensor<float, 2> values = p * 0.5f;
    const Tensor<float, 2> single(3, 1);
    CHECK(message({.targets = single, .predictions = values}) ==
          "html_report: expected targets of 3 numbers for each sample, got 1");
    const auto x = random_tensor<float, 2>({5, 3}, 1);
    CHECK(message({.samples = x, .targets = truth, .predictions = p}) ==
          "html_report: expected 3 samples, one for each target, got 5");
    Sequential model{Dense{3}};
    model.build({4});
    const auto y = counted_labels(5, 3);
    CHECK(message({.model = model, .samples = x, .targets = y}) ==
          "html_report: expected samples of shape [4], got [3] (x [5, 3])");
  }

  TEST_CASE("write_html_report: writes the page as a whole, or leaves the old one") {
    const testing::TemporaryFolder folder;
    const std::string path = folder.path("report.html");
    write_html_report(path, {.title = "One"});
    CHECK(testing::read_text(path) == html_report({.title = "One"}));
    CHECK_THROWS_AS(write_html_report(path, {.smooth_samples = -1}), std::invalid_argument);
    CHECK(testing::read_text(path) == html_report({.title = "One"}));
    CHECK(folder.names() == std::vector<std::string>{"report.html"});
    const std::string nowhere = folder.path("no/report.html");
    CHECK_THROWS_WITH_AS(
        write_html_report(nowhere, {}),
        (nowhere + ": expected a file that can be written, got \"No such file or directory\"")
            .c_str(),
        IoError);
  }
}

}  // namespace nn
