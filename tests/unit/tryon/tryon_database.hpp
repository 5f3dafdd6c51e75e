// A real database with the tables of generation, gone when the test ends.
#pragma once

#include <doctest/doctest.h>

#include "data/migrations.hpp"
#include "support/test_database.hpp"
#include "tryon/ledger.hpp"
#include "tryon/session.hpp"
#include "work/sqlite_broker.hpp"

namespace selvage::tryon {

class TryonDatabase {
 public:
  TryonDatabase() {
    database_ = place_.must_open();
    const std::span<const data::Migration> rooms[] = {work::kWorkMigrations, kTryonMigrations};
    const auto migrated = data::migrate(*database_, rooms);
    REQUIRE_MESSAGE(migrated.has_value(), migrated.error().describe());
  }

  data::Database& operator*() { return *database_; }
  data::Database* operator->() { return database_.get(); }
  [[nodiscard]] const std::filesystem::path& directory() const { return place_.directory(); }

  // The value of a transaction that must succeed.
  template <class Body>
  auto write(Body body) {
    auto result = database_->write_blocking(std::move(body));
    REQUIRE_MESSAGE(result.has_value(), result.error().describe());
    if constexpr (!std::is_void_v<typename decltype(result)::value_type>) return std::move(*result);
  }

  void grant(const Owner& owner, std::int64_t amount) {
    write([&](data::Transaction& tx) { return grant_credits(tx, owner, {amount}, "test"); });
  }
  Balance balance_of(const Owner& owner) {
    return write([&](data::Transaction& tx) { return balance(tx, owner); });
  }
  std::vector<std::string> discrepancies() {
    return write([](data::Transaction& tx) { return ledger_discrepancies(tx); });
  }
  Session find(const std::string& id) {
    auto found = write([&](data::Transaction& tx) { return find_session(tx, id); });
    REQUIRE(found.has_value());
    return std::move(*found);
  }

 private:
  testing::TestDatabase place_;
  std::unique_ptr<data::Database> database_;
};

inline Session queued_session(std::string id, Owner owner, std::int64_t credits = 1) {
  Session session;
  session.id = std::move(id);
  session.task_id = "task-" + session.id;
  session.request_id = "request-" + session.id;
  session.owner = std::move(owner);
  session.credits = {credits};
  session.person_image_url = "https://shop.example/person.jpg";
  session.garment_image_urls = {"https://shop.example/shirt.jpg"};
  session.created_at = now();
  session.updated_at = session.created_at;
  return session;
}

inline SessionFailure some_failure() { return {"provider_timeout", "Please try again.", "504"}; }

}  // namespace selvage::tryon
