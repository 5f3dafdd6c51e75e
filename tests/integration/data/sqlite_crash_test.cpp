// What survives kill -9, and two processes on one database.
#include <doctest/doctest.h>

#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "base/task_group.hpp"
#include "data/sqlite_database.hpp"
#include "integration/data/child_process.hpp"
#include "integration/data/scratch.hpp"
#include "net/loop.hpp"

using namespace selvage;
using namespace selvage::data;

namespace {

constexpr int kParts = 3;

std::unique_ptr<Database> open(const std::filesystem::path& file) {
  auto database = open_sqlite({.file = file});
  REQUIRE_MESSAGE(database.has_value(), database.error().describe());
  return std::move(*database);
}

void create_table(Database& database) {
  const auto made = database.write_blocking([](Transaction& tx) {
    return tx.execute(
        "CREATE TABLE IF NOT EXISTS piece (writer TEXT, id BIGINT, part BIGINT, "
        "PRIMARY KEY (writer, id, part))");
  });
  REQUIRE_MESSAGE(made.has_value(), made.error().describe());
}

Result<void> insert_pieces(Transaction& tx, const std::string& writer, std::int64_t id) {
  for (std::int64_t part = 0; part < kParts; ++part) {
    TRY(tx.execute("INSERT INTO piece (writer, id, part) VALUES ($1, $2, $3)", {writer, id, part}));
  }
  return {};
}

Task<void> keep_writing(Database& database, std::string writer, std::int64_t first,
                        std::int64_t last, std::int64_t step) {
  for (std::int64_t id = first; id < last; id += step) {
    const Result<void> done = co_await database.write(
        [&writer, id](Transaction& tx) { return insert_pieces(tx, writer, id); });
    if (done) {
      ChildProcess::report(writer + " " + std::to_string(id) + "\n");
    } else {
      ChildProcess::report("error " + done.error().code + "\n");
    }
  }
}

Task<void> write_side_by_side(Database& database, std::string writer, std::int64_t last,
                              std::int64_t lanes) {
  TaskGroup group;
  for (std::int64_t lane = 0; lane < lanes; ++lane) {
    group.spawn(keep_writing(database, writer, lane, last, lanes), "writer");
  }
  co_await group.join();
}

using Ids = std::set<std::pair<std::string, std::int64_t>>;

Ids reported(const std::string& text, int& errors) {
  Ids ids;
  std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
  for (std::string writer, id; lines >> writer >> id;) {
    if (writer == "error") {
      ++errors;
    } else {
      ids.emplace(writer, std::stoll(id));
    }
  }
  return ids;
}

// The ids that are stored; a body that is stored in part fails the test.
Ids stored(Database& database) {
  const auto rows = database.read_blocking([](Transaction& tx) {
    return tx.query("SELECT writer, id, count(*) FROM piece GROUP BY writer, id");
  });
  REQUIRE_MESSAGE(rows.has_value(), rows.error().describe());
  Ids ids;
  for (const Row& row : *rows) {
    CHECK(row.integer(2) == kParts);
    ids.emplace(row.text(0), row.integer(1));
  }
  return ids;
}

}  // namespace

TEST_CASE("child: writes to the database it is told" * doctest::skip()) {
  if (ChildProcess::order("FILE").empty()) return;
  const auto database = open(ChildProcess::order("FILE"));
  net::Loop loop;
  loop.run_until_done(write_side_by_side(*database, ChildProcess::order("WRITER"),
                                         std::stoll(ChildProcess::order("COUNT")), 40));
}

TEST_CASE(
    "SQLite: after kill -9 every body is there whole or not at all, and none that was confirmed is "
    "missing") {
  const Scratch scratch;
  const std::filesystem::path file = scratch / "a.db";
  create_table(*open(file));
  const std::uint32_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  Ids confirmed;
  for (int round = 0; round < 12; ++round) {
    ChildProcess child(
        "child: writes to the database it is told",
        {{"FILE", file.string()}, {"WRITER", "w" + std::to_string(round)}, {"COUNT", "10000000"}});
    std::string text = child.read(/*to_the_end=*/false);  // it has begun
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 40'000));
    child.kill();
    text += child.read(/*to_the_end=*/true);
    CHECK(child.wait() == -1);
    int errors = 0;
    confirmed.merge(reported(text, errors));
    CHECK(errors == 0);
    const auto database = open(file);
    const Ids found = stored(*database);
    CHECK(std::ranges::includes(found, confirmed));
  }
  CHECK(confirmed.size() > 12);
}

TEST_CASE("SQLite: two processes that write at once lose nothing and are both served") {
  const Scratch scratch;
  const std::filesystem::path file = scratch / "a.db";
  create_table(*open(file));
  constexpr int kCount = 4000;
  const auto start = [&](std::string writer) {
    return std::make_unique<ChildProcess>(
        "child: writes to the database it is told",
        std::map<std::string, std::string>{{"FILE", file.string()},
                                           {"WRITER", std::move(writer)},
                                           {"COUNT", std::to_string(kCount)}});
  };
  const auto first = start("first");
  const auto second = start("second");
  std::string texts[2];
  {
    std::jthread reader([&] { texts[0] = first->read(true); });
    texts[1] = second->read(true);
  }
  CHECK(first->wait() == 0);
  CHECK(second->wait() == 0);
  int errors = 0;
  Ids confirmed = reported(texts[0], errors);
  confirmed.merge(reported(texts[1], errors));
  CHECK(errors == 0);
  CHECK(confirmed.size() == 2 * kCount);
  CHECK(stored(*open(file)) == confirmed);
}
