// Tables as spreadsheets read them: CSV (RFC 4180), one line a row, the first one the names of the columns.
//
// A cell with a comma, a quote or a line break stands in quotes. Names of files and classes are valid UTF-8, whatever
// their bytes (json_name.hpp).
#pragma once
#include <string>
#include <vector>

#include <mae/core/finite.hpp>
#include <mae/core/number_text.hpp>
#include <mae/io/files/atomic_file.hpp>
#include <mae/io/files/json_name.hpp>

namespace program {

class Table {
 public:
  explicit Table(const std::vector<std::string>& columns) { add(columns); }
  void add(const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) text_ += (i > 0 ? "," : "") + cell(mae::json_name(cells[i]));
    text_ += "\n";
  }
  void write(const std::string& path) const {
    mae::write_file(path, text_.data(), static_cast<mae::Index>(text_.size()));
  }

 private:
  static std::string cell(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == text.npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
  }

  std::string text_;
};

/// A number of a table, in so many digits as anybody reads.
inline std::string table_number(double value) { return mae::is_finite(value) ? mae::short_text(value, 7) : ""; }

}  // namespace program
