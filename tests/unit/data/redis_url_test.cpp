#include "data/redis_url.hpp"

#include <doctest/doctest.h>

using namespace selvage;
using namespace selvage::data;

namespace {

RedisUrl parse(std::string_view text) {
  auto url = RedisUrl::parse(text);
  REQUIRE_MESSAGE(url.has_value(), url.error().describe());
  return *url;
}

}  // namespace

TEST_CASE("Redis URL: one server, with and without what may be left out") {
  const RedisUrl plain = parse("redis://cache");
  CHECK(plain.topology == RedisTopology::single);
  CHECK(plain.seeds == std::vector<RedisAddress>{{"cache", 6379}});
  CHECK_FALSE(plain.tls);
  CHECK(plain.db == 0);
  CHECK(plain.label() == "redis://cache:6379");
  const RedisUrl full =
      parse("REDISS://us%40er:p%3Aa%2Fss@10.0.0.7:6380/12?ca_file=/etc/ca%20file.pem&tls_name=db");
  CHECK(full.tls);
  CHECK(full.user == "us@er");
  CHECK(full.password.reveal() == "p:a/ss");
  CHECK(full.seeds == std::vector<RedisAddress>{{"10.0.0.7", 6380}});
  CHECK(full.db == 12);
  CHECK(full.ca_file == "/etc/ca file.pem");
  CHECK(full.tls_name == "db");
  CHECK(full.label() == "rediss://10.0.0.7:6380/12");
  CHECK(parse("redis://:secret@[::1]:7000/").seeds == std::vector<RedisAddress>{{"::1", 7000}});
  CHECK(parse("redis://:secret@[::1]").label() == "redis://[::1]:6379");
}

TEST_CASE("Redis URL: sentinels and their master") {
  const RedisUrl url =
      parse("redis+sentinel://:a@s1,s2:5000,[fe80::1]/my%2Fmaster/2?sentinel_password=b%26c");
  CHECK(url.topology == RedisTopology::sentinel);
  CHECK(url.seeds == std::vector<RedisAddress>{{"s1", 26379}, {"s2", 5000}, {"fe80::1", 26379}});
  CHECK(url.master == "my/master");
  CHECK(url.db == 2);
  CHECK(url.password.reveal() == "a");
  CHECK(url.sentinel_password.reveal() == "b&c");
  CHECK(url.label() == "redis+sentinel://s1:26379,s2:5000,[fe80::1]:26379/my%2Fmaster/2");
  CHECK(parse("rediss+sentinel://s1/main").tls);
}

TEST_CASE("Redis URL: a cluster") {
  const RedisUrl url = parse("redis+cluster://:a@n1:7001,n2:7002/0");
  CHECK(url.topology == RedisTopology::cluster);
  CHECK(url.seeds.size() == 2);
  CHECK(url.label() == "redis+cluster://n1:7001,n2:7002");
  CHECK(parse("rediss+cluster://n1").tls);
}

TEST_CASE("Redis URL: what is wrong is told, and never with the password") {
  const struct {
    std::string_view url;
    std::string_view told;
  } kBad[] = {
      {"", "scheme"},
      {"cache:6379", "scheme"},
      {"http://cache", "scheme"},
      {"redis://", "host"},
      {"redis://:hunter22@", "host"},
      {"redis://hunter22@cache", "user:password"},
      {"redis://:hunter22@cache:0", "port"},
      {"redis://:hunter22@cache:70000", "port"},
      {"redis://:hunter22@cache:12x", "port"},
      {"redis://:hunter22@ca che", "blank"},
      {"redis://:hunter22@cache/one", "database"},
      {"redis://:hunter22@cache/-1", "database"},
      {"redis://:hunter22@cache/0/1", "database"},
      {"redis://:hunter22@a,b", "redis+sentinel://"},
      {"redis://:hun/ter22@cache", "percent-encoded"},
      {"redis://:hun?ter22@cache", "percent-encoded"},
      {"redis://:hun#ter22@cache", "percent-encoded"},
      {"redis://:hunter22%@cache", "hex"},
      {"redis://:hunter22@cache?timeout=5", "parameter"},
      {"redis://:hunter22@cache?ca_file=/a", "rediss"},
      {"rediss://:hunter22@cache?ca_file=", "ca_file"},
      {"rediss://:hunter22@cache?ca_file=/a&ca_file=/b", "ca_file"},
      {"redis://cache?sentinel_password=hunter22", "parameter"},
      {"redis+sentinel://:hunter22@s1", "name of the master"},
      {"redis+sentinel://:hunter22@s1/", "name of the master"},
      {"redis+sentinel://:hunter22@s1/main/x", "database"},
      {"redis+cluster://:hunter22@n1/1", "database 0"},
      {"redis+cluster://:hunter22@n1,,n2", "host"},
  };
  for (const auto& [url, told] : kBad) {
    CAPTURE(url);
    const auto parsed = RedisUrl::parse(url);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == "redis.url");
    CHECK(parsed.error().kind == ErrorKind::invalid);
    CHECK_MESSAGE(parsed.error().message.find(told) != std::string::npos, parsed.error().message);
    CHECK(parsed.error().message.find("ter22") == std::string::npos);
    CHECK_FALSE(parsed.error().hint.empty());
  }
  CHECK_FALSE(RedisUrl::parse("redis://" + std::string(5000, 'a')).has_value());
}
