#include "data/redis.hpp"

#include "data/detail/redis_connection.hpp"
#include "data/detail/redis_errors.hpp"
#include "data/detail/redis_finder.hpp"
#include "data/detail/redis_turns.hpp"

namespace selvage::data {

struct Redis::Impl {
  Impl(net::Loop& its_home, RedisUrl url, RedisOptions its_options)
      : home(its_home),
        options(std::move(its_options)),
        label(url.label()),
        finder(std::move(url), options.slot_key, options.client_name),
        main(finder, options, closing.token()),
        blocking(home, finder, options, closing.token()),
        asked_on(home, finder, options, closing.token()) {}

  Task<Result<RedisReply>> call(RedisCommand command, Refusal passed);
  Task<Result<RedisReply>> call_elsewhere(RedisAddress address, RedisCommand command);
  Task<Result<RedisReply::Array>> transact(std::vector<RedisCommand> commands);
  Task<Result<RedisReply>> block(RedisCommand command, milliseconds at_most, CancelToken cancel);
  // What the sender of `exchange` gets, unless it was answered without a refusal.
  [[nodiscard]] Error error_of(const RedisExchange& exchange) const;
  [[nodiscard]] Result<RedisReply> unless_refused(Result<RedisReply> answer) const;
  [[nodiscard]] bool closed() const { return closing.cancelled(); }

  net::Loop& home;
  const RedisOptions options;
  const std::string label;
  CancelSource closing;
  RedisFinder finder;
  RedisConnection main;
  RedisTurns blocking;
  RedisTurns asked_on;  // a cluster's node that is being given our slot
};

Error Redis::Impl::error_of(const RedisExchange& exchange) const {
  switch (exchange.outcome) {
    case RedisExchange::Outcome::answered:
      return refused_error(label, exchange.reply.failure()->text, finder.slot());
    case RedisExchange::Outcome::silent:
      return silent_error(label);
    case RedisExchange::Outcome::unsent:
      return closed() ? closed_error(label)
                      : unavailable_error(label, "the connection ended before it was sent");
    case RedisExchange::Outcome::lost:
      return closed() ? closed_error(label) : lost_error(label, "the connection ended");
    case RedisExchange::Outcome::waiting:
      break;
  }
  std::unreachable();
}

Result<RedisReply> Redis::Impl::unless_refused(Result<RedisReply> answer) const {
  if (!answer || answer->failure() == nullptr) return answer;
  return fail(refused_error(label, answer->failure()->text, finder.slot()));
}

// A command that a server refused because it is the wrong one was not executed, and goes to the
// right one, once.
Task<Result<RedisReply>> Redis::Impl::call(RedisCommand command, Refusal passed) {
  SELVAGE_CHECK(&net::Loop::current() == &home);
  RedisExchange exchange;
  for (bool again = false;; again = true) {
    if (!main.ready()) CO_TRY(co_await main.wait_until_ready());
    if (!main.ready()->add(exchange, command)) co_return fail(too_many_error(label));
    co_await exchange;
    if (exchange.outcome != RedisExchange::Outcome::answered) break;
    const RedisReply::Failure* failure = exchange.reply.failure();
    if (failure == nullptr) co_return std::move(exchange.reply);
    const Refusal refusal = refusal_of(failure->text, finder.slot());
    if (refusal != Refusal::none && refusal == passed) co_return std::move(exchange.reply);
    if (refusal == Refusal::asked_on) {
      const auto address = redirection(failure->text, main.address());
      if (!address) break;
      auto answer = co_await call_elsewhere(*address, std::move(command));
      if (passed != Refusal::none) co_return answer;
      co_return unless_refused(std::move(answer));
    }
    if (refusal != Refusal::wrong_server || again || closed()) break;
  }
  co_return fail(error_of(exchange));
}

Task<Result<RedisReply::Array>> Redis::Impl::transact(std::vector<RedisCommand> commands) {
  std::string bytes = RedisCommand("MULTI").encode();
  for (const RedisCommand& command : commands) bytes += command.encode();
  bytes += RedisCommand("EXEC").encode();
  RedisExchange exchange;
  for (bool again = false;; again = true) {
    if (!main.ready()) CO_TRY(co_await main.wait_until_ready());
    exchange.early_failure.clear();
    if (!main.ready()->add(exchange, commands.size() + 2, bytes)) {
      co_return fail(too_many_error(label));
    }
    co_await exchange;
    if (exchange.outcome != RedisExchange::Outcome::answered) break;
    if (exchange.reply.is_array()) co_return exchange.reply.take_array();
    // EXECABORT tells nothing; the refusal of the first command does
    if (!exchange.early_failure.empty()) {
      exchange.reply = RedisReply(RedisReply::Failure{exchange.early_failure});
    } else if (exchange.reply.failure() == nullptr) {
      exchange.reply = RedisReply(RedisReply::Failure{"EXEC without an array"});
    }
    const Refusal refusal = refusal_of(exchange.reply.failure()->text, finder.slot());
    if (refusal != Refusal::wrong_server || again || closed()) break;
  }
  co_return fail(error_of(exchange));
}

// While a slot moves, keys that are not at its old place any more, or not yet there, are asked for
// at the new one.
Task<Result<RedisReply>> Redis::Impl::call_elsewhere(RedisAddress address, RedisCommand command) {
  std::vector<RedisCommand> commands;
  commands.emplace_back("ASKING");
  commands.push_back(std::move(command));
  co_return co_await asked_on.ask(std::move(commands), std::move(address), milliseconds(0), {});
}

Task<Result<RedisReply>> Redis::Impl::block(RedisCommand command, milliseconds at_most,
                                            CancelToken cancel) {
  SELVAGE_CHECK(&net::Loop::current() == &home);
  std::vector<RedisCommand> commands;
  commands.push_back(std::move(command));
  co_return unless_refused(co_await blocking.ask(std::move(commands), {}, at_most, cancel));
}

Redis::Redis(net::Loop& home, RedisUrl url, RedisOptions options)
    : impl_(std::make_unique<Impl>(home, std::move(url), std::move(options))) {}

Redis::~Redis() = default;

[[clang::coro_wrapper]] Task<Result<RedisReply>> Redis::send(RedisCommand command) {
  return impl_->call(std::move(command), Refusal::none);
}

Task<Result<RedisReply>> Redis::eval(const RedisScript& script, std::vector<std::string> keys,
                                     std::vector<std::string> arguments) {
  const auto command = [&](std::string_view name, std::string_view what) {
    RedisCommand made(name);
    made.arg(what).arg(static_cast<std::int64_t>(keys.size()));
    for (const std::string& key : keys) made.arg(key);
    for (const std::string& argument : arguments) made.arg(argument);
    return made;
  };
  auto answer = co_await impl_->call(command("EVALSHA", script.sha1()), Refusal::no_script);
  if (!answer || answer->failure() == nullptr) co_return answer;
  if (refusal_of(answer->failure()->text, {}) != Refusal::no_script) {
    co_return impl_->unless_refused(std::move(answer));
  }
  co_return co_await impl_->call(command("EVAL", script.source()), Refusal::none);
}

[[clang::coro_wrapper]] Task<Result<RedisReply::Array>> Redis::transaction(
    std::vector<RedisCommand> commands) {
  return impl_->transact(std::move(commands));
}

[[clang::coro_wrapper]] Task<Result<RedisReply>> Redis::blocking(RedisCommand command,
                                                                 milliseconds at_most,
                                                                 CancelToken cancel) {
  return impl_->block(std::move(command), at_most, std::move(cancel));
}

const std::string& Redis::server_run_id() const { return impl_->main.run_id(); }
net::Loop& Redis::home() const { return impl_->home; }

Task<void> Redis::close() {
  impl_->closing.cancel();
  co_await impl_->main.close();
  co_await impl_->blocking.close();
  co_await impl_->asked_on.close();
}

}  // namespace selvage::data
