#include "work/detail/new_task.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace selvage::work {

namespace {

constexpr std::size_t kMaxReason = 2000;  // bytes kept of a reason

Result<void> check_name(std::string_view what, std::string_view name) {
  if (!name.empty() && name.size() <= kMaxName && is_valid_utf8(name) && !name.contains('\0')) {
    return {};
  }
  return fail(
      ErrorKind::invalid, "queue.name",
      fmt::format("{} must be 1 to {} bytes of UTF-8, is {}", what, kMaxName, in_quotes(name)));
}

}  // namespace

Result<void> check_queue_name(std::string_view name) { return check_name("a queue name", name); }

Result<void> check_new_task(const NewTask& task) {
  TRY(check_queue_name(task.queue));
  TRY(check_name("a task id", task.id));
  if (!task.fair_key.empty()) TRY(check_name("a fair key", task.fair_key));
  if (task.priority < 0 || task.priority > 9) {
    return fail(
        ErrorKind::invalid, "queue.priority",
        fmt::format("the priority of task {} must be 0 to 9, is {}", task.id, task.priority));
  }
  if (task.payload.size() > kMaxPayload) {
    return fail(ErrorKind::too_large, "queue.payload_too_large",
                fmt::format("the payload of task {} has {} bytes, at most {} are taken", task.id,
                            task.payload.size(), kMaxPayload),
                "store large data elsewhere and send its key");
  }
  return {};
}

std::unexpected<Error> duplicate(const NewTask& task) {
  return fail(ErrorKind::conflict, "queue.duplicate",
              fmt::format("the queue {} already has a task {}", task.queue, in_quotes(task.id)));
}

std::string cut_reason(std::string reason) {
  reason = mended_utf8(reason);
  if (reason.size() <= kMaxReason) return reason;
  std::size_t end = kMaxReason;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0) == 0x80) --end;
  reason.resize(end);
  return reason;
}

}  // namespace selvage::work
