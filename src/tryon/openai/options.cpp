#include "tryon/openai/options.hpp"

#include "tryon/openai/models.hpp"
#include "tryon/provider.hpp"

namespace selvage::tryon {
namespace {

constexpr SettingSpec kSpecs[] = {
    {"OPENAI_API_KEY", SettingType::secret, "", "",
     "Key for the OpenAI API; PROVIDER=openai needs it."},
    {"OPENAI_MODEL", SettingType::text, "gpt-image-2.5-sunburst", "1..100",
     "Image model that is called. The 1.x models are gone or stop on 2026-12-01."},
    {"OPENAI_SIZE", SettingType::text, "1024x1536", "4..9",
     "Size of the pictures, WIDTHxHEIGHT in pixels, or auto."},
    {"OPENAI_QUALITY", SettingType::choice, "medium", "low|medium|high|xhigh|max|auto",
     "Quality of the pictures, which decides their price; xhigh and max from gpt-image-2.5 on."},
    {"OPENAI_INPUT_FIDELITY", SettingType::choice, "high", "low|high",
     "How closely gpt-image-1.5 keeps to the input pictures; not sent to models that refuse it."},
    {"OPENAI_OUTPUT_FORMAT", SettingType::choice, "jpeg", "jpeg|png|webp",
     "Format of the pictures; jpeg comes fastest."},
    {"OPENAI_OUTPUT_COMPRESSION", SettingType::integer, "90", "0..100",
     "Quality of the compression of jpeg and webp pictures, in per cent."},
    {"OPENAI_TIMEOUT", SettingType::duration, "180s", "1s..10m",
     "Longest time for one call; a call that runs into it may still be billed."},
    {"OPENAI_RETRIES", SettingType::integer, "2", "0..5",
     "Further tries of one call after connection trouble or a server error (5xx, 408, 409)."},
    {"OPENAI_CONNECTIONS", SettingType::integer, "1024", "1..10000",
     "Connections one process may hold to the API; every running call has one."},
    {"OPENAI_LIMIT_COUNTS", SettingType::choice, "calls", "calls|images",
     "What PROVIDER_CALLS_PER_MINUTE counts: calls, or input images, which OpenAI's own limit "
     "counts."},
    {"OPENAI_BASE_URL", SettingType::url, "https://api.openai.com/v1", "https|http",
     "Base of the API's URLs."},
    {"OPENAI_ORGANIZATION", SettingType::text, "", "0..200",
     "Organisation that calls are billed to, when the key belongs to several."},
    {"OPENAI_PROJECT", SettingType::text, "", "0..200",
     "Project that calls are billed to, when the key belongs to several."},
};

}  // namespace

const SettingSection kOpenaiSettings{"OpenAI", kSpecs};

namespace openai {

Options read_options(const Settings& settings) {
  Options options;
  options.api_key = settings.secret("OPENAI_API_KEY");
  options.base_url = settings.text("OPENAI_BASE_URL");
  while (options.base_url.ends_with('/')) options.base_url.pop_back();
  options.organization = settings.text("OPENAI_ORGANIZATION");
  options.project = settings.text("OPENAI_PROJECT");
  options.model = settings.text("OPENAI_MODEL");
  options.size = settings.text("OPENAI_SIZE");
  options.quality = settings.text("OPENAI_QUALITY");
  if (capabilities_of(options.model).input_fidelity) {
    options.input_fidelity = settings.text("OPENAI_INPUT_FIDELITY");
  }
  options.output_format = settings.text("OPENAI_OUTPUT_FORMAT");
  options.output_compression = settings.integer("OPENAI_OUTPUT_COMPRESSION");
  options.timeout = settings.duration("OPENAI_TIMEOUT");
  options.retries = settings.integer("OPENAI_RETRIES");
  options.connections = settings.integer("OPENAI_CONNECTIONS");
  options.count_images = settings.text("OPENAI_LIMIT_COUNTS") == "images";
  return options;
}

Result<void> check(const Options& options) {
  if (options.api_key.empty()) {
    return fail(ErrorKind::invalid, "settings.invalid", "OPENAI_API_KEY is not set",
                "set it to a key of the OpenAI platform, or set PROVIDER=local");
  }
  const Model& model = capabilities_of(options.model);
  TRY(check_size(model, options.size));
  return check_quality(model, options.quality);
}

}  // namespace openai
}  // namespace selvage::tryon
