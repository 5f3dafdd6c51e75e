// What is stored of a task, as Celery's clients read it.
#pragma once

#include <string>
#include <string_view>

#include "celery/function.hpp"
#include "celery/message.hpp"

namespace selvage::celery {

// {"exc_type": ..., "exc_message": [...], "exc_module": ...}
[[nodiscard]] std::string exception_json(const Raised& raised);
// "ValueError('boom')"
[[nodiscard]] std::string exception_repr(const Raised& raised);
// The last line stands for the stack that there is none of.
[[nodiscard]] std::string traceback_of(const Raised& raised);

struct ResultState {
  std::string_view state;   // "SUCCESS"
  std::string_view result;  // JSON
  std::string_view traceback{};
  std::string_view children{};  // a JSON array; empty: none
  std::string_view delivery{};  // of an end that is not to be reached again: the delivery tag
};

// What result_extended = True adds.
struct ResultExtras {
  bool wanted = false;
  std::string_view worker;
  std::string_view queue;
  int retries = 0;
};

[[nodiscard]] std::string result_meta(const Message& message, const ResultState& state,
                                      const ResultExtras& extras);
// Of a task that never ran because one before it failed.
[[nodiscard]] std::string failed_meta(std::string_view task_id, std::string_view exception,
                                      std::string_view traceback);

}  // namespace selvage::celery
