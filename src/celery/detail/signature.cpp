#include "celery/detail/signature.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "base/text.hpp"
#include "celery/detail/json_text.hpp"

namespace selvage::celery {

namespace {

constexpr double kMaxSeconds = 366.0 * 86'400 * 100;

const json::object kNoMembers;
const json::array kNoItems;

const json::value* find(const json::object& from, std::string_view key) {
  const json::value* found = from.if_contains(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string text_in(const json::object& from, std::string_view key) {
  const json::value* found = find(from, key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

// Links may be one signature or a list of them.
std::string list_in(const json::object& from, std::string_view key) {
  const json::value* found = find(from, key);
  if (found == nullptr) return {};
  if (found->is_array())
    return found->get_array().empty() ? std::string() : boost::json::serialize(*found);
  return '[' + boost::json::serialize(*found) + ']';
}

std::optional<milliseconds> seconds_in(const json::object& from, std::string_view key) {
  const json::value* found = find(from, key);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  const double number = found->to_number<double>();
  if (!(std::abs(number) <= kMaxSeconds)) return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(number * 1000));
}

// A time, or seconds from now.
Result<std::optional<Timestamp>> time_in(const json::object& from, std::string_view key) {
  if (const auto wait = seconds_in(from, key)) return now() + *wait;
  const std::string text = text_in(from, key);
  if (text.empty()) return std::nullopt;
  const auto time = parse_isoformat(text);
  if (!time) return bad_signature(fmt::format("{} {} is not a time", key, in_quotes(text)));
  return *time;
}

SignatureKind kind_of(const json::object& signature) {
  const std::string kind = text_in(signature, "subtask_type");
  if (kind == "group") return SignatureKind::group;
  if (kind == "chain") return SignatureKind::chain;
  if (kind == "chord") return SignatureKind::chord;
  return SignatureKind::task;
}

void add_headers(const json::object& options, MessageOptions& out) {
  const auto add = [&out](std::string_view name, const json::value& v) {
    out.headers.emplace_back(std::string(name), boost::json::serialize(v));
  };
  if (const json::value* headers = find(options, "headers");
      headers != nullptr && headers->is_object()) {
    for (const auto& [name, v] : headers->get_object()) add(name, v);
  }
  // stamps: the names of the stamped headers, and an option for each
  const json::value* names = find(options, "stamped_headers");
  if (names == nullptr || !names->is_array()) return;
  json::object stamps;
  for (const json::value& name : names->get_array()) {
    const json::value* stamp = name.is_string() ? find(options, name.get_string()) : nullptr;
    if (stamp != nullptr) stamps.emplace(name.get_string(), *stamp);
  }
  add("stamped_headers", *names);
  add("stamps", json::value(std::move(stamps)));
}

}  // namespace

std::unexpected<Error> bad_signature(std::string what) {
  return fail(ErrorKind::invalid, "celery.signature", std::move(what));
}

Result<Signature> Signature::read(const json::value& signature) {
  const json::object* all = signature.if_object();
  if (all == nullptr) return bad_signature("a signature is not a mapping");
  Signature read;
  read.kind_ = kind_of(*all);
  read.task_ = text_in(*all, "task");
  if (read.task_.empty()) return bad_signature("a signature names no task");
  const json::value* immutable = find(*all, "immutable");
  read.immutable_ = immutable != nullptr && immutable->is_bool() && immutable->get_bool();
  const auto object_in = [all](std::string_view key) {
    const json::value* found = find(*all, key);
    return found != nullptr && found->is_object() ? &found->get_object() : &kNoMembers;
  };
  read.options_ = object_in("options");
  read.kwargs_ = object_in("kwargs");
  const json::value* args = find(*all, "args");
  if (args != nullptr && !args->is_array()) {
    return bad_signature(fmt::format("args of {} is not a list", in_quotes(read.task_)));
  }
  read.args_ = args == nullptr ? &kNoItems : &args->get_array();
  return read;
}

std::string Signature::text_option(std::string_view name) const { return text_in(*options_, name); }

Result<const json::array*> Signature::tasks() const {
  const json::value* tasks = find(*kwargs_, "tasks");
  if (tasks == nullptr || !tasks->is_array()) {
    return bad_signature(fmt::format("{} has no list of tasks", in_quotes(task_)));
  }
  return &tasks->get_array();
}

std::string Signature::args_after(const std::vector<std::string>& before) const {
  std::vector<std::string> texts;
  if (!immutable_) texts = before;
  for (const json::value& own : *args_) texts.push_back(boost::json::serialize(own));
  return '[' + join(texts, ", ") + ']';
}

Result<MessageOptions> Signature::message_options() const {
  const json::object& from = *options_;
  MessageOptions out;
  out.id = text_in(from, "task_id");
  out.queue = text_in(from, "queue");
  // the default exchange takes a routing key for the name of a queue
  if (out.queue.empty() && text_in(from, "exchange").empty()) {
    out.queue = text_in(from, "routing_key");
  }
  if (const json::value* priority = find(from, "priority");
      priority != nullptr && priority->is_int64()) {
    out.priority = static_cast<int>(std::clamp<std::int64_t>(priority->get_int64(), 0, 9));
  }
  out.eta = TRY(time_in(from, "eta"));
  if (const auto countdown = seconds_in(from, "countdown")) out.eta = now() + *countdown;
  out.expires = TRY(time_in(from, "expires"));
  out.hard_limit = seconds_in(from, "time_limit");
  out.soft_limit = seconds_in(from, "soft_time_limit");
  const json::value* ignore = find(from, "ignore_result");
  out.ignore_result = ignore != nullptr && ignore->is_bool() && ignore->get_bool();
  out.root_id = text_in(from, "root_id");
  out.parent_id = text_in(from, "parent_id");
  out.group = text_in(from, "group_id");
  if (const json::value* index = find(from, "group_index"); index != nullptr && index->is_int64()) {
    out.group_index = index->get_int64();
  }
  out.reply_to = text_in(from, "reply_to");
  out.then = {.callbacks = list_in(from, "link"),
              .errbacks = list_in(from, "link_error"),
              .chain = list_in(from, "chain"),
              .chord = {}};
  if (const json::value* chord = find(from, "chord"))
    out.then.chord = boost::json::serialize(*chord);
  add_headers(from, out);
  return out;
}

std::int64_t Signature::members(const json::value& signature) {
  const auto read = Signature::read(signature);
  if (!read) return 1;
  if (read->kind() == SignatureKind::task) return 1;
  if (read->kind() == SignatureKind::chord) {
    const json::value* body = find(read->kwargs(), "body");
    return body == nullptr ? 1 : members(*body);
  }
  const auto tasks = read->tasks();
  if (!tasks) return 0;
  std::int64_t count = 0;
  if (read->kind() == SignatureKind::group) {
    for (const json::value& task : **tasks) count += members(task);
    return count;
  }
  // the last step of a chain that counts at all
  for (auto step = (*tasks)->rbegin(); step != (*tasks)->rend() && count == 0; ++step) {
    count = members(*step);
  }
  return count;
}

}  // namespace selvage::celery
