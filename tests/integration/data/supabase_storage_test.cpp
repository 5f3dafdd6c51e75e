// Supabase Storage, played by tests/standins/supabase_storage.py.
#include "data/supabase_storage.hpp"

#include <signal.h>

#include <boost/json.hpp>
#include <optional>

#include "base/json.hpp"
#include "base/log.hpp"
#include "integration/data/scratch.hpp"
#include "integration/data/storage_contract.hpp"

namespace selvage::data {
namespace {

using testing::StandIn;

const char* const kSecretKey = "sb_secret_standin_0123456789abcdef";

// A project with its data in a directory of its own, so that it can be killed and started again.
struct Project {
  explicit Project(std::vector<std::string> flags = {}) : arguments(std::move(flags)) {
    arguments.insert(arguments.end(), {"--data", (scratch / "objects").string()});
    server.emplace("supabase_storage.py", arguments);
  }
  void kill_nine() {
    port = server->port();
    kill(server->pid(), SIGKILL);
    server.reset();
  }
  void start_again() {
    std::vector<std::string> flags = arguments;
    flags.insert(flags.end(), {"--port", std::to_string(port)});
    server.emplace("supabase_storage.py", flags);
  }
  [[nodiscard]] std::string key(const char* kind) const {
    const auto keys = json::parse(fetch(server->url("/_standin/keys")).body);
    return std::string(std::string_view(keys->at(kind).as_string()));
  }

  const Scratch scratch;
  std::vector<std::string> arguments;
  std::optional<StandIn> server;
  std::uint16_t port = 0;
};

struct Wish {
  std::string key = kSecretKey;
  std::string place = "pictures";
  milliseconds timeout{30'000};
  std::string public_origin;
};

auto opens(const Project& project, Wish wish = {}) {
  return [address = project.server->url().substr(4), wish](
             net::Loop& home, net::BlockingPool&) -> Result<std::unique_ptr<ObjectStorage>> {
    SupabaseOptions options = TRY(parse_supabase_url("supabase+http" + address + "/" + wish.place));
    options.key = Secret(wish.key);
    options.remote.timeout = wish.timeout;
    options.public_origin = wish.public_origin;
    return TRY(SupabaseStorage::open(std::move(options), home));
  };
}

TEST_CASE("Supabase storage: keeps what object storage promises, in a bucket and below a prefix") {
  for (const char* place : {"pictures", "pictures/try/on"}) {
    CAPTURE(place);
    Project project({"--page", "2"});
    RemoteStore store(opens(project, {.place = place}));
    check_contract(store);
    const std::string names = fetch(project.server->url("/_standin/names")).body;
    CHECK(count(names, "try/on/results/a/1.png") == (std::string(place) == "pictures" ? 0 : 1));
  }
}

TEST_CASE("Supabase storage: objects of others in the bucket are not ours") {
  Project project;
  RemoteStore whole(opens(project));
  REQUIRE(whole.put("try/onward/1.png", "x").has_value());
  REQUIRE(whole.put("try/on/1.png", "x").has_value());
  RemoteStore below(opens(project, {.place = "pictures/try/on"}));
  CHECK(below.list("").value() == Keys{"1.png"});
}

TEST_CASE("Supabase storage: bad keys and pictures over the cap are refused without a call") {
  Project project;
  RemoteStore store(opens(project));
  check_bad_keys(store);
  CHECK(call_count(*project.server) == 0);
}

TEST_CASE("Supabase storage: a secret key goes into apikey alone, a JWT into both headers") {
  Project project;
  {
    RemoteStore store(opens(project));
    REQUIRE(store.put("a.png", "x").has_value());
  }
  std::string seen = calls(*project.server);
  CHECK(count(seen, R"("apikey": "sb_secret_standin_)") == 1);
  CHECK(count(seen, R"("authorization")") == 0);
  CHECK(count(seen, R"("x-upsert": "true")") == 1);
  CHECK(count(seen, R"("content-type": "image/png")") == 1);
  CHECK(count(seen, R"("cache-control": "private, max-age=3600")") == 1);
  CHECK(count(seen, R"("user-agent": "selvage)") == 1);
  reset(*project.server);
  RemoteStore store(opens(project, {.key = project.key("service")}));
  REQUIRE(store.put("a.png", "x").has_value());
  seen = calls(*project.server);
  CHECK(count(seen, R"("apikey": "eyJ)") == 1);
  CHECK(count(seen, R"("authorization": "Bearer eyJ)") == 1);
}

TEST_CASE("Supabase storage: a wrong key is told, with a hint, at once and without showing it") {
  Project project;
  Project self_hosted({"--self-hosted"});
  const log::CaptureForTest log;
  struct Case {
    const Project& project;
    std::string key;
  };
  for (const Case& wrong :
       {Case{project, "sb_secret_of_somebody_else"}, Case{project, project.key("anon")},
        Case{project, project.key("service") + "x"}, Case{self_hosted, kSecretKey}}) {
    RemoteStore store(opens(wrong.project, {.key = wrong.key}));
    reset(*wrong.project.server);
    for (const Operation& operation : operations()) {
      CAPTURE(operation.name);
      const auto refused = operation.run(store);
      REQUIRE_FALSE(refused.has_value());
      CHECK(refused.error().code == "storage.denied");
      CHECK(refused.error().kind == ErrorKind::unavailable);
      CHECK(refused.error().hint.find("SUPABASE_SERVICE_KEY") != std::string::npos);
      CHECK(refused.error().describe().find(wrong.key) == std::string::npos);
    }
    CHECK(call_count(*wrong.project.server) == operations().size());
  }
  CHECK_FALSE(log.contains("sb_secret_"));
  RemoteStore service(opens(self_hosted, {.key = self_hosted.key("service")}));
  CHECK(service.ping().has_value());
}

TEST_CASE("Supabase storage: a key that can never work is refused at the start") {
  net::Loop home;
  for (const char* key : {"", "sb_publishable_standin_0123456789", "whatever", "sbp_token"}) {
    CAPTURE(key);
    SupabaseOptions options = *parse_supabase_url("supabase://x.supabase.co/pictures");
    options.key = Secret(key);
    const auto opened = SupabaseStorage::open(std::move(options), home);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == "storage.credentials");
    CHECK(opened.error().message.find("SUPABASE_SERVICE_KEY") != std::string::npos);
  }
}

TEST_CASE("Supabase storage: limits of the bucket are told with what to change") {
  Project project({"--types", "image/jpeg", "--max-bytes", "10"});
  RemoteStore store(opens(project));
  const auto type = store.put("a.png", "x", "image/png");
  CHECK(type.error().code == "storage.media_type");
  CHECK(type.error().hint.find("MIME types") != std::string::npos);
  const auto size = store.put("a.jpg", "12345678901", "image/jpeg");
  CHECK(size.error().code == "storage.too_large");
  CHECK(size.error().hint.find("file size limit") != std::string::npos);
  RemoteStore elsewhere(opens(project, {.place = "nowhere"}));
  for (const Operation& operation : operations()) {
    CAPTURE(operation.name);
    const auto refused = operation.run(elsewhere);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "storage.no_bucket");  // and never "it does not exist"
  }
  set_fault(*project.server, "InvalidKey", 1);
  CHECK(store.put("a.jpg", "1", "image/jpeg").error().code == "storage.key");
}

TEST_CASE("Supabase storage: each call outlives passing faults") {
  Project project;
  RemoteStore store(opens(project));
  REQUIRE(store.put("kept", "x").has_value());
  for (const char* fault :
       {"SlowDown", "DatabaseTimeout", "ResourceLocked", "LockTimeout", "InternalError", "S3Error",
        "KeyAlreadyExists", "status=502", "reset", "cut"}) {
    for (const Operation& operation : operations()) {
      CAPTURE(fault);
      CAPTURE(operation.name);
      reset(*project.server);
      set_fault(*project.server, fault, 1);
      const auto done = operation.run(store);
      CHECK_MESSAGE(done.has_value(), (done ? "" : done.error().describe()));
      CHECK(call_count(*project.server) == 2);
    }
  }
  CHECK(store.get("kept")->bytes == "x");
}

TEST_CASE("Supabase storage: an upload that is cut in its middle is sent again, whole") {
  Project project;
  RemoteStore store(opens(project));
  const std::string large(2 << 20, 'p');
  set_fault(*project.server, "cut", 2);
  REQUIRE(store.put("large.png", large).has_value());
  CHECK(store.get("large.png")->bytes == large);
}

TEST_CASE("Supabase storage: faults that stay end within the time, with how often it was tried") {
  Project project;
  RemoteStore store(opens(project, {.timeout = milliseconds(1500)}));
  REQUIRE(store.put("kept", "x").has_value());
  for (const char* fault : {"SlowDown", "DatabaseReadOnly", "status=503", "reset"}) {
    CAPTURE(fault);
    set_fault(*project.server, fault);
    const SteadyTime begun = steady_now();
    const auto failed = store.put("kept", "y");
    CHECK(steady_now() - begun < seconds(5));
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().kind == ErrorKind::unavailable);
    CHECK(failed.error().message.find("(tried ") != std::string::npos);
  }
  reset(*project.server);
  CHECK(store.get("kept")->bytes == "x");
}

TEST_CASE("Supabase storage: a server that hangs ends each call at its time, a slow one does not") {
  Project project;
  RemoteStore store(opens(project, {.timeout = milliseconds(1200)}));
  REQUIRE(store.put("kept", "x").has_value());
  set_fault(*project.server, "hang");
  for (const Operation& operation : operations()) {
    CAPTURE(operation.name);
    const SteadyTime begun = steady_now();
    const auto failed = operation.run(store);
    CHECK(steady_now() - begun < seconds(6));
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == "storage.unavailable");
    CHECK(failed.error().kind == ErrorKind::timeout);
    CHECK(failed.error().message.find("did not answer within") != std::string::npos);
  }
  set_fault(*project.server, "hang", 1);
  RemoteStore patient(opens(project, {.timeout = milliseconds(6000)}));
  CHECK(patient.get("kept").has_value());  // the first try hangs, the second has time left
  set_fault(*project.server, "slow=0.5");
  for (const Operation& operation : operations()) CHECK(operation.run(patient).has_value());
}

TEST_CASE("Supabase storage: kill -9 of the server loses nothing that was stored") {
  Project project;
  RemoteStore store(opens(project, {.timeout = milliseconds(700)}));
  REQUIRE(store.put("kept", "x").has_value());
  project.kill_nine();
  for (const Operation& operation : operations()) {
    CAPTURE(operation.name);
    const auto failed = operation.run(store);
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == "storage.unavailable");
    CHECK(failed.error().kind == ErrorKind::unavailable);
  }
  project.start_again();
  CHECK(store.get("kept")->bytes == "x");
  for (const Operation& operation : operations()) {
    CAPTURE(operation.name);
    const auto done = operation.run(store);
    CHECK_MESSAGE(done.has_value(), (done ? "" : done.error().describe()));
  }
}

TEST_CASE("Supabase storage: what answers in its place is not believed") {
  Project project;
  RemoteStore store(opens(project));
  REQUIRE(store.put("kept", "x").has_value());
  set_fault(*project.server, "garbage");
  for (const Operation& operation : operations()) {
    if (std::string_view(operation.name) == "get") continue;  // a body is a body
    CAPTURE(operation.name);
    const auto refused = operation.run(store);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "storage.protocol");
    CHECK(refused.error().hint.find("STORAGE_URL") != std::string::npos);
  }
  CHECK(store.signed_url("kept", seconds(60)).error().code == "storage.protocol");
  CHECK(store.signed_urls({"kept"}, seconds(60)).error().code == "storage.protocol");
  set_fault(*project.server, "huge");
  CHECK(store.get("kept").error().code == "storage.too_large");
  CHECK(store.exists("kept").error().code == "storage.too_large");
}

TEST_CASE("Supabase storage: links name the public host, end in time, and know what is gone") {
  Project project;
  const std::string shown = "http://localhost:" + std::to_string(project.server->port());
  RemoteStore store(opens(project, {.public_origin = shown}));
  REQUIRE(store.put("a.png", "picture").has_value());
  CHECK(store.storage().public_origin() == shown);
  const std::string link = store.signed_url("a.png", seconds(2)).value();
  CHECK(link.starts_with(shown + "/storage/v1/object/sign/pictures/a.png?token="));
  CHECK(fetch(link).body == "picture");
  const Deadline patience = Deadline::after(seconds(20));
  while (fetch(link).status == 200 && !patience.passed()) usleep(50'000);
  CHECK(fetch(link).status == 400);
  CHECK(fetch(store.signed_url("a.png", seconds(60)).value() + "x").status == 400);
  CHECK(store.signed_url("gone.png", seconds(60)).error().code == "storage.not_found");
  const Keys links = store.signed_urls({"gone.png", "a.png", "lost.png"}, seconds(60)).value();
  CHECK(links.at(0).empty());
  CHECK(fetch(links.at(1)).body == "picture");
  CHECK(links.at(2).empty());
}

TEST_CASE("Supabase storage: more than one batch of keys is signed and removed") {
  Project project;
  RemoteStore store(opens(project));
  REQUIRE(store.put("k/7", "x").has_value());
  Keys keys;
  for (int i = 0; i < 2'100; ++i) keys.push_back("k/" + std::to_string(i));
  reset(*project.server);
  const Keys links = store.signed_urls(keys, seconds(60)).value();
  CHECK(links.size() == keys.size());
  CHECK(fetch(links.at(7)).status == 200);
  CHECK(store.remove_many(keys).has_value());
  CHECK(store.exists("k/7") == false);
  CHECK(call_count(*project.server) == 3 + 1 + 3 + 1);
}

TEST_CASE("Supabase storage: many loops call at once") {
  Project project;
  RemoteStore store(opens(project));
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string key = "t" + std::to_string(t) + "/" + std::to_string(i);
        const bool kept = store.put(key, key).has_value();
        const auto got = store.get(key);
        if (kept && got && got->bytes == key) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 80);
}

}  // namespace
}  // namespace selvage::data
