// A provider makes the picture. One class a provider; make_provider() picks it by PROVIDER.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/settings.hpp"
#include "base/task.hpp"
#include "base/task_function.hpp"
#include "net/blocking_pool.hpp"
#include "net/loop.hpp"
#include "tryon/body.hpp"

namespace selvage::tryon {

struct InputImage {
  std::string bytes;       // already shrunk to at most 1024 px, sRGB, metadata stripped
  std::string media_type;  // image/jpeg or image/png
};

struct ProviderRequest {
  InputImage person;
  std::vector<InputImage> garments;
  std::string prompt;      // complete, with the system's own instructions
  std::string owner_hash;  // opaque end-user id
  std::string request_id;
  std::string options_json;  // the task's options
  Deadline deadline;
  CancelToken cancel;
  log::Context log;
  // Awaited before every further call that the provider makes on its own; an error forbids the
  // call. May be empty.
  TaskFunction<Task<Result<void>>()> before_retry;
};

struct GeneratedImage {
  std::string bytes;
  std::string media_type;
  std::string provider_request_id;  // the provider's own, for support tickets
};

// What a failure means for the job; the retry policy and the shopper's message hang on it.
enum class ProviderFailure {
  rate_limited,  // retry once after 10 s
  billing,       // the operator's account is out of money: fail, page a human
  moderation,    // blocked: fail, friendly message
  overloaded,    // 5xx, after the client's own retries
  timeout,
  bad_input,      // the pictures cannot be used (no person, unreadable)
  configuration,  // wrong key, retired model: fail, page a human
  cancelled,
  bad_answer,  // not a picture
};
[[nodiscard]] std::string_view name(ProviderFailure failure);

struct ProviderError {
  ProviderFailure failure = ProviderFailure::overloaded;
  std::string detail;  // for the operator; no secrets
  std::optional<milliseconds> retry_after;
  std::string provider_request_id;
};

class Provider {
 public:
  virtual ~Provider() = default;
  [[nodiscard]] virtual Task<std::expected<GeneratedImage, ProviderError>> generate(
      ProviderRequest request) = 0;
  [[nodiscard]] virtual std::string name() const = 0;
  // Whether calls count against the global call limit, and how many cells one call costs.
  [[nodiscard]] virtual std::int64_t call_cost(
      std::size_t input_images) const = 0;  // 0: not limited
  // Checks made once at start-up (key present, model retired?); warnings are logged by it. Never
  // fatal by itself.
  [[nodiscard]] virtual Task<void> check_at_start() = 0;
};

// What a provider may use; all outlive it.
struct ProviderResources {
  net::Loop& loop;
  net::BlockingPool& image_pool;
  const Settings& settings;
  BodyFinder find_body{};  // for `local`; empty: it goes by silhouettes
};

[[nodiscard]] std::unique_ptr<Provider> make_openai_provider(ProviderResources resources);
[[nodiscard]] std::unique_ptr<Provider> make_local_provider(ProviderResources resources);
// Errors: settings.invalid for an unknown name.
[[nodiscard]] Result<std::unique_ptr<Provider>> make_provider(ProviderResources resources);

extern const SettingSection kProviderSettings;  // PROVIDER, PROVIDER_CALLS_PER_MINUTE
extern const SettingSection kOpenaiSettings;

}  // namespace selvage::tryon
