// NoResults: for a queue without Redis. Results are not kept, and what needs a result back end
// (callbacks, chains, chords) fails with a reason.
#pragma once

#include "celery/result_store.hpp"

namespace selvage::celery {

// Any thread. Errors: celery.needs_redis (unsupported).
class NoResults final : public ResultStore {
 public:
  Task<Result<bool>> put(std::string task_id, std::string meta, std::string delivery) override;
  Task<Result<void>> note(std::string task_id, std::string meta) override;
  Task<Result<Applied>> apply(Guard guard, std::vector<Change> changes,
                              std::vector<Element> messages) override;
  Task<Result<bool>> settled_before(std::string task_id, std::string delivery) override;
  Task<Result<ChordCount>> chord_count(std::string group) override;
  Task<Result<std::vector<std::string>>> chord_parts(std::string group) override;
  Task<Result<std::optional<std::string>>> saved_group(std::string group) override;
};

}  // namespace selvage::celery
