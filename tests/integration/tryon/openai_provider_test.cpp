// The OpenAI provider against its stand-in, which validates calls as the real API does.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <boost/json.hpp>
#include <fstream>

#include "base/json.hpp"
#include "base/task_group.hpp"
#include "image/decode.hpp"
#include "image/probe.hpp"
#include "net/http_client.hpp"
#include "support/stand_in.hpp"
#include "tryon/provider.hpp"

namespace selvage::tryon {
namespace {

using namespace std::chrono_literals;
using testing::StandIn;

using Generated = std::expected<GeneratedImage, ProviderError>;
using Environment = std::map<std::string, std::string>;

const std::string kJpegStart = std::string("\xff\xd8\xff\xe0", 4) + std::string(2000, 'j');

ProviderRequest request_for(std::string prompt) {
  ProviderRequest request;
  request.person = {kJpegStart, "image/jpeg"};
  request.garments = {{std::string("\x89PNG\r\n\x1a\n", 8) + std::string(2000, 'p'), "image/png"}};
  request.prompt = "Dress her. " + std::move(prompt);
  request.owner_hash = "0123456789abcdef0123456789abcdef";
  request.request_id = "test-" + std::to_string(steady_now().time_since_epoch().count());
  request.deadline = Deadline::after(20s);
  return request;
}

// One provider with its loop and settings, pointed at a stand-in.
class Bench {
 public:
  explicit Bench(const StandIn& stand_in, Environment more = {})
      : stand_in_(stand_in), settings_(load(stand_in, std::move(more))) {
    provider_ = make_openai_provider({loop_, pool_, settings_});
  }
  Generated generate(ProviderRequest request) {
    return loop_.run_until_done(provider_->generate(std::move(request)));
  }
  Provider& provider() { return *provider_; }
  net::Loop& loop() { return loop_; }

  // What the stand-in saw; a loop of its own, for a loop runs once.
  json::value calls() const {
    net::Loop loop;
    net::HttpClient client(loop, {});
    net::ClientRequest request;
    request.url = stand_in_.url("/_standin/calls");
    const auto response = loop.run_until_done(client.send(std::move(request)));
    REQUIRE(response);
    auto parsed = json::parse(response->body);
    REQUIRE(parsed);
    return *parsed;
  }
  std::int64_t total_calls() const { return calls().at("total").as_int64(); }

 private:
  static Settings load(const StandIn& stand_in, Environment more) {
    SettingSources sources;
    sources.environment = std::move(more);
    sources.environment.emplace("OPENAI_BASE_URL", stand_in.url("/v1/"));
    sources.environment.emplace("OPENAI_API_KEY", "sk-Zq81vNw0TtYb52LkPdXc");
    auto settings = Settings::load({kProviderSettings, kOpenaiSettings}, std::move(sources));
    REQUIRE_MESSAGE(settings, settings.error().message);
    return std::move(*settings);
  }

  const StandIn& stand_in_;
  net::Loop loop_;
  net::BlockingPool pool_{"image", 2};
  Settings settings_;
  std::unique_ptr<Provider> provider_;
};

std::string_view failure_of(const Generated& generated) {
  return generated ? "ok" : name(generated.error().failure);
}

TEST_CASE(
    "OpenAI provider: makes a picture of the asked size in every format and keeps the call's id") {
  const StandIn stand_in("openai.py");
  for (const auto& [format, type] : {std::pair{"jpeg", "image/jpeg"}, std::pair{"png", "image/png"},
                                     std::pair{"webp", "image/webp"}}) {
    Bench bench(stand_in, {{"OPENAI_OUTPUT_FORMAT", format}, {"OPENAI_SIZE", "816x1456"}});
    const Generated made = bench.generate(request_for(""));
    REQUIRE_MESSAGE(made, made.error().detail);
    CHECK(made->media_type == type);
    CHECK(made->provider_request_id.starts_with("req_"));
    const auto header = image::probe(made->bytes);
    REQUIRE(header);
    CHECK(header->width == 816);
    CHECK(header->height == 1456);
    CHECK(image::decode(made->bytes));
  }
}

TEST_CASE("OpenAI provider: the call carries what the API needs to know") {
  const StandIn stand_in("openai.py");
  Bench bench(stand_in, {{"OPENAI_ORGANIZATION", "org-1"}});
  ProviderRequest request = request_for("");
  const std::string request_id = request.request_id;
  REQUIRE(bench.generate(std::move(request)));
  const json::value calls = bench.calls();
  const json::value& call = calls.at("calls").at(0);
  CHECK(call.at("client_request_id").as_string() == request_id);
  CHECK(call.at("organization").as_string() == "org-1");
  const json::value& fields = call.at("fields");
  CHECK(fields.at("model").as_string() == "gpt-image-2.5-sunburst");
  CHECK(fields.at("size").as_string() == "1024x1536");
  CHECK(fields.at("user").as_string() == "0123456789abcdef0123456789abcdef");
  CHECK_FALSE(fields.as_object().contains("input_fidelity"));
  const auto& images = call.at("images").as_array();
  REQUIRE(images.size() == 2);
  CHECK(images[0].at("field").as_string() == "image[]");
  CHECK(images[0].at("filename").as_string() == "person.jpg");
  CHECK(images[0].at("type").as_string() == "image/jpeg");
  CHECK(images[0].at("bytes").as_int64() == 2004);
  CHECK(images[1].at("filename").as_string() == "garment-1.png");
}

TEST_CASE("OpenAI provider: sends input_fidelity to the models that take it, and only to them") {
  const StandIn stand_in("openai.py");
  for (const auto& [model, sent] :
       {std::pair{"gpt-image-1.5", true}, std::pair{"gpt-image-1-mini", false},
        std::pair{"gpt-image-2", false}, std::pair{"gpt-image-2.6-flare", false}}) {
    Bench bench(stand_in, {{"OPENAI_MODEL", model}});
    const Generated made = bench.generate(request_for(""));
    REQUIRE_MESSAGE(made, made.error().detail);
    const json::value calls = bench.calls();
    CHECK(calls.at("calls").as_array().back().at("fields").as_object().contains("input_fidelity") ==
          sent);
  }
}

struct Story {
  const char* script;
  const char* failure;
  std::int64_t calls;
  const char* in_detail;
};

constexpr Story kStories[] = {
    {"standin:rate_limit", "rate_limited", 1, "rate_limit_exceeded"},
    {"standin:slow_down", "rate_limited", 1, "slow_down"},
    {"standin:billing", "billing", 1, "insufficient_quota"},
    {"standin:balance", "billing", 1, "credit_balance_exhausted"},
    {"standin:moderation", "moderation", 1, "moderation_blocked"},
    {"standin:user_error", "bad_input", 1, "image_unreadable"},
    {"standin:retired", "configuration", 1, "model_not_found"},
    {"standin:unverified", "configuration", 1, "must be verified"},
    {"standin:bad_key", "configuration", 1, "sk-***"},
    {"standin:no_retry", "overloaded", 1, "OpenAI answered 500"},
    {"standin:long_wait", "overloaded", 1, "OpenAI answered 503"},
    {"standin:server_error=9", "overloaded", 3, "OpenAI answered 500"},
    {"standin:server_error=2", "ok", 3, ""},
    {"standin:conflict=1", "ok", 2, ""},
    {"standin:overloaded=1", "ok", 2, ""},
    {"standin:cut=1", "ok", 2, ""},
    {"standin:cut=9", "overloaded", 3, "127.0.0.1"},
    {"standin:garbage", "bad_answer", 1, "no JSON"},
    {"standin:not_a_picture", "bad_answer", 1, "picture"},
    {"standin:no_data", "bad_answer", 1, "no picture"},
    {"standin:huge", "bad_answer", 1, "more than 64 MiB"},
};

TEST_CASE("OpenAI provider: tells every kind of failure apart and tries again only what may pass") {
  const StandIn stand_in("openai.py");
  std::int64_t before = 0;
  for (const auto& [script, failure, calls, in_detail] : kStories) {
    CAPTURE(script);
    Bench bench(stand_in);
    const Generated made = bench.generate(request_for(script));
    CHECK(failure_of(made) == failure);
    if (!made) {
      CAPTURE(made.error().detail);
      CHECK(made.error().detail.find(in_detail) != std::string::npos);
      CHECK(made.error().detail.find("Zq81vNw0") == std::string::npos);
    }
    const std::int64_t total = bench.total_calls();
    CHECK(total - before == calls);
    before = total;
  }
}

// Lets the first `turns` further calls go and forbids the rest, as a call limit that is used up
// does.
Task<Result<void>> take_turn(int& turns) {
  if (turns-- > 0) co_return Result<void>();
  co_return fail(ErrorKind::timeout, "limit.deadline", "no turn is left");
}

TEST_CASE("OpenAI provider: each further try asks for a turn under the global limit") {
  const StandIn stand_in("openai.py");
  for (const auto& [allowed, calls] : {std::pair{0, 1}, std::pair{1, 2}, std::pair{9, 3}}) {
    Bench bench(stand_in);
    const std::int64_t before = bench.total_calls();
    int turns = allowed;
    ProviderRequest request = request_for("standin:server_error=9");
    request.before_retry = [&turns] [[clang::coro_wrapper]] () { return take_turn(turns); };
    CHECK(failure_of(bench.generate(std::move(request))) == "overloaded");
    CHECK(bench.total_calls() - before == calls);
  }
}

TEST_CASE("OpenAI provider: a rate limit passes on how long the server wants us to wait") {
  const StandIn stand_in("openai.py");
  const Generated limited = Bench(stand_in).generate(request_for("standin:rate_limit"));
  REQUIRE_FALSE(limited);
  CHECK(limited.error().retry_after == 7s);
  CHECK(limited.error().provider_request_id.starts_with("req_"));
}

TEST_CASE("OpenAI provider: a silent API ends at the call's time-out and is not asked twice") {
  const StandIn stand_in("openai.py");
  Bench bench(stand_in, {{"OPENAI_TIMEOUT", "1s"}});
  const SteadyTime begun = steady_now();
  CHECK(failure_of(bench.generate(request_for("standin:hang"))) == "timeout");
  CHECK(steady_now() - begun < 3s);
  CHECK(bench.total_calls() == 1);
}

TEST_CASE(
    "OpenAI provider: the job's deadline cuts a call and forbids tries that could not end in "
    "time") {
  const StandIn stand_in("openai.py");
  ProviderRequest hanging = request_for("standin:hang");
  hanging.deadline = Deadline::after(300ms);
  CHECK(failure_of(Bench(stand_in).generate(std::move(hanging))) == "timeout");

  ProviderRequest failing = request_for("standin:server_error=9");
  failing.deadline = Deadline::after(200ms);  // less than the first back-off
  const SteadyTime begun = steady_now();
  CHECK(failure_of(Bench(stand_in).generate(std::move(failing))) == "overloaded");
  CHECK(steady_now() - begun < 300ms);
}

Task<Generated> generate_and_cancel(Provider& provider, std::string prompt, milliseconds after) {
  struct Later {
    static Task<void> cancel(CancelSource& source, milliseconds wait) {
      co_await net::sleep_for(wait);
      source.cancel();
    }
  };
  CancelSource source;
  TaskGroup group;
  group.spawn(Later::cancel(source, after), "cancel");
  ProviderRequest request = request_for(std::move(prompt));
  request.cancel = source.token();
  Generated made = co_await provider.generate(std::move(request));
  co_await group.join();
  co_return made;
}

TEST_CASE("OpenAI provider: cancellation ends a call and the wait between two tries") {
  const StandIn stand_in("openai.py");
  for (const char* script : {"standin:hang", "standin:overloaded=9 standin:server_error=9"}) {
    Bench bench(stand_in);
    const SteadyTime begun = steady_now();
    const Generated made =
        bench.loop().run_until_done(generate_and_cancel(bench.provider(), script, 150ms));
    CHECK(failure_of(made) == "cancelled");
    CHECK(steady_now() - begun < 1s);
  }
}

TEST_CASE("OpenAI provider: settings that no call can succeed with are refused without a call") {
  const StandIn stand_in("openai.py");
  for (const Environment& wrong :
       {Environment{{"OPENAI_MODEL", "gpt-image-1.5"}, {"OPENAI_SIZE", "816x1456"}},
        Environment{{"OPENAI_MODEL", "gpt-image-2"}, {"OPENAI_QUALITY", "max"}},
        Environment{{"OPENAI_API_KEY", ""}}}) {
    Bench bench(stand_in, wrong);
    const Generated made = bench.generate(request_for(""));
    CHECK(failure_of(made) == "configuration");
    CHECK(made.error().detail.find("OPENAI_") != std::string::npos);
    CHECK(bench.total_calls() == 0);
  }
}

TEST_CASE("OpenAI provider: an unreachable API is tried again and then reported as away") {
  const StandIn stand_in("openai.py");
  Bench bench(stand_in, {{"OPENAI_BASE_URL", "http://127.0.0.1:1/v1"}, {"OPENAI_RETRIES", "1"}});
  const SteadyTime begun = steady_now();
  CHECK(failure_of(bench.generate(request_for(""))) == "overloaded");
  CHECK(steady_now() - begun >= 375ms);
}

TEST_CASE("OpenAI provider: the start check survives any answer") {
  const StandIn stand_in("openai.py");
  for (const Environment& environment :
       {Environment{}, Environment{{"OPENAI_MODEL", "gpt-image-1.5"}},
        Environment{{"OPENAI_MODEL", "gpt-image-1"}}, Environment{{"OPENAI_MODEL", "gpt-image-9"}},
        Environment{{"OPENAI_API_KEY", ""}},
        Environment{{"OPENAI_BASE_URL", "http://127.0.0.1:1/v1"}}}) {
    Bench bench(stand_in, environment);
    bench.loop().run_until_done(bench.provider().check_at_start());
  }
}

TEST_CASE("OpenAI provider: a call costs one turn, or as many as it has pictures") {
  const StandIn stand_in("openai.py");
  CHECK(Bench(stand_in).provider().call_cost(3) == 1);
  CHECK(Bench(stand_in, {{"OPENAI_LIMIT_COUNTS", "images"}}).provider().call_cost(3) == 3);
}

struct Crowd {
  int ok = 0;
  int failed = 0;
  std::string first_failure;
};

Task<void> join_crowd(Provider& provider, ProviderRequest request, Crowd& crowd) {
  const Generated made = co_await provider.generate(std::move(request));
  if (made) {
    ++crowd.ok;
  } else if (crowd.failed++ == 0) {
    crowd.first_failure = made.error().detail;
  }
}

// Pictures as heavy as real ones of 1024 pixels.
ProviderRequest heavy_request(std::string prompt) {
  ProviderRequest request = request_for(std::move(prompt));
  request.person.bytes.resize(75'000);
  request.garments[0].bytes.resize(50'000);
  request.deadline = Deadline::after(100s);
  return request;
}

Task<void> run_crowd(Provider& provider, int count, std::string prompt, Crowd& crowd) {
  TaskGroup group;
  for (int i = 0; i < count; ++i) {
    group.spawn(join_crowd(provider, heavy_request(prompt), crowd), "call");
  }
  co_await group.join();
}

std::size_t resident_mib() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * 4 / 1024;
}

Task<void> watch_memory(std::size_t& most, CancelToken until) {
  while (co_await net::sleep_for(100ms, until)) most = std::max(most, resident_mib());
}

Task<void> run_crowd_watched(Provider& provider, int count, std::string prompt, Crowd& crowd,
                             std::size_t& most) {
  CancelSource done;
  TaskGroup group;
  group.spawn(watch_memory(most, done.token()), "watch");
  co_await run_crowd(provider, count, std::move(prompt), crowd);
  done.cancel();
  co_await group.join();
}

TEST_CASE("OpenAI provider: a thousand calls wait side by side in one process") {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const StandIn stand_in("openai.py");
  Bench bench(stand_in);
  Crowd crowd;
  const std::size_t before = resident_mib();
  std::size_t most = before;
  const SteadyTime begun = steady_now();
  bench.loop().run_until_done(
      run_crowd_watched(bench.provider(), 1000, "standin:slow=5", crowd, most));
  MESSAGE("1,000 calls of 5 s took " << (steady_now() - begun) / 1ms << " ms and " << most - before
                                     << " MiB on top of " << before);
  CHECK(crowd.ok == 1000);
  CHECK_MESSAGE(crowd.failed == 0, crowd.first_failure);
  CHECK(bench.calls().at("most_open").as_int64() > 900);
  CHECK(steady_now() - begun < 60s);  // one after the other they would take well over an hour
}

}  // namespace
}  // namespace selvage::tryon
