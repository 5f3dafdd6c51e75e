#include "tryon/cleanup.hpp"
#include "tryon/provider.hpp"

namespace selvage::tryon {
namespace {

constexpr SettingSpec kTryonSpecs[] = {
    {"JOB_CREDITS", SettingType::integer, "1", "1..1000",
     "Credits a job costs when its request does not say."},
    {"RESULT_URL_LIFETIME", SettingType::duration, "6h", "1m..7d",
     "How long a signed link to a finished picture works."},
    {"INPUT_RETENTION", SettingType::duration, "24h", "0s..30d",
     "How long the uploaded pictures of a failed job are kept, so that it can be repeated."},
    {"STUCK_AFTER", SettingType::duration, "2m", "10s..1d",
     "Age at which an open job that is in no queue and held by no worker is failed and refunded."},
};

constexpr SettingSpec kProviderSpecs[] = {
    {"PROVIDER", SettingType::choice, "local", "local|openai",
     "What makes the pictures: local composes them on this machine, openai calls the OpenAI API."},
    {"PROVIDER_CALLS_PER_MINUTE", SettingType::integer, "300", "0..100000",
     "Provider calls all workers together may start in a minute; 0 is no limit."},
};

}  // namespace

const SettingSection kTryonSettings{"Generation", kTryonSpecs};
const SettingSection kProviderSettings{"Provider", kProviderSpecs};

}  // namespace selvage::tryon
