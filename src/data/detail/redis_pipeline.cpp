#include "data/detail/redis_pipeline.hpp"

#include "base/task_group.hpp"
#include "net/loop.hpp"

namespace selvage::data {

namespace {

constexpr int kTicks = 4;  // in a reply time; a silence is noticed within one tick more
constexpr milliseconds kShortestTick{10};

}  // namespace

RedisPipeline::RedisPipeline(std::unique_ptr<RedisWire> wire, milliseconds reply_time,
                             Refused refused)
    : wire_(std::move(wire)), reply_time_(reply_time), refused_(std::move(refused)) {}

bool RedisPipeline::add(RedisExchange& exchange, std::size_t commands, std::string_view bytes) {
  if (pending_ + commands > kMaxPending || !wire_->stream().append(bytes)) return false;
  return enqueue(exchange, commands);
}

bool RedisPipeline::add(RedisExchange& exchange, const RedisCommand& command) {
  if (pending_ + 1 > kMaxPending || !command.append_to(wire_->stream())) return false;
  return enqueue(exchange, 1);
}

bool RedisPipeline::enqueue(RedisExchange& exchange, std::size_t commands) {
  exchange.outcome = RedisExchange::Outcome::waiting;
  waiting_.push_back({&exchange, commands, wire_->stream().appended()});
  pending_ += commands;
  flush_soon();
  return true;
}

// Callers that answers have just resumed are flushed together behind the last of them.
void RedisPipeline::flush_soon() {
  if (std::exchange(flush_due_, true) || delivering_) return;
  net::Loop::current().post([self = shared_from_this()] {
    self->flush_due_ = false;
    self->wire_->stream().flush();
  });
}

Task<void> RedisPipeline::run() {
  CancelSource ended;
  TaskGroup watching;
  watching.spawn(watch(ended.token()), "redis_watch");
  for (;;) {
    const std::size_t got = co_await wire_->stream().read_some(wire_->reader().room());
    if (got == 0) break;
    ++received_;
    wire_->reader().received(got);
    read_answers();
    if (retired_ && waiting_.empty()) close();
  }
  ended.cancel();
  co_await watching.join();
}

void RedisPipeline::read_answers() {
  delivering_ = true;
  for (;;) {
    RedisReply reply;
    const RespReader::Step step = wire_->reader().next(reply);
    if (step == RespReader::Step::more) break;
    // an answer that nobody waits for: who is out of step cannot be trusted any more
    if (step == RespReader::Step::broken || waiting_.empty()) {
      close();
      break;
    }
    deliver(std::move(reply));
  }
  delivering_ = false;
  if (std::exchange(flush_due_, false)) wire_->stream().flush();
}

void RedisPipeline::deliver(RedisReply reply) {
  Waiting& first = waiting_.front();
  RedisExchange& exchange = *first.exchange;
  --pending_;
  if (const RedisReply::Failure* failure = reply.failure()) {
    refused_(failure->text);
    if (first.answers > 1 && exchange.early_failure.empty()) exchange.early_failure = failure->text;
  }
  if (--first.answers > 0) return;
  waiting_.pop_front();
  exchange.reply = std::move(reply);
  exchange.outcome = RedisExchange::Outcome::answered;
  exchange.awaiting.resume();
}

void RedisPipeline::give_up_waiting() {
  const std::uint64_t sent = wire_->stream().sent();
  const auto after_sending =
      silent_ ? RedisExchange::Outcome::silent : RedisExchange::Outcome::lost;
  const auto all = std::exchange(waiting_, {});
  pending_ = 0;
  for (const Waiting& one : all) {
    one.exchange->outcome = one.sent_end > sent ? RedisExchange::Outcome::unsent : after_sending;
    one.exchange->awaiting.resume();
  }
}

void RedisPipeline::retire() {
  retired_ = true;
  if (!delivering_ && waiting_.empty()) close();
}

std::string RedisPipeline::end_reason() const {
  if (silent_) return "it does not answer";
  if (retired_) return "another server is to be asked";
  const std::string& trouble = wire_->reader().trouble();
  return trouble.empty() ? wire_->stream().end_reason() : "what answers is not Redis: " + trouble;
}

// Counts ticks in which commands waited and nothing at all arrived. That needs no clock for each
// command, and a long answer on a slow line is not cut off.
Task<void> RedisPipeline::watch(CancelToken ended) {
  const milliseconds tick = std::max(reply_time_ / kTicks, kShortestTick);
  std::uint64_t seen = received_;
  int silent = 0;
  while (co_await net::sleep_for(tick, ended)) {
    silent = !waiting_.empty() && received_ == seen ? silent + 1 : 0;
    seen = received_;
    // the first tick may have begun long before the command that waits
    if (silent > kTicks) {
      silent_ = true;
      close();
      co_return;
    }
  }
}

}  // namespace selvage::data
