// The ledger's audit: every contradiction between sessions, entries and balances, found by set
// operations in the database, each one pass over indexed rows.
#include <fmt/format.h>

#include "tryon/ledger.hpp"

namespace selvage::tryon {
namespace {

constexpr std::int64_t kMaxOfOneKind =
    1'000;  // a broken ledger must not fill the memory with sentences

// Both tables as one, with what the audit needs.
constexpr std::string_view kSessions =
    "(SELECT id, 'b2c' AS channel, user_id AS owner, status, credits, error_code "
    "FROM generation_sessions UNION ALL "
    "SELECT id, 'b2b' AS channel, store_id AS owner, status, credits, error_code "
    "FROM store_generation_sessions)";

constexpr std::string_view kCharges =
    "(SELECT session_id, channel, owner, amount FROM credit_ledger WHERE kind = 'charge')";
constexpr std::string_view kRefunds =
    "(SELECT session_id, channel, owner, amount FROM credit_ledger WHERE kind = 'refund')";

// Each query selects one text column that names the culprit; {0} sessions, {1} charges, {2}
// refunds.
struct Audit {
  std::string_view sentence;  // {} is the culprit
  std::string_view query;
};

constexpr Audit kAudits[] = {
    {"session {} exists in both channels",
     "SELECT s.id FROM {0} s GROUP BY s.id HAVING COUNT(*) > 1"},
    {"session {} was never charged",
     "SELECT s.id FROM {0} s LEFT JOIN {1} c ON c.session_id = s.id WHERE c.session_id IS NULL "
     "AND NOT (s.status = 'failed' AND s.error_code IN ('insufficient_credits', 'cancelled'))"},
    {"session {} failed for lack of credits, yet it was charged",
     "SELECT s.id FROM {0} s JOIN {1} c ON c.session_id = s.id WHERE s.status = 'failed' "
     "AND s.error_code = 'insufficient_credits'"},
    {"the charge of session {} is not its price, or not its owner's",
     "SELECT s.id FROM {0} s JOIN {1} c ON c.session_id = s.id "
     "WHERE c.amount <> -s.credits OR c.channel <> s.channel OR c.owner <> s.owner"},
    {"session {} was charged but does not exist",
     "SELECT c.session_id FROM {1} c LEFT JOIN {0} s ON s.id = c.session_id WHERE s.id IS NULL"},
    {"session {} was charged more than once",
     "SELECT c.session_id FROM {1} c GROUP BY c.session_id HAVING COUNT(*) > 1"},
    {"session {} was refunded more than once",
     "SELECT r.session_id FROM {2} r GROUP BY r.session_id HAVING COUNT(*) > 1"},
    {"session {} was refunded but never charged",
     "SELECT r.session_id FROM {2} r LEFT JOIN {1} c ON c.session_id = r.session_id "
     "WHERE c.session_id IS NULL"},
    {"the refund of session {} is not what it was charged",
     "SELECT r.session_id FROM {2} r JOIN {1} c ON c.session_id = r.session_id "
     "WHERE r.amount <> -c.amount OR r.channel <> c.channel OR r.owner <> c.owner"},
    {"session {} has not failed, yet it was refunded",
     "SELECT s.id FROM {0} s JOIN {2} r ON r.session_id = s.id WHERE s.status <> 'failed'"},
    {"session {} failed but was not refunded",
     "SELECT s.id FROM {0} s JOIN {1} c ON c.session_id = s.id "
     "LEFT JOIN {2} r ON r.session_id = s.id WHERE s.status = 'failed' AND r.session_id IS NULL"},
    {"the balance of {} is not the sum of its entries",
     "SELECT l.channel || ' ' || l.owner FROM (SELECT channel, owner, "
     "CAST(SUM(amount) AS BIGINT) AS balance, "
     "CAST(SUM(CASE WHEN kind = 'grant' THEN amount ELSE 0 END) AS BIGINT) AS granted, "
     "CAST(SUM(CASE WHEN kind = 'charge' THEN -amount ELSE 0 END) AS BIGINT) AS charged, "
     "CAST(SUM(CASE WHEN kind = 'refund' THEN amount ELSE 0 END) AS BIGINT) AS refunded "
     "FROM credit_ledger GROUP BY channel, owner) l LEFT JOIN credit_balances b "
     "ON b.channel = l.channel AND b.owner = l.owner WHERE b.owner IS NULL "
     "OR b.balance <> l.balance OR b.granted <> l.granted OR b.charged <> l.charged "
     "OR b.refunded <> l.refunded"},
    {"{} has a balance without a ledger entry",
     "SELECT b.channel || ' ' || b.owner FROM credit_balances b WHERE NOT EXISTS "
     "(SELECT 1 FROM credit_ledger l WHERE l.channel = b.channel AND l.owner = b.owner)"},
    {"the balance of {} is negative",
     "SELECT b.channel || ' ' || b.owner FROM credit_balances b WHERE b.balance < 0"},
};

}  // namespace

Result<std::vector<std::string>> ledger_discrepancies(data::Transaction& tx) {
  std::vector<std::string> found;
  for (const Audit& audit : kAudits) {
    const std::string query =
        fmt::format(fmt::runtime(audit.query), kSessions, kCharges, kRefunds) + " LIMIT $1";
    for (const data::Row& row : TRY(tx.query(query, {kMaxOfOneKind}))) {
      found.push_back(fmt::format(fmt::runtime(audit.sentence), row.text(0)));
    }
  }
  return found;
}

}  // namespace selvage::tryon
