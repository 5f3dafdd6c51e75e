// S3, played by tests/standins/s3_storage.py, which computes every signature again.
#include "data/s3_storage.hpp"

#include <signal.h>

#include <optional>

#include "base/log.hpp"
#include "integration/data/scratch.hpp"
#include "integration/data/storage_contract.hpp"

namespace selvage::data {
namespace {

using testing::StandIn;

const char* const kKeyId = "AKIASTANDIN000000000";
const char* const kSecret = "standin/secret+key=0123456789abcdefghijk";

struct Service {
  explicit Service(std::vector<std::string> flags = {}) : arguments(std::move(flags)) {
    arguments.insert(arguments.end(), {"--data", (scratch / "objects").string()});
    server.emplace("s3_storage.py", arguments);
  }
  void kill_nine() {
    port = server->port();
    kill(server->pid(), SIGKILL);
    server.reset();
  }
  void start_again() {
    std::vector<std::string> flags = arguments;
    flags.insert(flags.end(), {"--port", std::to_string(port)});
    server.emplace("s3_storage.py", flags);
  }

  const Scratch scratch;
  std::vector<std::string> arguments;
  std::optional<StandIn> server;
  std::uint16_t port = 0;
};

struct Wish {
  std::string place = "pictures";
  std::string query;  // more of the URL's
  std::string key_id = kKeyId;
  std::string secret = kSecret;
  std::string token;
  milliseconds timeout{30'000};
  std::string host = "127.0.0.1";
  std::string public_endpoint;
};

auto opens(const Service& service, Wish wish = {}) {
  return [port = service.server->port(), wish](
             net::Loop& home, net::BlockingPool& pool) -> Result<std::unique_ptr<ObjectStorage>> {
    S3Options options = TRY(parse_s3_url("s3://" + wish.place + "?endpoint=http://" + wish.host +
                                         ":" + std::to_string(port) + wish.query));
    options.key_id = wish.key_id;
    options.secret_key = Secret(wish.secret);
    options.session_token = Secret(wish.token);
    options.remote.timeout = wish.timeout;
    options.public_endpoint = wish.public_endpoint;
    return TRY(S3Storage::open(std::move(options), home, pool));
  };
}

TEST_CASE("S3 storage: keeps what object storage promises, by path and by host") {
  for (const Wish& wish : {Wish{}, Wish{.place = "pictures/try/on"},
                           Wish{.query = "&style=host", .host = "localhost"}}) {
    CAPTURE(wish.place + wish.query);
    Service service({"--page", "2"});
    RemoteStore store(opens(service, wish));
    check_contract(store);
  }
}

TEST_CASE("S3 storage: bad keys and pictures over the cap are refused without a call") {
  Service service;
  RemoteStore store(opens(service));
  check_bad_keys(store);
  CHECK(call_count(*service.server) == 0);
}

TEST_CASE("S3 storage: temporary credentials send their token, in links too") {
  Service service({"--token", "token/with+signs=="});
  RemoteStore store(opens(service, {.token = "token/with+signs=="}));
  check_contract(store);
  RemoteStore without(opens(service));
  CHECK(without.ping().error().code == "storage.denied");
  CHECK(without.ping().error().hint.find("S3_SESSION_TOKEN") != std::string::npos);
}

TEST_CASE("S3 storage: wrong credentials are told, with a hint, at once and without showing them") {
  Service service;
  const log::CaptureForTest log;
  for (const Wish& wrong :
       {Wish{.key_id = "AKIANOBODY0000000000"}, Wish{.secret = "hunter22/wrong"}}) {
    RemoteStore store(opens(service, wrong));
    reset(*service.server);
    for (const Operation& operation : operations()) {
      CAPTURE(operation.name);
      const auto refused = operation.run(store);
      REQUIRE_FALSE(refused.has_value());
      CHECK(refused.error().code == "storage.denied");
      CHECK(refused.error().kind == ErrorKind::unavailable);
      CHECK(refused.error().hint.find("S3_SECRET_ACCESS_KEY") != std::string::npos);
      CHECK(refused.error().describe().find("hunter22") == std::string::npos);
    }
    CHECK(call_count(*service.server) == operations().size());
  }
  CHECK_FALSE(log.contains("hunter22"));
  net::Loop home;
  net::BlockingPool pool("files", 1);
  for (const bool id_given : {true, false}) {
    S3Options options = *parse_s3_url("s3://pictures");
    (id_given ? options.key_id = "AKIA" : options.key_id) += "";
    if (!id_given) options.secret_key = Secret("x");
    const auto opened = S3Storage::open(std::move(options), home, pool);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == "storage.credentials");
    CHECK(opened.error().message.find(id_given ? "S3_SECRET_ACCESS_KEY" : "S3_ACCESS_KEY_ID") == 0);
  }
}

TEST_CASE("S3 storage: another region, a missing bucket and a wrong clock are named") {
  Service elsewhere({"--region", "eu-west-3"});
  RemoteStore far(opens(elsewhere));
  Service service;
  RemoteStore nowhere(opens(service, {.place = "nowhere"}));
  Service late({"--clock-offset", "3600"});
  RemoteStore skewed(opens(late));
  for (const Operation& operation : operations()) {
    CAPTURE(operation.name);
    const auto region = operation.run(far);
    REQUIRE_FALSE(region.has_value());
    CHECK(region.error().code == "storage.region");
    CHECK(region.error().hint == "write region=eu-west-3 in STORAGE_URL");
    const auto bucket = operation.run(nowhere);
    REQUIRE_FALSE(bucket.has_value());
    CHECK(bucket.error().code == "storage.no_bucket");  // and never "it does not exist"
    const auto clock = operation.run(skewed);
    REQUIRE_FALSE(clock.has_value());
    CHECK(clock.error().code == "storage.clock");
    CHECK(clock.error().hint.find("NTP") != std::string::npos);
  }
  RemoteStore right(opens(elsewhere, {.query = "&region=eu-west-3"}));
  CHECK(right.ping().has_value());
}

TEST_CASE("S3 storage: each call outlives passing faults, signed anew each time") {
  Service service;
  RemoteStore store(opens(service));
  REQUIRE(store.put("kept", "x").has_value());
  for (const char* fault : {"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout",
                            "XAmzContentSHA256Mismatch", "status=502", "reset"}) {
    for (const Operation& operation : operations()) {
      CAPTURE(fault);
      CAPTURE(operation.name);
      reset(*service.server);
      set_fault(*service.server, fault, 1);
      const auto done = operation.run(store);
      CHECK_MESSAGE(done.has_value(), (done ? "" : done.error().describe()));
      CHECK(call_count(*service.server) == 2);
    }
  }
  reset(*service.server);
  set_fault(*service.server, "cut", 2);
  CHECK(store.list("").value() == Keys{"kept"});
  const std::string large(2 << 20, 'p');
  set_fault(*service.server, "cut", 2);
  REQUIRE(store.put("large.png", large).has_value());
  set_fault(*service.server, "cut", 1);
  CHECK(store.get("large.png")->bytes == large);
}

TEST_CASE("S3 storage: a server that hangs ends each call at its time, a slow one does not") {
  Service service;
  RemoteStore store(opens(service, {.timeout = milliseconds(1200)}));
  REQUIRE(store.put("kept", "x").has_value());
  set_fault(*service.server, "hang");
  for (const Operation& operation : operations()) {
    CAPTURE(operation.name);
    const SteadyTime begun = steady_now();
    const auto failed = operation.run(store);
    CHECK(steady_now() - begun < seconds(6));
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == "storage.unavailable");
    CHECK(failed.error().kind == ErrorKind::timeout);
  }
  RemoteStore patient(opens(service, {.timeout = milliseconds(6000)}));
  set_fault(*service.server, "slow=0.5");
  for (const Operation& operation : operations()) CHECK(operation.run(patient).has_value());
}

TEST_CASE("S3 storage: kill -9 of the server loses nothing that was stored") {
  Service service;
  RemoteStore store(opens(service, {.timeout = milliseconds(700)}));
  REQUIRE(store.put("kept", "x").has_value());
  service.kill_nine();
  for (const Operation& operation : operations()) {
    CAPTURE(operation.name);
    const auto failed = operation.run(store);
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == "storage.unavailable");
  }
  service.start_again();
  CHECK(store.get("kept")->bytes == "x");
  for (const Operation& operation : operations()) {
    CAPTURE(operation.name);
    const auto done = operation.run(store);
    CHECK_MESSAGE(done.has_value(), (done ? "" : done.error().describe()));
  }
}

TEST_CASE("S3 storage: what answers in its place is not believed") {
  Service service;
  RemoteStore store(opens(service));
  REQUIRE(store.put("kept", "x").has_value());
  set_fault(*service.server, "garbage");
  for (const Operation& operation : operations()) {
    const std::string_view name = operation.name;
    if (name == "get" || name == "exists" || name == "remove") continue;  // they have no form
    CAPTURE(name);
    const auto refused = operation.run(store);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "storage.protocol");
  }
  set_fault(*service.server, "status=404");  // a page of a proxy is no missing object
  CHECK(store.exists("kept").error().code == "storage.protocol");
  CHECK(store.get("kept").error().code == "storage.protocol");
  set_fault(*service.server, "huge");
  CHECK(store.get("kept").error().code == "storage.too_large");
  CHECK(store.list("").error().code == "storage.too_large");
}

TEST_CASE("S3 storage: links name the public host, cannot be bent, and end in time") {
  Service service;
  const std::string shown = "http://localhost:" + std::to_string(service.server->port());
  RemoteStore store(opens(service, {.public_endpoint = shown}));
  REQUIRE(store.put("a.png", "picture").has_value());
  CHECK(store.storage().public_origin() == shown);
  const std::string link = store.signed_url("a.png", seconds(2)).value();
  CHECK(link.starts_with(shown + "/pictures/a.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&"));
  CHECK(link.find(kSecret) == std::string::npos);
  CHECK(fetch(link).body == "picture");
  CHECK(fetch(shown + "/pictures/b.png" + link.substr(link.find('?'))).status == 403);
  CHECK(fetch(link + "0").status == 403);
  const Deadline patience = Deadline::after(seconds(20));
  while (fetch(link).status == 200 && !patience.passed()) usleep(50'000);
  CHECK(fetch(link).status == 403);
  CHECK(fetch(store.signed_url("gone.png", seconds(60)).value()).status == 404);
}

}  // namespace
}  // namespace selvage::data
