#include "base/log.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace selvage::log {
namespace {

const Timestamp kMoment = from_unix_ms(1'795'232'600'125);

TEST_CASE("log: a JSON line carries time, level, event and typed fields") {
  ScopedClock clock(kMoment);
  CaptureForTest log;
  info("job_completed", {{"session_id", "s-1"},
                         {"took_ms", 812},
                         {"ratio", 0.5},
                         {"retried", false},
                         {"bad", std::numeric_limits<double>::infinity()}});
  REQUIRE(log.lines().size() == 1);
  CHECK(log.lines()[0] ==
        R"({"ts":"2026-11-21T03:43:20.125Z","level":"info","event":"job_completed",)"
        R"("session_id":"s-1","took_ms":812,"ratio":0.5,"retried":false,"bad":null})");
}

TEST_CASE("log: a text line is aligned and quotes what has blanks") {
  ScopedClock clock(kMoment);
  CaptureForTest log(Level::debug, Format::text);
  info("job_completed", {{"session_id", "s-1"}, {"took_ms", 812}});
  warning("odd", {{"text", "two words"}, {"empty", ""}, {"line", "a\nb"}});
  error("plain");
  const auto lines = log.lines();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "03:43:20.125 INFO  job_completed  session_id=s-1 took_ms=812");
  CHECK(lines[1] == R"(03:43:20.125 WARN  odd  text="two words" empty="" line="a\nb")");
  CHECK(lines[2] == "03:43:20.125 ERROR plain");
}

TEST_CASE("log: lines below the level are not made") {
  CaptureForTest log(Level::warning);
  debug("a");
  info("b");
  warning("c");
  error("d");
  CHECK(log.lines().size() == 2);
}

TEST_CASE("log: an Error becomes its chain, its code and its hint") {
  CaptureForTest log;
  const auto cause =
      std::make_shared<const Error>(Error{ErrorKind::internal, "x", "disk full", {}, nullptr});
  error("save_failed",
        Error{ErrorKind::unavailable, "data.write", "cannot save", "Free space.", cause},
        {{"attempt", 2}});
  CHECK(log.contains(R"("event":"save_failed","attempt":2,"error":"cannot save: disk full",)"
                     R"("error_code":"data.write","hint":"Free space."})"));
}

TEST_CASE("Context: its fields are on every line, and a line's own field wins") {
  CaptureForTest log;
  Context context;
  context.with("request_id", "r-1").with("channel", "b2b").with("channel", "b2c");
  CHECK(context.get("channel") == "b2c");
  CHECK(context.get("absent").empty());
  context.info("one");
  context.error("two", {{"request_id", "other"}});
  context.warning("three", Error{ErrorKind::internal, "c", "m", {}, nullptr});
  const auto lines = log.lines();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].ends_with(R"("event":"one","request_id":"r-1","channel":"b2c"})"));
  CHECK(lines[1].ends_with(R"("event":"two","channel":"b2c","request_id":"other"})"));
  CHECK(lines[2].ends_with(R"("request_id":"r-1","channel":"b2c","error":"m","error_code":"c"})"));
}

TEST_CASE("log: hostile text can neither forge a line nor steer a terminal, and stays valid JSON") {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  all +=
      "\xC2\x9B"
      "31m";  // the C1 form of an escape sequence
  for (const Format format : {Format::json, Format::text}) {
    CaptureForTest log(Level::debug, format);
    info(all, {{all, all}, {"x", "\"}\n{\"level\":\"error\"}"}});
    REQUIRE(log.lines().size() == 1);
    const std::string line = log.lines()[0];
    CHECK(is_valid_utf8(line));
    for (const char c : line) CHECK(static_cast<unsigned char>(c) >= 0x20);
    CHECK(line.find('\x7f') == std::string::npos);
    CHECK(line.find("\xC2\x9B") == std::string::npos);
    if (format == Format::json) CHECK(json::parse(line).has_value());
  }
}

TEST_CASE("log: fields named like the line's own members do not make a key twice") {
  CaptureForTest log;
  info("e", {{"ts", 1}, {"level", "x"}, {"event", true}});
  CHECK(json::parse(log.lines()[0]).has_value());
  CHECK(log.contains(R"("ts_":1,"level_":"x","event_":true)"));
}

TEST_CASE("log: a long field is cut with an ellipsis, between characters") {
  CaptureForTest log;
  std::string euros;
  for (int i = 0; i < 100'000; ++i) euros += "\u20AC";
  info("e", {{"long", euros},
             {"quotes", std::string(100'000, '"')},
             {"controls", std::string(100'000, '\1')},
             {"after", 1}});
  const auto line = json::parse(log.lines()[0]);
  REQUIRE(line.has_value());
  for (const char* key : {"long", "quotes", "controls"}) {
    const auto& text = line->at(key).as_string();
    CHECK(text.size() <= kMaxFieldBytes);
    CHECK(std::string_view(text).ends_with("\u2026"));
  }
  CHECK(log.contains("\"after\":1"));
  CHECK(log.lines()[0].size() < 4 * kMaxFieldBytes);

  info("e", {{"fits", std::string(kMaxFieldBytes - 3, 'x')}});
  CHECK_FALSE(std::string_view(log.lines()[1]).contains("\u2026"));
}

TEST_CASE("log: a line that would be too long drops fields and says so") {
  for (const Format format : {Format::json, Format::text}) {
    CaptureForTest log(Level::debug, format);
    Context context;
    for (int i = 0; i < 20; ++i) context.with("k" + std::to_string(i), std::string(10'000, 'x'));
    context.info("flood", {{"last", 1}});
    const std::string line = log.lines()[0];
    CHECK(line.size() < kMaxLineBytes);
    CHECK(line.find("truncated") != std::string::npos);
    CHECK(line.find("k6") != std::string::npos);
    CHECK(line.find("k8") == std::string::npos);
  }
}

TEST_CASE("log: parse_level takes the four levels in any case") {
  CHECK(parse_level("debug").value() == Level::debug);
  CHECK(parse_level("INFO").value() == Level::info);
  CHECK(parse_level("warn").value() == Level::warning);
  CHECK(parse_level("Warning").value() == Level::warning);
  CHECK(parse_level("error").value() == Level::error);
  CHECK(parse_level("loud").error().code == "log.level");
}

TEST_CASE("log: lines of many threads reach standard error whole, one write each") {
  const auto path =
      std::filesystem::temp_directory_path() / ("selvage_log_test_" + std::to_string(::getpid()));
  const int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
  REQUIRE(file >= 0);
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(file, STDERR_FILENO);
  configure(Level::info, Format::json);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([t] {
        for (int i = 0; i < 500; ++i)
          info("line", {{"thread", t}, {"i", i}, {"pad", std::string(300, 'x')}});
      });
    }
  }
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(file);

  std::ifstream written(path);
  std::string line;
  int count = 0;
  int whole = 0;
  while (std::getline(written, line)) {
    ++count;
    if (json::parse(line)) ++whole;
  }
  std::filesystem::remove(path);
  CHECK(count == 2'000);
  CHECK(whole == 2'000);
}

}  // namespace
}  // namespace selvage::log
