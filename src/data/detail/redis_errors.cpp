#include "data/detail/redis_errors.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/text.hpp"

namespace selvage::data {

namespace {

constexpr std::size_t kMaxShown = 200;  // bytes of a server's own words

struct Word {
  std::string_view word;
  Refusal meaning;
};
constexpr Word kWords[] = {
    {"READONLY", Refusal::wrong_server},
    {"LOADING", Refusal::wrong_server},
    {"MASTERDOWN", Refusal::wrong_server},
    {"CLUSTERDOWN", Refusal::wrong_server},
    {"MOVED", Refusal::wrong_server},
    {"UNBLOCKED", Refusal::wrong_server},
    {"ASK", Refusal::asked_on},
    {"TRYAGAIN", Refusal::busy},
    {"BUSY", Refusal::busy},
    {"MISCONF", Refusal::busy},
    {"NOREPLICAS", Refusal::busy},
    {"OOM", Refusal::full},
    {"NOAUTH", Refusal::credentials},
    {"WRONGPASS", Refusal::credentials},
    {"NOPERM", Refusal::credentials},
    {"NOSCRIPT", Refusal::no_script},
    {"DENIED", Refusal::credentials},
};

Refusal by_word(std::string_view text) {
  const std::string_view first = text.substr(0, text.find_first_of(" :"));
  for (const Word& row : kWords) {
    if (row.word == first) return row.meaning;
  }
  return Refusal::none;
}

bool is_redirection(std::string_view text) {
  return text.starts_with("MOVED ") || text.starts_with("ASK ");
}

// An unknown command is repeated with its arguments, which may be anything.
std::string shown(std::string_view text) {
  return in_quotes(text.substr(0, text.find(", with args beginning")), kMaxShown);
}

}  // namespace

Refusal refusal_of(std::string_view text, std::optional<unsigned> slot) {
  if (text.starts_with("ERR Error running script")) {
    const std::size_t cause = text.rfind(": -");
    if (cause != text.npos) return by_word(text.substr(cause + 3));
  }
  if (text.starts_with("ERR max number of clients")) return Refusal::busy;
  if (is_redirection(text)) {
    const auto words = split(text, ' ');
    if (!slot || words.size() < 2 || words[1] != std::to_string(*slot)) return Refusal::none;
  }
  return by_word(text);
}

Error refused_error(std::string_view server, std::string_view text, std::optional<unsigned> slot) {
  const std::string said = fmt::format("{} answers {}", server, shown(text));
  switch (refusal_of(text, slot)) {
    case Refusal::wrong_server:
    case Refusal::asked_on:
    case Refusal::busy:
      return {ErrorKind::unavailable, "redis.unavailable", said,
              "nothing was executed; try again in a moment", nullptr};
    case Refusal::full:
      return {ErrorKind::unavailable, "redis.full", said,
              "nothing was executed; raise maxmemory or remove what is not needed", nullptr};
    case Refusal::credentials:
      return {ErrorKind::unavailable, "redis.auth", said,
              "check user and password in the URL, and what the ACL allows that user", nullptr};
    case Refusal::none:
    case Refusal::no_script:
      break;
  }
  const bool needs_cluster = !slot && is_redirection(text);
  return {
      ErrorKind::internal, "redis.reply", said,
      needs_cluster ? "this server is part of a cluster: write redis+cluster:// in the URL" : "",
      nullptr};
}

std::optional<RedisAddress> redirection(std::string_view text, const RedisAddress& asked) {
  const auto words = split(text, ' ');
  if (words.size() < 3 || !is_redirection(text)) return std::nullopt;
  const std::string_view where = words[2];
  const std::size_t colon = where.rfind(':');  // an IPv6 address stands without brackets
  if (colon == where.npos) return std::nullopt;
  RedisAddress address{std::string(where.substr(0, colon)), 0};
  const std::string_view port = where.substr(colon + 1);
  const auto [end, failed] = std::from_chars(port.begin(), port.end(), address.port);
  if (failed != std::errc() || end != port.end() || address.port == 0) return std::nullopt;
  if (address.host.empty() || address.host == "?") address.host = asked.host;
  return address;
}

Error unavailable_error(std::string_view server, std::string_view why) {
  return {ErrorKind::unavailable, "redis.unavailable",
          fmt::format("{} cannot be reached: {}", server, why),
          "nothing was executed; check that Redis runs there, it is asked again all the time",
          nullptr};
}

Error lost_error(std::string_view server, std::string_view why) {
  return {ErrorKind::unavailable, "redis.lost",
          fmt::format("{} broke the connection before it answered: {}", server, why),
          "the command may have been executed", nullptr};
}

Error silent_error(std::string_view server) {
  return {ErrorKind::timeout, "redis.timeout", fmt::format("{} does not answer", server),
          "the command may have been executed; check that Redis is not frozen or overloaded",
          nullptr};
}

Error closed_error(std::string_view server) {
  return {ErrorKind::unavailable, "redis.closed",
          fmt::format("the connections to {} are closed", server), "this process is stopping",
          nullptr};
}

Error too_many_error(std::string_view server) {
  return {ErrorKind::rate_limited, "redis.busy",
          fmt::format("too many commands wait for {}", server), "send less at a time", nullptr};
}

}  // namespace selvage::data
