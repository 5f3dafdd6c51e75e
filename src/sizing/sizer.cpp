#include "sizing/sizer.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/task_group.hpp"
#include "net/hop.hpp"
#include "sizing/chart_table.hpp"
#include "sizing/detail/stage.hpp"
#include "sizing/photo.hpp"
#include "sizing/settings.hpp"
#include "sizing/size_answer.hpp"
#include "sizing/verdict.hpp"

namespace selvage::sizing {

using detail::Stage;

namespace {

constexpr char kComeBack[] = "try again in a few seconds";

Error timed_out(std::string_view where) {
  return {ErrorKind::timeout, "sizing.timeout",
          fmt::format("there was no answer within SIZING_TIMEOUT: {}", where),
          "try again; a smaller photo, or one on a faster host, is done sooner", nullptr};
}

// Missing or broken models are the operator's matter, who finds the path in the log and in /health;
// for callers the service is away.
Error as_seen_by_caller(Error error) {
  if (!error.code.starts_with("sizing.model") && error.code != "sizing.inference") return error;
  return {ErrorKind::unavailable, "sizing.unavailable", "body sizing is not available here",
          error.hint.empty() ? std::string("see /health, component sizing") : error.hint, nullptr};
}

Task<void> cancel_at(Deadline deadline, std::shared_ptr<CancelSource> stop, CancelToken done) {
  if (co_await net::sleep_for(deadline.left(), done)) stop->cancel();
}

// On the guard's loop.
Task<Result<net::FetchedImage>> fetch_within(net::EgressGuard& guard, std::string url,
                                             std::shared_ptr<CancelSource> stop,
                                             Deadline deadline) {
  CancelSource done;
  TaskGroup beside;
  beside.spawn(cancel_at(deadline, stop, done.token()), "sizing deadline");
  auto fetched = co_await guard.fetch_image(std::move(url), stop->token());
  done.cancel();
  co_await beside.join();
  const bool late = !fetched && fetched.error().kind == ErrorKind::cancelled && deadline.passed();
  if (late) co_return fail(timed_out("the photo's host is too slow"));
  co_return fetched;
}

// Whether the same question would fail again, whatever this service does.
bool is_of_the_question(ErrorKind kind) {
  using enum ErrorKind;
  return kind == unprocessable || kind == invalid || kind == unsupported || kind == too_large;
}

template <class Found>
Result<Found> someone(Result<std::optional<Found>> found) {
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(no_person());
  return *std::move(*found);
}

}  // namespace

SizerOptions sizer_options(const Settings& settings) {
  SizerOptions options;
  options.requests = static_cast<std::size_t>(settings.integer("SIZING_MAX_REQUESTS"));
  options.per_owner = static_cast<std::size_t>(settings.integer("SIZING_PER_OWNER"));
  options.time = settings.duration("SIZING_TIMEOUT");
  options.cache_entries = static_cast<std::size_t>(settings.integer("SIZING_CACHE_ENTRIES"));
  options.cache_life = settings.duration("SIZING_CACHE_TTL");
  return options;
}

// Held while a question is worked on.
class Sizer::Place {
 public:
  Place(Sizer& sizer, std::string owner) : sizer_(&sizer), owner_(std::move(owner)) {}
  Place(Place&& other) noexcept
      : sizer_(std::exchange(other.sizer_, nullptr)), owner_(std::move(other.owner_)) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (sizer_ != nullptr) sizer_->leave(owner_);
  }

 private:
  Sizer* sizer_;
  std::string owner_;
};

Sizer::Sizer(SizerParts parts, SizerOptions options)
    : parts_(parts),
      options_(options),
      cache_(options.cache_entries, options.cache_life),
      meters_(std::make_unique<detail::Meters>(parts.metrics)) {}
Sizer::~Sizer() = default;

Result<Sizer::Place> Sizer::admit(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  if (active_ >= options_.requests) {
    return fail(ErrorKind::unavailable, "sizing.busy", "too many photos are being sized already",
                kComeBack);
  }
  std::size_t& of_owner = active_of_[owner];
  if (of_owner >= options_.per_owner) {
    return fail(ErrorKind::rate_limited, "sizing.owner_busy",
                fmt::format("{} of your photos are being sized already", of_owner), kComeBack);
  }
  ++of_owner;
  meters_->active.set(static_cast<double>(++active_));
  return Place(*this, owner);
}

void Sizer::leave(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  const auto of_owner = active_of_.find(owner);
  if (--of_owner->second == 0) active_of_.erase(of_owner);
  meters_->active.set(static_cast<double>(--active_));
}

std::size_t Sizer::active() const {
  const std::lock_guard lock(mutex_);
  return active_;
}

Task<Result<std::string>> Sizer::answer(SizeQuestion question) {
  Span* const span = question.span;
  Result<std::string> answer = co_await work_on(std::move(question));
  if (!answer) answer = fail(as_seen_by_caller(std::move(answer.error())));
  if (span != nullptr && !answer) span->set("selvage.sizing", answer.error().code);
  count(answer);
  co_return answer;
}

Task<Result<std::string>> Sizer::work_on(SizeQuestion question) {
  const Place place = CO_TRY(admit(question.owner));
  const Stage whole(meters_->whole, "all", nullptr);
  const Deadline deadline = Deadline::after(options_.time);
  const SizeChart chart =
      CO_TRY(co_await chart_for(question.request, question.owner, question.span));
  if (question.photo.empty()) {
    question.photo = CO_TRY(
        co_await fetch(question.request.image_url, question.cancel, deadline, question.span));
  }
  Stage turn(meters_->turn, "turn", question.span);
  co_return co_await parts_.poses.get().run(
      [this, &question, &chart, &turn, deadline](PoseEstimator& estimator) -> Result<std::string> {
        turn.end();
        if (question.cancel.cancelled()) return fail(cancelled_error("sizing"));
        if (deadline.passed()) return fail(timed_out("too many photos were before this one"));
        return look(estimator, question, chart);
      });
}

Task<Result<SizeChart>> Sizer::chart_for(SizeRequest request, std::string owner, const Span* span) {
  if (request.chart) co_return std::move(*request.chart);
  const bool usual = request.chart_id.empty();
  const bool standard = request.chart_id == kStandardChart;
  if (!standard && !owner.empty()) {
    Stage stage(meters_->chart, "chart", span);
    const std::string id = usual ? std::string(kUsualChart) : request.chart_id;
    auto kept = CO_TRY(stage.with(co_await parts_.database.read(
        [&owner, &id](data::Transaction& tx) { return find_chart(tx, owner, id); })));
    if (kept) co_return std::move(kept->chart);
  }
  if (usual || standard) co_return default_chart(request.wearer.sex);
  co_return fail(ErrorKind::unprocessable, "sizing.chart_unknown",
                 fmt::format("there is no size chart \"{}\"", request.chart_id),
                 "list them: GET /v1/size-charts; \"standard\" is EN 13402-3");
}

Task<Result<std::string>> Sizer::fetch(std::string url, CancelToken cancel, Deadline deadline,
                                       const Span* span) {
  Stage stage(meters_->fetch, "fetch", span);
  // Of the guard's loop; shared with the call-back, which may come when the fetch is over.
  const auto stop = std::make_shared<CancelSource>();
  net::Loop& home = parts_.home;
  const auto heard = cancel.on_cancel([&home, stop] { home.post([stop] { stop->cancel(); }); });
  net::EgressGuard& guard = parts_.guard;
  auto fetched = CO_TRY(stage.with(
      co_await net::run_on(home, [&guard, &url, &stop, deadline] [[clang::coro_wrapper]] () {
        return fetch_within(guard, url, stop, deadline);
      })));
  co_return std::move(fetched.bytes);
}

Result<std::string> Sizer::look(PoseEstimator& estimator, const SizeQuestion& question,
                                const SizeChart& chart) {
  // The chart as it is now: a store may have changed it since the answer was kept.
  SizeRequest asked = question.request;
  asked.image_url.clear();
  asked.chart = chart;
  const std::string key = cache_key(question.photo, question.owner + '\n' + to_json(asked));
  if (auto known = cache_.find(key)) {
    meters_->cached.add();
    if (question.span != nullptr) question.span->set("selvage.sizing", "cached");
    return std::move(*known);
  }
  Stage decode(meters_->decode, "decode", question.span);
  const image::Picture picture = TRY(decode.with(decode_photo(question.photo)));
  decode.end();
  Stage detect(meters_->detect, "detect", question.span);
  const SeenPerson person = TRY(detect.with(someone(estimator.detect(picture))));
  detect.end();
  Stage landmarks(meters_->landmarks, "landmarks", question.span);
  const Pose pose = TRY(landmarks.with(someone(estimator.look_closely(picture, person))));
  landmarks.end();
  Stage measure(meters_->measure, "measure", question.span);
  const SizeAdvice advice = TRY(measure.with(advise(pose, question.request.wearer, chart)));
  std::string answer = answer_json(advice, question.request, chart, pose);
  cache_.keep(key, answer);
  meters_->sized.add();
  if (question.span != nullptr) question.span->set("selvage.sizing", "sized");
  return answer;
}

void Sizer::count(const Result<std::string>& answer) {
  if (answer) return;  // counted where it was made or found
  const bool refused = is_of_the_question(answer.error().kind);
  (refused ? meters_->refused : meters_->failed).add();
  meters_->registry
      .counter(refused ? "sizing_refusals_total" : "sizing_failures_total",
               refused ? "Photos and questions that cannot be answered (422) by the reason."
                       : "Questions about a size that failed by the error's code.",
               {{"reason", answer.error().code}})
      .add();
}

}  // namespace selvage::sizing
