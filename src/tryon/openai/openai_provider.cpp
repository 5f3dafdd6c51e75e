#include <fmt/format.h>

#include <boost/json.hpp>
#include <map>
#include <random>

#include "base/json.hpp"
#include "net/http_client.hpp"
#include "tryon/openai/api_error.hpp"
#include "tryon/openai/backoff.hpp"
#include "tryon/openai/edit_request.hpp"
#include "tryon/openai/edit_response.hpp"
#include "tryon/openai/models.hpp"
#include "tryon/openai/options.hpp"
#include "tryon/provider.hpp"

namespace selvage::tryon::openai {
namespace {

constexpr milliseconds kStartCheckTime{10'000};
constexpr long kWarnDays = 90;
constexpr milliseconds kAlertEvery{60'000};

class OpenaiProvider final : public Provider {
 public:
  explicit OpenaiProvider(ProviderResources resources)
      : pool_(resources.image_pool),
        options_(read_options(resources.settings)),
        settings_problem_(check(options_)),
        client_(resources.loop,
                {.connections_per_host = connections(), .total_connections = connections()}) {}

  Task<std::expected<GeneratedImage, ProviderError>> generate(ProviderRequest request) override;
  [[nodiscard]] std::string name() const override { return "openai"; }
  [[nodiscard]] std::int64_t call_cost(std::size_t input_images) const override {
    return options_.count_images ? static_cast<std::int64_t>(input_images) : 1;
  }
  Task<void> check_at_start() override;

 private:
  using Ended = std::expected<EditResult, CallFailure>;
  Task<Ended> call_once(std::shared_ptr<net::ClientRequest> call);
  void report(const Ended& ended, const log::Context& log, std::int64_t attempt, milliseconds took);
  void alert(const ProviderError& error);
  void warn_of_shutdown(std::string_view date, std::string_view said_by) const;
  [[nodiscard]] milliseconds wait_before_next(const CallFailure& failure, std::int64_t attempt);
  [[nodiscard]] std::size_t connections() const {
    return static_cast<std::size_t>(options_.connections);
  }

  net::BlockingPool& pool_;
  Options options_;
  Result<void> settings_problem_;
  net::HttpClient client_;
  std::minstd_rand random_{std::random_device{}()};
  std::map<ProviderFailure, SteadyTime> last_alert_;
};

Task<std::expected<GeneratedImage, ProviderError>> OpenaiProvider::generate(
    ProviderRequest request) {
  if (!settings_problem_) {
    const Error& problem = settings_problem_.error();
    ProviderError error{ProviderFailure::configuration,
                        fmt::format("{}; {}", problem.message, problem.hint),
                        {},
                        {}};
    alert(error);
    co_return std::unexpected(std::move(error));
  }
  // One request for all tries: the pictures are held once, and only the deadline is set anew.
  auto call = std::make_shared<net::ClientRequest>(edit_request(options_, request));
  call->cancel = request.cancel;
  for (std::int64_t attempt = 0;; ++attempt) {
    call->deadline = request.deadline.sooner(Deadline::after(options_.timeout));
    const SteadyTime begun = steady_now();
    Ended ended = co_await call_once(call);
    report(ended, request.log, attempt,
           std::chrono::duration_cast<milliseconds>(steady_now() - begun));
    if (ended) co_return std::move(ended->image);

    CallFailure& failure = ended.error();
    const milliseconds wait = wait_before_next(failure, attempt);
    if (!failure.try_again || attempt >= options_.retries || wait >= request.deadline.left()) {
      alert(failure.error);
      co_return std::unexpected(std::move(failure.error));
    }
    const bool slept = co_await net::sleep_for(wait, request.cancel);
    if (slept && request.before_retry) {
      const Result<void> turn = co_await request.before_retry();
      if (!turn && !request.cancel.cancelled()) co_return std::unexpected(std::move(failure.error));
    }
    if (!slept || request.cancel.cancelled()) {
      co_return std::unexpected(ProviderError{ProviderFailure::cancelled,
                                              "cancelled between two tries of the call",
                                              {},
                                              failure.error.provider_request_id});
    }
  }
}

Task<OpenaiProvider::Ended> OpenaiProvider::call_once(std::shared_ptr<net::ClientRequest> call) {
  Result<net::ClientResponse> response = co_await client_.send(call);
  if (!response) co_return std::unexpected(read_transport_error(response.error()));
  // Megabytes of base64 are no work for the event loop.
  Result<Ended> read =
      co_await pool_.run([&response]() -> Result<Ended> { return read_edit_response(*response); });
  if (!read) co_return std::unexpected(read_transport_error(read.error()));
  co_return std::move(*read);
}

milliseconds OpenaiProvider::wait_before_next(const CallFailure& failure, std::int64_t attempt) {
  if (failure.wait) return *failure.wait;
  return back_off(attempt, failure.overloaded, std::uniform_real_distribution<>()(random_));
}

void OpenaiProvider::report(const Ended& ended, const log::Context& log, std::int64_t attempt,
                            milliseconds took) {
  if (ended) {
    log.info("openai_call", {{"took_ms", took.count()},
                             {"attempt", attempt + 1},
                             {"model", options_.model},
                             {"bytes", ended->image.bytes.size()},
                             {"total_tokens", ended->total_tokens},
                             {"provider_request_id", ended->image.provider_request_id}});
    return;
  }
  const ProviderError& error = ended.error().error;
  log.warning("openai_call_failed", {{"took_ms", took.count()},
                                     {"attempt", attempt + 1},
                                     {"model", options_.model},
                                     {"failure", tryon::name(error.failure)},
                                     {"detail", error.detail},
                                     {"moderation", ended.error().log_detail},
                                     {"provider_request_id", error.provider_request_id}});
}

// What only the operator can mend is said loudly, but not once for each of a thousand jobs.
void OpenaiProvider::alert(const ProviderError& error) {
  if (error.failure != ProviderFailure::billing &&
      error.failure != ProviderFailure::configuration) {
    return;
  }
  SteadyTime& last = last_alert_[error.failure];
  const SteadyTime time = steady_now();
  if (last != SteadyTime() && time - last < kAlertEvery) return;
  last = time;
  const bool billing = error.failure == ProviderFailure::billing;
  log::error("provider_needs_operator",
             {{"provider", "openai"},
              {"failure", tryon::name(error.failure)},
              {"detail", error.detail},
              {"hint", billing ? "add credit or raise the spending limit of the OpenAI account"
                               : "check OPENAI_API_KEY, OPENAI_MODEL and the account's rights"},
              {"provider_request_id", error.provider_request_id}});
}

void OpenaiProvider::warn_of_shutdown(std::string_view date, std::string_view said_by) const {
  const auto days = days_until(date, now());
  if (!days || *days > kWarnDays) return;
  const std::string_view successor = capabilities_of(options_.model).successor;
  const std::string hint = successor.empty()
                               ? std::string("set OPENAI_MODEL to a current image model")
                               : fmt::format("set OPENAI_MODEL={}", successor);
  if (*days < 0) {
    log::error(
        "openai_model_shut_down",
        {{"model", options_.model}, {"shutdown_date", date}, {"said_by", said_by}, {"hint", hint}});
  } else {
    log::warning("openai_model_shuts_down", {{"model", options_.model},
                                             {"shutdown_date", date},
                                             {"days_left", *days},
                                             {"said_by", said_by},
                                             {"hint", hint}});
  }
}

Task<void> OpenaiProvider::check_at_start() {
  if (!settings_problem_) {
    log::error("openai_settings", settings_problem_.error());
    co_return;
  }
  const Model* known = find_model(options_.model);
  if (!known) {
    log::warning(
        "openai_model_unknown",
        {{"model", options_.model},
         {"hint", "it is called as current models are; check the spelling of OPENAI_MODEL"}});
  }
  net::ClientRequest request;
  request.url = options_.base_url + "/models/" + options_.model;
  request.headers = call_headers(options_);
  request.deadline = Deadline::after(kStartCheckTime);
  request.max_body = 1_MiB;
  const Result<net::ClientResponse> response = co_await client_.send(std::move(request));

  std::string_view table_date = known ? known->shutdown : "";
  if (!response) {
    log::warning("openai_not_reached", response.error());
  } else if (response->status != 200) {
    const ApiError error = parse_api_error(response->status, response->body);
    const bool passing = classify(error).transient || response->status == 429;
    const std::string detail = describe(error);
    passing ? log::warning("openai_not_checked", {{"detail", detail}})
            : log::error("openai_model_refused",
                         {{"model", options_.model},
                          {"detail", detail},
                          {"hint", "check OPENAI_API_KEY, OPENAI_MODEL and the account's rights"}});
  } else if (const Result<json::value> answer = json::parse(response->body);
             answer && answer->is_object()) {
    const auto* date = answer->get_object().if_contains("shutdown_date");
    if (date && date->is_string()) {
      warn_of_shutdown(std::string_view(date->get_string()), "the API");
      table_date = "";
    }
  }
  if (!table_date.empty()) warn_of_shutdown(table_date, "OpenAI's deprecations page");
}

}  // namespace
}  // namespace selvage::tryon::openai

namespace selvage::tryon {

std::unique_ptr<Provider> make_openai_provider(ProviderResources resources) {
  return std::make_unique<openai::OpenaiProvider>(resources);
}

}  // namespace selvage::tryon
