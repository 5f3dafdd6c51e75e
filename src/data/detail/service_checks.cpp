#include "data/detail/service_checks.hpp"

#include <fmt/format.h>

#include <functional>

#include "base/text.hpp"
#include "data/detail/redis_finder.hpp"
#include "net/http_client.hpp"
#include "net/tcp_probe.hpp"

namespace selvage::data {

namespace {

constexpr std::size_t kMaxAnswer = 16 * 1024;
constexpr std::uint32_t kPostgresProtocol = 3 << 16;

std::unexpected<Error> not_ready(std::string what) {
  return fail(ErrorKind::unavailable, "readiness.refused", std::move(what));
}
std::unexpected<Error> not_understood(std::string_view service, std::string_view answer) {
  return fail(ErrorKind::unavailable, "readiness.protocol",
              fmt::format("what answers is not {}: {}", service, in_quotes(answer, 40)));
}

std::string big_endian(std::uint32_t number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
          static_cast<char>(number >> 8), static_cast<char>(number)};
}

std::uint32_t read_big_endian(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(0, 4))
    number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

// Says `greeting` and reads until `understand` has what it needs.
Task<Result<void>> talk(DependencyUrl url, net::TcpProbe::Security security, std::string greeting,
                        std::function<Result<bool>(std::string_view)> understand,
                        Deadline deadline) {
  const auto probe =
      CO_TRY(co_await net::TcpProbe::connect(url.host, url.port, security, deadline));
  CO_TRY(co_await probe->send(std::move(greeting)));
  std::string answer;
  while (answer.size() < kMaxAnswer) {
    answer += CO_TRY(co_await probe->receive());
    if (CO_TRY(understand(answer))) co_return Result<void>();
  }
  co_return fail(ErrorKind::unavailable, "readiness.protocol", "the answer does not end");
}

}  // namespace

Task<Result<void>> check_tcp(DependencyUrl url, Deadline deadline) {
  CO_TRY(co_await net::TcpProbe::connect(url.host, url.port, net::TcpProbe::Security::plain,
                                         deadline));
  co_return Result<void>();
}

Task<Result<void>> check_redis(RedisUrl url, Deadline deadline) {
  if (url.topology != RedisTopology::single) {
    RedisFinder finder(std::move(url), {}, {});
    CO_TRY(co_await finder.find(deadline.left(), {}));
    co_return Result<void>();
  }
  RedisLogin login{.user = url.user, .password = url.password, .db = url.db};
  RedisAddress address = url.seeds.front();
  const auto wire =
      CO_TRY(co_await RedisWire::open(std::move(url), std::move(address), deadline, {}));
  CO_TRY(co_await wire->log_in(std::move(login), {}, deadline, {}));
  co_return Result<void>();
}

std::string postgres_startup(const DependencyUrl& url) {
  std::string database = url.path.substr(0, url.path.find_first_of("?#"));
  if (database.starts_with('/')) database.erase(0, 1);
  const std::string user = url.user.empty() ? "postgres" : url.user;
  std::string body = big_endian(kPostgresProtocol);
  const auto add = [&body](std::string_view text) {
    body += text;
    body += '\0';
  };
  add("user");
  add(user);
  add("database");
  add(database.empty() ? user : database);
  add("application_name");
  add("selvage-readiness");
  body += '\0';
  return big_endian(static_cast<std::uint32_t>(body.size() + 4)) + body;
}

// A request for authentication (R) or a negotiation of the version (v) shows a server that takes
// sessions. So does most of what it refuses (E): a wrong user or missing TLS is no outage. Of the
// errors, those by which it tells that it cannot serve anybody now count.
Result<bool> read_postgres_answer(std::string_view answer) {
  if (answer.empty()) return false;
  const char kind = answer[0];
  if (kind != 'R' && kind != 'v' && kind != 'E') return not_understood("PostgreSQL", answer);
  if (answer.size() < 5) return false;
  const std::uint32_t length = read_big_endian(answer.substr(1));
  if (length < 4 || length > kMaxAnswer) return not_understood("PostgreSQL", answer);
  if (kind != 'E') return true;
  if (answer.size() < length + 1) return false;
  std::string_view code;
  std::string_view message;
  for (const std::string_view field : split(answer.substr(5, length - 4), '\0')) {
    if (field.starts_with('C')) code = field.substr(1);
    if (field.starts_with('M')) message = field.substr(1);
  }
  // 57P01..57P03: shutting down, crashed, starting up; 53300: no connection left.
  if (code.starts_with("57P") || code == "53300") {
    return not_ready(fmt::format("PostgreSQL answers: {} ({})", in_quotes(message, 120), code));
  }
  return true;
}

Task<Result<void>> check_postgres(DependencyUrl url, Deadline deadline) {
  std::string greeting = postgres_startup(url);
  co_return co_await talk(std::move(url), net::TcpProbe::Security::plain, std::move(greeting),
                          &read_postgres_answer, deadline);
}

Task<Result<void>> check_http(DependencyUrl url, Deadline deadline) {
  net::HttpClient client(net::Loop::current(), {.connect_time = deadline.left()});
  net::ClientRequest request;
  request.url = url.origin() + (url.path.starts_with('/') ? url.path : "/" + url.path);
  request.deadline = deadline;
  request.max_body = 1_MiB;
  const net::ClientResponse response = CO_TRY(co_await client.send(std::move(request)));
  if (response.status < 400) co_return Result<void>();
  co_return not_ready(fmt::format("HTTP status {}", response.status));
}

}  // namespace selvage::data
