#include "stack/crontab.hpp"

#include <doctest/doctest.h>

#include <string>

namespace selvage::stack {
namespace {

Crontab parse(std::string bytes, CrontabKind kind = CrontabKind::user) {
  return parse_crontab(std::make_shared<const Text>("crontab", std::move(bytes)), kind);
}

std::string first_problem(std::string bytes) {
  const Crontab crontab = parse(std::move(bytes));
  if (crontab.problems.empty()) return "";
  return crontab.problems[0].span.where() + ": " + crontab.problems[0].message;
}

TEST_CASE("Crontabs: jobs, their users and the variables before them") {
  const Crontab table = parse(
      "# renew\nPATH=/usr/bin:/bin\nMAILTO=\"\"\n"
      "0 3 * * *  root cd /opt/app && ./renew.sh >>/var/log/renew.log 2>&1\n"
      "PATH=/x\n@daily root /bin/true\n",
      CrontabKind::system);
  REQUIRE(table.problems.empty());
  REQUIRE(table.jobs.size() == 2);
  CHECK(table.jobs[0].schedule == "0 3 * * *");
  CHECK(table.jobs[0].hour == "3");
  CHECK(table.jobs[0].user == "root");
  CHECK(table.jobs[0].command == "cd /opt/app && ./renew.sh >>/var/log/renew.log 2>&1");
  CHECK(table.jobs[0].command_span.where() == "crontab:4:17");
  CHECK(table.variable_for(table.jobs[0], "PATH")->value == "/usr/bin:/bin");
  CHECK(table.variable_for(table.jobs[1], "PATH")->value == "/x");
  CHECK(table.variable_for(table.jobs[0], "MAILTO")->value.empty());
  CHECK(table.variable_for(table.jobs[0], "SHELL") == nullptr);
  CHECK(table.jobs[1].hour == "0");
  CHECK(table.jobs[1].schedule == "@daily");
}

TEST_CASE("Crontabs: a percent sign ends the command") {
  const Crontab table = parse("0 0 * * * cat > f-\\%d%one%two\n@reboot x\n");
  CHECK(table.jobs[0].command == "cat > f-%d");
  CHECK(table.jobs[0].input == "one\ntwo");
  CHECK(table.jobs[1].minute.empty());
  CHECK(first_problem("0 0 * * * tar x-$(date +%F)\n").contains("an unescaped '%'"));
}

TEST_CASE("Crontabs: what cron will not run") {
  CHECK(first_problem("*/5 8-18 1,15 jan-dec mon,tue x\n").empty());
  CHECK(first_problem("60 * * * * x\n") == "crontab:1:1: \"60\" is no minute");
  CHECK(first_problem("0 24 * * * x\n") == "crontab:1:3: \"24\" is no hour");
  CHECK(first_problem("0 3 * * x\n") == "crontab:1:9: \"x\" is no day of the week");
  CHECK(first_problem("*/0 * * * * x\n").contains("is no minute"));
  CHECK(first_problem("5-1 * * * * x\n").contains("is no minute"));
  CHECK(first_problem("0 3 * * *\n").contains("a command is missing"));
  CHECK(first_problem("@dayly x\n").contains("cron does not know \"@dayly\""));
  CHECK(first_problem("0 3 * * * x").contains("no line end"));
  CHECK(first_problem("0 3 * * * x\r\n").contains("CR"));
  CHECK(first_problem("PATH=$PATH:/x\n").contains("does not expand"));
}

}  // namespace
}  // namespace selvage::stack
