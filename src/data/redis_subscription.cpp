#include <algorithm>

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "data/detail/redis_connection.hpp"
#include "data/detail/redis_errors.hpp"
#include "data/detail/redis_finder.hpp"
#include "data/redis.hpp"

namespace selvage::data {

namespace {

// A server that is frozen says as little as channels on which nothing happens; so it is asked.
constexpr milliseconds kPingEvery{15'000};

Task<void> ping_until(RedisWire& wire, CancelToken ended) {
  while (co_await net::sleep_for(kPingEvery, ended)) {
    if (wire.stream().append(RedisCommand("PING").encode())) wire.stream().flush();
  }
}

}  // namespace

struct RedisSubscription::Impl {
  Impl(RedisUrl url, std::vector<std::string> its_channels, std::vector<std::string> its_patterns)
      : channels(std::move(its_channels)),
        patterns(std::move(its_patterns)),
        finder(std::move(url), {}, {}) {}

  Task<Result<void>> listen(RedisWire& wire, const std::function<void(RedisMessage)>& on_message,
                            const std::function<void()>& on_ready, CancelToken cancel);
  Task<Result<void>> hear(RedisWire& wire, const std::function<void(RedisMessage)>& on_message,
                          const std::function<void()>& on_ready, CancelToken cancel);
  [[nodiscard]] std::string subscribe() const;

  const RedisOptions options;
  const std::vector<std::string> channels;
  const std::vector<std::string> patterns;
  RedisFinder finder;
};

std::string RedisSubscription::Impl::subscribe() const {
  std::string bytes;
  const auto add = [&](std::string_view name, const std::vector<std::string>& words) {
    if (words.empty()) return;
    RedisCommand command(name);
    for (const std::string& word : words) command.arg(word);
    bytes += command.encode();
  };
  add("SUBSCRIBE", channels);
  add("PSUBSCRIBE", patterns);
  return bytes;
}

// Until the connection ends: always an error.
Task<Result<void>> RedisSubscription::Impl::listen(
    RedisWire& wire, const std::function<void(RedisMessage)>& on_message,
    const std::function<void()>& on_ready, CancelToken cancel) {
  if (!wire.stream().append(subscribe())) co_return fail(too_many_error(wire.label()));
  wire.stream().flush();
  CancelSource ended;
  TaskGroup pinging;
  pinging.spawn(ping_until(wire, ended.token()), "redis_ping");
  const Result<void> end = co_await hear(wire, on_message, on_ready, cancel);
  ended.cancel();
  co_await pinging.join();
  co_return end;
}

Task<Result<void>> RedisSubscription::Impl::hear(
    RedisWire& wire, const std::function<void(RedisMessage)>& on_message,
    const std::function<void()>& on_ready, CancelToken cancel) {
  std::size_t unconfirmed = channels.size() + patterns.size();
  for (;;) {
    RedisReply push =
        CO_TRY(co_await wire.next(Deadline::after(kPingEvery + options.reply_time), cancel));
    if (push.failure() != nullptr) {
      co_return fail(refused_error(wire.label(), push.failure()->text));
    }
    if (!push.is_array()) continue;
    RedisReply::Array words = push.take_array();
    const bool readable = !words.empty() && words[0].is_text();
    const std::string_view kind = readable ? words[0].text() : std::string_view();
    const std::size_t at = kind == "pmessage" ? 2 : 1;  // a pattern's name comes first
    if ((kind == "message" || kind == "pmessage") && words.size() == at + 2 &&
        words[at].is_text() && words[at + 1].is_text()) {
      on_message({words[at].take_text(), words[at + 1].take_text()});
    } else if ((kind == "subscribe" || kind == "psubscribe") && unconfirmed > 0) {
      if (--unconfirmed == 0) on_ready();
    }
  }
}

RedisSubscription::RedisSubscription(net::Loop&, RedisUrl url, std::vector<std::string> channels,
                                     std::vector<std::string> patterns)
    : impl_(std::make_unique<Impl>(std::move(url), std::move(channels), std::move(patterns))) {
  SELVAGE_CHECK(!impl_->channels.empty() || !impl_->patterns.empty());
}

RedisSubscription::~RedisSubscription() = default;

Task<void> RedisSubscription::run(std::function<void(RedisMessage)> on_message,
                                  std::function<void()> on_ready, CancelToken cancel) {
  const Impl& impl = *impl_;
  const std::string label = impl.finder.url().label();
  bool said = false;  // that it is away
  while (!cancel.cancelled()) {
    const SteadyTime attempt = steady_now();
    milliseconds pause = RedisConnection::kLeastBetween;
    auto found = co_await impl_->finder.find(impl.options.connect_time, cancel);
    Result<void> end = fail(cancelled_error("a Redis subscription"));
    if (found) {
      end = co_await impl_->listen(*found->wire, on_message, on_ready, cancel);
      if (end.error().code.starts_with("redis.")) pause = impl.options.back_off;  // refused
      said = false;
    } else {
      end = fail(found.error());
      pause = impl.options.back_off;
    }
    if (cancel.cancelled()) break;
    if (!std::exchange(said, true)) {
      log::warning("redis_subscription_away", end.error(), {{"server", label}});
    }
    const auto since = std::chrono::floor<milliseconds>(steady_now() - attempt);
    if (found && since >= pause) continue;
    co_await net::sleep_for(found ? pause - since : pause, cancel);
  }
}

}  // namespace selvage::data
