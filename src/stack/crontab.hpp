// Crontabs: jobs, the variables set before them, and what cron will not run. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stack/problem.hpp"

namespace selvage::stack {

enum class CrontabKind : std::uint8_t {
  user,    // crontab -e: five fields and a command
  system,  // /etc/crontab, /etc/cron.d/*: five fields, a user and a command
};

struct CronVariable {
  std::string name;
  std::string value;  // without quotes around all of it
  Span span;
};

struct CronJob {
  std::string minute, hour, day, month,
      weekday;           // "@daily" is spelled out; all empty for "@reboot"
  std::string schedule;  // as written: "0 3 * * *", "@daily"
  std::string user;      // system tables only
  std::string command;   // up to the first '%' that no backslash precedes, "\%" as "%"
  std::string input;     // what follows that '%', each further '%' a line end
  Span span;             // of the line
  Span schedule_span;
  Span command_span;
  std::size_t variables_before = 0;  // how many of Crontab::variables hold for it
};

struct Crontab {
  TextPtr text;
  std::vector<CronVariable> variables;
  std::vector<CronJob> jobs;
  std::vector<Problem> problems;

  // The variable in force for a job, nullptr when none was set before it.
  [[nodiscard]] const CronVariable* variable_for(const CronJob& job, std::string_view name) const;
};

[[nodiscard]] Crontab parse_crontab(TextPtr text, CrontabKind kind);

}  // namespace selvage::stack
