#include "tryon/limits.hpp"

#include <cstdlib>

#include "app/command.hpp"
#include "app/platform.hpp"

namespace selvage::app {

namespace {

constexpr std::size_t kMostRows = 1000;

Result<int> list(const Platform& platform) {
  data::Database& database = *platform.database;
  struct Line {
    tryon::OwnerLimit limit;
    std::int64_t today = 0;
  };
  const auto lines =
      TRY(database.read_blocking([](data::Transaction& tx) -> Result<std::vector<Line>> {
        std::vector<Line> all;
        for (tryon::OwnerLimit& limit : TRY(tryon::list_owner_limits(tx, kMostRows))) {
          const std::int64_t today = TRY(tryon::jobs_today(tx, limit.owner, now()));
          all.push_back({std::move(limit), today});
        }
        return all;
      }));
  const std::int64_t common = platform.settings.integer("OWNER_DAILY_JOBS");
  fmt::print("everybody else: {}\n", common == 0 ? "no limit" : fmt::format("{} a day", common));
  fmt::print("{:<5} {:<28} {:>10} {:>8}\n", "CHAN", "OWNER", "DAILY", "TODAY");
  for (const Line& line : lines) {
    const std::int64_t daily = line.limit.daily_jobs;
    fmt::print("{:<5} {:<28} {:>10} {:>8}\n", name(line.limit.owner.channel), line.limit.owner.id,
               daily == 0 ? "none" : std::to_string(daily), line.today);
  }
  return 0;
}

Result<std::int64_t> number_of(const std::string& text) {
  char* end = nullptr;
  const long long number = std::strtoll(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0') {
    return fail(ErrorKind::invalid, "limits.number",
                "a limit is a number of jobs a day, 0 for none",
                "for example: selvage limits set b2b store-1 500");
  }
  return number;
}

Result<int> run(const Invocation& invocation) {
  const std::vector<std::string>& words = invocation.arguments;
  const std::size_t needed = invocation.action == "set" ? 3 : invocation.action == "clear" ? 2 : 0;
  if (words.size() != needed) {
    return fail(ErrorKind::invalid, "limits.arguments",
                fmt::format("selvage limits {} needs {}", invocation.action,
                            needed == 3   ? "a channel, an owner and a number"
                            : needed == 2 ? "a channel and an owner"
                                          : "no arguments"),
                "for example: selvage limits set b2b store-1 500");
  }
  net::Loop loop;
  const auto platform = TRY(Platform::open(TRY(load_settings(invocation)), loop));
  if (needed == 0) return list(*platform);
  data::Database& database = *platform->database;
  const tryon::Owner owner = TRY(tryon::parse_owner(words[0], words[1]));
  if (invocation.action == "clear") {
    const bool had = TRY(database.write_blocking(
        [&](data::Transaction& tx) { return tryon::clear_owner_limit(tx, owner); }));
    fmt::print("{} {} {}\n", words[0], words[1],
               had ? "has the common limit again" : "had no limit of its own");
    return 0;
  }
  const std::int64_t daily = TRY(number_of(words[2]));
  TRY(database.write_blocking(
      [&](data::Transaction& tx) { return tryon::set_owner_limit(tx, owner, daily); }));
  fmt::print("{} {} may send {}\n", words[0], words[1],
             daily == 0 ? "any number of jobs" : fmt::format("{} jobs a day", daily));
  return 0;
}

}  // namespace

Command limits_command() {
  return {.name = "limits",
          .summary = "Limits of single owners: how many jobs a day.",
          .details =
              "In place of OWNER_DAILY_JOBS, at once and for all processes. Days are UTC; a "
              "job counts on the day it was accepted, whatever becomes of it.",
          .actions = {{"ls", "", "owners with limits of their own, and their jobs of today"},
                      {"set", "CHANNEL OWNER N", "N jobs a day; 0 is no limit"},
                      {"clear", "CHANNEL OWNER", "back to the common limit"}},
          .run = run};
}

}  // namespace selvage::app
