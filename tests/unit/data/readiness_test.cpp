#include "data/readiness.hpp"

#include <doctest/doctest.h>

#include "data/detail/dependency_url.hpp"
#include "data/detail/service_checks.hpp"

using namespace selvage;
using namespace selvage::data;

namespace {

std::string error_answer(std::string_view code, std::string_view message) {
  std::string body = "SFATAL";
  body += '\0';
  body += "C" + std::string(code) + '\0' + "M" + std::string(message) + '\0' + '\0';
  const auto length = static_cast<char>(body.size() + 4);
  return std::string("E\0\0\0", 4) + length + body;
}

}  // namespace

TEST_CASE("Readiness: names never carry credentials, paths or queries") {
  const std::vector<std::string> items{"redis://:s3cret@cache:6380/1",
                                       "cache=rediss://user:p%40ss@10.0.0.1",
                                       "postgres://app:hunter2@[::1]/db?sslmode=disable",
                                       "https://example.com/health?token=abc",
                                       "tcp://queue:5672",
                                       "queue=redis+sentinel://:s3cret@s1",
                                       "s2/main/3",
                                       "redis+cluster://:s3cret@n1",
                                       "n2",
                                       "tcp://other:1"};
  const auto parsed = parse_dependencies(items);
  REQUIRE_MESSAGE(parsed.has_value(), parsed.error().describe());
  std::vector<std::string> names;
  for (const Dependency& dependency : *parsed) names.push_back(dependency.name);
  CHECK(names == std::vector<std::string>{"redis://cache:6380", "cache", "postgres://[::1]:5432",
                                          "https://example.com:443", "tcp://queue:5672", "queue",
                                          "redis+cluster://n1:6379,n2:6379", "tcp://other:1"});
  CHECK((*parsed)[5].url == "redis+sentinel://:s3cret@s1,s2/main/3");
}

TEST_CASE("Readiness: every bad item is told by its number, none by its text") {
  const std::vector<std::string> items{"redis://:pa/ss@host",
                                       "ftp://host",
                                       "tcp://host",
                                       "redis://u:secret@ho st",
                                       "https://u:secret@host",
                                       "redis://:sec%zzret@host",
                                       "tcp://host:0",
                                       "tcp://host:70000",
                                       "tcp://:80",
                                       "redis://[::1",
                                       "secretwithoutscheme",
                                       "redis://ok:1"};
  const auto parsed = parse_dependencies(items);
  REQUIRE_FALSE(parsed.has_value());
  const std::string& text = parsed.error().message;
  for (int i = 1; i <= 11; ++i) {
    CAPTURE(i);
    CHECK(text.find("item " + std::to_string(i) + ":") != std::string::npos);
  }
  CHECK(text.find("item 12") == std::string::npos);
  CHECK(text.find("sec") == std::string::npos);
  CHECK(text.find("pa/ss") == std::string::npos);
}

TEST_CASE("Readiness: a URL's parts are decoded and defaulted") {
  const auto url = parse_dependency_url("PostgreS://us%3Aer:p%40s%2Fs@Cache.internal/2");
  REQUIRE(url.has_value());
  CHECK(url->scheme == "postgres");
  CHECK(url->user == "us:er");
  CHECK(url->password.reveal() == "p@s/s");
  CHECK(url->host == "Cache.internal");
  CHECK(url->port == 5432);
  CHECK(url->path == "/2");
}

TEST_CASE("Readiness: PostgreSQL is ready when it takes sessions, whatever it thinks of ours") {
  CHECK(*read_postgres_answer("") == false);
  CHECK(*read_postgres_answer("R") == false);
  CHECK(*read_postgres_answer(std::string("R\0\0\0\x17\0\0\0\x0a", 9)) == true);
  CHECK(*read_postgres_answer(error_answer("28000", "no pg_hba.conf entry")) == true);
  CHECK(*read_postgres_answer(error_answer("57P03", "starting up").substr(0, 12)) == false);
  const auto starting = read_postgres_answer(error_answer("57P03", "starting up"));
  REQUIRE_FALSE(starting.has_value());
  CHECK(starting.error().message == "PostgreSQL answers: \"starting up\" (57P03)");
  CHECK(read_postgres_answer(error_answer("53300", "too many clients")).has_value() == false);
  CHECK(read_postgres_answer("HTTP/1.1 400").error().code == "readiness.protocol");
  CHECK(read_postgres_answer("R\xff\xff\xff\xff").error().code == "readiness.protocol");
}

TEST_CASE("Readiness: the start-up message names user and database and its own length") {
  const std::string message =
      postgres_startup(*parse_dependency_url("postgres://app:x@h/shop?a=b"));
  REQUIRE(message.size() > 8);
  CHECK(static_cast<unsigned char>(message[3]) == message.size());
  CHECK(message.substr(4, 4) == std::string("\0\x03\0\0", 4));
  const std::string body = message.substr(8);
  CHECK(body.starts_with(std::string("user\0app\0database\0shop\0", 23)));
  CHECK(body.ends_with(std::string("\0\0", 2)));
  CHECK(message.find('x') == std::string::npos);
}
