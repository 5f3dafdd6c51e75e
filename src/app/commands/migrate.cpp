#include "app/command.hpp"
#include "app/platform.hpp"
#include "data/settings.hpp"

namespace selvage::app {

namespace {

Result<int> run(const Invocation& invocation) {
  const Settings settings = TRY(load_settings(invocation));
  const auto database = TRY(data::open_database(settings));
  if (invocation.has("--dry-run")) {
    const auto pending = TRY(data::pending_migrations(*database, all_migrations()));
    for (const std::string& id : pending) fmt::print("would apply {}\n", id);
    fmt::print("{} to apply\n", pending.size());
    return pending.empty() ? 0 : 1;
  }
  const auto report = TRY(data::migrate(*database, all_migrations()));
  for (const std::string& id : report.applied) fmt::print("applied {}\n", id);
  fmt::print("{} applied, {} were there already\n", report.applied.size(), report.already);
  return 0;
}

}  // namespace

Command migrate_command() {
  return {.name = "migrate",
          .summary = "Bring the database's schema up to date.",
          .details =
              "Every role does this at its start; run it alone to migrate before a deploy. "
              "Safe beside running processes and run twice.",
          .flags = {{"--dry-run", "", "only list what would be applied; exit 1 if anything"}},
          .run = run};
}

}  // namespace selvage::app
