// Beat: the scheduler of one process. Any number of them run beside each other; one leads and
// fires, the others watch it and take over when it falls silent.
//
// Time is the database's (data::database_time), so the clocks of the machines need not agree. A
// clock that goes back never fires twice (schedule_fires) and makes nothing wait for it to catch up
// (set_times_anew); one that goes forward makes times late, for which catch_up holds.
//
// Lives on one loop. Metrics: schedule_fires_total{name,outcome}, schedule_lag_seconds (how late
// the entry that waits longest is now), schedule_leader, schedule_file_ok.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.hpp"
#include "base/settings.hpp"
#include "net/blocking_pool.hpp"
#include "schedule/firing.hpp"
#include "work/leader_lease.hpp"

namespace selvage::schedule {

struct BeatOptions {
  std::string id;              // names this process, unique over all
  std::filesystem::path file;  // empty: entries of the table alone
  EntryRules rules;
  milliseconds on_time{60'000};
  milliseconds lease{10'000};
  milliseconds step{1'000};        // how often a new entry, or a silent leader, is looked for
  milliseconds file_step{5'000};   // how often a change of the file is looked for
  milliseconds error_wait{5'000};  // before an entry that could not fire is tried again
};
// Errors: schedule.file when there is a file and it is wrong, so that a start fails at once.
[[nodiscard]] Result<BeatOptions> beat_options(const Settings& settings, EntryRules rules);

class Beat {
 public:
  // All of them outlive it. `files` reads the schedule file.
  Beat(data::Database& database, Outlet outlet, net::BlockingPool& files, BeatOptions options,
       Registry& metrics);
  // Until cancelled; then hands the lead over.
  [[nodiscard]] Task<void> run(CancelToken stop);

 private:
  struct FileStamp {  // changes when the file does
    std::int64_t modified_ns = 0;
    std::uint64_t size = 0;
    std::uint64_t inode = 0;
    bool operator==(const FileStamp&) const = default;
  };
  struct FileRead {
    FileStamp stamp;
    std::optional<Result<std::vector<Entry>>> entries;  // none: unchanged
  };

  Task<bool> lead();
  Task<Result<void>> prepare();
  Task<Result<void>> read_file();
  // One round of fires; how long to wait for the next.
  Task<Result<milliseconds>> round(CancelToken stop);
  Task<void> fire(std::string name);
  // `led`: the lease itself has noticed before.
  void step_down(bool led = false);
  void count(const std::string& name, std::string_view outcome, std::int64_t by);
  [[nodiscard]] bool clock_went_back(Timestamp now);
  void tell(const Result<void>& outcome);

  data::Database& database_;
  const Outlet outlet_;
  net::BlockingPool& files_;
  const BeatOptions options_;
  Registry& metrics_;
  Gauge& lag_;
  Gauge& leader_;
  Gauge& file_ok_;
  work::LeaderLease lead_;
  SteadyTime renew_at_;
  bool prepared_ = false;  // since this process leads
  std::optional<FileStamp> file_seen_;
  SteadyTime file_due_;
  struct Clock {
    Timestamp database;
    SteadyTime steady;
  };
  std::optional<Clock> clock_;
  std::map<std::string, SteadyTime> not_before_;  // entries that could not fire
  bool progress_ = false;                         // in this round
  bool away_ = false;                             // the database; logged once
};

}  // namespace selvage::schedule
