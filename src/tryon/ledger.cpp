// Entries and balances move together in the caller's transaction. Uniqueness is the indexes'
// business: an insert that finds its entry there already changes no row and says so, in whatever
// order two workers arrive.
#include "tryon/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace selvage::tryon {
namespace {

constexpr std::int64_t kMaxGrant = 1'000'000'000;  // keeps every sum far from 64-bit overflow
constexpr std::size_t kMaxListed = 10'000;

Result<bool> append(data::Transaction& tx, EntryKind kind, const Owner& owner, Credits amount,
                    std::optional<std::string> session_id, std::string_view reason,
                    std::optional<std::string> reference) {
  const std::int64_t inserted =
      TRY(tx.execute("INSERT INTO credit_ledger (kind, channel, owner, amount, session_id, reason, "
                     "reference, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                     "ON CONFLICT DO NOTHING",
                     {std::string(name(kind)), std::string(name(owner.channel)), owner.id,
                      amount.value, data::sql(std::move(session_id)), std::string(reason),
                      data::sql(std::move(reference)), data::sql(now())}));
  return inserted == 1;
}

// REQUIRES: an owner column list as in balances().
Balance read_balance(const data::Row& row) {
  Balance balance;
  balance.owner = {row.text(0) == name(Channel::b2b) ? Channel::b2b : Channel::b2c, row.text(1)};
  balance.balance = {row.integer(2)};
  balance.granted = {row.integer(3)};
  balance.charged = {row.integer(4)};
  balance.refunded = {row.integer(5)};
  return balance;
}

constexpr std::string_view kBalanceColumns = "channel, owner, balance, granted, charged, refunded";

std::string owner_label(const Owner& owner) {
  return fmt::format("{} {}", owner.channel == Channel::b2b ? "store" : "user", owner.id);
}

// A grant whose reference is known is the same grant, or it is a mistake that must not pass in
// silence.
Result<bool> same_grant(data::Transaction& tx, const Owner& owner, Credits amount,
                        const std::string& reference) {
  const std::optional<data::Row> row = TRY(tx.query_one(
      "SELECT channel, owner, amount FROM credit_ledger WHERE reference = $1", {reference}));
  if (row && row->text(0) == name(owner.channel) && row->text(1) == owner.id &&
      row->integer(2) == amount.value) {
    return false;
  }
  return fail(ErrorKind::conflict, "credits.reference",
              fmt::format("the reference \"{}\" was used for another grant", reference),
              "give every grant a reference of its own");
}

}  // namespace

std::string_view name(EntryKind kind) {
  switch (kind) {
    case EntryKind::grant:
      return "grant";
    case EntryKind::charge:
      return "charge";
    case EntryKind::refund:
      return "refund";
  }
  SELVAGE_CHECK(false);
}

Result<bool> grant_credits(data::Transaction& tx, const Owner& owner, Credits amount,
                           std::string_view reason, std::optional<std::string> reference) {
  if (amount.value < 1 || amount.value > kMaxGrant) {
    return fail(ErrorKind::invalid, "credits.amount",
                fmt::format("a grant must be 1 to {} credits, is {}", kMaxGrant, amount.value));
  }
  if (!TRY(append(tx, EntryKind::grant, owner, amount, std::nullopt, reason, reference))) {
    return same_grant(tx, owner, amount, reference.value_or(""));
  }
  TRY(tx.execute(
      "INSERT INTO credit_balances (channel, owner, balance, granted, charged, refunded) "
      "VALUES ($1, $2, $3, $3, 0, 0) ON CONFLICT (channel, owner) DO UPDATE SET "
      "balance = credit_balances.balance + excluded.balance, "
      "granted = credit_balances.granted + excluded.granted",
      {std::string(name(owner.channel)), owner.id, amount.value}));
  return true;
}

Result<void> charge(data::Transaction& tx, const Owner& owner, std::string_view session_id,
                    Credits amount) {
  if (amount.value < 1 || amount.value > kMaxCredits) {
    return fail(ErrorKind::invalid, "credits.amount",
                fmt::format("a job costs 1 to {} credits, not {}", kMaxCredits, amount.value));
  }
  const std::int64_t paid =
      TRY(tx.execute("UPDATE credit_balances SET balance = balance - $1, charged = charged + $1 "
                     "WHERE channel = $2 AND owner = $3 AND balance >= $1",
                     {amount.value, std::string(name(owner.channel)), owner.id}));
  if (paid != 1) {
    const Balance has = TRY(balance(tx, owner));
    return fail(ErrorKind::no_credits, "credits.insufficient",
                fmt::format("the job costs {} credits and {} has {}", amount.value,
                            owner_label(owner), has.balance.value),
                "buy or grant credits, then send the job again");
  }
  if (!TRY(append(tx, EntryKind::charge, owner, -amount, std::string(session_id), "generation",
                  std::nullopt))) {
    return fail(ErrorKind::conflict, "ledger.duplicate",
                fmt::format("session {} was charged already", session_id));
  }
  return {};
}

Result<bool> refund(data::Transaction& tx, const Owner& owner, std::string_view session_id,
                    std::string_view reason) {
  const std::optional<data::Row> charged = TRY(tx.query_one(
      "SELECT channel, owner, amount FROM credit_ledger WHERE session_id = $1 AND kind = 'charge'",
      {std::string(session_id)}));
  if (!charged) return false;
  if (charged->text(0) != name(owner.channel) || charged->text(1) != owner.id) {
    return fail(ErrorKind::internal, "ledger.owner",
                fmt::format("session {} was charged to {} {}, not to {}", session_id,
                            charged->text(0), charged->text(1), owner_label(owner)),
                "nothing was refunded; compare the session with its ledger entries");
  }
  const Credits amount{-charged->integer(2)};
  if (!TRY(append(tx, EntryKind::refund, owner, amount, std::string(session_id), reason,
                  std::nullopt))) {
    return false;
  }
  const std::int64_t paid =
      TRY(tx.execute("UPDATE credit_balances SET balance = balance + $1, refunded = refunded + $1 "
                     "WHERE channel = $2 AND owner = $3",
                     {amount.value, std::string(name(owner.channel)), owner.id}));
  if (paid != 1) {
    return fail(ErrorKind::internal, "ledger.balance_missing",
                fmt::format("{} was charged but has no balance row", owner_label(owner)),
                "restore credit_balances from a backup or recompute it from credit_ledger");
  }
  return true;
}

Result<Balance> balance(data::Transaction& tx, const Owner& owner) {
  const std::optional<data::Row> row = TRY(
      tx.query_one(fmt::format("SELECT {} FROM credit_balances WHERE channel = $1 AND owner = $2",
                               kBalanceColumns),
                   {std::string(name(owner.channel)), owner.id}));
  if (row) return read_balance(*row);
  Balance nothing;
  nothing.owner = owner;
  return nothing;
}

Result<std::vector<Balance>> balances(data::Transaction& tx, std::size_t limit) {
  const data::Rows rows = TRY(tx.query(
      fmt::format("SELECT {} FROM credit_balances ORDER BY charged DESC, channel, owner LIMIT $1",
                  kBalanceColumns),
      {static_cast<std::int64_t>(std::min(limit, kMaxListed))}));
  std::vector<Balance> all;
  all.reserve(rows.size());
  for (const data::Row& row : rows) all.push_back(read_balance(row));
  return all;
}

Result<std::vector<LedgerEntry>> entries(data::Transaction& tx, const Owner& owner,
                                         std::size_t limit) {
  const data::Rows rows =
      TRY(tx.query("SELECT id, kind, amount, session_id, reason, created_at FROM credit_ledger "
                   "WHERE channel = $1 AND owner = $2 ORDER BY id DESC LIMIT $3",
                   {std::string(name(owner.channel)), owner.id,
                    static_cast<std::int64_t>(std::min(limit, kMaxListed))}));
  std::vector<LedgerEntry> all;
  all.reserve(rows.size());
  for (const data::Row& row : rows) {
    LedgerEntry entry;
    entry.id = row.integer(0);
    for (const EntryKind kind : {EntryKind::grant, EntryKind::charge, EntryKind::refund}) {
      if (row.text(1) == name(kind)) entry.kind = kind;
    }
    entry.owner = owner;
    entry.amount = {row.integer(2)};
    entry.session_id = row.maybe_text(3);
    entry.reason = row.text(4);
    entry.created_at = row.time(5);
    all.push_back(std::move(entry));
  }
  return all;
}

}  // namespace selvage::tryon
