#include "celery/detail/result_meta.hpp"

#include <fmt/format.h>

#include "celery/detail/json_text.hpp"
#include "celery/detail/python_repr.hpp"

namespace selvage::celery {

namespace {

constexpr std::size_t kMaxRepr = 2'000;

bool is_end(std::string_view state) {
  return state == "SUCCESS" || state == "FAILURE" || state == "REVOKED";
}

}  // namespace

std::string exception_json(const Raised& raised) {
  JsonObject exception;
  exception.text("exc_type", raised.type);
  if (raised.arguments.empty()) {
    std::string arguments = "[";
    append_json_string(arguments, raised.message);
    exception.json("exc_message", arguments + ']');
  } else {
    exception.json("exc_message", raised.arguments);
  }
  exception.text("exc_module", raised.module);
  return exception.take();
}

std::string exception_repr(const Raised& raised) {
  if (raised.arguments.empty()) {
    return fmt::format("{}({})", raised.type, python_repr_of_text(raised.message, kMaxRepr));
  }
  std::string arguments = python_repr(raised.arguments, kMaxRepr, ReprOf::tuple);
  if (arguments.ends_with(",)")) arguments.erase(arguments.size() - 2, 1);
  return raised.type + arguments;
}

std::string traceback_of(const Raised& raised) {
  if (!raised.traceback.empty()) return raised.traceback;
  return fmt::format("Traceback (most recent call last):\n{}: {}\n", raised.type, raised.message);
}

std::string result_meta(const Message& message, const ResultState& state,
                        const ResultExtras& extras) {
  JsonObject meta;
  meta.text("status", state.state).json("result", state.result);
  meta.text_or_null("traceback", state.traceback);
  meta.json("children", state.children.empty() ? "[]" : state.children);
  if (is_end(state.state)) {
    meta.text("date_done", to_isoformat(now()));
  } else {
    meta.json("date_done", "null");
  }
  if (!message.group.empty()) meta.text("group_id", message.group);
  if (!message.parent_id.empty()) meta.text("parent_id", message.parent_id);
  if (extras.wanted) {
    meta.text("name", message.task)
        .json("args", message.args)
        .json("kwargs", message.kwargs)
        .text("worker", extras.worker)
        .number("retries", extras.retries)
        .text("queue", extras.queue);
  }
  meta.text("task_id", message.id);
  if (!state.delivery.empty()) meta.text("delivery", state.delivery);
  return meta.take();
}

std::string failed_meta(std::string_view task_id, std::string_view exception,
                        std::string_view traceback) {
  JsonObject meta;
  meta.text("status", "FAILURE")
      .json("result", exception)
      .text_or_null("traceback", traceback)
      .json("children", "[]")
      .text("date_done", to_isoformat(now()))
      .text("task_id", task_id);
  return meta.take();
}

}  // namespace selvage::celery
