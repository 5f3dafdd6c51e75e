#include "work/detail/redis_waiting.hpp"

#include <fmt/format.h>

#include "work/detail/redis_keys.hpp"

namespace selvage::work {

namespace {

// Long enough to be rare, short enough that a look that nobody waits for any more soon ends.
constexpr milliseconds kLook{1000};

}  // namespace

RedisWaiting::RedisWaiting(RedisCalls& calls, TaskGroup& group, milliseconds poll)
    : calls_(calls), group_(group), poll_(poll) {}

RedisWaiting::~RedisWaiting() = default;

void RedisWaiting::wake() {
  ++wakes_;
  for (net::Signal* waiter : waiters_) waiter->set();
}

void RedisWaiting::claimed(std::uint64_t wakes_before, bool paused,
                           std::optional<milliseconds> until_due) {
  wakes_at_claim_ = wakes_before;
  paused_ = paused;
  due_.reset();
  if (until_due) due_ = Deadline::after(*until_due).at;
}

Task<void> RedisWaiting::wait(milliseconds at_most, CancelToken cancel) {
  if (wakes_ != wakes_at_claim_) {  // since the claim that found nothing
    wakes_at_claim_ = wakes_;
    co_return;
  }
  listen();
  if (!paused_) look_for_elements();
  milliseconds pause = std::min(at_most, poll_);
  if (due_ && !paused_) pause = std::min(pause, Deadline{*due_}.left());
  net::Signal waiter(net::Loop::current());
  const auto place = waiters_.insert(waiters_.end(), &waiter);
  co_await waiter.wait(pause, std::move(cancel));
  waiters_.erase(place);
}

// One look at a time, shared by all who wait and repeated while somebody does: a look that ended
// between two polls would leave a new element unseen until the next.
void RedisWaiting::look_for_elements() {
  if (looking_ || stop_.cancelled()) return;
  looking_ = true;
  group_.spawn(look(), "look for elements");
}

Task<void> RedisWaiting::look() {
  const std::string& list = calls_.key(queue_key::raw);
  const std::string at_most = fmt::format("{:.3f}", std::chrono::duration<double>(kLook).count());
  while (!stop_.cancelled()) {
    data::RedisCommand command("BLMOVE");
    command.arg(list).arg(list).arg("RIGHT").arg("RIGHT").arg(at_most);
    const auto element = co_await calls_.redis().blocking(std::move(command), kLook, stop_.token());
    if (!element) break;  // whoever waits polls, and starts the next look
    if (!element->is_nil()) {
      looking_ = false;
      wake();
      co_return;
    }
    if (waiters_.empty() || paused_) break;
  }
  looking_ = false;
}

void RedisWaiting::listen() {
  if (subscription_ || stop_.cancelled()) return;
  subscription_ = std::make_unique<data::RedisSubscription>(
      calls_.redis().home(), calls_.url(),
      std::vector<std::string>{wake_channel(calls_.form().queue)}, std::vector<std::string>{});
  // what was published before it listened is found by a claim
  group_.spawn(
      subscription_->run([this](data::RedisMessage) { wake(); }, [this] { wake(); }, stop_.token()),
      "listen for work");
}

}  // namespace selvage::work
