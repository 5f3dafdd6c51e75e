#include "tryon/session.hpp"

#include <fmt/format.h>

#include <set>

#include "unit/tryon/tryon_database.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

const Owner kStore{Channel::b2b, "store-1"};
const Owner kUser{Channel::b2c, "user-1"};

void insert(TryonDatabase& database, const Session& session) {
  database.write([&](data::Transaction& tx) { return insert_session(tx, session); });
}
bool begin(TryonDatabase& database, const std::string& id, std::int64_t token,
           const std::string& task = "t") {
  return database.write(
      [&](data::Transaction& tx) { return begin_processing(tx, Channel::b2c, id, task, token); });
}
bool complete(TryonDatabase& database, const std::string& id, std::int64_t token) {
  return database.write([&](data::Transaction& tx) {
    return complete_session(tx, Channel::b2c, id, token, "results/x.jpg", "local", "req-1");
  });
}
bool fail_it(TryonDatabase& database, const std::string& id, std::optional<std::int64_t> token) {
  return database.write([&](data::Transaction& tx) {
    return fail_session(tx, Channel::b2c, id, token, some_failure());
  });
}

}  // namespace

TEST_CASE("Session: what is stored is what is found, in the table of its channel") {
  TryonDatabase database;
  Session session = queued_session("s1", kStore, 7);
  session.prompt = "with \"quotes\", ünïcödé and a\nline";
  session.options_json = R"({"size":"L"})";
  session.retry_of = "s0";
  session.garment_image_urls = {"https://a.example/1.png", "object:inputs/s1/2.png"};
  insert(database, session);

  const Session found = database.find("s1");
  CHECK(found.owner == kStore);
  CHECK(found.task_id == session.task_id);
  CHECK(found.status == SessionStatus::queued);
  CHECK(found.credits.value == 7);
  CHECK(found.prompt == session.prompt);
  CHECK(found.options_json == session.options_json);
  CHECK(found.garment_image_urls == session.garment_image_urls);
  CHECK(found.retry_of == "s0");
  CHECK(found.created_at == session.created_at);
  CHECK_FALSE(found.started_at.has_value());
  const auto other =
      database.write([](data::Transaction& tx) { return find_session(tx, Channel::b2c, "s1"); });
  CHECK_FALSE(other.has_value());
}

TEST_CASE("Session: an id is taken in both channels at once") {
  TryonDatabase database;
  insert(database, queued_session("s1", kUser));
  for (const Owner& owner : {kUser, kStore}) {
    const Result<void> again = database->write_blocking(
        [&](data::Transaction& tx) { return insert_session(tx, queued_session("s1", owner)); });
    REQUIRE(!again);
    CHECK(again.error().code == "session.duplicate");
    CHECK(again.error().kind == ErrorKind::conflict);
  }
}

TEST_CASE("Session: a worker that lost its lease can neither complete nor fail it") {
  TryonDatabase database;
  insert(database, queued_session("s1", kUser));
  CHECK(begin(database, "s1", 1));
  CHECK(begin(database, "s1", 2));  // the lease lapsed and was handed out again
  CHECK_FALSE(begin(database, "s1", 1));
  CHECK_FALSE(complete(database, "s1", 1));
  CHECK_FALSE(fail_it(database, "s1", 1));
  CHECK(complete(database, "s1", 2));
  const Session done = database.find("s1");
  CHECK(done.status == SessionStatus::completed);
  CHECK(done.attempts == 2);
  CHECK(done.result_key == "results/x.jpg");
  CHECK(done.finished_at.has_value());
}

TEST_CASE("Session: a terminal state is final") {
  TryonDatabase database;
  insert(database, queued_session("done", kUser));
  insert(database, queued_session("lost", kUser));
  CHECK(begin(database, "done", 1));
  CHECK(complete(database, "done", 1));
  CHECK(fail_it(database, "lost", std::nullopt));
  for (const std::string id : {"done", "lost"}) {
    CHECK_FALSE(begin(database, id, 9));
    CHECK_FALSE(complete(database, id, 1));
    CHECK_FALSE(fail_it(database, id, std::nullopt));
  }
  CHECK(database.find("lost").error_code == "provider_timeout");
  CHECK_FALSE(database.find("done").error_code.has_value());
}

TEST_CASE("Session: a queued session cannot be completed by somebody who never began") {
  TryonDatabase database;
  insert(database, queued_session("s1", kUser));
  CHECK_FALSE(complete(database, "s1", 0));
}

TEST_CASE("Session: belongs to the first task that begins it, whatever another task's token is") {
  TryonDatabase database;
  insert(database, queued_session("s1", kUser));
  CHECK(begin(database, "s1", 1, "first"));
  CHECK_FALSE(begin(database, "s1", 7, "second"));
  CHECK(database.find("s1").task_id == "first");
}

TEST_CASE("Session: a pending retry is noted while it waits and forgotten when it is over") {
  TryonDatabase database;
  insert(database, queued_session("s1", kUser));
  CHECK(begin(database, "s1", 1));
  const auto note = [&](std::int64_t token) {
    return database.write([&](data::Transaction& tx) {
      return note_retry(tx, Channel::b2c, "s1", token, "busy", true);
    });
  };
  CHECK_FALSE(note(2));
  CHECK(note(1));
  CHECK(database.find("s1").note == "busy");
  CHECK(database.find("s1").provider_retries == 1);
  CHECK(database.find("s1").status == SessionStatus::processing);
  CHECK(begin(database, "s1", 2));
  CHECK_FALSE(database.find("s1").note.has_value());
}

TEST_CASE("Session list: pages walk every session once, newest first, over both channels") {
  TryonDatabase database;
  std::set<std::string> made;
  const Timestamp start = from_unix_ms(1'700'000'000'000);
  for (int i = 0; i < 47; ++i) {
    Session session = queued_session(fmt::format("s{:02}", i), i % 3 == 0 ? kStore : kUser);
    session.created_at = start + milliseconds(i / 5);  // many share a millisecond
    insert(database, session);
    made.insert(session.id);
  }
  std::set<std::string> seen;
  std::optional<std::string> cursor;
  std::optional<std::pair<Timestamp, std::string>> last;
  int pages = 0;
  do {
    const SessionPage page =
        database.write([&](data::Transaction& tx) { return list_sessions(tx, {}, 10, cursor); });
    CHECK(page.sessions.size() <= 10);
    for (const Session& session : page.sessions) {
      const std::pair<Timestamp, std::string> place{session.created_at, session.id};
      if (last) CHECK(place < *last);
      last = place;
      CHECK(seen.insert(session.id).second);
    }
    cursor = page.next_cursor;
    ++pages;
  } while (cursor && pages < 20);
  CHECK(seen == made);
  CHECK(pages == 5);
}

TEST_CASE("Session list: filters by owner, channel, status and time") {
  TryonDatabase database;
  const Timestamp start = from_unix_ms(1'700'000'000'000);
  for (int i = 0; i < 6; ++i) {
    Session session = queued_session(fmt::format("s{}", i), i < 2 ? kStore : kUser);
    session.created_at = start + seconds(i);
    insert(database, session);
  }
  CHECK(begin(database, "s5", 1));
  const auto listed = [&](SessionFilter filter) {
    std::string ids;
    const SessionPage page = database.write(
        [&](data::Transaction& tx) { return list_sessions(tx, filter, 50, std::nullopt); });
    for (const Session& session : page.sessions) ids += session.id + " ";
    return ids;
  };
  CHECK(listed({}) == "s5 s4 s3 s2 s1 s0 ");
  CHECK(listed({.owner = kStore}) == "s1 s0 ");
  CHECK(listed({.owner = Owner{Channel::b2c, "store-1"}}) == "");
  CHECK(listed({.owner = kStore, .channel = Channel::b2c}) == "");
  CHECK(listed({.channel = Channel::b2c}) == "s5 s4 s3 s2 ");
  CHECK(listed({.status = SessionStatus::processing}) == "s5 ");
  CHECK(listed({.created_from = start + seconds(2), .created_to = start + seconds(4)}) == "s3 s2 ");
  const StatusCounts counts =
      database.write([](data::Transaction& tx) { return count_sessions(tx); });
  CHECK(counts.queued == 5);
  CHECK(counts.processing == 1);
}

TEST_CASE("Session list: a cursor that was made up is refused") {
  TryonDatabase database;
  for (const std::string cursor : {"", "!!!", "aGVsbG8", "MTIz", "MTIzLw"}) {
    const Result<SessionPage> page = database->read_blocking(
        [&](data::Transaction& tx) { return list_sessions(tx, {}, 10, cursor); });
    REQUIRE(!page);
    CHECK(page.error().code == "page.cursor");
    CHECK(page.error().kind == ErrorKind::invalid);
  }
}

TEST_CASE("Session list: open sessions are walked in order, terminal ones never seen") {
  TryonDatabase database;
  const Timestamp start = from_unix_ms(1'700'000'000'000);
  for (int i = 0; i < 9; ++i) {
    Session session = queued_session(fmt::format("s{}", i), i % 2 == 0 ? kStore : kUser);
    session.updated_at = start + milliseconds(i / 3);
    insert(database, session);
  }
  CHECK(fail_it(database, "s1", std::nullopt));
  std::string walked;
  OpenPosition position;
  while (true) {
    const std::vector<Session> page = database.write([&](data::Transaction& tx) {
      return open_sessions(tx, start + milliseconds(2), 2, position);
    });
    if (page.empty()) break;
    for (const Session& session : page) walked += session.id + " ";
    position = {page.back().updated_at, page.back().id};
  }
  CHECK(walked == "s0 s2 s3 s4 s5 ");
}

TEST_CASE("Session list: a follower sees each change, oldest first") {
  TryonDatabase database;
  ScopedClock clock(from_unix_ms(1'700'000'000'000));
  insert(database, queued_session("s1", kUser));
  clock.advance(milliseconds(5));
  insert(database, queued_session("s2", kStore));
  clock.advance(milliseconds(5));
  CHECK(begin(database, "s1", 1));
  const auto since = [&](std::int64_t ms) {
    std::string ids;
    for (const Session& session : database.write([&](data::Transaction& tx) {
           return sessions_changed_since(tx, from_unix_ms(1'700'000'000'000 + ms), 10);
         })) {
      ids += session.id + " ";
    }
    return ids;
  };
  CHECK(since(-1) == "s2 s1 ");
  CHECK(since(5) == "s1 ");
  CHECK(since(10) == "");
}
