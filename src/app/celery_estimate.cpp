#include "app/celery_estimate.hpp"

#include <array>
#include <boost/json.hpp>

#include "base/json.hpp"
#include "sizing/sizing_handler.hpp"
#include "sizing/sizing_task.hpp"
#include "work/retry_policy.hpp"

namespace selvage::app {

namespace {

using celery::Again;
using celery::FunctionResult;
using celery::Raised;
using celery::Returned;
using celery::Stopped;
using celery::TaskCall;

constexpr std::array<std::string_view, 5> kPositional{"image_url", "height_cm", "sex", "fit",
                                                      "chart"};
constexpr milliseconds kBusyWait{1'000};
constexpr milliseconds kModelsWait{30'000};
constexpr work::RetryRule kRules[] = {{.failure = "fetch",
                                       .max_retries = sizing::kFetchRetries,
                                       .first_wait = seconds(5),
                                       .factor = 3.0,
                                       .max_wait = seconds(300),
                                       .jitter = 0.2}};

// The arguments as the message of a sizing task.
Result<sizing::SizingTask> task_of(const TaskCall& call) {
  const json::value args = TRY(json::parse(call.message.args));
  json::value kwargs = TRY(json::parse(call.message.kwargs));
  json::object& members = kwargs.get_object();
  const json::array& given = args.get_array();
  if (given.size() > kPositional.size()) {
    return fail(ErrorKind::invalid, "task.malformed",
                fmt::format("estimate_body takes {} arguments by position, {} were given",
                            kPositional.size(), given.size()));
  }
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (members.contains(kPositional[i])) {
      return fail(ErrorKind::invalid, "task.malformed",
                  fmt::format("estimate_body was given {} twice", kPositional[i]));
    }
    members[kPositional[i]] = given[i];
  }
  members["task_id"] = call.id();
  return sizing::SizingTask::parse(json::dump(kwargs));
}

Raised failed_with(const Error& error) {
  return {.type = "SizingFailed",
          .message = error.message,
          .module = "selvage",
          .arguments = json::dump(json::array{error.code, error.message, error.hint})};
}

FunctionResult judge(const Error& error, const TaskCall& call) {
  if (call.stop.cancelled() && error.kind == ErrorKind::cancelled) return Stopped{};
  Raised why = failed_with(error);
  if (error.code == "sizing.busy" || error.code == "sizing.owner_busy") {
    return Again{kBusyWait, std::move(why)};
  }
  if (error.code == "sizing.unavailable") return Again{kModelsWait, std::move(why)};
  if (error.kind == ErrorKind::unavailable || error.kind == ErrorKind::timeout) {
    const auto wait = work::RetryPolicy(kRules).next_wait("fetch", call.retries);
    if (wait) return Again{*wait, std::move(why)};
  }
  return why;
}

Task<FunctionResult> estimate(sizing::Sizer& sizer, TaskCall call) {
  auto task = task_of(call);
  if (!task) co_return Raised{"ValueError", task.error().message};
  sizing::SizeQuestion question{.request = std::move(task->request),
                                .owner = task->owner(),
                                .cancel = call.stop,
                                .span = call.job.span};
  const Result<std::string> answer = co_await sizer.answer(std::move(question));
  if (!answer) co_return judge(answer.error(), call);
  co_return Returned{*answer};
}

}  // namespace

celery::Function estimate_function(sizing::Sizer& sizer) {
  return
      [&sizer] [[clang::coro_wrapper]] (TaskCall call) { return estimate(sizer, std::move(call)); };
}

}  // namespace selvage::app
