#include "app/http/console_session.hpp"

#include <doctest/doctest.h>

namespace selvage::app {
namespace {

TEST_CASE("Console session: a cookie is good until it expires, and only if it is ours") {
  ScopedClock clock(from_unix_ms(1'700'000'000'000));
  const ConsoleSessions sessions(Secret("a key of this installation"));
  const ConsoleSessions others(Secret("another installation's key"));
  const std::string cookie = sessions.issue();
  CHECK(sessions.valid(cookie));
  CHECK_FALSE(others.valid(cookie));
  clock.advance(kConsoleSessionLife - seconds(1));
  CHECK(sessions.valid(cookie));
  clock.advance(seconds(2));
  CHECK_FALSE(sessions.valid(cookie));
}

TEST_CASE("Console session: a bent cookie is refused") {
  const ConsoleSessions sessions(Secret("a key of this installation"));
  const std::string cookie = sessions.issue();
  for (std::size_t i = 0; i < cookie.size(); ++i) {
    std::string bent = cookie;
    bent[i] = bent[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(sessions.valid(bent));
  }
  for (const char* junk : {"", ".", "..", "9999999999", "9999999999.x", "9999999999.x."}) {
    CHECK_FALSE(sessions.valid(junk));
  }
  CHECK_FALSE(sessions.valid("9" + cookie));
  CHECK_FALSE(sessions.valid(cookie + "="));
}

}  // namespace
}  // namespace selvage::app
