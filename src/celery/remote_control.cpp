#include "celery/remote_control.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "celery/detail/control_methods.hpp"
#include "celery/detail/envelope.hpp"
#include "celery/detail/json_text.hpp"
#include "celery/routes.hpp"

namespace selvage::celery {

namespace {

constexpr std::size_t kMaxAddress = 255;  // bytes of an exchange or a routing key
constexpr std::int64_t kAnswerKept = 60;  // seconds; a caller waits one
constexpr std::string_view kReplyExchange = "reply.celery.pidbox";

const json::value* find(const json::object& from, std::string_view key) {
  const json::value* found = from.if_contains(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string text_in(const json::object& from, std::string_view key) {
  const json::value* found = find(from, key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

// Whether a request is for the node: by name, by glob, or for all.
bool is_for(const json::object& request, std::string_view node) {
  if (const json::value* destination = find(request, "destination");
      destination != nullptr && destination->is_array() && !destination->get_array().empty()) {
    return std::ranges::any_of(destination->get_array(), [node](const json::value& name) {
      return name.is_string() && name.get_string() == node;
    });
  }
  const std::string pattern = text_in(request, "pattern");
  if (pattern.empty() || text_in(request, "matcher").empty()) return true;
  return text_in(request, "matcher") == "glob" && fits_glob(node, pattern);
}

// Where the answer goes; the caller's list must be one that answers may lie on.
struct ReplyTo {
  std::string exchange;
  std::string routing_key;
};
std::optional<ReplyTo> reply_address(const json::object& request) {
  const json::value* reply_to = find(request, "reply_to");
  if (reply_to == nullptr || !reply_to->is_object()) return std::nullopt;
  ReplyTo to{.exchange = text_in(reply_to->get_object(), "exchange"),
             .routing_key = text_in(reply_to->get_object(), "routing_key")};
  if (to.exchange != kReplyExchange || to.routing_key.empty() ||
      to.routing_key.size() > kMaxAddress) {
    return std::nullopt;
  }
  return to;
}

std::string answer_headers(const json::object& request, std::int64_t clock) {
  JsonObject headers;
  const json::value* ticket = find(request, "ticket");
  headers.json("ticket", ticket == nullptr ? "null" : boost::json::serialize(*ticket))
      .number("clock", clock);
  return headers.take();
}

}  // namespace

RemoteControl::RemoteControl(ControlParts parts, data::Redis& redis, const Keys& keys)
    : parts_(std::move(parts)), redis_(redis), keys_(keys) {}

Task<void> RemoteControl::run(data::RedisSubscription& channel, std::function<void()> ready,
                              CancelToken stop) {
  co_await channel.run(
      [this](data::RedisMessage message) {
        if (answering_.size() >= kMaxAtOnce) return;
        answering_.spawn(serve(std::move(message.payload)), "remote control");
      },
      std::move(ready), stop);
  co_await answering_.join();
}

Task<void> RemoteControl::serve(std::string request) {
  auto answer = co_await this->answer(std::move(request));
  if (!answer) co_return;
  std::vector<data::RedisCommand> commands;
  commands.push_back(data::RedisCommand("LPUSH").arg(answer->list).arg(answer->message));
  commands.push_back(data::RedisCommand("EXPIRE").arg(answer->list).arg(kAnswerKept));
  const auto sent = co_await redis_.transaction(std::move(commands));
  if (!sent) log::warning("celery_answer_not_sent", sent.error());
}

Task<std::optional<RemoteControl::Answer>> RemoteControl::answer(std::string request) {
  const auto envelope = read_envelope(request);
  if (!envelope) {
    log::debug("celery_control_malformed", {{"error", envelope.error().message}});
    co_return std::nullopt;
  }
  const json::object& parts = envelope->get_object();
  const json::object* body = parts.at("body").if_object();
  if (body == nullptr) co_return std::nullopt;
  if (const json::value* clock = find(parts.at("headers").get_object(), "clock");
      clock != nullptr && clock->is_int64()) {
    parts_.node.clock.adjust(clock->get_int64());
  }
  if (!is_for(*body, parts_.node.name())) co_return std::nullopt;

  const std::string name = text_in(*body, "method");
  const json::value* given = find(*body, "arguments");
  const json::object none;
  const json::object& arguments =
      given != nullptr && given->is_object() ? given->get_object() : none;
  log::debug("celery_control", {{"method", name}});
  const ControlMethod method = find_method(name);
  std::optional<std::string> value =
      method == nullptr
          ? error_answer(fmt::format("selvage has no remote control method {}", in_quotes(name)))
          : co_await method(parts_, arguments);
  const auto to = reply_address(*body);
  if (!value || !to) co_return std::nullopt;
  JsonObject reply;
  reply.json(parts_.node.name(), *value);
  co_return Answer{
      .list = keys_.reply(to->exchange, to->routing_key),
      .message = make_envelope(reply.take(), answer_headers(*body, parts_.node.clock.forward()),
                               {.exchange = to->exchange, .routing_key = to->routing_key})};
}

}  // namespace selvage::celery
