#include "work/detail/redis_settling.hpp"

namespace selvage::work {

namespace {

constexpr std::size_t kMostAtOnce = 500;  // leases one script ends
constexpr std::size_t kMostUnsure = 100'000;
constexpr std::chrono::hours kUnsureFor{1};  // no lease that is not extended lasts longer

}  // namespace

struct RedisSettling::Joining {
  RedisSettling& settling;
  Waiting& waiting;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    waiting.awaiting = awaiting;
    settling.join(waiting);
  }
  void await_resume() const noexcept {}
};

Task<Result<bool>> RedisSettling::settle(Settlement wish) {
  Waiting waiting{.wish = std::move(wish), .awaiting = {}};
  co_await Joining{*this, waiting};
  co_return std::move(waiting.answer);
}

void RedisSettling::join(Waiting& waiting) {
  (waiting.wish.traceless ? traceless_ : others_).push_back(&waiting);
  if (std::exchange(send_due_, true)) return;
  calls_.redis().home().post([this] { send_all(); });
}

void RedisSettling::send_all() {
  send_due_ = false;
  for (const bool traceless : {true, false}) {
    const Batch all = std::exchange(traceless ? traceless_ : others_, {});
    for (std::size_t from = 0; from < all.size(); from += kMostAtOnce) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(from);
      const auto count = std::min(kMostAtOnce, all.size() - from);
      group_.spawn(send(Batch(begin, begin + static_cast<std::ptrdiff_t>(count)), traceless),
                   "settle");
    }
  }
}

Task<void> RedisSettling::send(Batch batch, bool traceless) {
  auto held = co_await ask(batch, traceless);
  if (!held && may_have_run(held.error())) {
    remember_unsure(batch);
    held = co_await ask(batch, traceless);
    if (!held && may_have_run(held.error())) remember_unsure(batch);
  }
  answer(batch, std::move(held));
}

Task<Result<std::vector<bool>>> RedisSettling::ask(const Batch& batch, bool traceless) {
  std::vector<std::string> arguments;
  arguments.reserve(batch.size() * (traceless ? 1 : 4));
  for (const Waiting* one : batch) {
    const Settlement& wish = one->wish;
    if (!traceless) arguments.emplace_back(1, static_cast<char>(wish.what));
    arguments.push_back(std::to_string(wish.token));
    if (traceless) continue;
    arguments.push_back(std::to_string(std::max<std::int64_t>(wish.ms, 0)));
    arguments.push_back(wish.reason);
  }
  const auto reply =
      traceless ? CO_TRY(co_await calls_.complete(std::move(arguments)))
                : CO_TRY(co_await calls_.eval(queue_scripts().settle, std::move(arguments)));
  if (reply.is_integer()) co_return std::vector<bool>(batch.size(), true);
  if (!reply.is_array() || reply.array().size() != batch.size()) co_return odd_reply("settling");
  std::vector<bool> held;
  held.reserve(batch.size());
  for (const data::RedisReply& each : reply.array()) {
    held.push_back(each.is_integer() && each.integer() == 1);
  }
  co_return held;
}

void RedisSettling::answer(const Batch& batch, Result<std::vector<bool>> held) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Waiting& one = *batch[i];
    if (!held) {
      one.answer = fail(held.error());
    } else {
      const bool repeated = !unsure_.empty() && unsure_.erase(one.wish.token) > 0;
      one.answer = (*held)[i] || repeated;
    }
  }
  for (Waiting* one : batch) one->awaiting.resume();
}

void RedisSettling::remember_unsure(const Batch& batch) {
  const SteadyTime time = steady_now();
  if (unsure_.size() > kMostUnsure) {
    std::erase_if(unsure_, [&](const auto& one) { return time - one.second > kUnsureFor; });
    if (unsure_.size() > kMostUnsure) unsure_.clear();
  }
  for (const Waiting* one : batch) unsure_[one->wish.token] = time;
}

}  // namespace selvage::work
