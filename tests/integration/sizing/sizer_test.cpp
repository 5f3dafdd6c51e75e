#include "sizing/sizer.hpp"

#include <doctest/doctest.h>

#include <array>
#include <boost/json.hpp>
#include <mutex>
#include <thread>

#include "base/json.hpp"
#include "base/task_group.hpp"
#include "data/migrations.hpp"
#include "image/encode.hpp"
#include "integration/sizing/models_fixture.hpp"
#include "sizing/chart_table.hpp"
#include "support/shared_data.hpp"
#include "support/test_database.hpp"

namespace selvage::sizing {
namespace {

// A body that can be measured; nothing, said loudly, without the pictures or the models.
std::optional<std::string> body_photo() {
  if (test::estimator() == nullptr) return {};
  const auto folder = selvage::test::shared_data("bodies");
  if (!folder) return {};
  return test::bytes_of(*folder / "b0001.jpg");
}

// The home loop of a process, on a thread of its own, and a sizer on it.
class Process {
 public:
  explicit Process(SizerOptions options = {}, std::size_t workers = 2)
      : poses_({.workers = workers}), guard_(home_, {}) {
    const std::array rooms{kSizingMigrations};
    REQUIRE(data::migrate(*database_, rooms));
    sizer.emplace(SizerParts{home_, guard_, poses_, *database_, metrics}, options);
    thread_ = std::thread([this] { home_.run(); });
  }
  ~Process() {
    home_.stop();
    thread_.join();
  }

  Registry metrics;

 private:
  testing::TestDatabase place_;
  std::unique_ptr<data::Database> database_ = place_.must_open();
  net::Loop home_;
  LatePosePool poses_;
  net::EgressGuard guard_;
  std::thread thread_;

 public:
  std::optional<Sizer> sizer;
};

struct KeptSpans final : Tracer {
  void record(FinishedSpan span) override {
    const std::lock_guard lock(mutex);
    spans.push_back(std::move(span));
  }
  bool samples(const std::array<std::uint8_t, 16>&) const override { return true; }
  std::mutex mutex;
  std::vector<FinishedSpan> spans;
};

std::string outcome_of(const FinishedSpan& span) {
  for (const auto& [key, value] : span.attributes) {
    if (key == "selvage.sizing") return std::get<std::string>(value);
  }
  return "none";
}

SizeQuestion question(std::string photo, double height = 172, std::string owner = "b2b:a") {
  SizeQuestion asked{.photo = std::move(photo), .owner = std::move(owner)};
  asked.request.wearer.height_cm = height;
  return asked;
}

Task<void> ask(Sizer& sizer, SizeQuestion asked, Result<std::string>& answer) {
  answer = co_await sizer.answer(std::move(asked));
}

Task<void> ask_at_once(Sizer& sizer, std::vector<SizeQuestion> asked,
                       std::vector<Result<std::string>>& answers) {
  TaskGroup group;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    group.spawn(ask(sizer, std::move(asked[i]), answers[i]), "ask");
  }
  co_await group.join();
}

std::vector<Result<std::string>> answers_to(Sizer& sizer, std::vector<SizeQuestion> asked) {
  std::vector<Result<std::string>> answers(asked.size());
  net::Loop loop;
  loop.run_until_done(ask_at_once(sizer, std::move(asked), answers));
  return answers;
}

TEST_CASE("Sizer: eight loops at once get what one alone gets") {
  const auto photo = body_photo();
  if (!photo) return;
  Process process({.cache_entries = 0});
  const auto alone = answers_to(*process.sizer, {question(*photo)});
  REQUIRE_MESSAGE(alone[0].has_value(), alone[0].error().describe());
  std::vector<std::thread> clients;
  std::array<std::vector<Result<std::string>>, 8> all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    clients.emplace_back([&, i] {
      const std::string owner = "b2b:" + std::to_string(i);
      all[i] =
          answers_to(*process.sizer, {question(*photo, 172, owner), question(*photo, 181, owner)});
    });
  }
  for (std::thread& client : clients) client.join();
  for (const auto& two : all) {
    CHECK(two[0].value_or("") == *alone[0]);
    CHECK(two[1].has_value());
    CHECK(two[1].value_or("") != *alone[0]);
  }
  CHECK(process.sizer->active() == 0);
}

TEST_CASE("Sizer: an answer that is remembered is the same, and nobody else's") {
  const auto photo = body_photo();
  if (!photo) return;
  Process process;
  const auto cached = [&] {
    return process.metrics
        .counter("sizing_requests_total", "Photos to be sized by what they came to.",
                 {{"outcome", "cached"}})
        .value();
  };
  const auto answer_to = [&](SizeQuestion asked) {
    return answers_to(*process.sizer, {std::move(asked)})[0].value_or("no answer");
  };
  const std::string first = answer_to(question(*photo));
  CHECK(cached() == 0);
  CHECK(answer_to(question(*photo)) == first);
  CHECK(cached() == 1);
  CHECK(answer_to(question(*photo, 172, "b2b:b")) == first);
  CHECK(answer_to(question(*photo, 173)) != first);
  SizeQuestion other = question(*photo);
  other.request.wearer.fit = Fit::loose;
  CHECK(answer_to(other) != first);
  other = question(*photo);
  other.request.include_pose = true;
  CHECK(answer_to(other) != first);
  CHECK(cached() == 1);
}

TEST_CASE("Sizer: what is too much at once is refused before anything is done for it") {
  const auto photo = body_photo();
  if (!photo) return;
  Process process({.requests = 3, .per_owner = 2, .cache_entries = 0}, 1);
  const auto answers =
      answers_to(*process.sizer, {question(*photo), question(*photo), question(*photo),
                                  question(*photo, 172, "b2b:b"), question(*photo, 172, "b2b:c")});
  CHECK(answers[0].has_value());
  CHECK(answers[1].has_value());
  CHECK(answers[2].error().code == "sizing.owner_busy");
  CHECK(answers[2].error().kind == ErrorKind::rate_limited);
  CHECK(answers[3].has_value());
  CHECK(answers[4].error().code == "sizing.busy");
  CHECK(answers[4].error().kind == ErrorKind::unavailable);
  CHECK(process.sizer->active() == 0);
}

TEST_CASE("Sizer: a caller that has gone costs no pose") {
  const auto photo = body_photo();
  if (!photo) return;
  Process process;
  CancelSource gone;
  gone.cancel();
  SizeQuestion asked = question(*photo);
  asked.cancel = gone.token();
  const auto answers = answers_to(*process.sizer, {asked});
  CHECK(answers[0].error().kind == ErrorKind::cancelled);
  CHECK(process.sizer->active() == 0);
}

TEST_CASE("Sizer: each stage is a span below the question's, and the failed one says why") {
  const auto photo = body_photo();
  if (!photo) return;
  Process process;
  struct Case {
    std::string photo;
    std::vector<std::string> stages;
    std::string outcome;
    std::string failed;  // the stage whose span says so
  };
  image::Picture wall = image::Picture::filled(300, 400, 3, 128);
  const Case cases[] = {
      {*photo, {"chart", "turn", "decode", "detect", "landmarks", "measure"}, "sized", ""},
      {*photo, {"chart", "turn"}, "cached", ""},
      {"no picture", {"chart", "turn", "decode"}, "image.unsupported_format", "decode"},
      {*image::encode(wall, image::Format::png),
       {"chart", "turn", "decode", "detect"},
       "sizing.no_person",
       "detect"}};
  for (const Case& each : cases) {
    KeptSpans kept;
    Span span = start_span(&kept, "POST /estimate-body", SpanKind::server);
    SizeQuestion asked = question(each.photo);
    asked.span = &span;
    const auto parent = span.context();
    (void)answers_to(*process.sizer, {asked});
    span.end();
    std::vector<std::string> stages;
    for (const FinishedSpan& stage : kept.spans) {
      if (stage.name == "POST /estimate-body") {
        CHECK(outcome_of(stage) == each.outcome);
        continue;
      }
      CAPTURE(stage.name);
      stages.push_back(stage.name);
      CHECK(stage.parent_id == parent.span_id);
      CHECK(stage.context.trace_id == parent.trace_id);
      CHECK(stage.failed == (stage.name == each.failed));
      if (stage.failed) CHECK(stage.failure == each.outcome);
    }
    CHECK(stages == each.stages);
  }
}

TEST_CASE("Sizer: without models it says so, whatever the photo is") {
  const testing::TestDatabase place;
  const auto database = place.must_open();
  const std::array rooms{kSizingMigrations};
  REQUIRE(data::migrate(*database, rooms));
  net::Loop home;
  Registry metrics;
  LatePosePool poses({.models = "/nonexistent/models"});
  CHECK(poses.health().has_value());  // nobody has needed it
  {
    net::EgressGuard guard(home, {});
    Sizer sizer({home, guard, poses, *database, metrics}, {});
    Result<std::string> answer;
    home.run_until_done(ask(sizer, question("no picture"), answer));
    CHECK(answer.error().code == "sizing.unavailable");
    CHECK(answer.error().kind == ErrorKind::unavailable);
    CHECK_FALSE(answer.error().describe().contains("/nonexistent"));
    CHECK_FALSE(answer.error().hint.empty());
  }
  CHECK(poses.health().error().code == "sizing.model_missing");
}

}  // namespace
}  // namespace selvage::sizing
