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

[[nodiscard]] Task<json::value> job_json(JobView view, tryon::Session session);
[[nodiscard]] json::value balance_json(const tryon::Balance& balance);
[[nodiscard]] json::value queue_json(const work::QueueDepth& depth);
[[nodiscard]] json::value worker_json(const work::WorkerRow& row);
[[nodiscard]] json::value task_json(const work::TaskView& task);

}  // namespace selvage::app
