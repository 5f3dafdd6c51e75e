#include "app/size/heights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "app/size/question.hpp"
#include "base/text.hpp"

namespace selvage::app::size {

namespace {

constexpr std::string_view kHint =
    "lines of name,height_cm; a header may name more columns, of which sex is read, too";

std::unexpected<Error> wrong(std::size_t line, std::string_view what) {
  return fail(ErrorKind::invalid, "size.heights",
              fmt::format("line {} of the heights: {}", line, what), std::string(kHint));
}

// Takes one record off `csv`. A quoted field may hold separators and line ends.
std::vector<std::string> next_record(std::string_view& csv, char separator, std::size_t& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  std::size_t at = 0;
  for (; at < csv.size(); ++at) {
    const char c = csv[at];
    if (c == '\n') ++line;
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (at + 1 < csv.size() && csv[at + 1] == '"') {
        fields.back() += '"';
        ++at;
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == separator) {
      fields.emplace_back();
    } else if (c == '\n') {
      ++at;
      break;
    } else {
      fields.back() += c;
    }
  }
  csv.remove_prefix(at);
  for (std::string& field : fields) field = std::string(trim(field));
  return fields;
}

std::optional<std::size_t> column(const std::vector<std::string>& header,
                                  std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto found = std::ranges::find_if(
        header, [&](const std::string& title) { return equals_icase(title, name); });
    if (found != header.end()) return static_cast<std::size_t>(found - header.begin());
  }
  return std::nullopt;
}

struct Columns {
  std::size_t name = 0, height = 1;
  std::optional<std::size_t> sex;
};

}  // namespace

Result<People> parse_heights(std::string_view csv) {
  if (csv.starts_with("\xEF\xBB\xBF")) csv.remove_prefix(3);
  const std::string_view first = csv.substr(0, csv.find('\n'));
  const char separator =
      std::ranges::count(first, ';') > std::ranges::count(first, ',') ? ';' : ',';
  People people;
  Columns columns;
  std::size_t next_line = 1;
  bool begun = false;
  while (!csv.empty()) {
    const std::size_t line = next_line;
    const auto fields = next_record(csv, separator, next_line);
    if (fields.size() == 1 && fields[0].empty()) continue;
    if (!std::exchange(begun, true)) {
      const auto name = column(fields, {"name", "file", "photo"});
      const auto height = column(fields, {"height_cm", "height"});
      if (name && height) {
        columns = {*name, *height, column(fields, {"sex", "gender"})};
        continue;
      }
    }
    if (fields.size() <= std::max(columns.name, columns.height)) {
      return wrong(line, "it has no name and height");
    }
    const auto height = parse_height(fields[columns.height]);
    if (!height) return wrong(line, height.error().message);
    Person person{*height, std::nullopt};
    if (columns.sex && *columns.sex < fields.size() && !fields[*columns.sex].empty()) {
      person.sex = parse_sex(fields[*columns.sex]);
      if (!person.sex) {
        return wrong(line, fmt::format("sex must be m or f or empty, is {}",
                                       in_quotes(fields[*columns.sex])));
      }
    }
    if (!people.emplace(fields[columns.name], person).second) {
      return wrong(line, fmt::format("{} is there twice", in_quotes(fields[columns.name])));
    }
  }
  return people;
}

}  // namespace selvage::app::size
