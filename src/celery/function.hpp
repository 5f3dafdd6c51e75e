// Task functions: what runs when a task's name is called.
//
//   functions.add("shop.greet", [](TaskCall call) -> Task<FunctionResult> {
//     co_return Returned{"\"hello\""};
//   });
//
// A function runs on the worker's loop and must not block it. It may be called again for the same
// task: after a crash, or when it asked to be (its effects should be idempotent under call.id()).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/task_function.hpp"
#include "celery/message.hpp"
#include "work/handler.hpp"

namespace selvage::celery {

// Stores how far a running task is.
class ProgressReport {
 public:
  virtual ~ProgressReport() = default;
  // A custom state (Celery's habit: "PROGRESS") with a JSON value; a client reads both from its
  // AsyncResult. Does nothing for a task whose result is ignored.
  [[nodiscard]] virtual Task<void> report(std::string state, std::string meta) = 0;
};

// All it refers to outlives the call.
struct TaskCall {
  const Message& message;
  const work::JobContext& job;  // the lease, for functions that keep records of their own
  int retries = 0;              // tries before this one, the sender's count included
  Deadline deadline;            // of the sooner of its time limits
  CancelToken stop;             // a limit, a revocation, a drain, a lost lease: end soon
  std::shared_ptr<const work::StopState> why;  // of stop; limits and revocations: time_limit
  ProgressReport& progress;
  const log::Context& log;

  [[nodiscard]] const std::string& id() const { return message.id; }
};

struct Returned {
  std::string value;  // JSON
};

// As a Python task's exception: the client raises module.type(*arguments).
struct Raised {
  std::string type;  // "ValueError"
  std::string message;
  std::string module{"builtins"};
  std::string arguments{};  // a JSON array; empty: [message]
  std::string traceback{};  // text for people
  bool keep = false;        // also to the dead letters, from where it can be revived
};

// To be called again for the same task.
struct Again {
  milliseconds wait;
  Raised why;
};

// It ended early because call.stop was cancelled.
struct Stopped {};

using FunctionResult = std::variant<Returned, Raised, Again, Stopped>;
using Function = TaskFunction<Task<FunctionResult>(TaskCall)>;

// Filled before the first call, then only read.
class Functions {
 public:
  // With what Celery itself registers and a worker without Python can do: celery.accumulate,
  // celery.backend_cleanup.
  Functions();
  // A second function of the same name replaces the first.
  void add(std::string name, Function function);
  [[nodiscard]] const Function* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  std::map<std::string, Function, std::less<>> by_name_;
};

}  // namespace selvage::celery
