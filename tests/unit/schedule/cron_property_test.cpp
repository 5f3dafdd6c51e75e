// Random crontab lines against a walk over every minute, with the C library's idea of local time.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <bitset>
#include <map>
#include <random>
#include <set>

#include "base/text.hpp"
#include "schedule/cron.hpp"
#include "unit/schedule/glibc_zone.hpp"

namespace selvage::schedule {

namespace {

using namespace std::chrono_literals;
using std::chrono::minutes;
using Random = std::mt19937;

int pick(Random& random, int from, int to) {
  return std::uniform_int_distribution(from, to)(random);
}

// A field as text beside the set that it means, both made from the same choices.
struct Field {
  std::string text;
  std::bitset<64> numbers;
};

Field random_field(Random& random, int min, int max, int stars_of_ten) {
  Field field;
  if (pick(random, 1, 10) <= stars_of_ten) {
    field.text = "*";
    for (int i = min; i <= max; ++i) field.numbers.set(static_cast<std::size_t>(i));
    return field;
  }
  for (int items = pick(random, 1, 3); items > 0; --items) {
    int first = pick(random, min, max);
    int last = pick(random, first, max);
    int step = pick(random, 1, 7);
    std::string item = fmt::format("{}-{}/{}", first, last, step);
    switch (pick(random, 0, 3)) {
      case 0:
        last = first;
        item = fmt::format("{}", first);
        break;
      case 1:
        step = 1;
        item = fmt::format("{}-{}", first, last);
        break;
      case 2:
        first = min;
        last = max;
        item = fmt::format("*/{}", step);
        break;
      default:
        break;
    }
    for (int i = first; i <= last; i += step) field.numbers.set(static_cast<std::size_t>(i));
    field.text += (field.text.empty() ? "" : ",") + item;
  }
  return field;
}

struct Line {
  Field minute, hour, day, month, weekday;

  [[nodiscard]] std::string text() const {
    return fmt::format("{} {} {} {} {}", minute.text, hour.text, day.text, month.text,
                       weekday.text);
  }
  [[nodiscard]] bool matches(local_seconds time) const {
    const auto midnight = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(midnight);
    const auto in_day = std::chrono::floor<minutes>(time - midnight).count();
    const bool of_month = day.numbers.test(static_cast<unsigned>(date.day()));
    const bool of_week = weekday.numbers.test(std::chrono::weekday(midnight).c_encoding());
    const bool either = day.numbers.count() < 31 && weekday.numbers.count() < 7;
    return minute.numbers.test(static_cast<std::size_t>(in_day % 60)) &&
           hour.numbers.test(static_cast<std::size_t>(in_day / 60)) &&
           month.numbers.test(static_cast<unsigned>(date.month())) &&
           (either ? of_month || of_week : of_month && of_week);
  }
};

Line random_line(Random& random) {
  return {random_field(random, 0, 59, 2), random_field(random, 0, 23, 4),
          random_field(random, 1, 31, 6), random_field(random, 1, 12, 6),
          random_field(random, 0, 6, 6)};
}

// Which instants show each local minute, over a stretch of time.
struct Walk {
  std::multimap<local_seconds, sys_seconds> shown;
  sys_seconds begin, end;

  Walk(const std::string& zone, sys_seconds from, sys_seconds to) : begin(from), end(to) {
    const GlibcZone reference(zone);
    for (sys_seconds time = from; time < to; time += 60s) {
      shown.emplace(local_seconds(time.time_since_epoch() + GlibcZone::offset_at(time)), time);
    }
  }

  [[nodiscard]] std::set<sys_seconds> fires(const Line& line) const {
    const bool real_time = line.hour.numbers.count() == 24;
    std::set<sys_seconds> times;
    for (local_seconds local = shown.begin()->first; local <= shown.rbegin()->first; local += 60s) {
      if (!line.matches(local)) continue;
      const auto [first, last] = shown.equal_range(local);
      if (first != last) {
        sys_seconds earliest = first->second;
        for (auto i = first; i != last; ++i) {
          earliest = std::min(earliest, i->second);
          if (real_time) times.insert(i->second);
        }
        times.insert(earliest);
      } else if (!real_time) {
        times.insert(shown.upper_bound(local)->second);  // skipped: the end of the gap
      }
    }
    return times;
  }
};

void compare(const Line& line, const Walk& walk, const TimeZone& zone) {
  CAPTURE(line.text());
  const auto cron = Cron::parse(line.text());
  if (!cron) {  // a date that never comes: nothing may match
    CHECK(cron.error().message.contains("never comes"));
    CHECK(walk.fires(line).empty());
    return;
  }
  sys_seconds time = walk.begin - 1s;
  for (const sys_seconds expected : walk.fires(line)) {
    const auto found = cron->next_after(time, zone);
    if (found != expected) FAIL(expected.time_since_epoch().count());
    time = expected;
  }
  const auto beyond = cron->next_after(time, zone);
  if (beyond) CHECK(*beyond >= walk.end);
}

}  // namespace

TEST_CASE("random lines fire when a walk over every minute says so, in zones with odd clocks") {
  if (!has_tzdata()) return;
  using std::chrono::sys_days;
  const std::tuple<std::string, sys_days, int> stretches[] = {
      {"UTC", 2028y / 2 / 10, 40},
      {"Europe/Berlin", 2026y / 3 / 20, 20},
      {"Europe/Berlin", 2026y / 10 / 18, 14},
      {"America/New_York", 2027y / 3 / 8, 14},
      {"America/Nuuk", 2026y / 10 / 20, 14},
      {"Australia/Lord_Howe", 2026y / 4 / 1, 10},  // half an hour
      {"Australia/Lord_Howe", 2026y / 9 / 28, 10},
      {"Pacific/Apia", 2011y / 12 / 26, 10},  // a day that was not
      {"Africa/Casablanca", 2027y / 2 / 3, 10},
      {"Africa/Casablanca", 2027y / 3 / 10, 10},
      {"Asia/Kathmandu", 2026y / 2 / 20, 20},
      {"Europe/Berlin", 2050y / 3 / 20, 20},  // by the rule beyond the table
  };
  Random random(20261121);
  for (const auto& [name, begin, days] : stretches) {
    CAPTURE(name);
    const auto zone = TimeZone::load(name);
    REQUIRE(zone);
    const Walk walk(name, begin, begin + std::chrono::days(days));
    for (int i = 0; i < 25; ++i) compare(random_line(random), walk, *zone);
  }
}

TEST_CASE("random text never crashes the parser, and is never half understood") {
  constexpr std::string_view alphabet = "0123456789*/,-";
  Random random(7);
  int valid = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string text;
    for (int field = pick(random, 4, 6); field > 0; --field) {
      for (int length = pick(random, 1, 3); length > 0; --length) {
        text += alphabet[static_cast<std::size_t>(pick(random, 0, alphabet.size() - 1))];
      }
      text += ' ';
    }
    const auto cron = Cron::parse(text);
    if (!cron) continue;
    ++valid;
    const auto time = cron->next_after(sys_seconds(0s), TimeZone());
    if (!time || !cron->matches(local_seconds(time->time_since_epoch()))) FAIL(text);
  }
  CHECK(valid > 50);
}

}  // namespace selvage::schedule
