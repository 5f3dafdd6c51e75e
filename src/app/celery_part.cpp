#include "app/celery_part.hpp"

#include "app/build_info.hpp"
#include "app/celery_estimate.hpp"
#include "app/celery_generate.hpp"
#include "base/log.hpp"
#include "celery/http_function.hpp"
#include "celery/settings.hpp"

namespace selvage::app {

Result<std::unique_ptr<CeleryPart>> CeleryPart::create(net::Loop& loop, Platform& platform,
                                                       net::EgressGuard& guard,
                                                       sizing::Sizer* sizer,
                                                       std::function<void()> shut_down) {
  const Settings& settings = platform.settings;
  if (!celery::has_celery_queues(settings)) return nullptr;
  celery::NodeOptions options = TRY(celery::node_options(settings));
  options.worker.tracer = platform.traces.get();
  if (!options.broker) {
    log::warning("celery_without_redis",
                 {{"effect", "tasks run, but there are no results, events or remote control"},
                  {"hint", "set QUEUE_URL=redis://... for Celery's clients"}});
  }
  std::unique_ptr<CeleryPart> part(new CeleryPart(loop));
  celery::Functions functions;
  const celery::HttpFunctionOptions http = celery::http_options(settings);
  if (settings.flag("CELERY_HTTP_ANY_URL")) {
    functions.add("http", celery::guarded_function(guard, http));
  }
  if (const std::string& name = settings.text("CELERY_GENERATE_TASK"); !name.empty()) {
    functions.add(name, generate_function({.database = *platform.database,
                                           .storage = *platform.storage,
                                           .broker = *platform.broker,
                                           .queue = platform.queue,
                                           .url_lifetime = std::chrono::duration_cast<seconds>(
                                               settings.duration("RESULT_URL_LIFETIME"))}));
  }
  if (const std::string& name = settings.text("CELERY_ESTIMATE_TASK"); !name.empty() && sizer) {
    functions.add(name, estimate_function(*sizer));
  }
  for (auto& [name, url] : TRY(celery::http_tasks(settings))) {
    functions.add(
        name, celery::function_at(part->client_, url, settings.secret("CELERY_HTTP_TOKEN"), http));
  }
  part->node_ =
      std::make_unique<celery::Node>(celery::NodeParts{.loop = loop,
                                                       .broker = *platform.broker,
                                                       .records = platform.database.get(),
                                                       .functions = std::move(functions),
                                                       .metrics = platform.metrics,
                                                       .version = std::string(kVersion),
                                                       .on_shut_down = std::move(shut_down)},
                                     std::move(options));
  return part;
}

}  // namespace selvage::app
