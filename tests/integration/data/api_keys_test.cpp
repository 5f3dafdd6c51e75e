#include "data/api_keys.hpp"

#include <doctest/doctest.h>

#include <array>
#include <set>

#include "support/test_database.hpp"

using namespace selvage;
using namespace selvage::data;

namespace {

struct Keys {
  testing::TestDatabase place;
  std::unique_ptr<Database> database = place.must_open();

  Keys() {
    const std::array<std::span<const Migration>, 1> rooms{kDataMigrations};
    REQUIRE(migrate(*database, rooms).has_value());
  }
  Result<NewApiKey> create(std::string label, std::string channel, std::string owner,
                           std::vector<Right> rights) {
    return database->write_blocking(
        [&](Transaction& tx) { return create_api_key(tx, label, channel, owner, rights); });
  }
  std::optional<ApiKey> find(std::string_view full) {
    const auto found =
        database->read_blocking([&](Transaction& tx) { return find_api_key(tx, full); });
    REQUIRE(found.has_value());
    return *found;
  }
  Result<void> revoke(std::string_view id) {
    return database->write_blocking([&](Transaction& tx) { return revoke_api_key(tx, id); });
  }
  void touch(std::string_view id) {
    REQUIRE(database->write_blocking([&](Transaction& tx) { return touch_api_key(tx, id); })
                .has_value());
  }
};

}  // namespace

TEST_CASE("API keys: a new key is found by its full text and by nothing else") {
  Keys keys;
  const auto made =
      keys.create("shop", "b2b", "store-1", {Right::read, Right::submit, Right::read});
  REQUIRE_MESSAGE(made.has_value(), made.error().describe());
  CHECK(made->full.size() == 55);
  CHECK(made->full.starts_with(made->key.id + "_"));
  const auto found = keys.find(made->full);
  REQUIRE(found.has_value());
  CHECK(found->id == made->key.id);
  CHECK(found->label == "shop");
  CHECK(found->channel == "b2b");
  CHECK(found->owner == "store-1");
  CHECK(found->rights == std::vector{Right::submit, Right::read});
  CHECK(found->has(Right::submit));
  CHECK_FALSE(found->has(Right::admin));
  CHECK_FALSE(found->last_used_at.has_value());

  std::string other = made->full;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  for (const std::string& wrong :
       {other, made->key.id, made->full + "x", made->full.substr(0, 54), std::string(),
        std::string("sk_"), std::string(55, 'x'), std::string(1 << 20, 'x'),
        "SK" + made->full.substr(2), made->full.substr(0, 54) + "'"}) {
    CAPTURE(wrong.substr(0, 60));
    CHECK_FALSE(keys.find(wrong).has_value());
  }
}

TEST_CASE("API keys: the stored row does not hold the key") {
  Keys keys;
  const auto made = keys.create("shop", "b2b", "store-1", {Right::submit});
  REQUIRE(made.has_value());
  const auto rows = keys.database->read_blocking(
      [](Transaction& tx) { return tx.query("SELECT id, key_hash FROM api_keys"); });
  REQUIRE(rows.has_value());
  CHECK(rows->front().text(1).size() == 64);
  CHECK(rows->front().text(1).find(made->full.substr(12)) == std::string::npos);
}

TEST_CASE("API keys: what makes no sense is refused with the reason") {
  Keys keys;
  struct Case {
    const char* label;
    const char* channel;
    const char* owner;
    std::vector<Right> rights;
    const char* code;
  };
  const Case cases[] = {
      {"", "b2b", "s", {Right::read}, "keys.label"},
      {"two\nlines", "b2b", "s", {Right::read}, "keys.label"},
      {"x", "b2b", "s", {}, "keys.rights"},
      {"x", "b2x", "s", {Right::read}, "keys.channel"},
      {"x", "", "s", {Right::read}, "keys.channel"},
      {"x", "b2c", "", {Right::read}, "keys.owner"},
      {"x", "", "", {Right::submit}, "keys.owner"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.code);
    const auto made = keys.create(c.label, c.channel, c.owner, c.rights);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == c.code);
    CHECK(made.error().kind == ErrorKind::invalid);
  }
  CHECK(keys.create(std::string(101, 'x'), "b2b", "s", {Right::read}).error().code == "keys.label");
  CHECK(keys.create("admin", "", "", {Right::admin}).has_value());
}

TEST_CASE("API keys: a revoked key opens nothing and stays listed") {
  Keys keys;
  const auto made = keys.create("shop", "b2c", "user-1", {Right::submit});
  REQUIRE(made.has_value());
  REQUIRE(keys.revoke(made->key.id).has_value());
  CHECK(keys.revoke(made->key.id).has_value());
  CHECK_FALSE(keys.find(made->full).has_value());
  const auto listed =
      keys.database->read_blocking([](Transaction& tx) { return list_api_keys(tx); });
  REQUIRE(listed.has_value());
  REQUIRE(listed->size() == 1);
  CHECK(listed->front().revoked_at.has_value());
  CHECK(keys.revoke("sk_nothing1").error().code == "keys.not_found");
}

TEST_CASE("API keys: the last use is written at most once a minute") {
  Keys keys;
  const auto made = keys.create("shop", "b2c", "user-1", {Right::submit});
  REQUIRE(made.has_value());
  const Timestamp start = from_unix_ms(1'800'000'000'000);
  ScopedClock clock(start);
  keys.touch(made->key.id);
  CHECK(keys.find(made->full)->last_used_at == start);
  clock.advance(seconds(59));
  keys.touch(made->key.id);
  CHECK(keys.find(made->full)->last_used_at == start);
  clock.advance(seconds(1));
  keys.touch(made->key.id);
  CHECK(keys.find(made->full)->last_used_at == start + seconds(60));
  keys.touch("sk_nothing1");
}
