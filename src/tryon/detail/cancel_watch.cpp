#include "tryon/detail/cancel_watch.hpp"

#include "base/log.hpp"
#include "tryon/cancel.hpp"

namespace selvage::tryon::detail {
namespace {

constexpr std::size_t kMostRequests = 10'000;  // cancellations on their way over all processes

}  // namespace

CancelWatch::Job::Job(CancelWatch& watch, std::string session_id)
    : watch_(watch), place_(watch.jobs_.emplace(std::move(session_id), this)) {}

CancelWatch::Job::~Job() { watch_.jobs_.erase(place_); }

Task<void> CancelWatch::run(CancelToken stop) {
  while (co_await net::sleep_for(kCancelPoll, stop)) {
    if (!jobs_.empty()) co_await look();
  }
}

Task<void> CancelWatch::look() {
  const Result<std::vector<std::string>> requests = co_await database_.read(
      [](data::Transaction& tx) { return cancel_requests(tx, kMostRequests); });
  if (!requests) {
    log::warning("cancel_requests_unreadable", requests.error());
    co_return;
  }
  for (const std::string& id : *requests) {
    // A job that is told may end at once, so the range is looked up anew after each.
    while (true) {
      const auto [first, last] = jobs_.equal_range(id);
      const auto untold =
          std::find_if(first, last, [](const auto& entry) { return !entry.second->wanted(); });
      if (untold == last) break;
      untold->second->cancel();
    }
  }
}

}  // namespace selvage::tryon::detail
