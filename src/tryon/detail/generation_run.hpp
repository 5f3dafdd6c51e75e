// One run of one generation job, from the lease to its end, read top to bottom in stages().
//
// A stage ends the run early by returning an Ending: a failure of the session (settled with its
// refund), or an answer to the engine that leaves the session as it is. The object lives in the
// handler's coroutine frame.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/task_group.hpp"
#include "tryon/detail/cancel_watch.hpp"
#include "tryon/detail/settle.hpp"
#include "tryon/pipeline.hpp"

namespace selvage::tryon::detail {

class GenerationRun {
 public:
  GenerationRun(PipelineParts& parts, CancelWatch& cancels, work::JobContext job,
                GenerationTask task);

  [[nodiscard]] Task<work::Outcome> run();
  // For a task that keeps killing its workers: completed if its picture is stored, else failed with
  // refund.
  [[nodiscard]] Task<void> give_up(std::string reason);

 private:
  using Ending = std::variant<SessionFailure, work::Outcome>;
  template <class T>
  using Stage = std::expected<T, Ending>;
  struct StoredResult {
    std::string key;
    std::string provider_request_id;
  };
  // Lets those who watch know of a stage, if it lasts; over when it goes out of scope.
  class Shown {
   public:
    Shown(GenerationRun& run, tryon::Stage stage);
    ~Shown() { over_.cancel(); }
    Shown(const Shown&) = delete;
    Shown& operator=(const Shown&) = delete;

   private:
    CancelSource over_;
  };

  Task<work::Outcome> run_and_settle();
  Task<Stage<work::Outcome>> stages();
  // The stages, in order.
  Task<Stage<void>> begin();
  Task<Stage<std::optional<StoredResult>>> find_result();
  Task<Stage<std::vector<InputImage>>> load();
  Task<Stage<GeneratedImage>> generate(std::vector<InputImage> inputs);
  Task<Stage<StoredResult>> store(GeneratedImage image);
  Task<Stage<work::Outcome>> complete(StoredResult result);

  // A call's place under the limit over all workers; the provider's own retries take one each too.
  // While nobody can be asked there is no place: it waits, and leaves the error in limit_away_.
  [[nodiscard]] Task<Result<void>> acquire_turn(std::int64_t cost);
  Task<Stage<void>> wait_for_turn(std::size_t input_images);
  // The last look before money is spent.
  Task<Stage<void>> check_not_cancelled();
  Task<void> show(tryon::Stage stage, CancelToken over);
  Task<work::Outcome> settle_failure(SessionFailure failure);
  Task<Ending> provider_ending(ProviderError error);
  Task<Ending> postpone(std::string_view rule, std::string note, bool asked_by_provider,
                        std::optional<milliseconds> server_wait);
  Task<void> tidy_after_end();
  Task<void> remove_inputs();
  Task<void> remove_results();

  // What the engine, or the job's owner, told the job if it is to stop.
  [[nodiscard]] std::optional<Ending> stopped() const;
  [[nodiscard]] Ending waits_for(const Error& infrastructure) const;
  [[nodiscard]] Ending ending_of(const Error& error) const;
  void changed(const Settlement& settlement);
  // Of this run; not valid() when it is not traced.
  [[nodiscard]] TraceContext trace() const {
    return job_.span != nullptr ? job_.span->context() : TraceContext();
  }
  void count(const work::Outcome& outcome) const;

  PipelineParts& parts_;
  const work::JobContext job_;
  const GenerationTask task_;
  const std::int64_t token_;
  const SteadyTime started_ = steady_now();
  log::Context log_;
  Session session_;  // as of the last transaction
  CancelWatch::Job cancel_;
  std::optional<Error> limit_away_;
  // Ends the waits that a cancellation may end: cancelled by it, or by the engine.
  CancelSource interrupt_;
  CancelToken::Registration by_engine_;
  CancelToken::Registration by_owner_;
  TaskGroup shown_;
};

// Tries again what failed because something of ours was away, in place while the lease is held.
class Patience {
 public:
  explicit Patience(int tries) : left_(tries) {}
  // False when it is exhausted or the job was told to stop.
  [[nodiscard]] Task<bool> wait(CancelToken stop);

 private:
  int left_;
  milliseconds next_{250};
};

}  // namespace selvage::tryon::detail
