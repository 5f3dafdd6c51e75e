// The credit ledger: append-only entries, one charge and at most one refund for each session
// (unique indexes say so), grants by operators. An owner's balance is kept beside it in the same
// transaction and can be recomputed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/database.hpp"
#include "tryon/generation_task.hpp"

namespace selvage::tryon {

enum class EntryKind { grant, charge, refund };
[[nodiscard]] std::string_view name(EntryKind kind);

struct LedgerEntry {
  std::int64_t id = 0;
  EntryKind kind = EntryKind::grant;
  Owner owner;
  Credits amount;  // signed: charges are negative
  std::optional<std::string> session_id;
  std::string reason;
  Timestamp created_at;
};

// Adds credits; `reference` makes it idempotent (a second grant with the same one changes nothing,
// returns false).
[[nodiscard]] Result<bool> grant_credits(data::Transaction& tx, const Owner& owner, Credits amount,
                                         std::string_view reason,
                                         std::optional<std::string> reference = std::nullopt);
// Errors: credits.insufficient (no_credits) with balance and price in the message; ledger.duplicate
// (conflict).
[[nodiscard]] Result<void> charge(data::Transaction& tx, const Owner& owner,
                                  std::string_view session_id, Credits amount);
// Pays back what the session was charged. False when it was never charged or is already refunded.
[[nodiscard]] Result<bool> refund(data::Transaction& tx, const Owner& owner,
                                  std::string_view session_id, std::string_view reason);

struct Balance {
  Owner owner;
  Credits balance;
  Credits granted;
  Credits charged;  // positive
  Credits refunded;
};
[[nodiscard]] Result<Balance> balance(data::Transaction& tx, const Owner& owner);
[[nodiscard]] Result<std::vector<Balance>> balances(data::Transaction& tx, std::size_t limit);
[[nodiscard]] Result<std::vector<LedgerEntry>> entries(data::Transaction& tx, const Owner& owner,
                                                       std::size_t limit);

// Every way in which ledger and sessions contradict each other, a sentence each; empty when exact:
// session without charge, completed but refunded, failed but not refunded, two entries, balance not
// the sum, refund of nothing.
[[nodiscard]] Result<std::vector<std::string>> ledger_discrepancies(data::Transaction& tx);

}  // namespace selvage::tryon
