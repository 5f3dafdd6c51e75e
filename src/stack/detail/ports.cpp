#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "stack/detail/short_forms.hpp"

namespace selvage::stack::detail {

namespace {

using Range = std::pair<unsigned, unsigned>;

std::optional<unsigned> port_number(std::string_view text) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Range> port_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = port_number(text.substr(0, dash));
  if (dash == std::string_view::npos) {
    return first ? std::optional(Range(*first, *first)) : std::nullopt;
  }
  // what follows a second dash is passed over by the reference
  std::string_view rest = text.substr(dash + 1);
  rest = rest.substr(0, rest.find('-'));
  const auto last = port_number(rest);
  if (!first || !last || *last < *first) return std::nullopt;
  return Range(*first, *last);
}

struct Spec {
  std::string ip;
  std::string_view host;
  std::string_view container;
  std::string protocol = "tcp";
};

Spec split_spec(std::string_view text) {
  Spec spec;
  const auto parts = split(text, ':');
  spec.container = parts.back();
  if (parts.size() >= 2) spec.host = parts[parts.size() - 2];
  if (parts.size() >= 3) {
    spec.ip = text.substr(0, text.size() - spec.container.size() - spec.host.size() - 2);
  }
  const auto pieces = split(spec.container, '/');
  if (pieces[0].empty()) {
    spec.container = {};
    spec.protocol.clear();
  } else {
    spec.container = pieces[0];
    if (pieces.size() > 1 && !pieces[1].empty()) spec.protocol = to_lower_ascii(pieces[1]);
  }
  if (spec.ip.starts_with('[') && spec.ip.ends_with(']')) {
    spec.ip = spec.ip.substr(1, spec.ip.size() - 2);
  }
  return spec;
}

}  // namespace

bool is_ip_address(std::string_view text) {
  const std::string copy(text);
  unsigned char buffer[16];
  return ::inet_pton(AF_INET, copy.c_str(), buffer) == 1 ||
         ::inet_pton(AF_INET6, copy.c_str(), buffer) == 1;
}

Result<std::vector<Node>> parse_ports(const Node& item, const Path& path, Loading& loading) {
  const std::string text = scalar_text(item);
  const auto wrong = [&](std::string_view what) {
    return fail_at(item.span, "compose.port",
                   fmt::format("{}: the port {} {}", path.shown(), in_quotes(text), what),
                   "write \"HOST_IP:HOST_PORT:CONTAINER_PORT/PROTOCOL\", the first two if wanted");
  };
  const Spec spec = split_spec(text);
  const bool bare_colons = spec.ip.contains(':') && !text.starts_with('[');
  if (!spec.ip.empty() && (bare_colons || !is_ip_address(spec.ip)))
    return wrong("has no valid address in front");
  if (spec.container.empty()) return wrong("names no container port");
  const auto container = port_range(spec.container);
  if (!container) return wrong("has no valid container port");
  std::optional<Range> host;
  if (!spec.host.empty()) {
    host = port_range(spec.host);
    if (!host) return wrong("has no valid host port");
    const bool same_length = container->second - container->first == host->second - host->first;
    if (!same_length && container->first != container->second) {
      return wrong("has ranges of different lengths");
    }
  }
  if (spec.protocol != "tcp" && spec.protocol != "udp" && spec.protocol != "sctp") {
    return wrong("has another protocol than tcp, udp or sctp");
  }
  const std::size_t count = container->second - container->first + 1;
  loading.ports += count;
  if (loading.ports > kMaxPorts) {
    return wrong(fmt::format("brings the stack to more than {} ports", kMaxPorts));
  }
  std::vector<Node> ports;
  for (unsigned i = 0; i < count; ++i) {
    Node port = Node::mapping(item.span);
    port.origin = item.origin;
    port.remember(Step::short_form, item.span, text);
    const auto add = [&](std::string_view key, Node value) {
      value.span = item.span;
      value.origin = port.origin;
      port.set(key, std::move(value));
    };
    add("mode", Node::string("ingress"));
    if (!spec.ip.empty()) add("host_ip", Node::string(spec.ip));
    add("target", Node::whole(container->first + i));
    if (host) {
      const bool dynamic = container->first == container->second && host->first != host->second;
      add("published", Node::string(dynamic ? fmt::format("{}-{}", host->first, host->second)
                                            : std::to_string(host->first + i)));
    }
    add("protocol", Node::string(spec.protocol));
    ports.push_back(std::move(port));
  }
  std::ranges::sort(ports, {}, [](const Node& port) { return port.find("target")->text; });
  return ports;
}

}  // namespace selvage::stack::detail
