#include "celery/detail/chord_results.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>

#include "base/text.hpp"
#include "celery/detail/body.hpp"
#include "celery/detail/json_text.hpp"
#include "celery/detail/python_repr.hpp"

namespace selvage::celery {

namespace {

constexpr std::size_t kShownException = 1'000;  // bytes

std::unexpected<Error> broken(std::string what) {
  return fail(ErrorKind::unprocessable, "celery.chord", std::move(what));
}

std::string text_in(const json::object& from, std::string_view key) {
  const json::value* found = from.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

// "ValueError('boom')" of what a failed member left.
std::string shown_exception(const json::value& result) {
  const json::object* exception = result.if_object();
  if (exception == nullptr) return "Exception()";
  const json::value* message = exception->if_contains("exc_message");
  std::string arguments = message == nullptr ? "()"
                                             : python_repr(boost::json::serialize(*message),
                                                           kShownException, ReprOf::tuple);
  if (!arguments.starts_with('(')) arguments = '(' + arguments + ')';
  if (arguments.ends_with(",)")) arguments.erase(arguments.size() - 2, 1);
  return text_in(*exception, "exc_type") + arguments;
}

using ById = std::map<std::string, std::string, std::less<>>;

// A result's tuple is [[id, parent], children]; children null or absent: a task, else a group.
Result<std::string> nested(const json::value& tuple, const ById& results) {
  const json::array* pair = tuple.if_array();
  if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_array() ||
      (*pair)[0].get_array().empty()) {
    return broken("the saved group of a chord cannot be read");
  }
  if (const json::array* children = (*pair)[1].if_array()) {
    std::vector<std::string> texts;
    for (const json::value& child : *children) texts.push_back(TRY(nested(child, results)));
    return '[' + join(texts, ", ") + ']';
  }
  const json::value& id = (*pair)[0].get_array()[0];
  const auto found =
      id.is_string() ? results.find(std::string_view(id.get_string())) : results.end();
  if (found == results.end()) return broken("a member of the chord left no result");
  return found->second;
}

}  // namespace

Result<std::string> chord_results(const std::vector<std::string>& parts,
                                  const std::optional<std::string>& saved_group) {
  std::vector<std::string> texts;
  ById by_id;
  for (const std::string& part : parts) {
    const json::value entry = TRY(parse_json(part, "an entry of a chord"));
    const json::array* items = entry.if_array();
    if (items == nullptr || items->size() != 4 || !(*items)[1].is_string() ||
        !(*items)[2].is_string()) {
      return broken("an entry of the chord cannot be read");
    }
    const std::string_view id = (*items)[1].get_string();
    const std::string_view state = (*items)[2].get_string();
    if (state == "FAILURE" || state == "REVOKED") {
      return broken(fmt::format("Dependency {} raised {}", id, shown_exception((*items)[3])));
    }
    texts.emplace_back(elements_of(part)[3]);
    if (saved_group) by_id.emplace(id, texts.back());
  }
  if (!saved_group) return '[' + join(texts, ", ") + ']';
  // {"result": [[group id, parent], [members]]}
  const json::value saved = TRY(parse_json(*saved_group, "the saved group of a chord"));
  const json::object* members = saved.if_object();
  const json::value* tuple = members == nullptr ? nullptr : members->if_contains("result");
  if (tuple == nullptr) return broken("the saved group of a chord cannot be read");
  return nested(*tuple, by_id);
}

std::string chord_part(std::string_view task_id, std::string_view state, std::string_view result) {
  std::string text = "[1, ";
  append_json_string(text, task_id);
  return fmt::format("{}, \"{}\", {}]", text, state, result);
}

}  // namespace selvage::celery
