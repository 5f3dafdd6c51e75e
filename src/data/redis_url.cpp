#include "data/redis_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "data/detail/host_port.hpp"

namespace selvage::data {

namespace {

constexpr std::size_t kMaxUrlLength = 4096;
constexpr std::size_t kMaxSeeds = 32;
constexpr int kMaxDb = 1'000'000;

struct Scheme {
  std::string_view name;
  RedisTopology topology;
  bool tls;
  std::uint16_t default_port;
};
constexpr Scheme kSchemes[] = {
    {"redis", RedisTopology::single, false, 6379},
    {"rediss", RedisTopology::single, true, 6379},
    {"redis+sentinel", RedisTopology::sentinel, false, 26379},
    {"rediss+sentinel", RedisTopology::sentinel, true, 26379},
    {"redis+cluster", RedisTopology::cluster, false, 6379},
    {"rediss+cluster", RedisTopology::cluster, true, 6379},
};

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorKind::invalid, "redis.url", "the Redis URL is wrong: " + std::string(what),
              "write it like redis://:password@host:6379/0, "
              "redis+sentinel://:password@host1,host2/master or redis+cluster://host1,host2, with "
              "special characters of the password percent-encoded");
}

Result<void> read_credentials(std::string_view text, RedisUrl& url) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return bad("what stands before the @ must be user:password or :password");
  }
  const auto user = percent_decode(text.substr(0, colon));
  const auto password = percent_decode(text.substr(colon + 1));
  if (!user || !password) return bad("the credentials hold a '%' without two hex digits");
  url.user = *user;
  url.password = Secret(*password);
  return {};
}

Result<void> read_seeds(std::string_view text, std::uint16_t default_port, RedisUrl& url) {
  for (const std::string_view item : split(text, ',')) {
    const Result<HostPort> parsed = parse_host_port(item, "redis.url");
    if (!parsed) return bad(parsed.error().message);
    url.seeds.push_back({parsed->host, parsed->port == 0 ? default_port : parsed->port});
  }
  if (url.seeds.size() > kMaxSeeds) return bad(fmt::format("over {} hosts", kMaxSeeds));
  if (url.topology == RedisTopology::single && url.seeds.size() > 1) {
    return bad("several hosts need redis+sentinel:// or redis+cluster://");
  }
  return {};
}

Result<void> read_db(std::string_view text, RedisUrl& url) {
  if (text.empty()) return {};
  const auto [end, failed] = std::from_chars(text.begin(), text.end(), url.db);
  if (failed != std::errc() || end != text.end() || url.db < 0 || url.db > kMaxDb) {
    return bad("the number of the database is not one");
  }
  if (url.topology == RedisTopology::cluster && url.db != 0) {
    return bad("a cluster has only database 0");
  }
  return {};
}

// "/db", and of a sentinel URL "/master" or "/master/db".
Result<void> read_path(std::string_view path, RedisUrl& url) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (url.topology == RedisTopology::sentinel) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const auto master = percent_decode(path.substr(0, slash));
    if (!master || master->empty() ||
        !std::ranges::all_of(*master, [](char c) { return c > 0x20 && c < 0x7f; })) {
      return bad("the sentinels' name of the master must follow the hosts: .../mymaster");
    }
    url.master = *master;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return read_db(path, url);
}

Result<void> read_parameter(std::string_view text, RedisUrl& url) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const auto value = percent_decode(equals == std::string_view::npos ? std::string_view()
                                                                     : text.substr(equals + 1));
  if (!value) return bad("a parameter holds a '%' without two hex digits");
  const auto set_once = [&](std::string& into) -> Result<void> {
    if (value->empty() || !into.empty()) {
      return bad(fmt::format("{} is empty or stands there twice", name));
    }
    into = *value;
    return {};
  };
  if (name == "ca_file" || name == "tls_name") {
    if (!url.tls) return bad(fmt::format("{} is for rediss:// only", name));
    return set_once(name == "ca_file" ? url.ca_file : url.tls_name);
  }
  if (name == "sentinel_password" && url.topology == RedisTopology::sentinel) {
    std::string password;
    TRY(set_once(password));
    url.sentinel_password = Secret(std::move(password));
    return {};
  }
  return bad("it has a parameter that is none of ca_file, tls_name, sentinel_password");
}

}  // namespace

Result<RedisUrl> RedisUrl::parse(std::string_view text) {
  if (text.size() > kMaxUrlLength) return bad("it is too long");
  if (!std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; })) {
    return bad("it holds a blank, a control character or a character that is not ASCII");
  }
  const std::size_t end = std::min(text.find("://"), text.size());
  const std::string name = to_lower_ascii(text.substr(0, end));
  const auto* scheme = std::ranges::find(kSchemes, std::string_view(name), &Scheme::name);
  if (end == text.size() || scheme == std::end(kSchemes)) {
    return bad(
        "the scheme is none of redis, rediss, redis+sentinel, rediss+sentinel, redis+cluster, "
        "rediss+cluster");
  }
  RedisUrl url;
  url.topology = scheme->topology;
  url.tls = scheme->tls;
  std::string_view rest = text.substr(end + 3);
  if (rest.contains('#')) return bad("a '#' must be percent-encoded");
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  const std::string_view tail = rest.substr(authority_end);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    TRY(read_credentials(authority.substr(0, at), url));
    authority.remove_prefix(at + 1);
  } else if (tail.contains('@')) {
    return bad("the credentials hold a '/' or '?' that is not percent-encoded");
  }
  TRY(read_seeds(authority, scheme->default_port, url));
  const std::size_t query = std::min(tail.find('?'), tail.size());
  TRY(read_path(tail.substr(0, query), url));
  if (query < tail.size()) {
    for (const std::string_view parameter : split(tail.substr(query + 1), '&')) {
      TRY(read_parameter(parameter, url));
    }
  }
  return url;
}

std::string RedisUrl::label() const {
  const auto* scheme = std::ranges::find_if(
      kSchemes, [this](const Scheme& s) { return s.topology == topology && s.tls == tls; });
  std::vector<std::string> hosts;
  for (const RedisAddress& seed : seeds) hosts.push_back(to_string(HostPort{seed.host, seed.port}));
  std::string text = fmt::format("{}://{}", scheme->name, join(hosts, ","));
  if (!master.empty()) text += "/" + percent_encode(master);
  if (db != 0) text += fmt::format("/{}", db);
  return text;
}

}  // namespace selvage::data
