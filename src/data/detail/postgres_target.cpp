#include "data/detail/postgres_target.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/text.hpp"

namespace selvage::data {

namespace {

constexpr std::size_t kMaxUrl = 4096;
constexpr std::size_t kShortestMasked = 3;  // a shorter "password" is part of too many words

using Options = std::map<std::string, std::string, std::less<>>;

std::unexpected<Error> bad_url(std::string_view what) {
  return fail(ErrorKind::invalid, "settings.database_url",
              fmt::format("DATABASE_URL is no PostgreSQL URL: {}", what),
              "write it like postgres://user:password@host:5432/database?sslmode=require; in user "
              "and password, percent-encode what is not a letter or a digit (@ is %40, / is %2F)");
}

bool is_host_and_port(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  return colon == std::string_view::npos ||
         std::ranges::all_of(text.substr(colon + 1), [](char c) { return is_digit(c); });
}

// libpq ends a password at the first '@' or '/', so what follows an unencoded one would be taken
// for a host, a port or a database, and shown in messages.
Result<void> check_credentials(std::string_view url) {
  std::string_view rest = url.substr(url.find("://") + 3);
  const std::size_t at = rest.find('@');
  if (at < rest.find('/')) {
    for (std::size_t i = rest.find('%'); i < at; i = rest.find('%', i + 1)) {
      if (!percent_decode(rest.substr(i, 3))) {
        return bad_url("its user or password has a '%' that is not followed by two hex digits");
      }
    }
    rest.remove_prefix(at + 1);
  }
  const std::string_view place = rest.substr(0, rest.find('?'));
  const std::vector<std::string_view> hosts = split(place.substr(0, place.find('/')), ',');
  if (!place.contains('@') && std::ranges::all_of(hosts, is_host_and_port)) return {};
  return bad_url("its password holds '@' or '/' as such, or its port is no number");
}

Options options_of(PQconninfoOption* list) {
  Options options;
  for (const PQconninfoOption* option = list; option != nullptr && option->keyword != nullptr;
       ++option) {
    if (option->val != nullptr && *option->val != '\0') options[option->keyword] = option->val;
  }
  PQconninfoFree(list);
  return options;
}

// libpq's message is shown without what it quotes: a value may be a secret in the wrong place.
std::string without_quotes(std::string_view message) {
  std::string plain;
  bool inside = false;
  for (const char c : trim(message)) {
    if (c == '"') inside = !inside;
    if (!inside && c != '"') plain += c;
  }
  return plain;
}

std::string show(const Options& options) {
  const auto get = [&](std::string_view key, std::string_view otherwise) {
    const auto found = options.find(key);
    return found == options.end() ? std::string(otherwise) : found->second;
  };
  const std::string user = get("user", "the user of this process");
  const std::string host = get("host", get("hostaddr", "the local socket"));
  return fmt::format("{} on {}:{} as {}", get("dbname", user), host, get("port", "5432"), user);
}

}  // namespace

Result<PostgresTarget> parse_postgres_url(std::string_view url) {
  if (url.size() > kMaxUrl) return bad_url("it is longer than 4096 bytes");
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return bad_url("it has no ://");
  TRY(check_credentials(url));
  const std::string text = to_lower_ascii(url.substr(0, scheme)) + std::string(url.substr(scheme));

  char* problem = nullptr;
  PQconninfoOption* const parsed = PQconninfoParse(text.c_str(), &problem);
  if (parsed == nullptr) {
    const std::string said = problem != nullptr ? problem : "out of memory";
    PQfreemem(problem);
    return bad_url(without_quotes(said));
  }
  Options options = options_of(parsed);
  PostgresTarget target{
      .url = Secret(text), .password = Secret(options["password"]), .shown = {}, .hosts = 1};
  options.merge(options_of(PQconndefaults()));  // what the URL leaves open
  target.hosts += static_cast<std::size_t>(std::ranges::count(options["host"], ','));
  target.shown = show(options);
  return target;
}

std::string without_password(std::string text, const PostgresTarget& target) {
  const std::string& password = target.password.reveal();
  if (password.size() < kShortestMasked) return text;
  for (std::size_t at = text.find(password); at != std::string::npos;
       at = text.find(password, at + 3)) {
    text.replace(at, password.size(), "***");
  }
  return text;
}

}  // namespace selvage::data
