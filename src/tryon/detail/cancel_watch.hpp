// CancelWatch: tells the running jobs of this process that their owners want them stopped,
// whichever process was asked. One loop.
#pragma once

#include <map>
#include <string>

#include "base/cancel.hpp"
#include "data/database.hpp"
#include "net/loop.hpp"

namespace selvage::tryon::detail {

class CancelWatch {
 public:
  explicit CancelWatch(data::Database& database) : database_(database) {}

  // A running job; it outlives what waits on its token.
  class Job {
   public:
    Job(CancelWatch& watch, std::string session_id);
    ~Job();
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    [[nodiscard]] CancelToken token() const { return wanted_.token(); }
    [[nodiscard]] bool wanted() const { return wanted_.cancelled(); }
    void cancel() { wanted_.cancel(); }

   private:
    CancelWatch& watch_;
    std::multimap<std::string, Job*>::iterator place_;
    CancelSource wanted_;
  };

  // Looks every kCancelPoll while jobs run, until stopped. A database that is away is asked again.
  [[nodiscard]] Task<void> run(CancelToken stop);

 private:
  [[nodiscard]] Task<void> look();

  data::Database& database_;
  std::multimap<std::string, Job*>
      jobs_;  // a session may run twice for a moment: one lost its lease
};

}  // namespace selvage::tryon::detail
