// The task `generate` for Celery's clients: its keyword arguments are the members of a
// GenerationTask v1; what concerns the message itself (version, task_id, session_id, request_id,
// created_at) may be left out.
//
// The job goes to the queue that all generations go through, so that owners take turns and limits
// hold however a job came; the Celery task waits for its end and costs no more than that. The
// result is the job as the API shows it; a failed job is the exception
// selvage.GenerationFailed(code, message). Delivered again, it finds its job and waits on.
#pragma once

#include <string>

#include "celery/function.hpp"
#include "data/database.hpp"
#include "data/object_storage.hpp"
#include "work/broker.hpp"

namespace selvage::app {

struct GenerateParts {
  data::Database& database;
  data::ObjectStorage& storage;
  work::Broker& broker;
  std::string queue;  // of generations
  seconds url_lifetime;
};

// All outlive the function.
[[nodiscard]] celery::Function generate_function(GenerateParts parts);

}  // namespace selvage::app
