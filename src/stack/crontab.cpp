#include "stack/crontab.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.hpp"

namespace selvage::stack {

namespace {

struct Field {
  std::string_view title;
  int low;
  int high;
  std::string_view names;  // of three letters each, the first for `low`
};
constexpr std::array kFields = {
    Field{"minute", 0, 59, ""},
    Field{"hour", 0, 23, ""},
    Field{"day of the month", 1, 31, ""},
    Field{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    Field{"day of the week", 0, 7, "sunmontuewedthufrisat"},
};

struct Nickname {
  std::string_view name;
  std::string_view fields;
};
constexpr std::array kNicknames = {
    Nickname{"@reboot", ""},
    Nickname{"@yearly", "0 0 1 1 *"},
    Nickname{"@annually", "0 0 1 1 *"},
    Nickname{"@monthly", "0 0 1 * *"},
    Nickname{"@weekly", "0 0 * * 0"},
    Nickname{"@daily", "0 0 * * *"},
    Nickname{"@midnight", "0 0 * * *"},
    Nickname{"@hourly", "0 * * * *"},
};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::optional<int> number_in(const Field& field, std::string_view text) {
  if (text.size() == 3) {
    for (std::size_t i = 0; i * 3 < field.names.size(); ++i) {
      if (equals_icase(field.names.substr(i * 3, 3), text)) return field.low + static_cast<int>(i);
    }
  }
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number < field.low || number > field.high) return std::nullopt;
  return number;
}

bool is_range(const Field& field, std::string_view piece) {
  if (const auto slash = piece.find('/'); slash != std::string_view::npos) {
    int step = 0;
    const std::string_view digits = piece.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
    if (error != std::errc() || end != digits.data() + digits.size() || step < 1) return false;
    piece = piece.substr(0, slash);
  }
  if (piece == "*") return true;
  const auto dash = piece.find('-');
  const auto first = number_in(field, piece.substr(0, dash));
  if (dash == std::string_view::npos) return first.has_value();
  const auto last = number_in(field, piece.substr(dash + 1));
  return first && last && *first <= *last;
}

class Parser {
 public:
  Parser(TextPtr text, CrontabKind kind) : bytes_(text->bytes()), kind_(kind) {
    crontab_.text = std::move(text);
  }

  Crontab run() {
    for (std::size_t begin = 0; begin < bytes_.size();) {
      const std::size_t end = bytes_.find('\n', begin);
      line(begin, std::min(end, bytes_.size()));
      if (end == std::string_view::npos) {
        problem(begin, bytes_.size(), "the last line has no line end, so cron does not run it");
        break;
      }
      begin = end + 1;
    }
    return std::move(crontab_);
  }

 private:
  Span span(std::size_t begin, std::size_t end) const {
    return span_in(*crontab_.text, begin, end);
  }
  void problem(std::size_t begin, std::size_t end, std::string message) {
    add_problem(crontab_.problems, span(begin, end), std::move(message));
  }

  void line(std::size_t begin, std::size_t end) {
    if (end > begin && bytes_[end - 1] == '\r') {
      problem(end - 1, end, "the line ends with CR LF; cron hands the CR to the command");
      --end;
    }
    at_ = begin;
    end_ = end;
    skip_blanks();
    if (at_ == end_ || bytes_[at_] == '#') return;
    if (!variable()) job();
  }

  void skip_blanks() {
    while (at_ < end_ && is_blank(bytes_[at_])) ++at_;
  }

  std::string_view take_word() {
    const std::size_t begin = at_;
    while (at_ < end_ && !is_blank(bytes_[at_])) ++at_;
    const std::string_view word = bytes_.substr(begin, at_ - begin);
    skip_blanks();
    return word;
  }

  bool variable() {
    const std::string_view line = bytes_.substr(at_, end_ - at_);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view name = trim(line.substr(0, equals));
    const bool is_name =
        !name.empty() && !is_digit(name[0]) && std::ranges::all_of(name, [](char c) {
          return c == '_' || is_digit(c) || (to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'z');
        });
    if (!is_name) return false;
    std::string_view value = trim(line.substr(equals + 1));
    const bool quoted = value.size() >= 2 && (value[0] == '"' || value[0] == '\'');
    if (quoted && value.back() == value.front()) value = value.substr(1, value.size() - 2);
    if (value.contains('$')) {
      problem(at_, end_,
              fmt::format("cron does not expand variables: {} holds a literal '$'", name));
    }
    crontab_.variables.push_back({std::string(name), std::string(value), span(at_, end_)});
    return true;
  }

  void job() {
    CronJob job;
    const std::size_t begin = at_;
    job.span = span(begin, end_);
    job.variables_before = crontab_.variables.size();
    if (!(bytes_[at_] == '@' ? take_nickname(job) : take_fields(job))) return;
    if (kind_ == CrontabKind::system) job.user = take_word();
    if (at_ == end_) return problem(begin, end_, "a command is missing behind the times");
    job.command_span = span(at_, end_);
    split_command(job);
    crontab_.jobs.push_back(std::move(job));
  }

  bool take_nickname(CronJob& job) {
    const std::size_t begin = at_;
    const std::string_view word = take_word();
    const auto known = std::ranges::find(kNicknames, to_lower_ascii(word), &Nickname::name);
    job.schedule_span = span(begin, begin + word.size());
    job.schedule = word;
    if (known == kNicknames.end()) {
      problem(begin, begin + word.size(), fmt::format("cron does not know {}", in_quotes(word)));
      return false;
    }
    if (known->fields.empty()) return true;
    const auto fields = split(known->fields, ' ');
    std::string* const places[] = {&job.minute, &job.hour, &job.day, &job.month, &job.weekday};
    for (std::size_t i = 0; i < fields.size(); ++i) *places[i] = fields[i];
    return true;
  }

  bool take_fields(CronJob& job) {
    const std::size_t begin = at_;
    std::size_t schedule_end = at_;
    std::string* const places[] = {&job.minute, &job.hour, &job.day, &job.month, &job.weekday};
    for (std::size_t i = 0; i < kFields.size(); ++i) {
      const std::size_t field_begin = at_;
      const std::string_view word = take_word();
      schedule_end = field_begin + word.size();
      const auto pieces = split(word, ',');
      const bool fine = std::ranges::all_of(
          pieces, [&](std::string_view piece) { return is_range(kFields[i], piece); });
      if (!fine) {
        problem(field_begin, schedule_end,
                fmt::format("{} is no {}", in_quotes(word, 40), kFields[i].title));
        return false;
      }
      *places[i] = word;
    }
    job.schedule_span = span(begin, schedule_end);
    job.schedule = bytes_.substr(begin, schedule_end - begin);
    return true;
  }

  void split_command(CronJob& job) {
    bool in_input = false;
    for (std::size_t i = at_; i < end_; ++i) {
      std::string& out = in_input ? job.input : job.command;
      if (bytes_[i] == '\\' && i + 1 < end_ && bytes_[i + 1] == '%') {
        out += bytes_[++i];
      } else if (bytes_[i] != '%') {
        out += bytes_[i];
      } else if (in_input) {
        out += '\n';
      } else {
        in_input = true;
      }
    }
    if (in_input && job.command.contains("date")) {
      problem(at_, end_, "an unescaped '%' ends the command; write \\% in a date format");
    }
  }

  std::string_view bytes_;
  CrontabKind kind_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  Crontab crontab_;
};

}  // namespace

const CronVariable* Crontab::variable_for(const CronJob& job, std::string_view name) const {
  for (std::size_t i = std::min(job.variables_before, variables.size()); i > 0; --i) {
    if (variables[i - 1].name == name) return &variables[i - 1];
  }
  return nullptr;
}

Crontab parse_crontab(TextPtr text, CrontabKind kind) {
  return Parser(std::move(text), kind).run();
}

}  // namespace selvage::stack
