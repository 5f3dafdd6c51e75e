// Many jobs at once: each for itself, in order, sharing commits.
#include <fmt/format.h>

#include "base/id.hpp"
#include "base/task_group.hpp"
#include "integration/tryon/world.hpp"
#include "tryon/limits.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

JobRequest url_request(const World& world, std::string name = "p") {
  JobRequest request;
  request.owner = world.user;
  request.request_id = "bulk-1";
  request.person_image_url = fmt::format("https://shop.example/{}.jpg", name);
  request.garment_image_urls = {"https://shop.example/g.jpg"};
  request.credits = {2};
  return request;
}

std::string code_of(const Result<Accepted>& outcome) {
  if (!outcome) return outcome.error().code;
  return outcome->replayed ? "replayed" : "accepted";
}

std::vector<std::string> codes_of(World& world, std::vector<Result<JobRequest>> requests) {
  std::vector<std::string> codes;
  for (const auto& outcome : world.run(world.acceptance->accept_all(std::move(requests)))) {
    codes.push_back(code_of(outcome));
  }
  return codes;
}

std::size_t waiting_tasks(World& world) {
  return static_cast<std::size_t>(
      world.tables
          .write([](data::Transaction& tx) { return tx.query_one("SELECT COUNT(*) FROM tasks"); })
          ->integer(0));
}

}  // namespace

TEST_CASE("Bulk: credits go to the first in order, and a refused job leaves nothing") {
  World world;  // the user has 10 credits: five jobs
  std::vector<Result<JobRequest>> requests;
  for (int i = 0; i < 4; ++i) requests.emplace_back(url_request(world, fmt::format("p{}", i)));
  requests.emplace_back(url_request(world));
  requests.back()->credits = {3};
  requests.emplace_back(url_request(world));  // still fits
  requests.emplace_back(url_request(world));
  CHECK(codes_of(world, std::move(requests)) ==
        std::vector<std::string>{"accepted", "accepted", "accepted", "accepted",
                                 "credits.insufficient", "accepted", "credits.insufficient"});
  CHECK(waiting_tasks(world) == 5);
  world.check_exact(0);
}

TEST_CASE("Bulk: what is wrong with one job is that job's alone") {
  World world;
  const std::string id = new_uuid();
  std::vector<Result<JobRequest>> requests;
  requests.emplace_back(std::unexpect, Error{ErrorKind::invalid, "json.invalid", "no", {}, {}});
  requests.emplace_back(url_request(world));
  requests.back()->session_id = id;
  requests.emplace_back(url_request(world, "same id"));
  requests.back()->person_image_url = "https://shop.example/other.jpg";
  requests.back()->session_id = id;
  requests.emplace_back(url_request(world));
  requests.back()->garment_image_urls = {"http://169.254.169.254/latest"};
  requests.emplace_back(url_request(world));
  requests.back()->idempotency_key = "k";
  requests.emplace_back(url_request(world));  // the same once more
  requests.back()->idempotency_key = "k";
  requests.emplace_back(url_request(world, "else"));  // the same key for something else
  requests.back()->idempotency_key = "k";
  requests.emplace_back(url_request(world));
  requests.back()->idempotency_key = std::string(300, 'k');
  CHECK(codes_of(world, std::move(requests)) ==
        std::vector<std::string>{"json.invalid", "accepted", "session.duplicate",
                                 "egress.address_refused", "accepted", "replayed",
                                 "idempotency.mismatch", "job.invalid"});
  CHECK(waiting_tasks(world) == 2);
  world.check_exact(6);
}

TEST_CASE("Bulk: a queue that fills up refuses the rest, charged for nothing") {
  World world;
  world.broker = work::make_sql_broker(*world.tables, {.max_ready = 3});
  world.acceptance = std::make_unique<Acceptance>(*world.tables, *world.broker, *world.storage,
                                                  *world.guard, std::string(kQueue));
  std::vector<Result<JobRequest>> requests;
  for (int i = 0; i < 5; ++i) requests.emplace_back(url_request(world, fmt::format("p{}", i)));
  CHECK(codes_of(world, std::move(requests)) ==
        std::vector<std::string>{"accepted", "accepted", "accepted", "queue.full", "queue.full"});
  world.check_exact(4);
}

TEST_CASE("Bulk: a hundred jobs take a few commits") {
  World world;
  world.tables.grant(world.user, 190);
  FlakyDatabase counted(*world.tables);
  Acceptance acceptance(counted, *world.broker, *world.storage, *world.guard, std::string(kQueue));
  std::vector<Result<JobRequest>> requests;
  for (std::size_t i = 0; i < kMaxBulk; ++i) {
    requests.emplace_back(url_request(world, fmt::format("p{}", i)));
  }
  const SteadyTime begin = steady_now();
  const auto outcomes = world.run(acceptance.accept_all(std::move(requests)));
  const auto took = std::chrono::duration_cast<milliseconds>(steady_now() - begin);
  for (const auto& outcome : outcomes) CHECK(code_of(outcome) == "accepted");
  MESSAGE("100 jobs in " << counted.writes() << " transactions took " << took.count() << " ms");
  CHECK(counted.writes() <= 4);
  CHECK(waiting_tasks(world) == 100);
  world.check_exact(0);
}

TEST_CASE("Bulk: a transaction that fails names its own jobs and keeps those before") {
  World world;
  world.tables.grant(world.user, 190);
  FlakyDatabase flaky(*world.tables);
  flaky.fail_write(1);
  Acceptance acceptance(flaky, *world.broker, *world.storage, *world.guard, std::string(kQueue));
  std::vector<Result<JobRequest>> requests;
  for (std::size_t i = 0; i < 60; ++i) {
    requests.emplace_back(url_request(world, fmt::format("p{}", i)));
  }
  const auto outcomes = world.run(acceptance.accept_all(std::move(requests)));
  const auto failed = std::ranges::count_if(outcomes, [](const auto& o) { return !o; });
  CHECK(failed == 25);
  for (const auto& outcome : outcomes) {
    if (!outcome) CHECK(outcome.error().code == "db.full");
  }
  CHECK(waiting_tasks(world) == 35);
  world.check_exact(200 - 70);
}

namespace {

void set_limit(World& world, const Owner& owner, std::int64_t jobs) {
  world.tables.write([&](data::Transaction& tx) { return set_owner_limit(tx, owner, jobs); });
}

Acceptance limited(World& world, std::int64_t daily) {
  return {*world.tables,       *world.broker, *world.storage, *world.guard,
          std::string(kQueue), nullptr,       daily};
}

Task<void> accept_into(Acceptance& acceptance, JobRequest request,
                       std::vector<std::string>& codes) {
  codes.push_back(code_of(co_await acceptance.accept(std::move(request))));
}

Task<void> twenty_at_once(World& world, Acceptance& acceptance, std::vector<std::string>& codes) {
  TaskGroup group;
  for (int i = 0; i < 20; ++i) {
    group.spawn(accept_into(acceptance, url_request(world, fmt::format("p{}", i)), codes),
                "accept");
  }
  co_await group.join();
}

Task<void> over_midnight(World& world, Acceptance& acceptance, ScopedClock& clock) {
  for (int i = 0; i < 2; ++i) {
    CHECK(code_of(co_await acceptance.accept(url_request(world))) == "accepted");
  }
  JobRequest keyed = url_request(world);
  keyed.idempotency_key = "k";
  const Result<Accepted> refused = co_await acceptance.accept(keyed);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "limit.daily");
  CHECK(refused.error().kind == ErrorKind::rate_limited);
  CHECK(refused.error().hint.contains("2026-11-22T00:00:00"));
  clock.advance(std::chrono::hours(2));  // 01:00 of the next day
  CHECK(code_of(co_await acceptance.accept(keyed)) == "accepted");
  CHECK(code_of(co_await acceptance.accept(keyed)) == "replayed");  // counts once
  CHECK(code_of(co_await acceptance.accept(url_request(world))) == "accepted");
  CHECK(code_of(co_await acceptance.accept(url_request(world))) == "limit.daily");
}

Task<void> new_limit(World& world, Acceptance& acceptance) {
  for (int i = 0; i < 2; ++i) {
    CHECK(code_of(co_await acceptance.accept(url_request(world))) == "accepted");
  }
  set_limit(world, world.user, 3);  // today's earlier jobs count
  CHECK(code_of(co_await acceptance.accept(url_request(world))) == "accepted");
  CHECK(code_of(co_await acceptance.accept(url_request(world))) == "limit.daily");
  JobRequest theirs = url_request(world);
  theirs.owner = world.store;
  CHECK(code_of(co_await acceptance.accept(theirs)) == "accepted");
  set_limit(world, world.user, 0);
  CHECK(code_of(co_await acceptance.accept(url_request(world))) == "accepted");
}

}  // namespace

TEST_CASE("Daily limit: exact when twenty come at the same moment") {
  World world;
  world.tables.grant(world.user, 100);
  Acceptance acceptance = limited(world, 7);
  std::vector<std::string> codes;
  world.run(twenty_at_once(world, acceptance, codes));
  CHECK(std::ranges::count(codes, "accepted") == 7);
  CHECK(std::ranges::count(codes, "limit.daily") == 13);
  world.check_exact(110 - 14);
}

TEST_CASE("Daily limit: begins anew at midnight UTC, and a replay is no new job") {
  ScopedClock clock(parse_rfc3339("2026-11-21T23:00:00Z").value());
  World world;
  Acceptance acceptance = limited(world, 2);
  world.run(over_midnight(world, acceptance, clock));
  world.check_exact(10 - 8);
}

TEST_CASE("Daily limit: an owner's own limit stands before the common one and counts all day") {
  ScopedClock clock(parse_rfc3339("2026-11-21T12:00:00Z").value());
  World world;
  Acceptance acceptance = limited(world, 0);
  world.run(new_limit(world, acceptance));
}

TEST_CASE("Daily limit: counts of days that are over are removed, today's is kept") {
  ScopedClock clock(parse_rfc3339("2026-11-21T12:00:00Z").value());
  World world;
  for (int day = 0; day < 4; ++day) {
    world.tables.write(
        [&](data::Transaction& tx) { return count_daily_job(tx, world.user, 9, now()); });
    clock.advance(std::chrono::hours(24));
  }
  const auto removed =
      world.tables.write([](data::Transaction& tx) { return forget_daily_counts(tx, now()); });
  CHECK(removed == 3);
  const auto bad = world.tables->write_blocking(
      [&](data::Transaction& tx) { return set_owner_limit(tx, world.user, -1); });
  CHECK(bad.error().code == "limit.daily_jobs");
}
