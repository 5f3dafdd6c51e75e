#include "stack/template.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace selvage::stack {

namespace {

constexpr auto kNowhere = std::string_view::npos;

bool begins_name(char c) {
  const char lower = to_lower_ascii(c);
  return c == '_' || (lower >= 'a' && lower <= 'z');
}

std::string_view name_at(std::string_view text) {
  if (text.empty() || !begins_name(text[0])) return {};
  std::size_t length = 1;
  while (length < text.size() && (begins_name(text[length]) || is_digit(text[length]))) ++length;
  return text.substr(0, length);
}

// The brace that closes the one after the dollar. The reference skips the character behind each
// opening brace, so that `{}` opens and never closes; so do we.
std::size_t closing_brace(std::string_view text) {
  int open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '}' && --open == 0) return i;
    if (text[i] == '{') {
      ++open;
      ++i;
    }
  }
  return kNowhere;
}

class Substitution {
 public:
  Substitution(const Lookup& lookup, const SubstituteOptions& options)
      : lookup_(lookup), options_(options) {}

  Result<std::string> run(std::string_view text, std::size_t depth) {
    if (depth > options_.max_depth) {
      return fail(ErrorKind::invalid, "compose.interpolation",
                  fmt::format("variables are nested deeper than {} levels", options_.max_depth),
                  "nest less");
    }
    std::string result;
    while (!text.empty()) {
      const std::size_t dollar = text.find('$');
      result += text.substr(0, dollar);
      if (dollar == kNowhere) break;
      text.remove_prefix(dollar);
      TRY(reference(text, result, depth));
      if (result.size() > options_.max_bytes) {
        return fail(ErrorKind::invalid, "compose.interpolation",
                    fmt::format("the text is longer than {} bytes once its variables are replaced",
                                options_.max_bytes),
                    "use fewer or shorter variables");
      }
    }
    return result;
  }

 private:
  // Takes the reference off the front of `text`, which begins with a dollar.
  Result<void> reference(std::string_view& text, std::string& result, std::size_t depth) {
    if (text.starts_with("$$")) {
      result += '$';
      text.remove_prefix(2);
      return {};
    }
    if (text.starts_with("${")) return braced(text, result, depth);
    const std::string_view name = name_at(text.substr(1));
    if (name.empty()) {
      result += '$';
      text.remove_prefix(1);
      return {};
    }
    text.remove_prefix(1 + name.size());
    result += lookup_({.name = name}).value_or("");
    return {};
  }

  Result<void> braced(std::string_view& text, std::string& result, std::size_t depth) {
    const std::string_view name = name_at(text.substr(2));
    std::size_t at = 2 + name.size();
    if (name.empty()) return invalid(text);
    if (at < text.size() && text[at] == '}') {
      text.remove_prefix(at + 1);
      result += lookup_({.name = name}).value_or("");
      return {};
    }
    Reference found{.name = name};
    if (at < text.size() && text[at] == ':') {
      found.empty_counts_as_unset = true;
      ++at;
    }
    switch (at < text.size() ? text[at] : '\0') {
      case '-':
        found.operation = Operator::fallback;
        break;
      case '?':
        found.operation = Operator::required;
        break;
      case '+':
        found.operation = Operator::alternative;
        break;
      default:
        return invalid(text);
    }
    ++at;
    const std::string_view line = text.substr(0, text.find('\n', at));
    std::size_t end = closing_brace(line);
    if (end == kNowhere) end = line.rfind('}');
    if (end == kNowhere || end < at) return invalid(text);
    found.argument = text.substr(at, end - at);
    text.remove_prefix(end + 1);
    return apply(found, result, depth);
  }

  Result<void> apply(const Reference& found, std::string& result, std::size_t depth) {
    const std::string argument = TRY(run(found.argument, depth + 1));
    const std::optional<std::string> value = lookup_(found);
    const bool set = value && !(found.empty_counts_as_unset && value->empty());
    switch (found.operation) {
      case Operator::none:
        break;
      case Operator::fallback:
        result += set ? *value : argument;
        break;
      case Operator::alternative:
        result += set ? argument : value.value_or("");
        break;
      case Operator::required: {
        if (set) {
          result += *value;
          break;
        }
        if (options_.missing) {
          if (const auto placeholder = options_.missing(found, argument)) {
            result += *placeholder;
            break;
          }
        }
        return fail(ErrorKind::invalid, "compose.required",
                    fmt::format("the required variable {} is missing a value{}{}", found.name,
                                argument.empty() ? "" : ": ", argument),
                    fmt::format("set {} in the environment or in .env", found.name));
      }
    }
    return {};
  }

  static std::unexpected<Error> invalid(std::string_view text) {
    return fail(ErrorKind::invalid, "compose.interpolation",
                fmt::format("{} is no way to use a variable", in_quotes(text, 40)),
                "write ${NAME}, ${NAME:-default} or ${NAME:?message}; write $$ for a dollar");
  }

  const Lookup& lookup_;
  const SubstituteOptions& options_;
};

}  // namespace

Result<std::string> substitute(std::string_view text, const Lookup& lookup,
                               const SubstituteOptions& options) {
  return Substitution(lookup, options).run(text, 0);
}

}  // namespace selvage::stack
