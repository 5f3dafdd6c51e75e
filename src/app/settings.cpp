#include "app/settings.hpp"

#include "app/command.hpp"
#include "celery/settings.hpp"
#include "data/open_storage.hpp"
#include "data/settings.hpp"
#include "net/egress_guard.hpp"
#include "net/otlp_exporter.hpp"
#include "schedule/settings.hpp"
#include "sizing/settings.hpp"
#include "tryon/cleanup.hpp"
#include "tryon/provider.hpp"
#include "tryon/webhooks/handler.hpp"
#include "work/settings.hpp"

namespace selvage::app {

namespace {
constexpr SettingSpec kSpecs[] = {
    {"HTTP_HOST", SettingType::text, "127.0.0.1", "1..64",
     "Address the API listens on; 0.0.0.0 for all, only behind a proxy."},
    {"HTTP_PORT", SettingType::integer, "8000", "0..65535",
     "Port of the API; 0 takes any free one."},
    {"HTTP_THREADS", SettingType::integer, "0", "0..256",
     "Threads that serve HTTP; 0: one a core."},
    {"HTTP_MAX_UPLOAD", SettingType::bytes, "25MiB", "64KiB..256MiB",
     "Largest body of POST /v1/jobs; each picture in it has the limit of EGRESS_MAX_BYTES."},
    {"HTTP_MAX_CONNECTIONS", SettingType::integer, "10000", "1..1000000",
     "Connections held at once; more are answered 503."},
    {"HTTP_CONNECTIONS_PER_PEER", SettingType::integer, "1000", "1..1000000",
     "Connections from one address held at once."},
    {"MONITOR_PORT", SettingType::integer, "0", "0..65535",
     "Port on which a process of any role answers GET /health, /ready and /metrics beside the API; "
     "0: none. Each process of a host needs one of its own."},
    {"MONITOR_HOST", SettingType::text, "127.0.0.1", "1..64",
     "Address of MONITOR_PORT; it asks no key, so another than a loopback address belongs into a "
     "private network."},
    {"TRUSTED_PROXIES", SettingType::list, "", "",
     "Addresses or ranges whose X-Forwarded-For is believed, comma separated."},
    {"CORS_ORIGINS", SettingType::list, "", "",
     "Origins whose pages may call the API, comma separated; empty: none."},
    {"CONSOLE", SettingType::flag, "true", "", "Serve the console at /console/."},
    {"OPERATIONS_ACCESS", SettingType::choice, "auto", "auto|open|admin",
     "Who may read /metrics, /workers and /queues: open to all, admin keys only; auto: open while "
     "HTTP_HOST is a loopback address."},
    {"LOG_LEVEL", SettingType::choice, "info", "debug|info|warning|error",
     "Least level that is logged."},
    {"LOG_FORMAT", SettingType::choice, "auto", "auto|json|text",
     "Format of log lines; auto: text on a terminal, else JSON."},
};
}  // namespace

const SettingSection kServiceSettings{"HTTP service and logs", kSpecs};

std::vector<SettingSection> all_sections() {
  return {kServiceSettings,       data::kDataSettings,     data::kStorageSettings,
          work::kWorkSettings,    celery::kCelerySettings, schedule::kScheduleSettings,
          tryon::kTryonSettings,  tryon::kWebhookSettings, tryon::kProviderSettings,
          tryon::kOpenaiSettings, sizing::kSizingSettings, net::kEgressSettings,
          net::kTraceSettings};
}

Result<Settings> load_settings(const Invocation& invocation) {
  return Settings::load(all_sections(),
                        {invocation.settings, process_environment(), invocation.env_file});
}

}  // namespace selvage::app
