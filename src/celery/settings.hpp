#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/settings.hpp"
#include "celery/http_function.hpp"
#include "celery/node.hpp"
#include "net/url.hpp"
#include "work/queue_form.hpp"

namespace selvage::celery {

// CELERY_QUEUES, CELERY_CONCURRENCY, CELERY_NODE_NAME, CELERY_RESULT_BACKEND, ...
extern const SettingSection kCelerySettings;

// Whether this process may consume Celery queues at all.
[[nodiscard]] bool has_celery_queues(const Settings& settings);
// How the broker must read the queues: for work::open_broker().
[[nodiscard]] std::vector<work::QueueForm> celery_queue_forms(const Settings& settings);

// Errors: celery.queue, celery.route, celery.http_task, celery.result_backend, redis.url
// (invalid), each with the name of its setting.
[[nodiscard]] Result<NodeOptions> node_options(const Settings& settings);

// CELERY_HTTP_TASKS: which task is posted where.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> http_tasks(
    const Settings& settings);
[[nodiscard]] HttpFunctionOptions http_options(const Settings& settings);

}  // namespace selvage::celery
