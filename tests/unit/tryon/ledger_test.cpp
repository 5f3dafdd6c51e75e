#include "tryon/ledger.hpp"

#include "unit/tryon/tryon_database.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {
const Owner kStore{Channel::b2b, "store-1"};
const Owner kUser{Channel::b2c, "user-1"};
}  // namespace

TEST_CASE("Ledger: a session is charged once, and a second charge changes nothing") {
  TryonDatabase database;
  database.grant(kStore, 10);
  const auto pay = [](data::Transaction& tx) { return charge(tx, kStore, "s1", {4}); };
  database.write(pay);
  const Result<void> again = database->write_blocking(pay);
  REQUIRE(!again);
  CHECK(again.error().code == "ledger.duplicate");
  CHECK(again.error().kind == ErrorKind::conflict);

  const Balance balance = database.balance_of(kStore);
  CHECK(balance.balance.value == 6);
  CHECK(balance.granted.value == 10);
  CHECK(balance.charged.value == 4);
  CHECK(balance.refunded.value == 0);
}

TEST_CASE("Ledger: refunds once when two workers fail the same session") {
  TryonDatabase database;
  database.grant(kUser, 3);
  database.write([](data::Transaction& tx) { return charge(tx, kUser, "s1", {3}); });
  const auto pay_back = [](data::Transaction& tx) { return refund(tx, kUser, "s1", "timeout"); };
  CHECK(database.write(pay_back));
  CHECK_FALSE(database.write(pay_back));
  const Balance balance = database.balance_of(kUser);
  CHECK(balance.balance.value == 3);
  CHECK(balance.refunded.value == 3);
}

TEST_CASE(
    "Ledger: what was never charged is never refunded, and nobody gets another owner's refund") {
  TryonDatabase database;
  database.grant(kUser, 3);
  CHECK_FALSE(database.write([](data::Transaction& tx) { return refund(tx, kUser, "s1", "x"); }));
  database.write([](data::Transaction& tx) { return charge(tx, kUser, "s1", {3}); });
  const Result<bool> stolen = database->write_blocking(
      [](data::Transaction& tx) { return refund(tx, {Channel::b2c, "user-2"}, "s1", "x"); });
  REQUIRE(!stolen);
  CHECK(stolen.error().code == "ledger.owner");
  CHECK(database.balance_of(kUser).balance.value == 0);
}

TEST_CASE("Ledger: a poor owner's charge is refused with price and balance, and leaves no entry") {
  TryonDatabase database;
  database.grant(kUser, 2);
  const Result<void> paid =
      database->write_blocking([](data::Transaction& tx) { return charge(tx, kUser, "s1", {3}); });
  REQUIRE(!paid);
  CHECK(paid.error().kind == ErrorKind::no_credits);
  CHECK(paid.error().code == "credits.insufficient");
  CHECK(paid.error().message.contains("3 credits"));
  CHECK(paid.error().message.contains("user user-1 has 2"));
  CHECK(database.write([](data::Transaction& tx) { return entries(tx, kUser, 10); }).size() == 1);
}

TEST_CASE("Ledger: the same id in both channels is two owners") {
  TryonDatabase database;
  database.grant({Channel::b2b, "42"}, 5);
  CHECK(database.balance_of({Channel::b2c, "42"}).balance.value == 0);
  CHECK(database.balance_of({Channel::b2b, "42"}).balance.value == 5);
}

TEST_CASE(
    "Ledger: a grant with a known reference is made once, and never silently for somebody else") {
  TryonDatabase database;
  const auto give = [](Owner owner, std::int64_t amount) {
    return [=](data::Transaction& tx) {
      return grant_credits(tx, owner, {amount}, "order", "order-17");
    };
  };
  CHECK(database.write(give(kUser, 5)));
  CHECK_FALSE(database.write(give(kUser, 5)));
  const Result<bool> other_amount = database->write_blocking(give(kUser, 6));
  const Result<bool> other_owner = database->write_blocking(give(kStore, 5));
  REQUIRE(!other_amount);
  REQUIRE(!other_owner);
  CHECK(other_amount.error().code == "credits.reference");
  CHECK(other_owner.error().kind == ErrorKind::conflict);
  CHECK(database.balance_of(kUser).balance.value == 5);
  CHECK(database.discrepancies().empty());
}

TEST_CASE("Ledger: amounts out of range are refused") {
  TryonDatabase database;
  for (const std::int64_t amount :
       {std::int64_t{0}, std::int64_t{-5}, std::int64_t{2'000'000'000}}) {
    const auto granted = database->write_blocking(
        [&](data::Transaction& tx) { return grant_credits(tx, kUser, {amount}, "test"); });
    REQUIRE(!granted);
    CHECK(granted.error().code == "credits.amount");
    const auto charged = database->write_blocking(
        [&](data::Transaction& tx) { return charge(tx, kUser, "s", {amount}); });
    CHECK(!charged);
  }
}

TEST_CASE("Ledger: entries can be neither changed nor deleted") {
  TryonDatabase database;
  database.grant(kUser, 5);
  for (const std::string_view sql :
       {"UPDATE credit_ledger SET amount = 50", "DELETE FROM credit_ledger"}) {
    const Result<std::int64_t> changed =
        database->write_blocking([&](data::Transaction& tx) { return tx.execute(sql); });
    CHECK(!changed);
  }
  CHECK(database.balance_of(kUser).balance.value == 5);
}

TEST_CASE("Ledger: entries are listed newest first, of their owner only") {
  TryonDatabase database;
  database.grant(kUser, 5);
  database.grant(kStore, 7);
  database.write([](data::Transaction& tx) { return charge(tx, kUser, "s1", {2}); });
  const auto listed = database.write([](data::Transaction& tx) { return entries(tx, kUser, 10); });
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].kind == EntryKind::charge);
  CHECK(listed[0].amount.value == -2);
  CHECK(listed[0].session_id == "s1");
  CHECK(listed[1].kind == EntryKind::grant);
  const auto all = database.write([](data::Transaction& tx) { return balances(tx, 10); });
  REQUIRE(all.size() == 2);
  CHECK(all[0].owner == kUser);  // charged most
}

// Every kind of damage must be seen by the audit; each case does it by hand.
TEST_CASE("Ledger audit: names each contradiction between sessions, entries and balances") {
  TryonDatabase database;
  database.grant(kUser, 100);
  database.write([](data::Transaction& tx) -> Result<void> {
    TRY(insert_session(tx, queued_session("s1", kUser, 2)));
    return charge(tx, kUser, "s1", {2});
  });
  REQUIRE(database.discrepancies().empty());

  std::string damage;
  std::string sentence;
  SUBCASE("session without charge") {
    damage =
        "INSERT INTO generation_sessions (id, task_id, request_id, user_id, status, credits, "
        "person_image_url, garment_image_urls, created_at, updated_at) "
        "VALUES ('s2', 't', 'r', 'user-1', 'queued', 1, '', '[]', 0, 0)";
    sentence = "session s2 was never charged";
  }
  SUBCASE("failed without refund") {
    damage = "UPDATE generation_sessions SET status = 'failed', error_code = 'x'";
    sentence = "session s1 failed but was not refunded";
  }
  SUBCASE("charged although it failed for lack of credits") {
    damage =
        "UPDATE generation_sessions SET status = 'failed', error_code = 'insufficient_credits'";
    sentence = "session s1 failed for lack of credits, yet it was charged";
  }
  SUBCASE("refund of a session that did not fail") {
    damage =
        "INSERT INTO credit_ledger (kind, channel, owner, amount, session_id, reason, "
        "created_at) VALUES ('refund', 'b2c', 'user-1', 2, 's1', '', 0)";
    sentence = "session s1 has not failed, yet it was refunded";
  }
  SUBCASE("refund of nothing") {
    damage =
        "INSERT INTO credit_ledger (kind, channel, owner, amount, session_id, reason, "
        "created_at) VALUES ('refund', 'b2c', 'user-1', 2, 's9', '', 0)";
    sentence = "session s9 was refunded but never charged";
  }
  SUBCASE("charge of nothing") {
    damage = "DELETE FROM generation_sessions";
    sentence = "session s1 was charged but does not exist";
  }
  SUBCASE("another price") {
    damage = "UPDATE generation_sessions SET credits = 3";
    sentence = "the charge of session s1 is not its price, or not its owner's";
  }
  SUBCASE("another owner") {
    damage = "UPDATE generation_sessions SET user_id = 'user-2'";
    sentence = "the charge of session s1 is not its price, or not its owner's";
  }
  SUBCASE("balance is not the sum") {
    damage = "UPDATE credit_balances SET balance = 99";
    sentence = "the balance of b2c user-1 is not the sum of its entries";
  }
  SUBCASE("balance is missing") {
    damage = "DELETE FROM credit_balances";
    sentence = "the balance of b2c user-1 is not the sum of its entries";
  }
  SUBCASE("balance of nothing") {
    damage = "INSERT INTO credit_balances VALUES ('b2b', 'ghost', 5, 5, 0, 0)";
    sentence = "b2b ghost has a balance without a ledger entry";
  }
  database.write([&](data::Transaction& tx) { return tx.execute(damage); });
  const std::vector<std::string> found = database.discrepancies();
  CHECK_MESSAGE(std::ranges::find(found, sentence) != found.end(), damage);
}
