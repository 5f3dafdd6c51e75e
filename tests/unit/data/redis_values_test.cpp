#include <doctest/doctest.h>

#include "data/detail/redis_errors.hpp"
#include "data/detail/redis_finder.hpp"
#include "data/redis.hpp"

using namespace selvage;
using namespace selvage::data;

TEST_CASE("Redis command: words of any bytes, counted and measured") {
  CHECK(RedisCommand("PING").encode() == "*1\r\n$4\r\nPING\r\n");
  RedisCommand set("SET");
  set.arg("a\r\nb").arg("").arg(-12);
  CHECK(set.words() == 4);
  CHECK(set.encode() == "*4\r\n$3\r\nSET\r\n$4\r\na\r\nb\r\n$0\r\n\r\n$3\r\n-12\r\n");
  CHECK(RedisCommand("X").arg(std::numeric_limits<std::int64_t>::min()).encode() ==
        "*2\r\n$1\r\nX\r\n$20\r\n-9223372036854775808\r\n");
}

TEST_CASE("Redis script: its name is the SHA-1 of its source") {
  CHECK(RedisScript("return 1").sha1() == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
}

TEST_CASE("Redis keys: a suffix stays in the slot of the name") {
  CHECK(suffix_key("q", "held") == "{q}:held");
  CHECK(suffix_key("wearon:tasks:generation", "held") == "{wearon:tasks:generation}:held");
  CHECK(suffix_key("{shop}:tasks", "held") == "{shop}:tasks:held");
  CHECK(suffix_key("a{}b", "held") == "{a{}b}:held");
  CHECK(hash_slot("123456789") == 12739);
  CHECK(hash_slot("foo") == 12182);
  CHECK(hash_slot("foo{hash_tag}") == hash_slot("hash_tag"));
  CHECK(hash_slot("{user1000}.following") == hash_slot("{user1000}.followers"));
  CHECK(hash_slot("foo{}{bar}") == hash_slot("foo{}{bar}"));
  CHECK(hash_slot("foo{{bar}}zap") == hash_slot("{bar"));
  for (const std::string_view name : {"q", "wearon:tasks:generation", "{shop}:tasks"}) {
    CHECK(hash_slot(suffix_key(name, "held")) == hash_slot(name));
  }
}

TEST_CASE("Redis errors: by the server's first word") {
  const auto code = [](std::string_view text) { return refused_error("cache", text, 7).code; };
  CHECK(code("OOM command not allowed when used memory > 'maxmemory'.") == "redis.full");
  CHECK(code("ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -OOM "
             "command not allowed when used memory > 'maxmemory'.") == "redis.full");
  CHECK(code("READONLY You can't write against a read only replica.") == "redis.unavailable");
  CHECK(code("MOVED 7 10.0.0.7:6379") == "redis.unavailable");
  CHECK(code("MOVED 8 10.0.0.7:6379") == "redis.reply");
  CHECK(code("NOAUTH Authentication required.") == "redis.auth");
  CHECK(code("WRONGTYPE Operation against a key") == "redis.reply");
  CHECK(code("LOADINGX") == "redis.reply");
  const Error shown =
      refused_error("cache", "ERR unknown command 'X', with args beginning with: 's'");
  CHECK(shown.message.find("unknown command 'X'") != std::string::npos);
  CHECK(shown.message.find("args") == std::string::npos);
  CHECK(refused_error("cache", std::string(100'000, 'x')).message.size() < 400);
}

TEST_CASE("Redis redirections: host, port, and whose host when there is none") {
  const RedisAddress asked{"cache", 1};
  CHECK(redirection("MOVED 3999 10.0.0.7:6381", asked) == RedisAddress{"10.0.0.7", 6381});
  CHECK(redirection("ASK 3999 fe80::1:6381", asked) == RedisAddress{"fe80::1", 6381});
  CHECK(redirection("MOVED 3999 :6381", asked) == RedisAddress{"cache", 6381});
  CHECK(redirection("MOVED 3999 ?:6381", asked) == RedisAddress{"cache", 6381});
  for (const std::string_view bad : {"MOVED", "MOVED 3999", "MOVED 3999 10.0.0.7", "MOVED 1 a:",
                                     "MOVED 1 a:0", "MOVED 1 a:99999", "READONLY 1 a:1"}) {
    CHECK_FALSE(redirection(bad, asked).has_value());
  }
}
