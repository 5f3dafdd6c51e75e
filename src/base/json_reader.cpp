#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "base/json.hpp"
#include "base/text.hpp"

namespace selvage::json {

namespace {

// A request with more problems than this is not a slip but another format.
constexpr std::size_t kMaxProblems = 50;

std::string_view kind_name(const value& v) {
  switch (v.kind()) {
    case boost::json::kind::null:
      return "null";
    case boost::json::kind::bool_:
      return "a boolean";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_:
      return "a number";
    case boost::json::kind::string:
      return "a string";
    case boost::json::kind::array:
      return "an array";
    case boost::json::kind::object:
      return "an object";
  }
  return "a value";
}

std::string_view view(const boost::json::string& text) { return {text.data(), text.size()}; }

// What is wrong with a text, or nothing.
std::optional<std::string> text_problem(const value& v, Reader::TextRule rule) {
  const boost::json::string* text = v.if_string();
  if (text == nullptr) return fmt::format("must be a string, is {}", kind_name(v));
  if (text->size() < rule.min) {
    return text->empty()
               ? std::string("must not be empty")
               : fmt::format("must be at least {} bytes long, is {}", rule.min, text->size());
  }
  if (text->size() > rule.max) {
    return fmt::format("must be at most {} bytes long, is {}", rule.max, text->size());
  }
  if (view(*text).contains('\0')) return "must not hold the character U+0000";
  return std::nullopt;
}

}  // namespace

Reader::Reader(const value& v, std::string_view path) : object_(v.if_object()), path_(path) {
  if (object_ != nullptr) return;
  problems_.push_back(fmt::format("{}: must be an object, is {}",
                                  path_.empty() ? "the JSON value" : path_, kind_name(v)));
}

void Reader::problem(std::string_view key, std::string_view what) {
  if (problems_.size() > kMaxProblems) return;
  if (problems_.size() == kMaxProblems) {
    problems_.emplace_back("and more");
    return;
  }
  const std::string_view dot = path_.empty() || key.empty() ? "" : ".";
  problems_.push_back(fmt::format("{}{}{}: {}", path_, dot, key, what));
}

const value* Reader::raw(std::string_view key) {
  if (object_ == nullptr) return nullptr;
  const value* found = object_->if_contains({key.data(), key.size()});
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::optional<std::string> Reader::maybe_text(std::string_view key, TextRule rule) {
  const value* v = raw(key);
  if (v == nullptr) return std::nullopt;
  if (auto bad = text_problem(*v, rule)) {
    problem(key, *bad);
    return std::nullopt;
  }
  return std::string(view(v->get_string()));
}

std::string Reader::text(std::string_view key, TextRule rule) {
  if (raw(key) == nullptr) {
    if (object_ != nullptr) problem(key, "is required");
    return {};
  }
  return maybe_text(key, rule).value_or(std::string());
}

std::int64_t Reader::integer(std::string_view key, IntegerRule rule) {
  if (raw(key) == nullptr) {
    if (object_ != nullptr) problem(key, "is required");
    return 0;
  }
  return integer(key, rule, 0);
}

std::int64_t Reader::integer(std::string_view key, IntegerRule rule, std::int64_t fallback) {
  const value* v = raw(key);
  if (v == nullptr) return fallback;
  // 2^63 is the first double that no int64 holds
  constexpr double kLimit = 9223372036854775808.0;
  std::int64_t number = 0;
  if (const std::int64_t* exact = v->if_int64()) {
    number = *exact;
  } else if (v->is_uint64()) {
    problem(key, fmt::format("must be at most {}, is {}", rule.max, v->get_uint64()));
    return fallback;
  } else if (const double* real = v->if_double()) {
    if (std::trunc(*real) != *real || *real < -kLimit || *real >= kLimit) {
      problem(key, fmt::format("must be an integer, is {}", *real));
      return fallback;
    }
    number = static_cast<std::int64_t>(*real);
  } else {
    problem(key, fmt::format("must be an integer, is {}", kind_name(*v)));
    return fallback;
  }
  if (number < rule.min) {
    problem(key, fmt::format("must be at least {}, is {}", rule.min, number));
    return fallback;
  }
  if (number > rule.max) {
    problem(key, fmt::format("must be at most {}, is {}", rule.max, number));
    return fallback;
  }
  return number;
}

bool Reader::flag(std::string_view key, bool fallback) {
  const value* v = raw(key);
  if (v == nullptr) return fallback;
  if (const bool* on = v->if_bool()) return *on;
  problem(key, fmt::format("must be true or false, is {}", kind_name(*v)));
  return fallback;
}

std::string Reader::choice(std::string_view key, std::initializer_list<std::string_view> choices) {
  const value* v = raw(key);
  const boost::json::string* text = v == nullptr ? nullptr : v->if_string();
  if (text != nullptr && std::ranges::find(choices, view(*text)) != choices.end()) {
    return std::string(view(*text));
  }
  if (object_ != nullptr) {
    std::string what = fmt::format("must be one of {}", fmt::join(choices, ", "));
    if (text != nullptr) what += ", is " + in_quotes(view(*text));
    if (v != nullptr && text == nullptr)
      fmt::format_to(std::back_inserter(what), ", is {}", kind_name(*v));
    if (v == nullptr) what = "is required and " + what;
    problem(key, what);
  }
  return {};
}

std::vector<std::string> Reader::texts(std::string_view key, std::size_t min_count,
                                       std::size_t max_count, TextRule rule) {
  std::vector<std::string> found;
  const value* v = raw(key);
  if (v == nullptr) {
    if (min_count > 0 && object_ != nullptr) problem(key, "is required");
    return found;
  }
  const array* items = v->if_array();
  if (items == nullptr) {
    problem(key, fmt::format("must be an array of strings, is {}", kind_name(*v)));
    return found;
  }
  if (items->size() < min_count || items->size() > max_count) {
    problem(key,
            fmt::format("must have {} to {} items, has {}", min_count, max_count, items->size()));
    return found;
  }
  for (std::size_t i = 0; i < items->size(); ++i) {
    if (auto bad = text_problem((*items)[i], rule)) {
      problem(fmt::format("{}[{}]", key, i), *bad);
    } else {
      found.emplace_back(view((*items)[i].get_string()));
    }
  }
  return found;
}

std::optional<Error> Reader::finish() const {
  if (ok()) return std::nullopt;
  return Error{ErrorKind::invalid, "json.invalid", join(problems_, "; "), {}, nullptr};
}

}  // namespace selvage::json
