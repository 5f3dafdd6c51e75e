// Sessions, balances and queues as the JSON of the API. Include <boost/json.hpp> in the .cpp.
#pragma once

#include "base/json.hpp"
#include "data/object_storage.hpp"
#include "tryon/ledger.hpp"
#include "tryon/session.hpp"
#include "work/broker.hpp"
#include "work/worker_registry.hpp"

namespace selvage::app {

struct JobView {
  data::ObjectStorage& storage;  // signs result URLs
  seconds url_lifetime;
  bool admin = false;  // operators also see details and inputs
};

// A picture that cannot be signed now has no link in the answer.
[[nodiscard]] Task<json::value> job_json(JobView view, tryon::Session session);
// All their pictures are signed in one call.
[[nodiscard]] Task<json::array> jobs_json(JobView view, std::vector<tryon::Session> sessions);
[[nodiscard]] json::value balance_json(const tryon::Balance& balance);
[[nodiscard]] json::value queue_json(const work::QueueDepth& depth);
[[nodiscard]] json::value worker_json(const work::WorkerRow& row);
[[nodiscard]] json::value task_json(const work::TaskView& task);

}  // namespace selvage::app
