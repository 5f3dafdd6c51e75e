#include "schedule/beat.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "data/database_time.hpp"
#include "net/loop.hpp"
#include "schedule/schedule_file.hpp"
#include "work/worker_id.hpp"

namespace selvage::schedule {

namespace {

constexpr std::size_t kFiresAtOnce = 8;    // transactions; a few share a commit
constexpr milliseconds kClockStep{1'000};  // smaller steps back are what clocks do every day

}  // namespace

Result<BeatOptions> beat_options(const Settings& settings, EntryRules rules) {
  BeatOptions options{.id = work::new_worker_id(),
                      .file = settings.text("SCHEDULE_FILE"),
                      .rules = std::move(rules),
                      .on_time = settings.duration("SCHEDULE_ON_TIME"),
                      .lease = settings.duration("SCHEDULE_LEASE")};
  if (!options.file.empty()) TRY(read_schedule_file(options.file, options.rules));
  return options;
}

Beat::Beat(data::Database& database, Outlet outlet, net::BlockingPool& files, BeatOptions options,
           Registry& metrics)
    : database_(database),
      outlet_(std::move(outlet)),
      files_(files),
      options_(std::move(options)),
      metrics_(metrics),
      lag_(metrics.gauge("schedule_lag_seconds",
                         "How late the schedule that waits longest is; 0 when none is due.")),
      leader_(metrics.gauge("schedule_leader", "1 while this process fires the schedules.")),
      file_ok_(metrics.gauge("schedule_file_ok", "0 while SCHEDULE_FILE cannot be taken over.")),
      lead_(database, std::string(kOffice), options_.id, options_.lease) {
  file_ok_.set(1);
}

Task<void> Beat::run(CancelToken stop) {
  while (!stop.cancelled()) {
    milliseconds pause = options_.step;
    if (co_await lead()) {
      Result<void> outcome;
      if (!prepared_) outcome = co_await prepare();
      if (outcome && !options_.file.empty()) outcome = co_await read_file();
      if (outcome) {
        const auto waited = co_await round(stop);
        if (waited) pause = *waited;
        if (!waited) outcome = std::unexpected(waited.error());
      }
      tell(outcome);
    }
    if (pause > milliseconds(0)) co_await net::sleep_for(pause, stop);
  }
  co_await lead_.release();
  leader_.set(0);
  lag_.set(0);
}

Task<bool> Beat::lead() {
  const bool led = lead_.leads();
  if (led && steady_now() < renew_at_) co_return true;
  const auto leads = co_await lead_.campaign();
  if (!leads) {
    tell(std::unexpected(leads.error()));
    co_return false;
  }
  renew_at_ = steady_now() + lead_.duration() / 3;
  if (!led || !*leads) prepared_ = false;
  if (*leads && !led) log::info("schedule_leader", {{"holder", options_.id}});
  if (!*leads && led) step_down(true);
  leader_.set(*leads ? 1 : 0);
  co_return *leads;
}

Task<Result<void>> Beat::prepare() {
  file_seen_.reset();
  clock_.reset();
  not_before_.clear();
  const auto moved = CO_TRY(co_await database_.write(
      [this](data::Transaction& tx) { return set_times_anew(tx, lead_); }));
  if (moved > 0) log::info("schedule_times_set_anew", {{"entries", moved}});
  prepared_ = true;
  co_return Result<void>{};
}

Task<Result<void>> Beat::read_file() {
  if (file_seen_ && steady_now() < file_due_) co_return Result<void>{};
  file_due_ = steady_now() + options_.file_step;
  const auto read = CO_TRY(co_await files_.run([this]() -> Result<FileRead> {
    struct stat found{};
    FileRead file;
    if (stat(options_.file.c_str(), &found) == 0) {
      file.stamp = {.modified_ns = found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec,
                    .size = static_cast<std::uint64_t>(found.st_size),
                    .inode = found.st_ino};
    }
    if (file.stamp == file_seen_) return file;
    file.entries = read_schedule_file(options_.file, options_.rules);
    return file;
  }));
  if (!read.entries) co_return Result<void>{};
  const Result<std::vector<Entry>>& entries = *read.entries;
  file_ok_.set(entries ? 1 : 0);
  if (!entries) {  // what was taken over before goes on
    log::error("schedule_file_refused", entries.error());
    file_seen_ = read.stamp;
    co_return Result<void>{};
  }
  const auto refused = CO_TRY(co_await database_.write(
      [this, &entries](data::Transaction& tx) -> Result<std::vector<std::string>> {
        TRY(lead_.hold(tx));
        return take_over_file(tx, *entries, TRY(data::database_time(tx)));
      }));
  file_seen_ = read.stamp;
  log::info("schedule_file_read", {{"entries", entries->size()}});
  for (const std::string& name : refused) {
    file_ok_.set(0);
    log::error("schedule_name_taken",
               {{"schedule", name},
                {"hint", "rename it in SCHEDULE_FILE, or: selvage schedule remove " + name}});
  }
  co_return Result<void>{};
}

Task<Result<milliseconds>> Beat::round(CancelToken stop) {
  const DueEntries due =
      CO_TRY(co_await database_.read([](data::Transaction& tx) { return find_due(tx); }));
  if (clock_went_back(due.now)) {
    log::warning("clock_went_back", {{"effect", "the schedules' next times are set anew"}});
    prepared_ = false;
    co_return milliseconds(0);
  }
  lag_.set(due.oldest ? std::chrono::duration<double>(due.now - *due.oldest).count() : 0);
  progress_ = false;
  for (std::size_t begin = 0; begin < due.names.size() && !stop.cancelled() && lead_.leads();
       begin += kFiresAtOnce) {
    TaskGroup fires;
    for (std::size_t i = begin; i < std::min(begin + kFiresAtOnce, due.names.size()); ++i) {
      fires.spawn(fire(due.names[i]), "schedule fire");
    }
    co_await fires.join();
  }
  if (progress_) {
    outlet_.broker.notify();
    co_return milliseconds(0);
  }
  if (!due.next) co_return options_.step;
  co_return std::clamp(*due.next - due.now, milliseconds(1), options_.step);
}

Task<void> Beat::fire(std::string name) {
  const auto waits = not_before_.find(name);
  if (waits != not_before_.end() && steady_now() < waits->second) co_return;
  const auto report = co_await database_.write([this, &name](data::Transaction& tx) {
    return fire_next(tx, lead_, outlet_, name, options_.on_time);
  });
  if (!report) {
    if (report.error().code == "leader.lost") {
      step_down();
      co_return;
    }
    count(name, "failed", 1);
    log::warning("schedule_fire_failed", report.error(),
                 {{"schedule", name}, {"next_try_ms", options_.error_wait.count()}});
    not_before_[name] = steady_now() + options_.error_wait;
    co_return;
  }
  not_before_.erase(name);
  renew_at_ = steady_now() + lead_.duration() / 3;
  if (report->skipped > 0) {
    count(name, "skipped", report->skipped);
    log::warning("schedule_times_skipped", {{"schedule", name}, {"times", report->skipped}});
  }
  if (report->outcome == FireOutcome::none) co_return;
  progress_ = true;
  if (report->outcome == FireOutcome::skipped) co_return;
  count(name, schedule::name(report->outcome), 1);
  log::info("schedule_fired", {{"schedule", name},
                               {"task_id", report->task_id},
                               {"outcome", schedule::name(report->outcome)},
                               {"lag_ms", report->lag.count()}});
}

void Beat::step_down(bool led) {
  if (!lead_.leads() && !led) return;  // of several fires at once the first has said so
  lead_.lost();
  leader_.set(0);
  lag_.set(0);
  log::warning("schedule_lead_lost", {{"holder", options_.id}});
}

void Beat::count(const std::string& name, std::string_view outcome, std::int64_t by) {
  metrics_
      .counter("schedule_fires_total", "What became of the times of each schedule.",
               {{"name", name}, {"outcome", std::string(outcome)}})
      .add(static_cast<std::uint64_t>(by));
}

bool Beat::clock_went_back(Timestamp now) {
  const Clock here{now, steady_now()};
  const auto before = std::exchange(clock_, here);
  if (!before) return false;
  const auto passed = std::chrono::duration_cast<milliseconds>(here.steady - before->steady);
  return now < before->database + passed - kClockStep;
}

// A database that is away is logged when it goes and when it is back.
void Beat::tell(const Result<void>& outcome) {
  if (!outcome && outcome.error().code == "leader.lost") return step_down();
  if (!outcome && !std::exchange(away_, true)) log::warning("schedule_waits", outcome.error());
  if (outcome && std::exchange(away_, false)) log::info("schedule_goes_on");
}

}  // namespace selvage::schedule
