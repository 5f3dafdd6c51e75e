#include "work/worker.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "work/detail/held_jobs.hpp"
#include "work/detail/job_span.hpp"
#include "work/job_metrics.hpp"

namespace selvage::work {

namespace {

// After give_up() itself failed: the task stays poison and is given up again.
constexpr seconds kGiveUpAgain{60};

// How often limits are looked at: fine enough that a job overstays its limit by a twentieth at
// most.
milliseconds watch_interval(const WorkerOptions& options) {
  const milliseconds shortest = std::min(options.lease_time, options.time_limit);
  return std::clamp(shortest / 20, milliseconds(5), milliseconds(250));
}

// Hand-outs that no handler answered: the process died with them.
int crashes(const Lease& lease) { return lease.deliveries - lease.retries - 1; }

void log_outcome(const log::Context& log, const Outcome& outcome, milliseconds took) {
  if (const auto* done = std::get_if<Done>(&outcome)) {
    log.info("job_done", {{"took_ms", took.count()}, {"failure", done->failure}});
  } else if (const auto* retry = std::get_if<RetryLater>(&outcome)) {
    log.info(
        "job_retried",
        {{"reason", retry->reason}, {"wait_ms", retry->wait.count()}, {"took_ms", took.count()}});
  } else if (const auto* bury = std::get_if<Bury>(&outcome)) {
    log.warning("job_buried", {{"reason", bury->reason}, {"took_ms", took.count()}});
  } else if (const auto* back = std::get_if<HandBack>(&outcome)) {
    log.info("job_handed_back", {{"reason", back->reason}, {"took_ms", took.count()}});
  } else {
    log.warning("job_lost", {{"took_ms", took.count()}});
  }
}

}  // namespace

struct Worker::Impl {
  Impl(net::Loop& loop, Broker& queue, JobHandler& runs, WorkerOptions wanted, Registry& registry)
      : broker(queue),
        handler(runs),
        options(std::move(wanted)),
        concurrency(options.concurrency),
        place_freed(loop) {
    SELVAGE_CHECK(options.concurrency > 0 && !options.id.empty() && !options.queue.empty());
    if (!handler.counts_its_tasks()) metrics.emplace(registry, handler.name(), options.queue);
  }

  Task<void> run() {
    if (metrics) metrics->worker_up(true);
    upkeep.spawn(extend_leases(), "extend_leases");
    upkeep.spawn(watch_jobs(), "watch_jobs");
    jobs.spawn(fetch(), "fetch");
    co_await jobs.join();
    stop_upkeep.cancel();
    co_await upkeep.join();
    if (metrics) metrics->worker_up(false);
  }

  void drain(milliseconds grace) {
    drain_ends = drain_ends.sooner(Deadline::after(grace));
    draining = true;
    stop_fetching.cancel();
    held.enforce(drain_ends);
  }

  // A place is a running handler. What has answered and waits for its commit takes none, so that
  // claims and acks share commits; but no more than once the concurrency may be on its way.
  [[nodiscard]] std::size_t free_places() const {
    const std::size_t running = active.load(std::memory_order_relaxed);
    const std::size_t most = concurrency.load(std::memory_order_relaxed);
    if (running >= most || held.size() >= 2 * most) return 0;
    return std::min(most - running, 2 * most - held.size());
  }

  Task<void> fetch() {
    const CancelToken stop = stop_fetching.token();
    while (!stop.cancelled()) {
      const std::size_t places = free_places();
      if (places == 0) {
        co_await place_freed.wait(options.poll, stop);
        continue;
      }
      const SteadyTime asked = steady_now();  // the lease runs from no earlier than this
      auto leases = co_await broker.lease(options.queue, options.id, places, options.lease_time);
      if (!leases) {
        log::warning("queue_unavailable", leases.error(),
                     {{"queue", options.queue}, {"next_try_ms", options.error_wait.count()}});
        co_await net::sleep_for(options.error_wait, stop);
        continue;
      }
      const bool emptied = leases->size() < places;
      for (Lease& lease : *leases) {
        if (metrics) metrics->received();
        if (stop.cancelled()) {
          jobs.spawn(hand_back(std::move(lease)), "hand_back");
        } else {
          jobs.spawn(run_job(std::move(lease), asked + options.lease_time), "job");
        }
      }
      if (emptied) co_await broker.wait_for_work(options.queue, options.poll, stop);
    }
  }

  // What arrived after the drain began. When the broker cannot be told, the lease lapses by itself.
  Task<void> hand_back(Lease lease) {
    const auto told = co_await broker.hand_back(lease.ref, Timestamp{});
    if (!told) log::warning("hand_back_failed", told.error(), {{"task_id", lease.ref.task_id}});
  }

  Task<void> run_job(Lease lease, SteadyTime lease_ends) {
    const SteadyTime begin = steady_now();
    log::Context log;
    log.with("task_id", lease.ref.task_id).with("worker", options.id);
    HeldJob job(held, lease.ref, lease_ends, Deadline::after(options.time_limit), log);
    active.fetch_add(1, std::memory_order_relaxed);
    if (metrics) metrics->started(now() - lease.due_at);
    Span span = start_job_span(options, handler, lease);
    if (span) log.with("trace_id", span.context().trace_hex());
    log.debug("job_started", {{"delivery", lease.deliveries}, {"retries", lease.retries}});

    Outcome outcome = co_await outcome_of(JobContext{.lease = std::move(lease),
                                                     .stop = job.stop(),
                                                     .why = job.why(),
                                                     .deadline = job.limit(),
                                                     .log = std::move(log),
                                                     .span = span ? &span : nullptr});
    const auto took = std::chrono::duration_cast<milliseconds>(steady_now() - begin);
    job.answered();
    active.fetch_sub(1, std::memory_order_relaxed);
    if (metrics) metrics->ended();
    place_freed.set();

    if (!co_await settle(job, outcome)) outcome = LeaseLost{};
    end_job_span(span, outcome);
    if (metrics) metrics->settled(outcome, took);
    log_outcome(job.log(), outcome, took);
    count(outcome);
    place_freed.set();
  }

  Task<Outcome> outcome_of(JobContext context) {
    if (const int deaths = crashes(context.lease); deaths >= options.max_deliveries) {
      co_return co_await give_up(std::move(context),
                                 fmt::format("poison: the worker died with it {} times", deaths));
    }
    std::string bug;
    try {
      co_return co_await handler.handle(context);
    } catch (const std::exception& thrown) {
      bug = thrown.what();
    } catch (...) {  // a handler's bug must not take the process and its other jobs down
      bug = "unknown exception";
    }
    context.log.error("job_crashed", {{"error", bug}});
    co_return co_await give_up(std::move(context), "bug: " + bug);
  }

  Task<Outcome> give_up(JobContext context, std::string reason) {
    std::string bug;
    try {
      co_await handler.give_up(context, reason);
      co_return Bury{std::move(reason)};
    } catch (const std::exception& thrown) {
      bug = thrown.what();
    } catch (...) {  // as above
      bug = "unknown exception";
    }
    context.log.error("give_up_failed", {{"error", bug}});
    co_return RetryLater{kGiveUpAgain, "giving up failed: " + bug};
  }

  // Tells the broker, again and again while the lease is ours. False: the lease was lost.
  Task<bool> settle(HeldJob& job, const Outcome& outcome) {
    while (!std::holds_alternative<LeaseLost>(outcome)) {
      const Result<bool> told = co_await tell(job.ref(), outcome);
      if (told) co_return *told;
      job.log().warning("settle_failed", told.error());
      if (job.lost()) break;
      co_await net::sleep_for(std::min(options.error_wait, options.lease_time / 3));
    }
    co_return false;
  }

  [[clang::coro_wrapper]] Task<Result<bool>> tell(LeaseRef ref, const Outcome& outcome) {
    if (const auto* retry = std::get_if<RetryLater>(&outcome)) {
      return broker.retry_later(std::move(ref), now() + retry->wait, retry->reason);
    }
    if (const auto* bury = std::get_if<Bury>(&outcome)) {
      return broker.bury(std::move(ref), bury->reason);
    }
    if (const auto* back = std::get_if<HandBack>(&outcome)) {
      return broker.hand_back(std::move(ref), back->not_before);
    }
    return broker.complete(std::move(ref));
  }

  void count(const Outcome& outcome) {
    if (const auto* end = std::get_if<Done>(&outcome)) ++(end->failure.empty() ? done : failed);
    if (std::holds_alternative<Bury>(outcome)) ++failed;
    if (std::holds_alternative<RetryLater>(outcome)) ++retried;
  }

  Task<void> extend_leases() {
    while (co_await net::sleep_for(options.lease_time / 3, stop_upkeep.token())) {
      const std::vector<LeaseRef> refs = held.to_extend();
      if (refs.empty()) continue;
      const SteadyTime asked = steady_now();
      const auto lost = co_await broker.extend(refs, options.lease_time);
      if (!lost) {  // tried again at the next beat; watch_jobs() stops whose lease runs out
        log::warning("extend_failed", lost.error(), {{"jobs", refs.size()}});
        continue;
      }
      held.extended(refs, asked + options.lease_time);
      held.lost(*lost);
    }
  }

  Task<void> watch_jobs() {
    const milliseconds interval = watch_interval(options);
    while (co_await net::sleep_for(interval, stop_upkeep.token())) held.enforce(drain_ends);
  }

  Broker& broker;
  JobHandler& handler;
  const WorkerOptions options;
  std::atomic<std::size_t> concurrency;  // how many jobs may run at once; any thread reads it
  std::optional<JobMetrics> metrics;     // none: the handler counts
  HeldJobs held;
  Deadline drain_ends = Deadline::never();
  CancelSource stop_fetching;
  CancelSource stop_upkeep;
  net::Signal place_freed;
  // read by status() on any thread
  std::atomic<std::size_t> active = 0;
  std::atomic<std::uint64_t> done = 0;
  std::atomic<std::uint64_t> failed = 0;
  std::atomic<std::uint64_t> retried = 0;
  std::atomic<bool> draining = false;
  TaskGroup upkeep;
  TaskGroup jobs;
};

Worker::Worker(net::Loop& loop, Broker& broker, JobHandler& handler, WorkerOptions options,
               Registry& metrics)
    : impl_(std::make_unique<Impl>(loop, broker, handler, std::move(options), metrics)) {}

Worker::~Worker() = default;

[[clang::coro_wrapper]] Task<void> Worker::run() { return impl_->run(); }

void Worker::drain(milliseconds grace) { impl_->drain(grace); }

void Worker::set_concurrency(std::size_t jobs) {
  SELVAGE_CHECK(jobs > 0);
  impl_->concurrency = jobs;
  impl_->place_freed.set();
}

WorkerStatus Worker::status() const {
  return {.concurrency = impl_->concurrency,
          .active = impl_->active,
          .done = impl_->done,
          .failed = impl_->failed,
          .retried = impl_->retried,
          .draining = impl_->draining};
}

const WorkerOptions& Worker::options() const { return impl_->options; }

}  // namespace selvage::work
