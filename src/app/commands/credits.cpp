#include <cstdlib>

#include "app/command.hpp"
#include "app/platform.hpp"
#include "base/text.hpp"
#include "tryon/ledger.hpp"

namespace selvage::app {

namespace {

constexpr std::size_t kMostRows = 1000;

Result<tryon::Owner> owner_of(const Invocation& invocation) {
  if (invocation.arguments.size() < 2) {
    return fail(ErrorKind::invalid, "credits.owner",
                fmt::format("selvage credits {} needs a channel (b2b or b2c) and an owner",
                            invocation.action),
                fmt::format("for example: selvage credits {} b2b store-1", invocation.action));
  }
  return tryon::parse_owner(invocation.arguments[0], invocation.arguments[1]);
}

void print_balance(const tryon::Balance& balance) {
  fmt::print("{:<5} {:<28} {:>9} {:>9} {:>9} {:>9}\n", name(balance.owner.channel),
             balance.owner.id, balance.balance.value, balance.granted.value, balance.charged.value,
             balance.refunded.value);
}

Result<int> grant(const Invocation& invocation, data::Database& database) {
  const auto owner = TRY(owner_of(invocation));
  char* end = nullptr;
  const long long amount = invocation.arguments.size() == 3
                               ? std::strtoll(invocation.arguments[2].c_str(), &end, 10)
                               : 0;
  if (amount < 1 || amount > 1'000'000 || *end != '\0') {
    return fail(ErrorKind::invalid, "credits.amount",
                "selvage credits grant needs an amount from 1 to 1000000",
                "for example: selvage credits grant b2b store-1 100");
  }
  const auto balance =
      TRY(database.write_blocking([&](data::Transaction& tx) -> Result<tryon::Balance> {
        TRY(tryon::grant_credits(tx, owner, Credits{amount},
                                 invocation.value("--reason").value_or("granted by an operator"),
                                 invocation.value("--reference")));
        return tryon::balance(tx, owner);
      }));
  fmt::print("{} {} has {} credits\n", name(owner.channel), owner.id, balance.balance.value);
  return 0;
}

Result<int> verify(data::Database& database) {
  const auto problems = TRY(database.read_blocking(tryon::ledger_discrepancies));
  for (const std::string& problem : problems) fmt::print("wrong: {}\n", problem);
  fmt::print("{}\n", problems.empty() ? "the ledger is exact" : "the ledger is WRONG");
  return problems.empty() ? 0 : 1;
}

Result<int> run(const Invocation& invocation) {
  net::Loop loop;
  const auto platform = TRY(Platform::open(TRY(load_settings(invocation)), loop));
  data::Database& database = *platform->database;
  if (invocation.action == "grant") return grant(invocation, database);
  if (invocation.action == "verify") return verify(database);
  if (invocation.action == "ls") {
    fmt::print("{:<5} {:<28} {:>9} {:>9} {:>9} {:>9}\n", "CHAN", "OWNER", "BALANCE", "GRANTED",
               "CHARGED", "REFUNDED");
    const auto balances = TRY(database.read_blocking(
        [](data::Transaction& tx) { return tryon::balances(tx, kMostRows); }));
    for (const tryon::Balance& balance : balances) print_balance(balance);
    return 0;
  }
  const auto owner = TRY(owner_of(invocation));
  const auto entries = TRY(database.read_blocking(
      [&](data::Transaction& tx) { return tryon::entries(tx, owner, kMostRows); }));
  for (const tryon::LedgerEntry& entry : entries) {
    fmt::print("{} {:<7} {:>7} {:<36} {}\n", to_rfc3339(entry.created_at), name(entry.kind),
               entry.amount.value, entry.session_id.value_or("-"), entry.reason);
  }
  return 0;
}

}  // namespace

Command credits_command() {
  return {.name = "credits",
          .summary = "Grant credits, show balances, and check the ledger.",
          .actions = {{"ls", "", "balances of all owners"},
                      {"grant", "CHANNEL OWNER N", "give an owner N credits"},
                      {"history", "CHANNEL OWNER", "entries of an owner, newest first"},
                      {"verify", "", "recompute everything; exit 1 if anything is wrong"}},
          .flags = {{"--reason", "TEXT", "why, for the ledger"},
                    {"--reference", "ID", "grant this at most once"}},
          .run = run};
}

}  // namespace selvage::app
