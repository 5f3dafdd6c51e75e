#include "tryon/detail/generation_run.hpp"

#include <fmt/format.h>

#include "image/probe.hpp"
#include "tryon/detail/failures.hpp"
#include "tryon/detail/inputs.hpp"
#include "tryon/detail/object_keys.hpp"
#include "tryon/detail/prompt.hpp"
#include "tryon/detail/stage_metrics.hpp"

namespace selvage::tryon::detail {
namespace {

constexpr milliseconds kMaxServerWait{
    120'000};  // a provider may ask for more; the shopper will not wait
constexpr milliseconds kLongestPatience{5'000};

// Storing a picture that was paid for is tried until the job's time is over; a transaction for a
// quarter of a minute, since its artefact makes another run cheap.
constexpr int kStoreTries = 1'000'000;
constexpr int kSettleTries = 6;

std::string which_input(std::size_t index) {
  return index == 0 ? "the photo of the person" : fmt::format("garment picture {}", index);
}

std::int64_t milliseconds_since(SteadyTime start) {
  return std::chrono::duration_cast<milliseconds>(steady_now() - start).count();
}

work::RetryPolicy retry_policy() { return work::RetryPolicy(kGenerationRetries); }

}  // namespace

Task<bool> Patience::wait(CancelToken stop) {
  if (left_-- <= 0 || stop.cancelled()) co_return false;
  const milliseconds now_waiting = next_;
  next_ = std::min(next_ * 2, kLongestPatience);
  co_return co_await net::sleep_for(now_waiting, std::move(stop));
}

GenerationRun::GenerationRun(PipelineParts& parts, work::JobContext job, GenerationTask task)
    : parts_(parts),
      job_(std::move(job)),
      task_(std::move(task)),
      token_(job_.lease.ref.token),
      log_(job_.log) {
  session_.id = task_.session_id;  // until the stored one is known
  session_.owner = task_.owner;
  log_.with("request_id", task_.request_id)
      .with("session_id", task_.session_id)
      .with("task_id", task_.task_id);
}

Task<work::Outcome> GenerationRun::run() {
  Stage<work::Outcome> ended = co_await stages();
  work::Outcome outcome = work::Done{};
  if (ended) {
    outcome = std::move(*ended);
  } else if (auto* failure = std::get_if<SessionFailure>(&ended.error())) {
    outcome = co_await settle_failure(std::move(*failure));
  } else {
    outcome = std::get<work::Outcome>(std::move(ended.error()));
  }
  count(outcome);
  co_return outcome;
}

Task<GenerationRun::Stage<work::Outcome>> GenerationRun::stages() {
  const Stage<void> begun = co_await begin();
  if (!begun) co_return std::unexpected(begun.error());

  if (session_.attempts > 1) {
    // Somebody began before; if the picture is stored, only the settlement is missing.
    Stage<std::optional<StoredResult>> found = co_await find_result();
    if (!found) co_return std::unexpected(std::move(found.error()));
    if (*found) {
      log_.info("job_result_found", {{"key", (*found)->key}});
      co_return co_await complete(std::move(**found));
    }
  }

  Stage<std::vector<InputImage>> inputs = co_await load();
  if (!inputs) co_return std::unexpected(std::move(inputs.error()));
  Stage<GeneratedImage> image = co_await generate(std::move(*inputs));
  if (!image) co_return std::unexpected(std::move(image.error()));
  Stage<StoredResult> stored = co_await store(std::move(*image));
  if (!stored) co_return std::unexpected(std::move(stored.error()));
  co_return co_await complete(std::move(*stored));
}

Task<GenerationRun::Stage<void>> GenerationRun::begin() {
  const StageTimer timer(parts_.metrics, "begin");
  const Result<Admission> admission = co_await parts_.database.write(
      [this](data::Transaction& tx) { return admit(tx, task_, token_); });
  if (!admission) {
    log_.warning("job_not_begun", admission.error());
    if (is_infrastructure(admission.error())) {
      co_return std::unexpected(waits_for(admission.error()));
    }
    co_return std::unexpected(Ending(
        work::Bury{fmt::format("{}: {}", admission.error().code, admission.error().message)}));
  }
  session_ = admission->session;
  if (admission->charged) {
    count_charged(&parts_.metrics, session_.owner.channel, session_.credits);
  }
  switch (admission->admitted) {
    case Admitted::begun:
      log_.info("job_started",
                {{"attempt", session_.attempts}, {"channel", name(session_.owner.channel)}});
      if (parts_.on_change) parts_.on_change(session_);
      co_return Stage<void>();
    case Admitted::terminal:
      log_.info("job_already_over", {{"status", name(session_.status)}});
      co_await tidy_after_end();
      co_return std::unexpected(Ending(work::Outcome(work::Done{})));
    case Admitted::superseded:
      co_return std::unexpected(Ending(work::Outcome(work::LeaseLost{})));
    case Admitted::refused:
      log_.warning("job_failed", {{"reason", session_.error_code.value_or("")},
                                  {"detail", session_.error_detail.value_or("")}});
      count_job(parts_.metrics, session_.owner.channel, "failed", session_.error_code.value_or(""));
      if (parts_.on_change) parts_.on_change(session_);
      co_return std::unexpected(Ending(work::Outcome(work::Done{})));
    case Admitted::foreign:
      log_.warning("job_refused", {{"reason", admission->reason}});
      co_return std::unexpected(Ending(work::Outcome(work::Bury{admission->reason})));
  }
  SELVAGE_CHECK(false);
}

Task<GenerationRun::Stage<std::optional<GenerationRun::StoredResult>>>
GenerationRun::find_result() {
  for (const std::string_view extension : kResultExtensions) {
    std::string key = result_key(session_.owner, session_.id, extension);
    const Result<bool> exists = co_await parts_.storage.exists(key);
    if (!exists) co_return std::unexpected(ending_of(exists.error()));
    if (*exists) co_return StoredResult{std::move(key), {}};
  }
  co_return std::nullopt;
}

Task<GenerationRun::Stage<std::vector<InputImage>>> GenerationRun::load() {
  const StageTimer timer(parts_.metrics, "inputs");
  std::vector<std::string> urls{task_.person_image_url};
  urls.insert(urls.end(), task_.garment_image_urls.begin(), task_.garment_image_urls.end());
  std::expected<std::vector<InputImage>, InputProblem> inputs = co_await load_inputs(
      {parts_.guard, parts_.storage, parts_.image_pool}, std::move(urls), job_.stop);
  if (inputs) co_return std::move(*inputs);
  if (const std::optional<Ending> told = stopped()) co_return std::unexpected(*told);
  const InputProblem& problem = inputs.error();
  if (is_infrastructure(problem.error)) co_return std::unexpected(waits_for(problem.error));
  co_return std::unexpected(Ending(failure_of_input(problem.error, which_input(problem.index))));
}

Task<Result<void>> GenerationRun::acquire_turn(std::int64_t cost) {
  if (cost == 0) co_return Result<void>();
  co_return co_await parts_.limiter.acquire(cost, job_.deadline, job_.stop);
}

Task<GenerationRun::Stage<void>> GenerationRun::wait_for_turn(std::size_t input_images) {
  const std::int64_t cost = parts_.provider.call_cost(input_images);
  if (cost == 0) co_return Stage<void>();
  const StageTimer timer(parts_.metrics, "turn");
  const Result<void> turn = co_await acquire_turn(cost);
  if (turn) co_return Stage<void>();
  if (const std::optional<Ending> told = stopped()) co_return std::unexpected(*told);
  if (turn.error().code == "limit.deadline") {
    co_return std::unexpected(
        co_await postpone("call_limit", turn.error().message, false, std::nullopt));
  }
  co_return std::unexpected(ending_of(turn.error()));
}

Task<GenerationRun::Stage<GeneratedImage>> GenerationRun::generate(std::vector<InputImage> inputs) {
  const Stage<void> turn = co_await wait_for_turn(inputs.size());
  if (!turn) co_return std::unexpected(turn.error());
  if (const std::optional<Ending> told = stopped()) co_return std::unexpected(*told);

  const StageTimer timer(parts_.metrics, "provider");
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
  if (image) co_return std::move(*image);
  co_return std::unexpected(co_await provider_ending(std::move(image.error())));
}

Task<GenerationRun::Ending> GenerationRun::provider_ending(ProviderError error) {
  if (std::optional<Ending> told = stopped()) co_return std::move(*told);
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

Task<GenerationRun::Stage<GenerationRun::StoredResult>> GenerationRun::store(GeneratedImage image) {
  const StageTimer timer(parts_.metrics, "store");
  const Result<image::Header> header = image::probe(image.bytes);
  SELVAGE_CHECK(header.has_value());  // generate() has probed it
  const std::string media_type(image::media_type(header->format));
  const std::string extension(result_extension(media_type).value());
  std::string key = result_key(session_.owner, session_.id, extension);
  Patience patience(kStoreTries);
  while (true) {
    if (job_.stop.cancelled() && job_.why && job_.why->reason == work::StopReason::lease_lost) {
      co_return std::unexpected(Ending(work::Outcome(work::LeaseLost{})));
    }
    const Result<void> put = co_await parts_.storage.put(key, image.bytes, media_type);
    if (put) break;
    log_.warning("result_not_stored", put.error());
    if (!is_infrastructure(put.error())) co_return std::unexpected(ending_of(put.error()));
    if (!co_await patience.wait(job_.stop)) co_return std::unexpected(waits_for(put.error()));
  }
  co_return StoredResult{std::move(key), std::move(image.provider_request_id)};
}

Task<GenerationRun::Stage<work::Outcome>> GenerationRun::complete(StoredResult result) {
  const StageTimer timer(parts_.metrics, "settle");
  const std::string provider = parts_.provider.name();
  Patience patience(kSettleTries);
  while (true) {
    const Result<Settlement> settled = co_await parts_.database.write([&](data::Transaction& tx) {
      return settle_completed(tx, session_, token_, result.key, provider,
                              result.provider_request_id);
    });
    if (settled) {
      if (settled->session) session_ = *settled->session;
      if (settled->changed) {
        changed(*settled);
        count_job(parts_.metrics, session_.owner.channel, "completed");
        log_.info("job_completed",
                  {{"took_ms", milliseconds_since(started_)}, {"provider", provider}});
      }
      break;
    }
    log_.warning("job_not_settled", settled.error());
    if (!co_await patience.wait(job_.stop)) co_return std::unexpected(ending_of(settled.error()));
  }
  if (session_.status == SessionStatus::processing) co_return work::Outcome(work::LeaseLost{});
  co_await tidy_after_end();
  co_return work::Outcome(work::Done{});
}

Task<work::Outcome> GenerationRun::settle_failure(SessionFailure failure) {
  Patience patience(kSettleTries);
  while (true) {
    const Result<Settlement> settled = co_await parts_.database.write([&](data::Transaction& tx) {
      return settle_failed(tx, session_.owner, session_.id, token_, failure);
    });
    if (settled) {
      if (settled->session) session_ = *settled->session;
      if (settled->changed) {
        changed(*settled);
        count_job(parts_.metrics, session_.owner.channel, "failed", failure.code);
        log_.warning("job_failed", {{"reason", failure.code},
                                    {"detail", failure.detail},
                                    {"refunded", settled->refunded},
                                    {"took_ms", milliseconds_since(started_)}});
      }
      break;
    }
    log_.warning("job_not_settled", settled.error());
    // No token to wait on: a job at its time limit was told to stop, and its failure must still be
    // written.
    if (!co_await patience.wait({})) {
      const Ending ending = waits_for(settled.error());
      if (const auto* outcome = std::get_if<work::Outcome>(&ending)) co_return *outcome;
      co_return work::HandBack{settled.error().code};
    }
  }
  if (session_.status == SessionStatus::processing) co_return work::LeaseLost{};
  co_await tidy_after_end();
  co_return work::Done{session_.error_code.value_or("")};
}

Task<void> GenerationRun::give_up(std::string reason) {
  Result<std::optional<Session>> found = co_await parts_.database.read(
      [this](data::Transaction& tx) { return find_session(tx, task_.session_id); });
  if (!found) log_.error("job_not_given_up", found.error());
  if (!found || !*found || (*found)->owner != task_.owner) co_return;
  session_ = std::move(**found);
  const bool other_works =
      session_.status == SessionStatus::processing && session_.task_id != task_.task_id;
  if (other_works) co_return;

  Stage<std::optional<StoredResult>> result = co_await find_result();
  if (result && *result && session_.status == SessionStatus::processing) {
    // The picture exists, only its settlement kept crashing; the token of this hand-out has to be
    // taken first.
    const Result<bool> taken = co_await parts_.database.write([this](data::Transaction& tx) {
      return begin_processing(tx, session_.owner.channel, session_.id, task_.task_id, token_);
    });
    if (taken && *taken) {
      const Stage<work::Outcome> completed = co_await complete(std::move(**result));
      if (completed) co_return;
    }
  }
  co_await settle_failure(make_failure("worker_crashed", std::move(reason)));
}

}  // namespace selvage::tryon::detail
