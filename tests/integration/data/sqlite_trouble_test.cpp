// Full and read-only disks, damaged files, long holders of the lock: a clear error, and the process
// goes on.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/task_group.hpp"
#include "data/sqlite_database.hpp"
#include "integration/data/scratch.hpp"
#include "integration/data/small_disk.hpp"
#include "net/loop.hpp"

using namespace selvage;
using namespace selvage::data;

namespace {

std::unique_ptr<Database> open(const std::filesystem::path& file,
                               milliseconds busy_time = milliseconds(5000)) {
  auto database = open_sqlite({.file = file, .busy_time = busy_time});
  REQUIRE_MESSAGE(database.has_value(), database.error().describe());
  return std::move(*database);
}

void create_table(Database& database) {
  const auto made = database.write_blocking([](Transaction& tx) {
    return tx.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, body TEXT)");
  });
  REQUIRE_MESSAGE(made.has_value(), made.error().describe());
}

Result<std::int64_t> insert(Transaction& tx, std::int64_t id, std::size_t size) {
  return tx.execute("INSERT INTO item VALUES ($1, $2)", {id, std::string(size, 'x')});
}

std::vector<std::int64_t> stored_ids(Database& database) {
  const auto rows = database.read_blocking(
      [](Transaction& tx) { return tx.query("SELECT id FROM item ORDER BY id"); });
  REQUIRE_MESSAGE(rows.has_value(), rows.error().describe());
  std::vector<std::int64_t> ids;
  for (const Row& row : *rows) ids.push_back(row.integer(0));
  return ids;
}

Task<void> insert_one(Database& database, std::int64_t id, std::size_t size,
                      std::vector<Result<std::int64_t>>& results) {
  results[static_cast<std::size_t>(id)] =
      co_await database.write([id, size](Transaction& tx) { return insert(tx, id, size); });
}

Task<void> insert_sizes(Database& database, std::vector<std::size_t> sizes,
                        std::vector<Result<std::int64_t>>& results) {
  TaskGroup group;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    group.spawn(insert_one(database, static_cast<std::int64_t>(i), sizes[i], results), "insert");
  }
  co_await group.join();
}

}  // namespace

TEST_CASE("SQLite: a full disk is told as such, keeps what was confirmed, and needs no restart") {
  SmallDisk disk(2048);
  if (!disk.mounted()) {
    MESSAGE("skipped: " << disk.problem());
    return;
  }
  const auto database = open(disk.path() / "a.db");
  create_table(*database);
  std::vector<std::int64_t> confirmed;
  std::int64_t id = 0;
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    disk.fill();
    Result<std::int64_t> done = 1;
    for (int tries = 0; tries < 2000 && done; ++tries) {
      ++id;
      done = database->write_blocking([&](Transaction& tx) { return insert(tx, id, 3000); });
      if (done) confirmed.push_back(id);
    }
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().code == "db.full");
    CHECK(done.error().kind == ErrorKind::unavailable);
    CHECK(done.error().message.find("a.db") != std::string::npos);
    CHECK(stored_ids(*database) == confirmed);
    disk.free_space();
    ++id;
    done = database->write_blocking([&](Transaction& tx) { return insert(tx, id, 3000); });
    REQUIRE_MESSAGE(done.has_value(), done.error().describe());
    confirmed.push_back(id);
  }
  CHECK(stored_ids(*database) == confirmed);
}

TEST_CASE("SQLite: a body that is too large for the disk takes none of its group with it") {
  SmallDisk disk(4096);
  if (!disk.mounted()) {
    MESSAGE("skipped: " << disk.problem());
    return;
  }
  const auto database = open(disk.path() / "a.db");
  create_table(*database);
  std::vector<std::size_t> sizes(60, 100);
  sizes[30] =
      40'000'000;  // over the page cache, so that SQLite meets the full disk inside the body
  std::vector<Result<std::int64_t>> results(sizes.size());
  {
    net::Loop loop;
    loop.run_until_done(insert_sizes(*database, sizes, results));
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    CAPTURE(i);
    if (i == 30) {
      REQUIRE_FALSE(results[i].has_value());
      CHECK(results[i].error().code == "db.full");
    } else {
      CHECK(results[i].has_value());
    }
  }
  CHECK(stored_ids(*database).size() == 59);
}

TEST_CASE("SQLite: a read-only disk is refused at opening, with what to do") {
  SmallDisk disk(1024);
  if (!disk.mounted()) {
    MESSAGE("skipped: " << disk.problem());
    return;
  }
  create_table(*open(disk.path() / "a.db"));
  REQUIRE(disk.make_read_only());
  for (const char* name : {"a.db", "new.db"}) {
    CAPTURE(name);
    const auto opened = open_sqlite({.file = disk.path() / name});
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == "db.read_only");
    CHECK(opened.error().hint.find("read-only") != std::string::npos);
  }
}

TEST_CASE("SQLite: a file that may not be written is refused at opening") {
  const Scratch scratch;
  create_table(*open(scratch / "a.db"));
  std::filesystem::permissions(scratch / "a.db", std::filesystem::perms::owner_read);
  if (::access((scratch / "a.db").c_str(), W_OK) == 0) {
    MESSAGE("skipped: root may write everything");
    return;
  }
  const auto opened = open_sqlite({.file = scratch / "a.db"});
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == "db.read_only");
}

TEST_CASE("SQLite: a missing directory and a directory in the file's place are told apart") {
  const Scratch scratch;
  const auto missing = open_sqlite({.file = scratch / "none" / "a.db"});
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == "db.open");
  CHECK(missing.error().message.find("does not exist") != std::string::npos);
  std::filesystem::create_directory(scratch / "b.db");
  const auto directory = open_sqlite({.file = scratch / "b.db"});
  REQUIRE_FALSE(directory.has_value());
  CHECK(directory.error().code == "db.open");
}

TEST_CASE("SQLite: what is no database, or a damaged one, is called damaged") {
  const Scratch scratch;
  std::ofstream(scratch / "text.db") << std::string(10'000, 'x');
  const auto text = open_sqlite({.file = scratch / "text.db"});
  REQUIRE_FALSE(text.has_value());
  CHECK(text.error().code == "db.corrupt");

  {
    const auto database = open(scratch / "a.db");
    create_table(*database);
    for (std::int64_t id = 0; id < 200; ++id) {
      REQUIRE(database->write_blocking([&](Transaction& tx) { return insert(tx, id, 1000); }));
    }
  }
  {
    std::fstream file(scratch / "a.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 2);
    file << std::string(4096 * 20, '\xee');
  }
  const auto database = open(scratch / "a.db");  // its header and schema are in order
  const auto read = database->read_blocking(
      [](Transaction& tx) { return tx.query("SELECT sum(length(body)) FROM item"); });
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == "db.corrupt");
  CHECK(read.error().hint.find("backup") != std::string::npos);
}

TEST_CASE("SQLite: whoever waits too long for another process's lock is told that it is busy") {
  const Scratch scratch;
  const auto database = open(scratch / "a.db", milliseconds(80));
  create_table(*database);
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open((scratch / "a.db").c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  const auto start = steady_now();
  const auto refused = database->write_blocking([](Transaction& tx) { return insert(tx, 1, 10); });
  CHECK(steady_now() - start >= milliseconds(80));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "db.busy");
  CHECK(refused.error().kind == ErrorKind::unavailable);
  CHECK(stored_ids(*database).empty());  // reading goes on
  std::jthread release([&] {
    std::this_thread::sleep_for(milliseconds(20));
    sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
  });
  CHECK(database->write_blocking([](Transaction& tx) { return insert(tx, 2, 10); }).has_value());
  release.join();
  sqlite3_close(other);
}
