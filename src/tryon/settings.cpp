#include "tryon/cleanup.hpp"
#include "tryon/provider.hpp"
#include "tryon/webhooks/handler.hpp"

namespace selvage::tryon {
namespace {

constexpr SettingSpec kTryonSpecs[] = {
    {"JOB_CREDITS", SettingType::integer, "1", "1..1000",
     "Credits a job costs when its request does not say."},
    {"RESULT_URL_LIFETIME", SettingType::duration, "6h", "1m..7d",
     "How long a signed link to a finished picture works."},
    {"INPUT_RETENTION", SettingType::duration, "24h", "0s..30d",
     "How long the uploaded pictures of a failed job are kept, so that it can be repeated."},
    {"IDEMPOTENCY_RETENTION", SettingType::duration, "7d", "1h..365d",
     "How long an Idempotency-Key is remembered; repeated later, it makes a new job."},
    {"STUCK_AFTER", SettingType::duration, "2m", "10s..1d",
     "Age at which an open job that is in no queue and held by no worker is failed and refunded."},
    {"OWNER_DAILY_JOBS", SettingType::integer, "0", "0..1000000000",
     "Jobs one store or user may submit in a day (UTC); 0 is no limit. Single owners have limits "
     "of "
     "their own by `selvage limits`."},
};

constexpr SettingSpec kWebhookSpecs[] = {
    {"WEBHOOK_CONCURRENCY", SettingType::integer, "16", "0..1024",
     "Webhooks that one worker process sends at once; 0 leaves them to other processes."},
    {"WEBHOOK_TIMEOUT", SettingType::duration, "10s", "100ms..1m",
     "How long a webhook's receiver may take to answer."},
    {"WEBHOOK_FIRST_RETRY", SettingType::duration, "5s", "10ms..1h",
     "Wait before a webhook that failed is sent again; each further wait is three times as long, "
     "at "
     "most 6 h, twelve attempts in all."},
    {"WEBHOOK_RETENTION", SettingType::duration, "30d", "1h..3650d",
     "How long deliveries that are over can be listed and replayed."},
};

constexpr SettingSpec kProviderSpecs[] = {
    {"PROVIDER", SettingType::choice, "local", "local|openai",
     "What makes the pictures: local composes them on this machine, openai calls the OpenAI API."},
    {"PROVIDER_CALLS_PER_MINUTE", SettingType::integer, "300", "0..100000",
     "Provider calls all workers together may start in a minute; 0 is no limit."},
};

}  // namespace

const SettingSection kTryonSettings{"Generation", kTryonSpecs};
const SettingSection kWebhookSettings{"Webhooks", kWebhookSpecs};
const SettingSection kProviderSettings{"Provider", kProviderSpecs};

}  // namespace selvage::tryon
