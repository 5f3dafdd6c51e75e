#include "base/id.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "base/clock.hpp"

namespace selvage {
namespace {

using namespace std::chrono_literals;

TEST_CASE("new_uuid: is a version 7 UUID of the present") {
  ScopedClock clock(from_unix_ms(0x0123456789AB));
  const std::string uuid = new_uuid();
  CHECK(is_uuid(uuid));
  CHECK(uuid.substr(0, 13) == "01234567-89ab");
  CHECK(uuid[14] == '7');
  CHECK(std::string_view("89ab").contains(uuid[19]));
}

TEST_CASE(
    "new_uuid: sorts by creation, even within one millisecond and when the clock steps back") {
  ScopedClock clock(from_unix_ms(1'800'000'000'000));
  std::vector<std::string> ids;
  for (int i = 0; i < 10'000; ++i) {
    if (i == 5'000) clock.advance(-3s);
    ids.push_back(new_uuid());
  }
  CHECK(std::ranges::is_sorted(ids));
  CHECK(std::set(ids.begin(), ids.end()).size() == ids.size());
}

TEST_CASE("new_uuid: follows a clock that was set far back") {
  {
    ScopedClock wrong(from_unix_ms(4'000'000'000'000));
    (void)new_uuid();
  }
  ScopedClock right(from_unix_ms(0x0123456789AB));
  CHECK(new_uuid().starts_with("01234567-89ab"));
}

TEST_CASE("new_uuid: threads never make the same one") {
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& ids : made) {
      threads.emplace_back([&ids] {
        for (int i = 0; i < 5'000; ++i) ids.push_back(new_uuid());
      });
    }
  }
  std::set<std::string> all;
  for (const auto& ids : made) all.insert(ids.begin(), ids.end());
  CHECK(all.size() == 20'000);
}

TEST_CASE("is_uuid: takes the 36-character form in either case and nothing else") {
  CHECK(is_uuid("00000000-0000-0000-0000-000000000000"));
  CHECK(is_uuid("6BA7B810-9DAD-11D1-80B4-00C04FD430C8"));
  for (const char* bad :
       {"", "6ba7b8109dad11d180b400c04fd430c8", "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c", "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
        "6ba7b810-9dad-11d1-80b400-c04fd430c8", "../../../../../../../../etc/passwd.."}) {
    CAPTURE(bad);
    CHECK_FALSE(is_uuid(bad));
  }
}

TEST_CASE("random_token: has the asked-for entropy in URL-safe characters") {
  CHECK(random_token(32).size() == 43);
  CHECK(random_token(0).empty());
  CHECK(random_token(32) != random_token(32));
  CHECK(random_token(300).find_first_of("+/= ") == std::string::npos);
}

}  // namespace
}  // namespace selvage
