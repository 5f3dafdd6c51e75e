// JobFeed: what changed among the sessions, for status streams and charts.
//
// It reads the database, so it sees the changes of every process; poke() makes it look at once. It
// runs on one loop; subscriptions may be made and read on any loop. A subscriber that does not keep
// up loses the oldest changes (kMaxPending), never memory: streams show states, and the latest
// state is what counts.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "data/database.hpp"
#include "net/loop.hpp"
#include "tryon/session.hpp"

namespace selvage::app {

inline constexpr std::size_t kMaxPending = 256;

// What of a session is told to those who watch: it changes exactly when there is news.
[[nodiscard]] std::string shown_state(const tryon::Session& session);

class JobFeed {
 public:
  JobFeed(net::Loop& loop, data::Database& database);

  class Subscription {
   public:
    ~Subscription();
    // Changes since the last call, oldest first; waits for the first one at most `at_most`. On the
    // loop that subscribed.
    [[nodiscard]] Task<std::vector<tryon::Session>> next(milliseconds at_most, CancelToken cancel);

   private:
    friend JobFeed;
    Subscription(JobFeed& feed, std::string session_id);
    JobFeed& feed_;
    std::string session_id_;  // empty: all
    net::Signal signal_;
    std::deque<tryon::Session> pending_;
  };

  // Changes of one session, or of all when `session_id` is empty. REQUIRES: a running loop on this
  // thread; the feed outlives the subscription.
  [[nodiscard]] std::unique_ptr<Subscription> subscribe(std::string session_id = {});

  // Called on the feed's loop for every change; set before run().
  void on_change(std::function<void(const tryon::Session&)> listener) {
    listener_ = std::move(listener);
  }
  // Any thread: something changed just now.
  void poke() { wake_.set_from_any_thread(); }
  // Until cancelled.
  [[nodiscard]] Task<void> run(CancelToken cancel);

 private:
  void publish(const tryon::Session& session);
  Task<void> read_changes();

  data::Database& database_;
  net::Signal wake_;
  std::function<void(const tryon::Session&)> listener_;
  Timestamp since_;
  std::map<std::string, std::string>
      seen_;          // session -> shown_state(), of the overlap that is read again
  std::mutex mutex_;  // subscriptions come and go on other loops
  std::set<Subscription*> subscriptions_;
};

}  // namespace selvage::app
