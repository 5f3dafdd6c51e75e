// The worker role's Celery node: made when CELERY_QUEUES names queues.
#pragma once

#include <functional>
#include <memory>

#include "app/platform.hpp"
#include "celery/node.hpp"
#include "net/egress_guard.hpp"
#include "net/http_client.hpp"
#include "sizing/sizer.hpp"

namespace selvage::app {

class CeleryPart {
 public:
  // nullptr when no queue is named. All outlive it; `sizer` may be null. `shut_down` is called for
  // `celery control shutdown`. Errors: of celery::node_options() and celery::http_tasks().
  [[nodiscard]] static Result<std::unique_ptr<CeleryPart>> create(net::Loop& loop,
                                                                  Platform& platform,
                                                                  net::EgressGuard& guard,
                                                                  sizing::Sizer* sizer,
                                                                  std::function<void()> shut_down);

  [[nodiscard, clang::coro_wrapper]] Task<void> run() { return node_->run(); }
  void drain(milliseconds grace) { node_->drain(grace); }

 private:
  explicit CeleryPart(net::Loop& loop) : client_(loop, {}) {}

  net::HttpClient client_;  // for the URLs of CELERY_HTTP_TASKS
  std::unique_ptr<celery::Node> node_;
};

}  // namespace selvage::app
