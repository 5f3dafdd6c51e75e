#include <fmt/format.h>

#include <charconv>

#include "net/egress_guard.hpp"

namespace selvage::net {
namespace {

constexpr SettingSpec kSpecs[] = {
    {.name = "EGRESS_ALLOW",
     .type = SettingType::list,
     .fallback = "",
     .allowed = "",
     .doc =
         "Private address ranges that users' URLs may reach all the same, like 10.1.0.0/16, comma "
         "separated; for tests and closed networks.",
     .risky_in_production = true},
    {.name = "EGRESS_SCHEMES",
     .type = SettingType::list,
     .fallback = "https,http",
     .allowed = "",
     .doc = "URL schemes that users' pictures may be fetched by: https, http, or both."},
    {.name = "EGRESS_PORTS",
     .type = SettingType::list,
     .fallback = "80,443",
     .allowed = "",
     .doc = "Ports that users' URLs may name; hosts inside EGRESS_ALLOW may use any."},
    {.name = "EGRESS_MAX_BYTES",
     .type = SettingType::bytes,
     .fallback = "10MiB",
     .allowed = "1KiB..64MiB",
     .doc = "Largest picture that is fetched, in bytes."},
    {.name = "EGRESS_TIMEOUT",
     .type = SettingType::duration,
     .fallback = "30s",
     .allowed = "1s..5m",
     .doc = "Longest time for one picture, from the look-up of its host's name to its last byte."},
    {.name = "EGRESS_CONNECT_TIMEOUT",
     .type = SettingType::duration,
     .fallback = "5s",
     .allowed = "100ms..1m",
     .doc = "Longest time for the connection to a picture's host."},
    {.name = "EGRESS_CONCURRENCY",
     .type = SettingType::integer,
     .fallback = "64",
     .allowed = "1..1024",
     .doc = "Pictures one process fetches at once; more wait in line, and the time counts."},
    {.name = "EGRESS_CA_FILE",
     .type = SettingType::path,
     .fallback = "",
     .allowed = "",
     .doc = "File of certificate authorities for pictures' hosts; empty for the system's."},
};

std::unexpected<Error> bad(std::string_view setting, std::string_view what, std::string hint) {
  return fail(ErrorKind::invalid, "settings.invalid", fmt::format("{}: {}", setting, what),
              std::move(hint));
}

Result<std::uint16_t> parse_port(const std::string& text) {
  std::uint16_t port = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, port);
  if (error != std::errc() || end != last || port == 0) {
    return bad("EGRESS_PORTS", fmt::format("\"{}\" is not a port", text),
               "list ports from 1 to 65535, like 80,443");
  }
  return port;
}

}  // namespace

const SettingSection kEgressSettings{"Fetching users' pictures", kSpecs};

Result<EgressOptions> egress_options(const Settings& settings) {
  EgressOptions options;
  for (const std::string& text : settings.list("EGRESS_ALLOW")) {
    auto range = CidrRange::parse(text);
    if (!range) return bad("EGRESS_ALLOW", range.error().message, range.error().hint);
    options.allowed.push_back(*range);
  }
  options.schemes = settings.list("EGRESS_SCHEMES");
  for (const std::string& scheme : options.schemes) {
    if (scheme == "https" || scheme == "http") continue;
    return bad("EGRESS_SCHEMES", fmt::format("\"{}\" cannot be fetched by", scheme),
               "use https, http, or https,http");
  }
  options.ports.clear();
  for (const std::string& text : settings.list("EGRESS_PORTS")) {
    options.ports.push_back(TRY(parse_port(text)));
  }
  options.max_body = settings.bytes("EGRESS_MAX_BYTES");
  options.total_time = settings.duration("EGRESS_TIMEOUT");
  options.connect_time = settings.duration("EGRESS_CONNECT_TIMEOUT");
  options.concurrent = static_cast<std::size_t>(settings.integer("EGRESS_CONCURRENCY"));
  options.ca_file = settings.text("EGRESS_CA_FILE");
  return options;
}

}  // namespace selvage::net
