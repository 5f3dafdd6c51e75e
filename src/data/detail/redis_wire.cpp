#include "data/detail/redis_wire.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "data/detail/host_port.hpp"
#include "data/detail/redis_errors.hpp"

namespace selvage::data {

namespace {

// What a step of the login is for; answers are judged by it.
enum class Step { auth, select, set_name, ping };

Result<void> judge(Step step, const RedisReply& reply, const std::string& label) {
  const RedisReply::Failure* failure = reply.failure();
  if (failure == nullptr) return {};
  const Refusal refusal = refusal_of(failure->text, {});
  switch (step) {
    case Step::auth:
      // also "ERR AUTH <password> called without any password configured"
      if (refusal == Refusal::none || refusal == Refusal::credentials) {
        Error error = refused_error(label, failure->text);
        error.code = "redis.auth";
        error.kind = ErrorKind::unavailable;
        error.hint = "check user and password in the URL";
        return fail(std::move(error));
      }
      break;
    case Step::select:
      break;
    case Step::set_name:
      return {};  // a name is a courtesy, and an ACL may forbid it
    case Step::ping:
      if (failure->text.starts_with("NOPERM")) return {};  // logged in, and may not say PING
      break;
  }
  Error error = refused_error(label, failure->text);
  error.kind = ErrorKind::unavailable;
  return fail(std::move(error));
}

}  // namespace

std::string label_of(const RedisAddress& address) {
  return to_string(HostPort{address.host, address.port});
}

std::string RedisWire::label() const { return label_of(address_); }

Task<Result<std::unique_ptr<RedisWire>>> RedisWire::open(RedisUrl url, RedisAddress address,
                                                         Deadline deadline, CancelToken cancel) {
  net::StreamTarget target{.host = address.host,
                           .port = address.port,
                           .tls = url.tls,
                           .ca_file = url.ca_file,
                           .tls_name = url.tls_name};
  auto stream = CO_TRY(co_await net::Stream::connect(std::move(target), deadline, cancel));
  co_return std::unique_ptr<RedisWire>(new RedisWire(std::move(stream), std::move(address)));
}

Task<Result<RedisReply::Array>> RedisWire::log_in(RedisLogin login, std::vector<RedisCommand> more,
                                                  Deadline deadline, CancelToken cancel) {
  std::vector<RedisCommand> commands;
  std::vector<Step> steps;
  if (!login.user.empty() || !login.password.empty()) {
    RedisCommand auth("AUTH");
    if (!login.user.empty()) auth.arg(login.user);
    auth.arg(login.password.reveal());
    commands.push_back(std::move(auth));
    steps.push_back(Step::auth);
  }
  if (login.db != 0) {
    commands.push_back(RedisCommand("SELECT").arg(login.db));
    steps.push_back(Step::select);
  }
  if (!login.client_name.empty()) {
    commands.push_back(RedisCommand("CLIENT").arg("SETNAME").arg(login.client_name));
    steps.push_back(Step::set_name);
  }
  commands.emplace_back("PING");
  steps.push_back(Step::ping);
  for (RedisCommand& command : more) commands.push_back(std::move(command));

  RedisReply::Array replies = CO_TRY(co_await ask(std::move(commands), deadline, cancel));
  for (std::size_t i = 0; i < steps.size(); ++i) CO_TRY(judge(steps[i], replies[i], label()));
  replies.erase(replies.begin(), replies.begin() + static_cast<std::ptrdiff_t>(steps.size()));
  co_return replies;
}

Task<Result<RedisReply::Array>> RedisWire::ask(std::vector<RedisCommand> commands,
                                               Deadline deadline, CancelToken cancel) {
  for (const RedisCommand& command : commands) {
    if (!stream_->append(command.encode())) co_return fail(too_many_error(label()));
  }
  stream_->flush();
  RedisReply::Array replies;
  while (replies.size() < commands.size()) {
    replies.push_back(CO_TRY(co_await next(deadline, cancel)));
    // a server that refuses a connection says so once and closes it
    const RedisReply::Failure* failure = replies.back().failure();
    if (failure != nullptr && (failure->text.starts_with("DENIED") ||
                               failure->text.starts_with("ERR max number of clients"))) {
      stream_->close();
      co_return fail(refused_error(label(), failure->text));
    }
  }
  co_return replies;
}

Task<Result<RedisReply>> RedisWire::next(Deadline deadline, CancelToken cancel) {
  for (;;) {
    RedisReply reply;
    switch (reader_.next(reply)) {
      case RespReader::Step::reply:
        co_return reply;
      case RespReader::Step::broken:
        stream_->close();
        co_return fail(
            ErrorKind::unavailable, "redis.protocol",
            fmt::format("what answers at {} is not Redis: {}", label(), reader_.trouble()),
            "check the port, and whether it speaks TLS");
      case RespReader::Step::more:
        break;
    }
    reader_.received(CO_TRY(co_await stream_->read_some(reader_.room(), deadline, cancel)));
  }
}

}  // namespace selvage::data
