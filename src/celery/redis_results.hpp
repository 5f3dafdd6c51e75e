// RedisResults: Celery's result back end on Redis.
//
// Results of one turn of the loop share a script call. Where results and queues are on the same
// server and database, all that a task sets off is one script. On different servers the messages
// go first, as Celery does it: a crash in between repeats them.
#pragma once

#include <memory>

#include "celery/keys.hpp"
#include "celery/result_store.hpp"
#include "data/redis.hpp"

namespace selvage::celery {

// On the clients' loop. Errors: those of data::Redis.
class RedisResults final : public ResultStore {
 public:
  // `results` and `broker` may be the same client. expires 0: results are kept for ever.
  RedisResults(data::Redis& results, data::Redis& broker, Keys keys, seconds expires);
  ~RedisResults() override;

  Task<Result<bool>> put(std::string task_id, std::string meta, std::string delivery) override;
  Task<Result<void>> note(std::string task_id, std::string meta) override;
  Task<Result<Applied>> apply(Guard guard, std::vector<Change> changes,
                              std::vector<Element> messages) override;
  Task<Result<bool>> settled_before(std::string task_id, std::string delivery) override;
  Task<Result<ChordCount>> chord_count(std::string group) override;
  Task<Result<std::vector<std::string>>> chord_parts(std::string group) override;
  Task<Result<std::optional<std::string>>> saved_group(std::string group) override;

  // Waits for what is under way.
  [[nodiscard]] Task<void> close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace selvage::celery
