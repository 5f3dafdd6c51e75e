// The plans that PostgreSQL makes for the queries that run all the time, over a hundred thousand
// sessions and tasks: never a walk through a whole table.
#include "integration/tryon/world.hpp"
#include "tryon/limits.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

constexpr std::string_view kTables[] = {"generation_sessions",
                                        "store_generation_sessions",
                                        "credit_ledger",
                                        "idempotency_keys",
                                        "tasks",
                                        "webhook_deliveries"};

void fill(testing::RunningPostgres& server, const std::string& database) {
  for (const char* sql :
       {"INSERT INTO generation_sessions (id, task_id, request_id, user_id, status, credits,"
        " person_image_url, garment_image_urls, result_key, error_code, created_at, updated_at)"
        " SELECT 's' || i, 't' || i, 'r', 'user-' || i % 500,"
        " CASE i % 100 WHEN 0 THEN 'queued' WHEN 1 THEN 'processing' WHEN 2 THEN 'failed'"
        " ELSE 'completed' END, 1, 'https://x/p', '[\"https://x/g\"]', 'results/' || i, 'x', i, i"
        " FROM generate_series(1, 100000) AS i",
        "INSERT INTO store_generation_sessions (id, task_id, request_id, store_id, status, credits,"
        " person_image_url, garment_image_urls, result_key, error_code, created_at, updated_at)"
        " SELECT 'b' || i, 't' || i, 'r', 'store-' || i % 50, 'completed', 1, 'https://x/p',"
        " '[\"https://x/g\"]', 'results/' || i, 'x', i, i FROM generate_series(1, 20000) AS i",
        "INSERT INTO credit_ledger (kind, channel, owner, amount, session_id, reason, created_at)"
        " SELECT 'charge', 'b2c', 'user-' || i % 500, -1, 's' || i, 'generation', i"
        " FROM generate_series(1, 100000) AS i",
        "INSERT INTO idempotency_keys (channel, owner, key, request_hash, session_id, created_at)"
        " SELECT 'b2c', 'user-' || i % 500, 'k' || i, 'h', 's' || i, 1800000000000"
        " FROM generate_series(1, 100000) AS i",
        "INSERT INTO tasks (queue, id, priority, state, run_at, enqueued_at, payload, fair_key,"
        " vtime, lease_until) SELECT CASE i % 7 WHEN 0 THEN 'wearon:tasks:generation' ELSE 'other' "
        "END,"
        " 't' || i, i % 10,"
        " CASE i % 50 WHEN 0 THEN 'leased' WHEN 1 THEN 'dead' ELSE 'ready' END, i, i, '{}',"
        " 'user-' || i % 500, CASE i % 5 WHEN 0 THEN NULL ELSE i END,"
        " CASE i % 50 WHEN 0 THEN 1800000000000 + i END FROM generate_series(1, 100000) AS i",
        "INSERT INTO webhook_deliveries (id, endpoint_id, channel, owner, event, session_id,"
        " task_id, state, round_at, next_attempt_at, created_at, updated_at) SELECT 'd' || i,"
        " 'e' || i % 100, 'b2c', 'user-' || i % 500, 'job.completed', 's' || i, 't' || i,"
        " CASE i % 100 WHEN 0 THEN 'pending' ELSE 'delivered' END, i, i, i, 1800000000000"
        " FROM generate_series(1, 50000) AS i",
        "UPDATE tasks SET run_at = 1900000000000 WHERE vtime IS NULL", "VACUUM ANALYZE"}) {
    server.query(sql, database);
  }
}

// The plans in the server's log that walk through one of our tables.
std::vector<std::string> walks(const std::string& log) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < log.size();) {
    const std::size_t end = std::min(log.find("LOG:  duration", at + 1), log.size());
    const std::string plan = log.substr(at, end - at);
    const bool walks = std::ranges::any_of(kTables, [&](std::string_view table) {
      return plan.contains("Seq Scan on " + std::string(table) + " ");
    });
    if (walks) found.push_back(plan);
    at = end;
  }
  return found;
}

template <class T>
T done(Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().describe());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void read_all(data::Database& database) {
  const auto read = [&](auto body) { return done(database.read_blocking(std::move(body))); };
  const auto list = [&](SessionFilter filter) {
    std::optional<std::string> cursor;
    for (int page = 0; page < 3; ++page) {
      cursor = read([&](data::Transaction& tx) {
                 return list_sessions(tx, filter, 50, cursor);
               }).next_cursor;
    }
  };
  list({});
  list({.owner = Owner{Channel::b2c, "user-7"}});
  list({.owner = Owner{Channel::b2b, "store-7"}});
  list({.status = SessionStatus::failed});
  list({.status = SessionStatus::queued});
  list({.created_from = from_unix_ms(5'000), .created_to = from_unix_ms(90'000)});
  list({.owner = Owner{Channel::b2c, "user-7"}, .status = SessionStatus::completed});
  read([](data::Transaction& tx) { return find_session(tx, "s777"); });
  read([](data::Transaction& tx) { return sessions_changed_since(tx, from_unix_ms(99'900), 500); });
  read([](data::Transaction& tx) { return open_sessions(tx, from_unix_ms(50'000), 500); });
  read([](data::Transaction& tx) { return cancel_requests(tx, 1000); });
  const auto session = read([](data::Transaction& tx) { return find_session(tx, "s50000"); });
  read([&](data::Transaction& tx) { return waiting_before(tx, *session, 1000); });
  read([](data::Transaction& tx) { return entries(tx, {Channel::b2c, "user-7"}, 100); });
  read([](data::Transaction& tx) { return balance(tx, {Channel::b2c, "user-7"}); });
}

void write_all(data::Database& database, work::Broker& broker) {
  const Owner user{Channel::b2c, "user-7"};
  const auto write = [&](auto body) { return done(database.write_blocking(std::move(body))); };
  write([&](data::Transaction& tx) { return grant_credits(tx, user, {10}, "test"); });
  write([&](data::Transaction& tx) -> Result<void> {
    TRY(insert_session(tx, queued_session("new", user, 2)));
    TRY(charge(tx, user, "new", {2}));
    const work::NewTask task{
        .id = "new", .queue = std::string(kQueue), .payload = "{}", .fair_key = "user-7"};
    TRY(broker.enqueue(tx, {&task, 1}));
    return count_daily_job(tx, user, 100, now());
  });
  write([](data::Transaction& tx) {
    return begin_processing(tx, Channel::b2c, "new", "task-new", 1);
  });
  write([&](data::Transaction& tx) -> Result<bool> {
    TRY(hold_session(tx, "new"));
    TRY(fail_session(tx, Channel::b2c, "new", 1, some_failure()));
    return refund(tx, user, "new", "test");
  });
}

Task<void> work_off(data::Database& database, work::Broker& broker) {
  const std::string queue(kQueue);
  const auto leases = done(co_await broker.lease(queue, "w", 8, seconds(10)));
  REQUIRE(leases.size() == 8);
  std::vector<work::LeaseRef> held;
  for (const work::Lease& lease : leases) held.push_back(lease.ref);
  CHECK(done(co_await broker.extend(held, seconds(10))).empty());
  CHECK(done(co_await broker.complete(held[0])));
  CHECK(done(co_await broker.retry_later(held[1], now() + seconds(5), "later")));
  CHECK(done(co_await broker.bury(held[2], "bad")));
  (void)done(co_await broker.alive(queue, {"t5", "t6", "t7"}));
  (void)done(co_await broker.find(queue, "t5"));
  co_await broker.wait_for_work(queue, milliseconds(10), {});
  (void)done(co_await forget_idempotency_keys(database, std::chrono::hours(1)));
}

}  // namespace

TEST_CASE(
    "PostgreSQL plans: what runs all the time reads indexes, over 100,000 sessions and tasks") {
  if (!testing::RunningPostgres::available()) return;
  testing::RunningPostgres server(
      {.settings = "shared_preload_libraries = 'auto_explain'\nauto_explain.log_min_duration = 0\n"
                   "auto_explain.log_analyze = off\nlog_min_messages = log"});
  const std::string name = server.create_database();
  const auto database = done(data::open_postgres({.url = server.url(name), .connections = 2}));
  const std::span<const data::Migration> rooms[] = {work::kWorkMigrations, kTryonMigrations};
  done(data::migrate(*database, rooms));
  fill(server, name);
  const auto broker = work::make_sql_broker(*database, {});
  done(database->write_blocking([&](data::Transaction& tx) {
    return grant_credits(tx, {Channel::b2c, "user-7"}, {1}, "test");
  }));

  const std::size_t before = server.log().size();
  read_all(*database);
  write_all(*database, *broker);
  net::Loop loop;
  loop.run_until_done(work_off(*database, *broker));
  const std::string log = server.log().substr(before);
  CHECK(log.find("Index") != std::string::npos);  // the plans are there
  const std::vector<std::string> found = walks(log);
  for (const std::string& plan : found) MESSAGE(plan);
  CHECK(found.empty());
}
