// JSON by Boost.JSON, with the small reading vocabulary that validation needs. Include
// <boost/json.hpp> only in .cpp files; this header needs the forward declarations alone.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace selvage::json {

using boost::json::array;
using boost::json::object;
using boost::json::value;

inline constexpr int kMaxDepth = 32;

// Whole-text parse; depth at most kMaxDepth; invalid UTF-8 and duplicate keys at the top level are
// refused. Errors: json.syntax (with byte offset), json.duplicate_key, json.number (beyond
// 1e300, which could not be written again).
[[nodiscard]] Result<value> parse(std::string_view text);
[[nodiscard]] std::string dump(const value& v);

// Reads the members of one object and collects EVERY problem before it reports, each with its path,
// so that a client mends its request in one go.
//
//   Reader r(object, "");
//   auto url = r.text("person_image_url", {.max = 2048});
//   auto n = r.integer("credits", {.min = 1, .max = 1000}, 1);
//   if (auto bad = r.finish()) return fail(*bad);
class Reader {
 public:
  struct TextRule {
    std::size_t min = 1;
    std::size_t max = 65536;
  };
  struct IntegerRule {
    std::int64_t min = INT64_MIN;
    std::int64_t max = INT64_MAX;
  };

  // `v` must outlive the reader. When it is no object, that is the one problem reported.
  Reader(const value& v, std::string_view path);

  // A text's length counts bytes; U+0000 is refused, because databases and C libraries cut there.
  std::string text(std::string_view key, TextRule rule);  // required
  std::optional<std::string> maybe_text(std::string_view key,
                                        TextRule rule);  // absent or null: nullopt
  std::int64_t integer(std::string_view key,
                       IntegerRule rule);  // required; 3.0 is an integer, "3" is not
  std::int64_t integer(std::string_view key, IntegerRule rule, std::int64_t fallback);
  bool flag(std::string_view key, bool fallback);
  // `choices` lists what is allowed; required.
  std::string choice(std::string_view key, std::initializer_list<std::string_view> choices);
  std::vector<std::string> texts(std::string_view key, std::size_t min_count, std::size_t max_count,
                                 TextRule rule);
  // nullptr when absent or null.
  const value* raw(std::string_view key);

  void problem(std::string_view key, std::string_view what);
  [[nodiscard]] bool ok() const { return problems_.empty(); }
  // kind invalid, code json.invalid, all problems in the message, with "; " between them:
  // "credits: must be at least 1, is -3".
  [[nodiscard]] std::optional<Error> finish() const;

 private:
  const object* object_ = nullptr;
  std::string path_;
  std::vector<std::string> problems_;
};

}  // namespace selvage::json
