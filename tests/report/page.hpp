// SPDX-License-Identifier: MIT
// A page taken apart as strictly as XML is, which a browser would not do.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace nn::testing {

struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::string text;  // up to the first tag inside it, with entities replaced
};

class Page {
 public:
  /// Fails the test where tags don't match, attributes have no quotes or appear twice, an entity is
  /// unknown or a character is forbidden.
  explicit Page(std::string_view html) : html_(html) {
    REQUIRE(html_.starts_with("<!DOCTYPE html>\n"));
    at_ = 16;
    std::vector<std::string> open;
    while (at_ < html_.size()) {
      if (html_[at_] != '<') {
        const std::string text = decode(until('<'));
        if (!open.empty() && elements_.back().name == open.back()) elements_.back().text += text;
        if (open.empty()) REQUIRE(text == "\n");
      } else if (html_[at_ + 1] == '/') {
        at_ += 2;
        const std::string_view name = until('>');
        ++at_;
        REQUIRE_FALSE(open.empty());
        REQUIRE(open.back() == name);
        open.pop_back();
      } else {
        ++at_;
        const bool is_empty = read_tag();
        if (!is_empty) open.push_back(elements_.back().name);
      }
    }
    REQUIRE(open.empty());
  }

  [[nodiscard]] std::vector<Element> all(const std::string& name) const {
    std::vector<Element> found;
    for (const Element& element : elements_) {
      if (element.name == name) found.push_back(element);
    }
    return found;
  }
  [[nodiscard]] const std::vector<Element>& elements() const { return elements_; }
  [[nodiscard]] const std::set<std::string>& ids() const { return ids_; }

  /// What the page has for programs.
  [[nodiscard]] nlohmann::json figures() const {
    const std::vector<Element> scripts = all("script");
    REQUIRE(scripts.size() == 1);
    REQUIRE(scripts[0].attributes.at("type") == "application/json");
    return nlohmann::json::parse(scripts[0].text);
  }

  /// What holds for every page: it needs nothing else, links lead somewhere, those who don't see it
  /// are told what is there.
  void check() const {
    std::set<std::string> headings;
    for (const Element& element : elements_) {
      CAPTURE(element.name);
      for (const char* name : {"src", "href", "action", "data", "srcset", "xlink:href"}) {
        const auto address = element.attributes.find(name);
        if (address == element.attributes.end()) continue;
        const bool is_inside =
            address->second.starts_with("data:image/png;base64,") ||
            (address->second.starts_with("#") && ids_.contains(address->second.substr(1)));
        CHECK_MESSAGE(is_inside, address->second.substr(0, 80));
      }
      for (const auto& [name, value] : element.attributes) CHECK_FALSE(name.starts_with("on"));
      if (element.name == "img") CHECK_FALSE(element.attributes.at("alt").empty());
      if (element.name == "th") CHECK(element.attributes.contains("scope"));
      const auto label = element.attributes.find("aria-labelledby");
      if (label != element.attributes.end()) {
        std::istringstream names(label->second);
        for (std::string id; names >> id;) CHECK(ids_.contains(id));
      }
    }
    CHECK(all("caption").size() == all("table").size());
    CHECK(all("desc").size() == all("svg").size());
    CHECK(all("h1").size() == 1);
    CHECK(html_.find("://") == std::string_view::npos);
    CHECK(html_.find("url(") == std::string_view::npos);
    CHECK(html_.find("@import") == std::string_view::npos);
  }

 private:
  [[nodiscard]] std::string_view until(char end) {
    const std::size_t stop = html_.find(end, at_);
    const std::string_view part =
        html_.substr(at_, stop == std::string_view::npos ? stop : stop - at_);
    at_ += part.size();
    return part;
  }

  /// Reads one tag behind its `<`. True: it is closed already.
  [[nodiscard]] bool read_tag() {
    const std::string_view tag = until('>');
    ++at_;
    const std::size_t end_of_name = tag.find_first_of(" /");
    Element element{.name = std::string(tag.substr(0, end_of_name)), .attributes{}, .text{}};
    REQUIRE_FALSE(element.name.empty());
    std::string_view rest = end_of_name == std::string_view::npos ? "" : tag.substr(end_of_name);
    while (!rest.empty() && rest != "/") {
      CAPTURE(tag);
      const std::size_t equals = rest.find("=\"");
      REQUIRE(rest[0] == ' ');
      REQUIRE(equals != std::string_view::npos);
      const std::size_t close = rest.find('"', equals + 2);
      REQUIRE(close != std::string_view::npos);
      const std::string name(rest.substr(1, equals - 1));
      const std::string value = decode(rest.substr(equals + 2, close - equals - 2));
      REQUIRE(element.attributes.emplace(name, value).second);
      if (name == "id") REQUIRE_MESSAGE(ids_.insert(value).second, value);
      rest = rest.substr(close + 1);
    }
    elements_.push_back(std::move(element));
    return !rest.empty();
  }

  [[nodiscard]] static std::string decode(std::string_view text) {
    static const std::map<std::string, char> entities{
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"#39", '\''}};
    std::string decoded;
    const bool has_forbidden = std::any_of(text.begin(), text.end(), [](char letter) {
      const auto byte = static_cast<unsigned char>(letter);
      return letter == '<' || (byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r');
    });
    REQUIRE_FALSE(has_forbidden);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '&') {
        decoded += text[i];
        continue;
      }
      const std::size_t end = text.find(';', i);
      REQUIRE(end != std::string_view::npos);
      decoded += entities.at(std::string(text.substr(i + 1, end - i - 1)));
      i = end;
    }
    return decoded;
  }

  std::string_view html_;
  std::size_t at_ = 0;
  std::vector<Element> elements_;
  std::set<std::string> ids_;
};

}  // namespace nn::testing
