// The stage that costs money: the turn under the call limit, the last look for a cancellation, the
// provider's call, and what its refusals mean.
#include <fmt/format.h>

#include "image/probe.hpp"
#include "tryon/detail/failures.hpp"
#include "tryon/detail/generation_run.hpp"
#include "tryon/detail/prompt.hpp"
#include "tryon/detail/stage_metrics.hpp"

namespace selvage::tryon::detail {
namespace {

constexpr milliseconds kMaxServerWait{
    120'000};  // a provider may ask for more; the shopper will not wait

void describe_call(Span& span, const std::expected<GeneratedImage, ProviderError>& image) {
  span.set("gen_ai.response.id",
           image ? image->provider_request_id : image.error().provider_request_id);
  if (image) return;
  span.set("error.type", name(image.error().failure));
  span.fail(name(image.error().failure));
}

// A limit that is away for a moment is waited for in place: the pictures are loaded, and what a
// retry of the call waits for is no failure of the provider.
constexpr int kTurnTries = 4;

work::RetryPolicy retry_policy() { return work::RetryPolicy(kGenerationRetries); }

}  // namespace

Task<Result<void>> GenerationRun::acquire_turn(std::int64_t cost) {
  if (cost == 0) co_return Result<void>();
  Patience patience(kTurnTries);
  while (true) {
    const Result<void> turn =
        co_await parts_.limiter.acquire(cost, job_.deadline, interrupt_.token());
    if (turn || !is_infrastructure(turn.error())) co_return turn;
    if (co_await patience.wait(interrupt_.token())) continue;
    limit_away_ = turn.error();
    co_return turn;
  }
}

Task<GenerationRun::Stage<void>> GenerationRun::wait_for_turn(std::size_t input_images) {
  const std::int64_t cost = parts_.provider.call_cost(input_images);
  if (cost == 0) co_return Stage<void>();
  const StageTimer timer(parts_.metrics, "turn", job_.span);
  const Result<void> turn = co_await acquire_turn(cost);
  if (turn) co_return Stage<void>();
  if (const std::optional<Ending> told = stopped()) co_return std::unexpected(*told);
  if (turn.error().code == "limit.deadline") {
    co_return std::unexpected(
        co_await postpone("call_limit", turn.error().message, false, std::nullopt));
  }
  co_return std::unexpected(ending_of(turn.error()));
}

Task<GenerationRun::Stage<void>> GenerationRun::check_not_cancelled() {
  const Result<std::optional<Session>> current =
      co_await parts_.database.read([this](data::Transaction& tx) {
        return find_session(tx, session_.owner.channel, session_.id);
      });
  if (current && *current && (*current)->cancel_requested_at) cancel_.cancel();
  if (std::optional<Ending> told = stopped()) co_return std::unexpected(std::move(*told));
  co_return Stage<void>();
}

Task<GenerationRun::Stage<GeneratedImage>> GenerationRun::generate(std::vector<InputImage> inputs) {
  const Stage<void> turn = co_await wait_for_turn(inputs.size());
  if (!turn) co_return std::unexpected(turn.error());
  const Stage<void> wanted = co_await check_not_cancelled();
  if (!wanted) co_return std::unexpected(wanted.error());

  StageTimer timer(parts_.metrics, "provider", job_.span);
  timer.span().set("gen_ai.operation.name", "generate_content");
  timer.span().set("gen_ai.provider.name", parts_.provider.name());
  timer.span().set("gen_ai.output.type", "image");
  const Shown shown(*this, tryon::Stage::provider);
  ProviderRequest request;
  request.person = std::move(inputs.front());
  inputs.erase(inputs.begin());
  request.garments = std::move(inputs);
  request.prompt = full_prompt(task_);
  request.owner_hash = owner_hash(session_.owner);
  request.request_id = task_.request_id;
  request.options_json = task_.options_json;
  request.deadline = job_.deadline;
  request.cancel = job_.stop;
  request.log = log_;
  request.before_retry = [this, cost = parts_.provider.call_cost(
                                    1 + request.garments.size())] [[clang::coro_wrapper]] () {
    return acquire_turn(cost);
  };
  std::expected<GeneratedImage, ProviderError> image =
      co_await parts_.provider.generate(std::move(request));
  if (image && !image::probe(image->bytes)) {
    image = std::unexpected(ProviderError{ProviderFailure::bad_answer, "the answer is no picture",
                                          std::nullopt, image->provider_request_id});
  }
  count_provider_call(parts_.metrics, parts_.provider.name(),
                      image ? "ok" : name(image.error().failure));
  describe_call(timer.span(), image);
  if (image) co_return std::move(*image);
  co_return std::unexpected(co_await provider_ending(std::move(image.error())));
}

Task<GenerationRun::Ending> GenerationRun::provider_ending(ProviderError error) {
  if (std::optional<Ending> told = stopped()) co_return std::move(*told);
  if (limit_away_) co_return waits_for(*limit_away_);  // the provider would have tried again
  log_.warning("provider_failed", {{"failure", name(error.failure)},
                                   {"detail", error.detail},
                                   {"provider_request_id", error.provider_request_id}});
  if (error.failure == ProviderFailure::rate_limited) {
    if (error.retry_after) error.retry_after = std::min(*error.retry_after, kMaxServerWait);
    const std::string note = fmt::format("the provider is busy: {}", error.detail);
    Ending ending = co_await postpone("rate_limited", note, true, error.retry_after);
    if (std::holds_alternative<work::Outcome>(ending)) co_return ending;
  }
  co_return failure_of(error);
}

// A later try of the whole job; the session stays processing and nothing is refunded meanwhile. A
// SessionFailure when the rule allows no more tries.
Task<GenerationRun::Ending> GenerationRun::postpone(std::string_view rule, std::string note,
                                                    bool asked_by_provider,
                                                    std::optional<milliseconds> server_wait) {
  const int tries = asked_by_provider ? session_.provider_retries : job_.lease.retries;
  const std::optional<milliseconds> wait = retry_policy().next_wait(rule, tries, server_wait);
  if (!wait) co_return make_failure("infrastructure", fmt::format("{}: {}", rule, note));
  const Result<Settlement> noted =
      co_await parts_.database.write([&](data::Transaction& tx) -> Result<Settlement> {
        Settlement settlement;
        settlement.changed = TRY(
            note_retry(tx, session_.owner.channel, session_.id, token_, note, asked_by_provider));
        settlement.session = TRY(find_session(tx, session_.owner.channel, session_.id));
        return settlement;
      });
  if (!noted) co_return waits_for(noted.error());
  if (!noted->changed) co_return work::Outcome(work::LeaseLost{});
  changed(*noted);
  co_return work::Outcome(work::RetryLater{*wait, fmt::format("{}: {}", rule, note)});
}

}  // namespace selvage::tryon::detail
