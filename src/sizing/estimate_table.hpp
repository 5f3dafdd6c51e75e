// Answers of sizing tasks, kept until they are deleted or too old: who asked, and the size or the
// reason why there is none. Never the photo or its URL.
//
// Plain functions over a transaction.
#pragma once

#include <optional>
#include <string>

#include "data/database.hpp"

namespace selvage::sizing {

struct SizeEstimate {
  std::string id;
  std::string owner;                  // its key, "b2b:store-1"; empty: nobody's
  std::optional<std::string> answer;  // JSON, as answer_json() made it
  std::optional<Error> error;         // of the kind that a client can see: unprocessable
  Timestamp created_at;
  std::optional<Timestamp> finished_at;  // with one of answer and error
};

// Notes that it waits; no effect when it is known already. False then.
[[nodiscard]] Result<bool> begin_estimate(data::Transaction& tx, const std::string& id,
                                          const std::string& owner);
// The first end stands: false when it has ended, or was deleted.
[[nodiscard]] Result<bool> finish_estimate(data::Transaction& tx, const std::string& id,
                                           const Result<std::string>& answer);
[[nodiscard]] Result<std::optional<SizeEstimate>> find_estimate(data::Transaction& tx,
                                                                const std::string& id);
// What its owner does not want any more: one that has ended is removed; one that waits ends with
// sizing.cancelled and is removed when it is too old. False when there is none.
[[nodiscard]] Result<bool> drop_estimate(data::Transaction& tx, const std::string& id);
// Removes those that were begun before `time`; how many.
[[nodiscard]] Result<std::int64_t> forget_estimates(data::Transaction& tx, Timestamp time);

}  // namespace selvage::sizing
