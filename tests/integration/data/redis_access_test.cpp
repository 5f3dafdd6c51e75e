#include <doctest/doctest.h>

#include "data/readiness.hpp"
#include "integration/data/redis_fixture.hpp"

using namespace selvage;
using namespace selvage::data;
using selvage::testing::RunningRedis;
using selvage::testing::TestCertificates;

namespace {

// What the first command gets: "PONG" or its error; and all that the error says.
struct FirstAnswer {
  std::string said;
  std::string words;
};

struct Ping {
  FirstAnswer& answer;
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) const { return run(redis, answer); }
  static Task<void> run(Redis& redis, FirstAnswer& answer) {
    const auto result = co_await redis.send(RedisCommand("PING"));
    answer.said = said(result);
    if (!result) answer.words = result.error().describe() + " " + result.error().hint;
  }
};

FirstAnswer ping(const std::string& url) {
  FirstAnswer answer;
  with_redis(url, quick_options(), Ping{answer});
  return answer;
}

struct Say {
  std::vector<RedisCommand> commands;
  std::vector<std::string> answers{};
  [[clang::coro_wrapper]] Task<void> operator()(Redis& redis) {
    return run(redis, commands, answers);
  }
  static Task<void> run(Redis& redis, const std::vector<RedisCommand>& commands,
                        std::vector<std::string>& answers) {
    for (RedisCommand command : commands) {
      answers.push_back(said(co_await redis.send(std::move(command))));
    }
  }
};

std::vector<std::string> say(const std::string& url, std::vector<RedisCommand> commands) {
  Say all{std::move(commands)};
  net::Loop loop;
  Redis redis(loop, redis_url(url), quick_options());
  struct Whole {
    static Task<void> run(Redis& redis, Say& all) {
      co_await all(redis);
      co_await redis.close();
    }
  };
  loop.run_until_done(Whole::run(redis, all));
  return all.answers;
}

}  // namespace

TEST_CASE("Redis access: the right password is let in, and no wrong one is shown") {
  SELVAGE_NEED_REDIS();
  RunningRedis server({.password = "right one"});
  const std::string at = "@" + server.address();
  CHECK(ping("redis://:right%20one" + at).said == "PONG");
  CHECK(ping("redis://default:right%20one" + at).said == "PONG");
  const FirstAnswer wrong = ping("redis://:hunter22" + at);
  CHECK(wrong.said == "error redis.auth");
  CHECK(wrong.words.find("WRONGPASS") != std::string::npos);
  CHECK(wrong.words.find("hunter22") == std::string::npos);
  CHECK(wrong.words.find("password in the URL") != std::string::npos);
  const FirstAnswer none = ping("redis://" + server.address());
  CHECK(none.said == "error redis.auth");
  CHECK(none.words.find("NOAUTH") != std::string::npos);
}

TEST_CASE("Redis access: a password that the server does not want is a mistake to be told") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  const FirstAnswer answer = ping("redis://:hunter22@" + server.address());
  CHECK(answer.said == "error redis.auth");
  CHECK(answer.words.find("without any password configured") != std::string::npos);
}

TEST_CASE("Redis access: a user of the ACL may do what it allows and is told what it does not") {
  SELVAGE_NEED_REDIS();
  RunningRedis server;
  (void)server.cli({"ACL", "SETUSER", "queue", "on", ">p@ss/w:rd", "~q:*", "+get", "+set"});
  std::vector<RedisCommand> commands;
  commands.push_back(RedisCommand("SET").arg("q:a").arg("1"));
  commands.push_back(RedisCommand("GET").arg("q:a"));
  commands.push_back(RedisCommand("SET").arg("other").arg("1"));
  commands.push_back(RedisCommand("FLUSHALL"));
  const auto answers = say("redis://queue:p%40ss%2Fw%3Ard@" + server.address(), commands);
  CHECK(answers == std::vector<std::string>{"OK", "1", "error redis.auth", "error redis.auth"});
}

TEST_CASE("Redis access: the number of the database is taken from the URL") {
  SELVAGE_NEED_REDIS();
  RunningRedis server({.more = {"--databases", "4"}});
  std::vector<RedisCommand> commands;
  commands.push_back(RedisCommand("SET").arg("a").arg("1"));
  CHECK(say(server.url("/3"), commands) == std::vector<std::string>{"OK"});
  CHECK(server.cli({"-n", "3", "GET", "a"}) == "1");
  CHECK(server.cli({"EXISTS", "a"}) == "0");
  const FirstAnswer beyond = ping(server.url("/4"));
  CHECK(beyond.said == "error redis.reply");
  CHECK(beyond.words.find("out of range") != std::string::npos);
}

TEST_CASE("Redis access: TLS is taken from the right authority and name, and from no other") {
  SELVAGE_NEED_REDIS();
  const TestCertificates certificates("DNS:localhost,DNS:cache.internal");
  const TestCertificates others;
  RunningRedis server({.password = "secret", .certificates = &certificates});
  const std::string port = std::to_string(server.port());
  const std::string ca = "?ca_file=" + certificates.ca_file();
  CHECK(ping("rediss://:secret@localhost:" + port + ca).said == "PONG");
  CHECK(ping("rediss://:secret@127.0.0.1:" + port + ca + "&tls_name=cache.internal").said ==
        "PONG");
  const FirstAnswer name = ping("rediss://:secret@127.0.0.1:" + port + ca);
  CHECK(name.said == "error redis.unavailable");
  CHECK(name.words.find("IP address mismatch") != std::string::npos);
  const FirstAnswer authority =
      ping("rediss://:secret@localhost:" + port + "?ca_file=" + others.ca_file());
  CHECK(authority.said == "error redis.unavailable");
  CHECK(authority.words.find("self-signed certificate in certificate chain") != std::string::npos);
  const FirstAnswer unknown = ping("rediss://:secret@localhost:" + port);
  CHECK(unknown.said == "error redis.unavailable");
  const FirstAnswer plain = ping("redis://:secret@localhost:" + port);
  CHECK(plain.said == "error redis.unavailable");
  const FirstAnswer missing =
      ping("rediss://:secret@localhost:" + port + "?ca_file=/nowhere/ca.pem");
  CHECK(missing.words.find("/nowhere/ca.pem") != std::string::npos);
}

TEST_CASE("Redis access: much at once goes over TLS as well") {
  SELVAGE_NEED_REDIS();
  const TestCertificates certificates;
  RunningRedis server({.certificates = &certificates});
  const std::string big(3'000'000, 'x');
  std::vector<RedisCommand> commands;
  for (int i = 0; i < 5; ++i) {
    commands.push_back(RedisCommand("SET").arg("a").arg(big));
    commands.push_back(RedisCommand("GET").arg("a"));
  }
  const auto answers = say(server.url(), commands);
  REQUIRE(answers.size() == 10);
  for (std::size_t i = 0; i < 10; i += 2) {
    CHECK(answers[i] == "OK");
    CHECK(answers[i + 1] == big);
  }
}

TEST_CASE("Redis access: readiness takes the same URLs") {
  SELVAGE_NEED_REDIS();
  const auto check = [](const std::string& url) {
    net::Loop loop;
    return loop.run_until_done(check_dependency({"it", url}, seconds(10))).error;
  };
  const TestCertificates certificates;
  RunningRedis server({.password = "secret", .certificates = &certificates});
  CHECK(check(server.url()).empty());
  CHECK(check(server.url("/3")).empty());
  CHECK(check(server.url("/99")).find("out of range") != std::string::npos);
  CHECK_FALSE(check("rediss://:secret@localhost:" + std::to_string(server.port())).empty());
}

TEST_CASE("Redis access: a host that nobody knows is told at once") {
  const FirstAnswer answer = ping("redis://no-such-host.invalid");
  CHECK(answer.said == "error redis.unavailable");
  CHECK(answer.words.find("no-such-host.invalid:6379") != std::string::npos);
}
