// The short forms of ports and mounts.
#pragma once

#include <string_view>
#include <vector>

#include "stack/detail/loading.hpp"
#include "stack/detail/path.hpp"

namespace selvage::stack::detail {

// "8080:80", "127.0.0.1:8000-8010:80-90/udp", "[::1]:80:80": one mapping for each container port,
// sorted by the port's text. Errors: compose.port.
[[nodiscard]] Result<std::vector<Node>> parse_ports(const Node& item, const Path& path,
                                                    Loading& loading);

// "data:/var/lib/x:ro", "./a:/b", "/b". Errors: compose.volume.
[[nodiscard]] Result<Node> parse_volume(const Node& item, const Path& path);

// Go's path.Clean: no "." or ".." or double slash is left; "." for nothing.
[[nodiscard]] std::string clean_path(std::string_view path);

[[nodiscard]] bool is_ip_address(std::string_view text);

}  // namespace selvage::stack::detail
