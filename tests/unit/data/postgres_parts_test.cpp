// The parts of the PostgreSQL database that need no server.
#include <doctest/doctest.h>

#include <thread>

#include "data/detail/fair_queue.hpp"
#include "data/detail/postgres_failure.hpp"
#include "data/detail/postgres_values.hpp"
#include "data/detail/reconnection.hpp"

using namespace selvage;
using namespace selvage::data;

TEST_CASE("PostgreSQL URL: what it names is shown without its password") {
  const auto target =
      parse_postgres_url("postgresql://app:s%40cret@db.example:6543/shop?sslmode=require");
  REQUIRE_MESSAGE(target.has_value(), target.error().describe());
  CHECK(target->shown == "shop on db.example:6543 as app");
  CHECK(target->password.reveal() == "s@cret");
  CHECK(target->hosts == 1);
  CHECK(without_password("user app, password s@cret!", *target) == "user app, password ***!");
  CHECK(parse_postgres_url("postgres://app@a:1,b:2/shop")->hosts == 2);
  CHECK(parse_postgres_url("POSTGRES://app@[::1]:5433/shop")->shown == "shop on ::1:5433 as app");
  CHECK(parse_postgres_url("postgres://app:p#?w@h/shop")->password.reveal() == "p#?w");
  CHECK(parse_postgres_url("postgres://app@h/shop?password=inside")->password.reveal() == "inside");
}

TEST_CASE("PostgreSQL URL: a bad one is refused without a word of its password") {
  for (const char* url :
       {"postgres://app:hun@ter22@db/shop", "postgres://app:hun/ter22@db/shop",
        "postgres://app:hunter22%zz@db/shop", "postgres://app:12/hunter22@db/shop",
        "postgres://db:hunter22/shop", "postgres://db/shop?nonsense=hunter22",
        "postgres://db/shop?hunter22", "postgres://app:x@[::1/hunter22", "postgres:db"}) {
    CAPTURE(url);
    const auto target = parse_postgres_url(url);
    REQUIRE_FALSE(target.has_value());
    CHECK(target.error().code == "settings.database_url");
    CHECK(target.error().kind == ErrorKind::invalid);
    CHECK(target.error().describe().find("ter22") == std::string::npos);
    CHECK(target.error().describe().find("hun") == std::string::npos);
    CHECK_FALSE(target.error().hint.empty());
  }
}

TEST_CASE("PostgreSQL failures: what a server says in any language is known by its state") {
  const PostgresTarget target{Secret("postgres://x"), Secret("hunter22"), "shop on db as app", 1};
  struct Case {
    const char* said;
    bool lasting;
    const char* code;
    const char* shown;
  };
  const Case cases[] = {
      {"connection to server at \"db\" (10.0.0.1), port 5432 failed: FATAL:  28P01: "
       "Passwort-Authentifizierung fehlgeschlagen\nLOCATION:  auth_failed, auth.c:335\n",
       true, "db.auth", "failed: Passwort-Authentifizierung fehlgeschlagen (28P01)"},
      {"connection to server failed: FATAL:  3D000: database \"shop\" does not exist\n", true,
       "db.open", "does not exist (3D000)"},
      {"connection to server failed: FATAL:  57P03: the database system is starting up\n", false,
       "db.unavailable", "starting up (57P03)"},
      {"connection to server failed: FATAL:  53300: sorry, too many clients already\n", false,
       "db.unavailable", "53300"},
      {"connection to server failed: FATAL:  XX000: Max client connections reached\n", false,
       "db.unavailable", "Max client"},
      {"connection to server failed: Connection refused\n\tIs the server running on that host and "
       "accepting TCP/IP connections?\n",
       false, "db.unavailable", "Connection refused; Is the server running"},
      {"connection to server failed: SSL error: certificate verify failed\n", true, "db.tls",
       "verify failed"},
      {"connection to server failed: SSL SYSCALL error: EOF detected\n", false, "db.unavailable",
       "EOF"},
      {"something with hunter22 in it", false, "db.unavailable", "something with *** in it"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.said);
    const ConnectFailure failure = connect_failure(c.said, target);
    CHECK(failure.lasting == c.lasting);
    CHECK(failure.error.code == c.code);
    CHECK_MESSAGE(failure.error.message.find(c.shown) != std::string::npos, failure.error.message);
    CHECK(failure.error.message.find("LOCATION") == std::string::npos);
    CHECK(failure.error.kind == ErrorKind::unavailable);
  }
}

TEST_CASE("PostgreSQL values: numerics are integers when they are, and NULL has no type") {
  CHECK(std::get<std::int64_t>(read_value(1700, "12")) == 12);
  CHECK(std::get<double>(read_value(1700, "12.5")) == 12.5);
  CHECK(std::get<std::int64_t>(read_value(16, "t")) == 1);
  CHECK(std::get<std::string>(read_value(25, "12")) == "12");
  const Params params{std::monostate(), std::int64_t{-5}, 0.1, std::string("x")};
  const auto encoded = PostgresParams::encode(params);
  REQUIRE(encoded.has_value());
  CHECK(encoded->count() == 4);
  CHECK(encoded->values()[0] == nullptr);
  CHECK(std::string(encoded->values()[1]) == "-5");
  CHECK(std::string(encoded->values()[2]) == "0.1");
  CHECK(encoded->types()[1] == 20);
  CHECK(encoded->types()[3] == 25);
  CHECK(encoded->types()[0] == 0);
}

namespace {

FairJob job_of(FairJob::Kind kind) {
  return {kind, [](Transaction&) -> Result<void> { return {}; }, [](Result<void>) {}, {}};
}

}  // namespace

TEST_CASE("Fair queue: reads and writes take turns, and one place is kept for the other kind") {
  using Kind = FairJob::Kind;
  FairQueue queue(3, 4);
  for (int i = 0; i < 4; ++i) {
    FairJob job = job_of(Kind::read);
    CHECK(queue.push(job));
  }
  FairJob fifth = job_of(Kind::read);
  CHECK_FALSE(queue.push(fifth));
  CHECK(fifth.done != nullptr);
  for (int i = 0; i < 3; ++i) {
    FairJob job = job_of(Kind::write);
    CHECK(queue.push(job));
  }
  FairJob first, second, third;
  REQUIRE(queue.pop(first));
  REQUIRE(queue.pop(second));
  CHECK(first.kind != second.kind);
  REQUIRE(queue.pop(third));
  CHECK(third.kind == first.kind);
  // Two of one kind and one of the other are running; the next may only be of the other.
  FairJob fourth;
  REQUIRE(queue.pop(fourth));
  CHECK(fourth.kind == second.kind);
  std::atomic<bool> got = false;
  std::jthread waiting([&] {
    FairJob job;
    got = queue.pop(job);
  });
  std::this_thread::sleep_for(milliseconds(20));
  CHECK_FALSE(got);
  queue.close();
  queue.finished(first.kind);
  waiting.join();
  CHECK(got);
  FairJob late = job_of(Kind::write);
  CHECK_FALSE(queue.push(late));
}

TEST_CASE("Reconnection: threads that fail together count once, and success frees all") {
  Reconnection reconnection;
  const Error why{ErrorKind::unavailable, "db.unavailable", "away", {}, nullptr};
  const SteadyTime soon = steady_now() + seconds(30);
  const auto first = reconnection.wait_for_turn(soon);
  const auto second = reconnection.wait_for_turn(soon);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  reconnection.failed(*first, why);
  reconnection.failed(*second, why);
  const auto expired = reconnection.wait_for_turn(steady_now());
  REQUIRE_FALSE(expired.has_value());
  CHECK(expired.error().message == "away");
  const SteadyTime start = steady_now();
  CHECK(reconnection.wait_for_turn(soon).has_value());
  CHECK(steady_now() - start < seconds(10));  // the first pause, not a doubled one
  reconnection.succeeded();
  CHECK(reconnection.wait_for_turn(steady_now()).has_value());
  const auto third = reconnection.wait_for_turn(soon);
  reconnection.failed(*third, why);
  reconnection.stop();
  CHECK_FALSE(reconnection.wait_for_turn(soon).has_value());
}
