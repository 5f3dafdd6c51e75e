#include "celery/function.hpp"

#include <boost/json.hpp>

#include "base/json.hpp"
#include "celery/detail/body.hpp"

namespace selvage::celery {

namespace {

// celery.accumulate(*args, index=None): its arguments, or one of them.
Task<FunctionResult> accumulate(TaskCall call) {
  const auto kwargs = parse_json(call.message.kwargs, "kwargs");
  const json::value* index = kwargs ? kwargs->get_object().if_contains("index") : nullptr;
  if (index == nullptr || index->is_null()) co_return Returned{call.message.args};
  const auto items = elements_of(call.message.args);
  const std::int64_t wanted = index->is_int64() ? index->get_int64() : -1;
  if (wanted < 0 || static_cast<std::size_t>(wanted) >= items.size()) {
    co_return Raised{"IndexError", "list index out of range"};
  }
  co_return Returned{std::string(items[static_cast<std::size_t>(wanted)])};
}

// Celery's scheduler sends it every day; on Redis results expire by themselves.
Task<FunctionResult> clean_up(TaskCall) { co_return Returned{"null"}; }

}  // namespace

Functions::Functions() {
  add("celery.accumulate", accumulate);
  add("celery.backend_cleanup", clean_up);
}

void Functions::add(std::string name, Function function) {
  by_name_.insert_or_assign(std::move(name), std::move(function));
}

const Function* Functions::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

std::vector<std::string> Functions::names() const {
  std::vector<std::string> all;
  for (const auto& [name, function] : by_name_) all.push_back(name);
  return all;
}

}  // namespace selvage::celery
