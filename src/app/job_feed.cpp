#include "app/job_feed.hpp"

#include "base/log.hpp"

namespace selvage::app {

namespace {
// A transaction that commits late may carry an earlier time, so this much is read again.
constexpr milliseconds kOverlap{3000};
constexpr milliseconds kPoll{1000};
constexpr milliseconds kGather{20};  // changes that come together are read together
constexpr std::size_t kBatch = 500;
}  // namespace

std::string shown_state(const tryon::Session& session) {
  return fmt::format("{}/{}/{}/{}", name(session.status), session.progress,
                     session.stage.value_or(""), session.cancel_requested_at.has_value());
}

JobFeed::JobFeed(net::Loop& loop, data::Database& database)
    : database_(database), wake_(loop), since_(now() - milliseconds(1)) {}  // this millisecond too

JobFeed::Subscription::Subscription(JobFeed& feed, std::string session_id)
    : feed_(feed), session_id_(std::move(session_id)), signal_(net::Loop::current()) {}

JobFeed::Subscription::~Subscription() {
  std::lock_guard lock(feed_.mutex_);
  feed_.subscriptions_.erase(this);
}

std::unique_ptr<JobFeed::Subscription> JobFeed::subscribe(std::string session_id) {
  std::unique_ptr<Subscription> subscription(new Subscription(*this, std::move(session_id)));
  std::lock_guard lock(mutex_);
  subscriptions_.insert(subscription.get());
  return subscription;
}

Task<std::vector<tryon::Session>> JobFeed::Subscription::next(milliseconds at_most,
                                                              CancelToken cancel) {
  const Deadline deadline = Deadline::after(at_most);
  while (true) {
    std::vector<tryon::Session> changes;
    {
      std::lock_guard lock(feed_.mutex_);
      changes.assign(std::make_move_iterator(pending_.begin()),
                     std::make_move_iterator(pending_.end()));
      pending_.clear();
    }
    if (!changes.empty() || cancel.cancelled() || deadline.passed()) co_return changes;
    co_await signal_.wait(deadline.left(), cancel);
  }
}

void JobFeed::publish(const tryon::Session& session) {
  if (listener_) listener_(session);
  std::lock_guard lock(mutex_);
  for (Subscription* subscription : subscriptions_) {
    if (!subscription->session_id_.empty() && subscription->session_id_ != session.id) continue;
    if (subscription->pending_.size() >= kMaxPending) subscription->pending_.pop_front();
    subscription->pending_.push_back(session);
    subscription->signal_.set_from_any_thread();
  }
}

Task<void> JobFeed::run(CancelToken cancel) {
  while (!cancel.cancelled()) {
    co_await wake_.wait(kPoll, cancel);
    if (!co_await net::sleep_for(kGather, cancel)) break;
    co_await read_changes();
  }
}

Task<void> JobFeed::read_changes() {
  const Timestamp started = now();
  Timestamp from = since_;
  std::map<std::string, std::string> seen;
  while (true) {
    auto changed = co_await database_.read(
        [from](data::Transaction& tx) { return tryon::sessions_changed_since(tx, from, kBatch); });
    if (!changed) {
      log::warning("job_feed_unreadable", changed.error());
      co_return;  // the next round begins where this one did
    }
    for (const tryon::Session& session : *changed) {
      const std::string state = shown_state(session);
      auto known = seen_.find(session.id);
      if ((known == seen_.end() || known->second != state) && !seen.contains(session.id)) {
        publish(session);
      }
      seen[session.id] = state;
    }
    if (changed->size() < kBatch) break;
    const Timestamp last = changed->back().updated_at;
    from = last > from ? last - milliseconds(1) : last;  // a batch that ends within one millisecond
  }
  seen_ = std::move(seen);
  since_ = started - kOverlap;
}

}  // namespace selvage::app
