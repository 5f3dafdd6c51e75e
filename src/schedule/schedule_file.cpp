#include "schedule/schedule_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <map>

#include "base/text.hpp"

namespace selvage::schedule {

namespace {

constexpr std::size_t kMaxProblems = 20;

std::size_t line_at(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(
                 std::ranges::count(text.substr(0, std::min(offset, text.size())), '\n'));
}

// The lines on which the items of the array inside the outermost object begin. REQUIRES: valid
// JSON.
std::vector<std::size_t> item_lines(std::string_view text) {
  std::vector<std::size_t> lines;
  std::size_t line = 1;
  int depth = 0;
  bool expects_item = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (c == '}' || c == ']') --depth;
    if (c == ',' || c == ':' || static_cast<unsigned char>(c) <= ' ') {
      expects_item = expects_item || (c == ',' && depth == 2);
      continue;
    }
    if (expects_item && c != ']') lines.push_back(line);
    expects_item = c == '[' && depth == 1;
    if (c == '{' || c == '[') ++depth;
    if (c == '"') {
      while (text[++i] != '"') i += text[i] == '\\' ? 1 : 0;
    }
  }
  return lines;
}

// "the JSON text is wrong at byte 120: ..." -> its line, which is what editors show.
std::size_t line_of_error(std::string_view text, const Error& error) {
  constexpr std::string_view kMark = "at byte ";
  const std::size_t mark = error.message.find(kMark);
  if (mark == std::string::npos) return 1;
  return line_at(text, std::strtoull(error.message.c_str() + mark + kMark.size(), nullptr, 10));
}

std::unexpected<Error> refuse(std::vector<std::string> problems) {
  if (problems.size() > kMaxProblems) {
    const std::size_t more = problems.size() - kMaxProblems;
    problems.resize(kMaxProblems);
    problems.push_back(fmt::format("and {} more", more));
  }
  return fail(ErrorKind::invalid, "schedule.file", join(problems, "\n"),
              "mend the file; until then nothing of it is taken over");
}

Result<json::value> parse_top(std::string_view text, std::string_view file) {
  auto top = json::parse(text);
  if (!top) {
    return refuse(
        {fmt::format("{}:{}: {}", file, line_of_error(text, top.error()), top.error().message)});
  }
  const json::object* object = top->if_object();
  const json::value* list = object == nullptr ? nullptr : object->if_contains("schedules");
  if (list == nullptr || !list->is_array() || object->size() != 1) {
    return refuse(
        {fmt::format("{}:1: must be an object with the one field \"schedules\", an array", file)});
  }
  if (list->get_array().size() > kMaxEntries) {
    return refuse({fmt::format("{}:1: has {} schedules, at most {} are taken", file,
                               list->get_array().size(), kMaxEntries)});
  }
  return top;
}

std::string name_in(const json::value& item, std::size_t index) {
  const json::object* object = item.if_object();
  const json::value* name = object == nullptr ? nullptr : object->if_contains("name");
  if (name != nullptr && name->is_string() && name->get_string().size() <= kMaxName) {
    return std::string(name->get_string());
  }
  return fmt::format("schedules[{}]", index);
}

}  // namespace

Result<std::vector<Entry>> parse_schedule_file(std::string_view text, std::string_view file,
                                               const EntryRules& rules) {
  const json::value top = TRY(parse_top(text, file));
  const json::array& items = top.get_object().begin()->value().get_array();
  const std::vector<std::size_t> lines = item_lines(text);
  std::vector<Entry> entries;
  std::vector<std::string> problems;
  std::map<std::string, std::size_t> line_of_name;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string where = fmt::format("{}:{}", file, lines.at(i));
    auto entry = parse_entry(items[i], name_in(items[i], i), rules);
    if (!entry) {
      problems.push_back(fmt::format("{}: {}", where, entry.error().message));
      continue;
    }
    const auto [first, fresh] = line_of_name.emplace(entry->name, lines.at(i));
    if (!fresh) {
      problems.push_back(fmt::format("{}: {}: line {} has a schedule of this name already", where,
                                     entry->name, first->second));
    }
    entries.push_back(std::move(*entry));
  }
  if (!problems.empty()) return refuse(std::move(problems));
  return entries;
}

Result<std::vector<Entry>> read_schedule_file(const std::filesystem::path& file,
                                              const EntryRules& rules) {
  const auto unreadable = [&](std::string_view why) {
    return fail(ErrorKind::unavailable, "schedule.file",
                fmt::format("SCHEDULE_FILE {} {}", file.string(), why),
                "check the path and that this user may read it");
  };
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) return unreadable("cannot be read: " + error.message());
  if (size > kMaxFileBytes) {
    return unreadable(fmt::format("has {} bytes, at most {} are taken", size, kMaxFileBytes));
  }
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad()) return unreadable("cannot be read");
  return parse_schedule_file(text, file.filename().string(), rules);
}

}  // namespace selvage::schedule
