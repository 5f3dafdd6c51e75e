#include "app/queues.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "celery/settings.hpp"
#include "sizing/sizing_task.hpp"
#include "tryon/webhooks/delivery.hpp"

namespace selvage::app {

std::vector<std::string> known_queues(const Platform& platform) {
  std::vector<std::string> queues{platform.queue, std::string(tryon::kWebhookQueue)};
  if (platform.settings.flag("SIZING")) queues.emplace_back(sizing::kSizingQueue);
  for (work::QueueForm& form : celery::celery_queue_forms(platform.settings)) {
    queues.push_back(std::move(form.queue));
  }
  return queues;
}

Task<Result<std::vector<work::QueueDepth>>> queue_depths(Platform& platform) {
  auto depths = CO_TRY(co_await platform.broker->depths());
  for (std::string& known : known_queues(platform)) {
    if (std::ranges::find(depths, known, &work::QueueDepth::queue) != depths.end()) continue;
    work::QueueDepth empty;
    empty.queue = std::move(known);
    depths.push_back(std::move(empty));
  }
  std::ranges::sort(depths, {}, &work::QueueDepth::queue);
  co_return depths;
}

Task<Result<void>> pause_queue(Platform& platform, std::string queue, bool paused) {
  const auto depths = CO_TRY(co_await queue_depths(platform));
  if (std::ranges::find(depths, queue, &work::QueueDepth::queue) == depths.end()) {
    co_return fail(ErrorKind::not_found, "queue.unknown",
                   fmt::format("there is no queue {}", in_quotes(queue)),
                   "see them: selvage queue ls, or GET /queues");
  }
  CO_TRY(co_await platform.broker->pause(queue, paused));
  if (!paused) platform.broker->notify();
  co_return Result<void>();
}

}  // namespace selvage::app
