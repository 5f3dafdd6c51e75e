#include "data/detail/postgres_worker.hpp"

#include <fmt/format.h>

#include <thread>

#include "base/id.hpp"
#include "base/log.hpp"
#include "data/detail/call_body.hpp"

namespace selvage::data {

namespace {

constexpr int kMaxConflicts = 10;  // about two seconds of trying
constexpr int kMaxLosses = 3;
constexpr milliseconds kFirstConflictPause{2};
constexpr milliseconds kLongestConflictPause{500};
constexpr milliseconds kShortestConnect{500};
constexpr milliseconds kDecisionPause{100};

// A random part of a time that doubles: who collided once should not collide again.
void pause_after_conflict(int conflicts) {
  const milliseconds longest =
      std::min(kFirstConflictPause * (1 << std::min(conflicts, 10)), kLongestConflictPause);
  const double share = static_cast<double>(longest.count()) * random_share();
  std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(share));
}

Error unknown(const Error& lost, std::string_view why) {
  return {ErrorKind::unavailable, "db.commit_unknown",
          fmt::format("{}, while it was committing; whether it did could not be found out: {}",
                      lost.message, why),
          "look whether the change is there before it is made again", nullptr};
}

}  // namespace

void PostgresWorker::serve() {
  FairJob job;
  while (pool_.queue.pop(job)) {
    const FairJob::Kind kind = job.kind;
    run(job);
    job = FairJob();
    pool_.queue.finished(kind);
  }
}

Result<void> PostgresWorker::connect(SteadyTime until) {
  if (connection_ && connection_->usable()) return {};
  connection_.reset();
  while (true) {
    const std::uint64_t turn = TRY(pool_.reconnection.wait_for_turn(until));
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_now());
    auto made = PostgresConnection::open(
        pool_.target, std::clamp(left, kShortestConnect, pool_.options.connect_time));
    if (made) {
      pool_.reconnection.succeeded();
      connection_ = std::move(*made);
      if (was_connected_) log::info("database_reconnected", {{"database", pool_.target.shown}});
      was_connected_ = true;
      return {};
    }
    pool_.reconnection.failed(turn, made.error().error);
    if (made.error().lasting) return std::unexpected(std::move(made.error().error));
  }
}

void PostgresWorker::run(FairJob& job) {
  SteadyTime until = job.submitted + pool_.options.patience;
  int conflicts = 0;
  int losses = 0;
  while (true) {
    if (Result<void> ready = connect(until); !ready) {
      job.done(std::move(ready));
      return;
    }
    Ending ending = attempt(job);
    if (ending.next == Ending::Next::decide) {
      ending = decide(ending.mark, ending.outcome.error());
    }
    if (ending.next == Ending::Next::repeat_conflict && ++conflicts <= kMaxConflicts) {
      pause_after_conflict(conflicts);
      continue;
    }
    if (ending.next == Ending::Next::repeat_lost && ++losses <= kMaxLosses) {
      log::warning("database_connection_lost", ending.outcome.error(), {{"try", losses}});
      until = std::max(until, steady_now() + pool_.options.patience);
      continue;
    }
    if (job.done) job.done(std::move(ending.outcome));
    return;
  }
}

PostgresWorker::Ending PostgresWorker::attempt(FairJob& job) {
  using Mode = PostgresTransaction::Mode;
  const bool reads = job.kind == FairJob::Kind::read;
  PostgresTransaction transaction(*connection_, reads ? Mode::read : Mode::write, times());
  Result<void> outcome = call_body(job.body, transaction);
  if (transaction.failure()) {
    transaction.roll_back();
    Ending ending = ending_of(*transaction.failure());
    // A body's own words say more, but a body that hides a failed statement has not succeeded.
    if (ending.next == Ending::Next::finish && !outcome) ending.outcome = std::move(outcome);
    return ending;
  }
  if (reads) {
    job.done(std::move(outcome));  // whoever waits need not wait for the end of the snapshot
    job.done = nullptr;
    transaction.roll_back();
    return {};
  }
  if (!outcome) {
    transaction.roll_back();
    return {Ending::Next::finish, std::move(outcome), {}};
  }
  const CommitMark mark = slot_.next_mark();
  const Attempt<bool> committed = transaction.commit(mark);
  if (committed) {
    if (*committed) slot_.holds(mark.after);
    return {};
  }
  Ending ending = ending_of(committed.error());
  const Fate fate = committed.error().fate;
  if (fate != Fate::lost && fate != Fate::silent) return ending;
  if (transaction.can_be_marked()) return {Ending::Next::decide, std::move(ending.outcome), mark};
  return {Ending::Next::finish,
          std::unexpected(unknown(ending.outcome.error(), "the table commit_marks is missing")),
          {}};
}

PostgresWorker::Ending PostgresWorker::ending_of(const PostgresFailure& failure) {
  Ending ending{Ending::Next::finish, std::unexpected(failure.error), {}};
  if (failure.fate == Fate::conflict) ending.next = Ending::Next::repeat_conflict;
  if (failure.fate == Fate::lost) ending.next = Ending::Next::repeat_lost;
  return ending;
}

PostgresWorker::Ending PostgresWorker::decide(const CommitMark& mark, const Error& lost) {
  const SteadyTime until = steady_now() + pool_.options.decision_time;
  log::warning("database_commit_in_doubt", lost);
  std::string why;
  do {
    const Result<bool> committed = [&]() -> Result<bool> {
      TRY(connect(until));
      return ask(mark);
    }();
    if (committed) {
      log::warning("database_commit_decided", {{"committed", *committed}});
      if (*committed) return {};
      return {Ending::Next::repeat_lost, std::unexpected(lost), {}};
    }
    why = committed.error().message;
    if (connection_) connection_->give_up();  // perhaps to a server that became a standby
    std::this_thread::sleep_for(kDecisionPause);
  } while (steady_now() < until && !pool_.queue.closed());
  slot_.abandon();
  Error error = unknown(lost, why);
  log::error("database_commit_unknown", error);
  return {Ending::Next::finish, std::unexpected(std::move(error)), {}};
}

Result<bool> PostgresWorker::ask(const CommitMark& mark) {
  const PostgresStatement question = ask_for_mark(mark, slot_.next_fence());
  PostgresTransaction transaction(*connection_, PostgresTransaction::Mode::write, times());
  const Result<Rows> answer = transaction.query(question.sql, question.params);
  if (!answer) {
    transaction.roll_back();
    return std::unexpected(answer.error());
  }
  const std::int64_t held = answer->at(0).integer(0);
  // An answer that is lost on the way is asked for again; either way it is the same.
  if (Attempt<void> ended = transaction.commit(); !ended) {
    return std::unexpected(std::move(ended.error().error));
  }
  slot_.holds(held);
  return held == mark.after;
}

}  // namespace selvage::data
