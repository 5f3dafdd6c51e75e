// S3 against a server that others wrote: s3rver from npm, installed on the first run. It does not
// compute signatures again; tests/standins/s3_storage.py does.
#include <doctest/doctest.h>
#include <signal.h>

#include <cstdio>
#include <optional>

#include "data/s3_storage.hpp"
#include "integration/data/scratch.hpp"
#include "integration/data/storage_contract.hpp"
#include "support/eventually.hpp"

namespace selvage::data {
namespace {

using testing::StandIn;

// Why it cannot be had on this machine, or "".
std::string why_missing() {
  static const std::string reason = [] {
    std::FILE* const said =
        popen("python3 " SELVAGE_SOURCE_DIR "/tests/standins/s3rver.py --check 2>&1", "r");
    std::string text;
    char part[512];
    while (std::fgets(part, sizeof part, said) != nullptr) text += part;
    return pclose(said) == 0 ? std::string() : text + "(s3rver)";
  }();
  return reason;
}

auto opens(std::uint16_t port, std::string key_id = "S3RVER") {
  return [port, key_id](net::Loop& home,
                        net::BlockingPool& pool) -> Result<std::unique_ptr<ObjectStorage>> {
    S3Options options =
        TRY(parse_s3_url("s3://pictures/try?endpoint=http://127.0.0.1:" + std::to_string(port)));
    options.key_id = key_id;
    options.secret_key = Secret("S3RVER");
    options.remote.timeout = milliseconds(5000);
    return TRY(S3Storage::open(std::move(options), home, pool));
  };
}

TEST_CASE("s3rver: keeps what object storage promises over a restart") {
  if (const std::string reason = why_missing(); !reason.empty()) {
    MESSAGE("SKIPPED: " << reason);
    return;
  }
  const Scratch scratch;
  std::optional<StandIn> server;
  server.emplace("s3rver.py", std::vector<std::string>{"--data", scratch.path().string()});
  const std::uint16_t port = server->port();
  RemoteStore store(opens(port));
  check_contract(store, false);  // it promises a byte of an empty object, and sends none
  REQUIRE(store.put("kept", "x").has_value());
  // it answers before its file has the bytes
  CHECK(testing::eventually([&] {
    const auto kept = store.get("kept");
    return kept && kept->bytes == "x";
  }));

  kill(server->pid(), SIGKILL);
  server.reset();
  CHECK(store.ping().error().code == "storage.unavailable");
  server.emplace("s3rver.py", std::vector<std::string>{"--data", scratch.path().string(), "--port",
                                                       std::to_string(port)});
  CHECK(store.get("kept")->bytes == "x");
  for (const Operation& operation : operations()) {
    CAPTURE(operation.name);
    const auto done = operation.run(store);
    CHECK_MESSAGE(done.has_value(), (done ? "" : done.error().describe()));
  }

  RemoteStore wrong(opens(port, "SOMEBODY"));
  CHECK(wrong.put("kept", "y").error().code == "storage.denied");
  CHECK(store.get("kept")->bytes == "x");
}

TEST_CASE("s3rver: lists more than one page") {
  if (const std::string reason = why_missing(); !reason.empty()) {
    MESSAGE("SKIPPED: " << reason);
    return;
  }
  const Scratch scratch;
  const StandIn server("s3rver.py", {"--data", scratch.path().string()});
  RemoteStore store(opens(server.port()));
  Keys keys;
  for (int i = 0; i < 1'100; ++i) {
    keys.push_back("inputs/" + std::to_string(10'000 + i) + "/a.jpg");
    REQUIRE(store.put(keys.back(), "x").has_value());
  }
  CHECK(store.list("inputs/", 10'000).value() == keys);
  keys.resize(1'050);
  CHECK(store.list("inputs/", 1'050).value() == keys);
}

}  // namespace
}  // namespace selvage::data
