#include "tryon/detail/generation_run.hpp"

#include <fmt/format.h>

#include "image/probe.hpp"
#include "tryon/detail/failures.hpp"
#include "tryon/detail/inputs.hpp"
#include "tryon/detail/object_keys.hpp"
#include "tryon/detail/stage_metrics.hpp"

namespace selvage::tryon::detail {
namespace {

constexpr milliseconds kLongestPatience{5'000};
constexpr milliseconds kShownAfter{250};

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

}  // namespace

Task<bool> Patience::wait(CancelToken stop) {
  if (left_-- <= 0 || stop.cancelled()) co_return false;
  const milliseconds now_waiting = next_;
  next_ = std::min(next_ * 2, kLongestPatience);
  co_return co_await net::sleep_for(now_waiting, std::move(stop));
}

GenerationRun::GenerationRun(PipelineParts& parts, CancelWatch& cancels, work::JobContext job,
                             GenerationTask task)
    : parts_(parts),
      job_(std::move(job)),
      task_(std::move(task)),
      token_(job_.lease.ref.token),
      log_(job_.log),
      cancel_(cancels, task_.session_id),
      by_engine_(job_.stop.on_cancel([this] { interrupt_.cancel(); })),
      by_owner_(cancel_.token().on_cancel([this] { interrupt_.cancel(); })) {
  session_.id = task_.session_id;  // until the stored one is known
  session_.owner = task_.owner;
  log_.with("request_id", task_.request_id)
      .with("session_id", task_.session_id)
      .with("task_id", task_.task_id);
}

GenerationRun::Shown::Shown(GenerationRun& run, tryon::Stage stage) {
  run.shown_.spawn(run.show(stage, over_.token()), "show stage");
}

// A stage that is soon over is not worth a commit. The session is not touched here: the run goes on
// beside this and uses it.
Task<void> GenerationRun::show(tryon::Stage stage, CancelToken over) {
  if (!co_await net::sleep_for(kShownAfter, over)) co_return;
  const Channel channel = session_.owner.channel;
  const std::string id = session_.id;
  const std::int64_t token = token_;
  const Result<std::optional<Session>> shown = co_await parts_.database.write(
      [channel, id, token, stage](data::Transaction& tx) -> Result<std::optional<Session>> {
        if (!TRY(note_stage(tx, channel, id, token, stage))) return std::nullopt;
        return find_session(tx, channel, id);
      });
  if (!shown) log_.warning("stage_not_shown", shown.error());
  if (shown && *shown && parts_.on_change) parts_.on_change(**shown);
}

Task<work::Outcome> GenerationRun::run() {
  std::exception_ptr bug;
  work::Outcome outcome;
  try {
    outcome = co_await run_and_settle();
  } catch (...) {  // rethrown below, when nothing runs beside any more
    bug = std::current_exception();
  }
  co_await shown_.join();
  if (bug) std::rethrow_exception(bug);
  co_return outcome;
}

Task<work::Outcome> GenerationRun::run_and_settle() {
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

  if (session_.cancel_requested_at) cancel_.cancel();
  if (const std::optional<Ending> told = stopped()) co_return std::unexpected(*told);
  Stage<std::vector<InputImage>> inputs = co_await load();
  if (!inputs) co_return std::unexpected(std::move(inputs.error()));
  Stage<GeneratedImage> image = co_await generate(std::move(*inputs));
  if (!image) co_return std::unexpected(std::move(image.error()));
  Stage<StoredResult> stored = co_await store(std::move(*image));
  if (!stored) co_return std::unexpected(std::move(stored.error()));
  co_return co_await complete(std::move(*stored));
}

Task<GenerationRun::Stage<void>> GenerationRun::begin() {
  const StageTimer timer(parts_.metrics, "begin", job_.span);
  const Result<Admission> admission = co_await parts_.database.write(
      [this](data::Transaction& tx) { return admit(tx, parts_.broker, task_, token_); });
  if (!admission) {
    log_.warning("job_not_begun", admission.error());
    if (is_infrastructure(admission.error())) {
      co_return std::unexpected(waits_for(admission.error()));
    }
    co_return std::unexpected(Ending(
        work::Bury{fmt::format("{}: {}", admission.error().code, admission.error().message)}));
  }
  session_ = admission->session;
  if (admission->announced) parts_.broker.notify();
  if (admission->charged) {
    count_charged(&parts_.metrics, session_.owner.channel, session_.credits);
  }
  switch (admission->admitted) {
    case Admitted::begun:
      if (job_.span != nullptr) {
        job_.span->set("selvage.session_id", session_.id);
        job_.span->set("selvage.request_id", task_.request_id);
        job_.span->set("selvage.channel", name(session_.owner.channel));
        job_.span->set("selvage.attempt", session_.attempts);
      }
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
  StageTimer timer(parts_.metrics, "inputs", job_.span);
  std::vector<std::string> urls{task_.person_image_url};
  urls.insert(urls.end(), task_.garment_image_urls.begin(), task_.garment_image_urls.end());
  timer.span().set("selvage.pictures", static_cast<std::int64_t>(urls.size()));
  std::expected<std::vector<InputImage>, InputProblem> inputs = co_await load_inputs(
      {parts_.guard, parts_.storage, parts_.image_pool}, std::move(urls), interrupt_.token());
  if (inputs) co_return std::move(*inputs);
  if (const std::optional<Ending> told = stopped()) co_return std::unexpected(*told);
  const InputProblem& problem = inputs.error();
  timer.span().fail(problem.error.code);
  if (is_infrastructure(problem.error)) co_return std::unexpected(waits_for(problem.error));
  co_return std::unexpected(Ending(failure_of_input(problem.error, which_input(problem.index))));
}

Task<GenerationRun::Stage<GenerationRun::StoredResult>> GenerationRun::store(GeneratedImage image) {
  StageTimer timer(parts_.metrics, "store", job_.span);
  const Shown shown(*this, tryon::Stage::storing);
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
    timer.span().set("selvage.storage_error", put.error().code);
    if (!is_infrastructure(put.error())) co_return std::unexpected(ending_of(put.error()));
    if (co_await patience.wait(job_.stop)) continue;
    // Every further run of the job would pay for a picture that the storage does not take either.
    if (needs_operator(put.error()) && job_.why &&
        job_.why->reason == work::StopReason::time_limit) {
      co_return std::unexpected(Ending(make_failure(
          "infrastructure", fmt::format("{}: {}", put.error().code, put.error().describe()))));
    }
    co_return std::unexpected(waits_for(put.error()));
  }
  co_return StoredResult{std::move(key), std::move(image.provider_request_id)};
}

Task<GenerationRun::Stage<work::Outcome>> GenerationRun::complete(StoredResult result) {
  const StageTimer timer(parts_.metrics, "settle", job_.span);
  const std::string provider = parts_.provider.name();
  Patience patience(kSettleTries);
  while (true) {
    const Result<Settlement> settled = co_await parts_.database.write([&](data::Transaction& tx) {
      return settle_completed(tx, parts_.broker, session_, token_, result.key, provider,
                              result.provider_request_id, trace());
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
      return settle_failed(tx, parts_.broker, session_.owner, session_.id, token_, failure,
                           trace());
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
