// Settler: makes the end of a task durable, with everything it sets off: result, callbacks, the
// next step of its chain, error callbacks, its part of a chord and the chord's callback.
//
// All calls may be repeated after an error: what was done is found and not done again.
#pragma once

#include <string>
#include <string_view>

#include "celery/detail/result_meta.hpp"
#include "celery/detail/workflow.hpp"
#include "celery/node_state.hpp"
#include "celery/result_store.hpp"

namespace selvage::celery {

// One try of a task, as it is settled.
struct Try {
  const Message& message;
  std::string_view queue;
  int retries = 0;
};

class Settler {
 public:
  // All outlive it. `extended`: results carry name, arguments and worker as well.
  Settler(ResultStore& results, const Routes& routes, const NodeState& node, bool extended);

  // Errors: celery.signature and celery.too_large, when what follows cannot be made: then the task
  // must fail; else those of data::Redis.
  [[nodiscard]] Task<Result<void>> succeed(Try what, std::string value);
  [[nodiscard]] Task<Result<void>> fail(Try what, Raised why);
  // `reason`: "revoked", "expired", "terminated".
  [[nodiscard]] Task<Result<void>> revoke(Try what, std::string reason);
  // A state that is no end.
  [[nodiscard]] Task<Result<void>> note(Try what, std::string state, std::string result,
                                        std::string traceback);
  // True when an earlier delivery of the same message had settled the task and died before its
  // ack; a chord that it left complete is called now.
  [[nodiscard]] Task<Result<bool>> settled_before(Try what);

 private:
  struct End;
  Task<Result<void>> store(Try what, End end);
  // Calls the chord that a count shows complete, and fails one that can never be.
  Task<Result<void>> end_chord(ChordCount count, std::string callback, StepOrigin origin);
  Task<Result<void>> call_chord(std::string group, std::string callback, StepOrigin origin);
  Task<Result<std::string>> chord_results(std::string group);
  Task<Result<void>> fail_chord(std::string group, std::string callback, Raised why,
                                StepOrigin origin);
  [[nodiscard]] std::string meta(const Try& what, const ResultState& state) const;

  ResultStore& results_;
  const Routes& routes_;
  const NodeState& node_;
  const bool extended_;
};

}  // namespace selvage::celery
