#include "tryon/generation_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "data/object_storage.hpp"
#include "net/url.hpp"
#include "tryon/detail/object_keys.hpp"
#include "tryon/detail/task_fields.hpp"
#include "tryon/pipeline.hpp"
#include "work/trace_members.hpp"

namespace selvage::tryon {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::string_view kKnown[] = {
    "version", "task_id",    "session_id",         "request_id",  "channel",
    "user_id", "store_id",   "person_image_url",   "prompt",      "options",
    "credits", "created_at", "garment_image_urls", "traceparent", "tracestate"};

std::string read_id(json::Reader& reader, std::string_view key) {
  std::string id = reader.text(key, {.max = 128});
  if (!id.empty() && !detail::is_id(id)) {
    reader.problem(key, "must be 1 to 128 of the characters A-Z a-z 0-9 _ . : -");
  }
  return id;
}

// The id of the channel's own kind is required, the other kind's is a contradiction.
Owner read_owner(json::Reader& reader) {
  Owner owner;
  const std::optional<Channel> channel =
      parse_channel(reader.choice("channel", {name(Channel::b2b), name(Channel::b2c)}));
  if (!channel) return owner;
  owner.channel = *channel;
  const bool store = *channel == Channel::b2b;
  owner.id = read_id(reader, store ? "store_id" : "user_id");
  const std::string_view other = store ? "user_id" : "store_id";
  if (reader.raw(other) != nullptr) {
    reader.problem(other, fmt::format("does not belong to channel {}", name(*channel)));
  }
  return owner;
}

void check_input(json::Reader& reader, const std::string& key, std::string_view url,
                 std::string_view session_id) {
  if (url.empty()) return;  // reported as missing already
  if (url.starts_with(detail::kObjectScheme)) {
    const std::string_view object = url.substr(detail::kObjectScheme.size());
    if (!detail::is_id(session_id)) return;  // reported already, and then nothing to compare with
    if (!object.starts_with(inputs_prefix(session_id)) || !data::check_key(object)) {
      reader.problem(key, fmt::format("must lie under {}", inputs_prefix(session_id)));
    }
    return;
  }
  const Result<net::Url> parsed = net::Url::parse(url);
  if (!parsed) {
    reader.problem(key, parsed.error().message);
  } else if (parsed->scheme != "http" && parsed->scheme != "https") {
    reader.problem(key, fmt::format("must be an http or https URL, is {}", parsed->scheme));
  }
}

std::string read_unknown(const json::value& parsed) {
  json::object unknown;
  for (const auto& [key, member] : parsed.get_object()) {
    const bool known = std::ranges::find(kKnown, std::string_view(key)) != std::end(kKnown);
    if (!known) unknown.emplace(key, member);
  }
  return json::dump(unknown);
}

std::unexpected<Error> malformed(std::string_view problems) {
  return fail(ErrorKind::invalid, "task.malformed",
              fmt::format("the message is no GenerationTask v1: {}", problems),
              "correct the producer, then send the task again");
}

}  // namespace

std::string_view name(Channel channel) {
  switch (channel) {
    case Channel::b2b:
      return "b2b";
    case Channel::b2c:
      return "b2c";
  }
  SELVAGE_CHECK(false);
}

std::optional<Channel> parse_channel(std::string_view text) {
  for (const Channel channel : {Channel::b2b, Channel::b2c}) {
    if (name(channel) == text) return channel;
  }
  return std::nullopt;
}

namespace detail {

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // continuation bytes begin none
  }));
}

std::optional<std::string> read_prompt(json::Reader& reader) {
  std::optional<std::string> prompt =
      reader.maybe_text("prompt", {.min = 0, .max = kMaxPrompt * 4});
  if (!prompt) return std::nullopt;
  const std::size_t characters = count_characters(*prompt);
  if (characters > kMaxPrompt) {
    reader.problem("prompt",
                   fmt::format("must be at most {} characters, is {}", kMaxPrompt, characters));
  }
  if (trim(*prompt).empty()) return std::nullopt;
  return prompt;
}

std::string read_options(json::Reader& reader) {
  const json::value* const options = reader.raw("options");
  if (options == nullptr) return "{}";
  if (!options->is_object()) {
    reader.problem("options", "must be an object");
    return "{}";
  }
  std::string text = json::dump(*options);
  if (text.size() > kMaxOptions) {
    reader.problem("options", fmt::format("must be at most {} bytes of JSON, is {}", kMaxOptions,
                                          text.size()));
  }
  return text;
}

}  // namespace detail

Result<GenerationTask> GenerationTask::parse(std::string_view json) {
  const Result<json::value> parsed = json::parse(json);
  if (!parsed) return malformed(parsed.error().message);
  json::Reader reader(*parsed, "");

  GenerationTask task;
  const std::int64_t version = reader.integer("version", {});
  if (reader.raw("version") != nullptr && version != kVersion) {
    reader.problem("version", fmt::format("must be {}", kVersion));
  }
  task.task_id = read_id(reader, "task_id");
  task.session_id = read_id(reader, "session_id");
  task.request_id = read_id(reader, "request_id");
  task.owner = read_owner(reader);

  task.person_image_url = reader.text("person_image_url", {.max = net::kMaxUrlLength});
  check_input(reader, "person_image_url", task.person_image_url, task.session_id);
  task.garment_image_urls =
      reader.texts("garment_image_urls", 1, kMaxGarments, {.max = net::kMaxUrlLength});
  for (std::size_t i = 0; i < task.garment_image_urls.size(); ++i) {
    check_input(reader, fmt::format("garment_image_urls[{}]", i), task.garment_image_urls[i],
                task.session_id);
  }
  task.prompt = detail::read_prompt(reader);
  task.options_json = detail::read_options(reader);
  task.credits = {reader.integer("credits", {.min = 1, .max = kMaxCredits})};

  const std::string created = reader.text("created_at", {.max = 64});
  if (!created.empty()) {
    const Result<Timestamp> time = parse_rfc3339(created);
    if (time) {
      task.created_at = *time;
    } else {
      reader.problem("created_at", time.error().message);
    }
  }
  if (const std::optional<Error> bad = reader.finish()) return malformed(bad->message);
  task.trace = work::read_trace(parsed->get_object());
  task.unknown_json = read_unknown(*parsed);
  return task;
}

std::string GenerationTask::to_json() const {
  json::object task;
  task["version"] = kVersion;
  task["task_id"] = task_id;
  task["session_id"] = session_id;
  task["request_id"] = request_id;
  task["channel"] = name(owner.channel);
  task[owner.channel == Channel::b2b ? "store_id" : "user_id"] = owner.id;
  task["person_image_url"] = person_image_url;
  json::array garments;
  for (const std::string& url : garment_image_urls) garments.emplace_back(url);
  task["garment_image_urls"] = std::move(garments);
  if (prompt) task["prompt"] = *prompt;
  if (const Result<json::value> options = json::parse(options_json);
      options && options_json != "{}") {
    task["options"] = *options;
  }
  task["credits"] = credits.value;
  task["created_at"] = to_rfc3339(created_at);
  work::write_trace(trace, task);
  if (const Result<json::value> unknown = json::parse(unknown_json);
      unknown && unknown->is_object()) {
    for (const auto& [key, member] : unknown->get_object()) task.emplace(key, member);
  }
  return json::dump(task);
}

namespace {

// The texts that follow "key": in broken JSON; empty unless all of them agree.
std::string scan(std::string_view text, std::string_view key) {
  const std::string quoted_key = fmt::format("\"{}\"", key);
  std::string found;
  for (std::size_t at = text.find(quoted_key); at != std::string_view::npos;
       at = text.find(quoted_key, at + 1)) {
    std::string_view rest = trim(text.substr(at + quoted_key.size()));
    if (!rest.starts_with(':')) continue;
    rest = trim(rest.substr(1));
    if (!rest.starts_with('"')) continue;
    const std::size_t end = rest.find('"', 1);
    if (end == std::string_view::npos) continue;
    const std::string_view value = rest.substr(1, end - 1);
    if (!found.empty() && found != value) return {};
    found = value;
  }
  return found;
}

}  // namespace

MalformedTask salvage(std::string_view json) {
  std::string session_id;
  std::string channel;
  if (const Result<json::value> parsed = json::parse(json)) {
    json::Reader reader(*parsed, "");
    session_id = reader.maybe_text("session_id", {.max = 128}).value_or("");
    channel = reader.maybe_text("channel", {.max = 128}).value_or("");
  } else {
    session_id = scan(json, "session_id");
    channel = scan(json, "channel");
  }
  MalformedTask found;
  if (detail::is_id(session_id)) found.session_id = std::move(session_id);
  found.channel = parse_channel(channel);
  return found;
}

}  // namespace selvage::tryon
