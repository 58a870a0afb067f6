// SPDX-License-Identifier: MIT
// Tables of figures.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "nn/report/html_text.hpp"

namespace nn::report {

/// A table whose first column names the rows. It scrolls sideways where it is wider than the page.
class Table {
 public:
  /// `is_long`: scrolls up and down too.
  NN_COLD Table(const std::string& caption, const std::vector<std::string>& titles,
                bool is_long = false) {
    const std::string words = escape(caption);
    append(html_, {"<div class=\"scroll", is_long ? " long" : "",
                   R"(" tabindex="0" role="region" aria-label=")", words,
                   "\"><table class=\"figures\">\n<caption>", words, "</caption>\n<thead><tr>"});
    for (const std::string& title : titles) {
      html_ += "<th scope=\"col\">";
      for (const char letter : escape(title)) {  // a long name may break behind an underscore
        html_ += letter;
        if (letter == '_') html_ += "<wbr/>";
      }
      html_ += "</th>";
    }
    html_ += "</tr></thead>\n<tbody>\n";
  }

  /// Of cells that are HTML.
  NN_COLD void add_row(const std::string& name, const std::vector<std::string>& cells) {
    append(html_, {"<tr><th scope=\"row\">", name, "</th>"});
    for (const std::string& cell : cells) append(html_, {"<td>", cell, "</td>"});
    html_ += "</tr>\n";
  }
  /// The rows that follow sum up those before.
  void begin_summary() {
    html_ += "</tbody>\n<tfoot>\n";
    part_ = "tfoot";
  }
  [[nodiscard]] std::string finish() const {
    return concat({html_, "</", part_, ">\n</table></div>\n"});
  }

 private:
  std::string html_;
  const char* part_ = "tbody";
};

}  // namespace nn::report
