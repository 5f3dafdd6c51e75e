#include "sizing/sizing_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "work/trace_members.hpp"

namespace selvage::sizing {
namespace {

constexpr std::size_t kLongestId = 128;

bool is_id_character(char c) {
  const char lower = to_lower_ascii(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '_' || c == '.' || c == ':' ||
         c == '-';
}

std::string read_id(json::Reader& reader, std::string_view key) {
  std::string id = reader.maybe_text(key, {.max = kLongestId}).value_or("");
  if (!std::ranges::all_of(id, is_id_character)) {
    reader.problem(key, "may hold letters, digits, and _ . : - only");
  }
  return id;
}

// All but what is asked.
Result<SizingTask> read_envelope(const json::value& body) {
  json::Reader reader(body, "");
  SizingTask task;
  if (reader.integer("version", {}, 1) != 1) reader.problem("version", "must be 1");
  task.task_id = reader.text("task_id", {.max = kLongestId});
  const std::string store = read_id(reader, "store_id");
  const std::string user = read_id(reader, "user_id");
  if (!store.empty() && !user.empty()) reader.problem("store_id", "stands beside a user_id");
  task.owner_id = store.empty() ? user : store;
  if (!task.owner_id.empty()) task.channel = store.empty() ? "b2c" : "b2b";
  if (auto bad = reader.finish()) {
    bad->code = "task.malformed";
    return fail(std::move(*bad));
  }
  return task;
}

}  // namespace

work::QueueForm sizing_queue_form() {
  return {.queue = std::string(kSizingQueue),
          .kind = work::QueueKind::fair,
          .id_member = "task_id",
          .key_members = {"channel", "store_id", "user_id"}};
}

std::string SizingTask::owner() const {
  return owner_id.empty() ? std::string() : fmt::format("{}:{}", channel, owner_id);
}

std::string SizingTask::to_json() const {
  json::object members{{"version", 1}, {"task_id", task_id}};
  if (!owner_id.empty()) {
    members["channel"] = channel;
    members[channel == "b2b" ? "store_id" : "user_id"] = owner_id;
  }
  const json::value asked = boost::json::parse(sizing::to_json(request));
  for (const auto& member : asked.get_object()) members[member.key()] = member.value();
  work::write_trace(trace, members);
  return json::dump(members);
}

Result<SizingTask> SizingTask::parse(std::string_view text) {
  json::value body = TRY(json::parse(text));
  SizingTask task = TRY(read_envelope(body));
  json::object& members = body.get_object();
  task.trace = work::read_trace(members);
  for (const std::string_view known : {"version", "task_id", "channel", "store_id", "user_id",
                                       "request_id", "created_at", "traceparent", "tracestate"}) {
    members.erase(known);
  }
  task.request = TRY(parse_size_request(body, false));
  return task;
}

std::optional<std::string> SizingTask::salvage_owner(std::string_view text) {
  const auto body = json::parse(text);
  if (!body) return std::nullopt;
  const auto task = read_envelope(*body);
  if (!task) return std::nullopt;
  return task->owner();
}

}  // namespace selvage::sizing
