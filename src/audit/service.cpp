#include "audit/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace selvage::audit {

using stack::Node;

std::string Service::text(std::string_view member) const { return text_at({member}); }

std::string Service::text_at(std::initializer_list<std::string_view> path) const {
  const Node* found = at(path);
  return found == nullptr || !found->is_scalar() ? "" : stack::scalar_text(*found);
}

std::vector<const Node*> Service::items(std::string_view member) const {
  std::vector<const Node*> all;
  const Node* found = find(member);
  if (found == nullptr || found->is_null()) return all;
  if (found->is_scalar()) all.push_back(found);
  for (const Node& item : found->items) {
    if (item.is_scalar()) all.push_back(&item);
  }
  return all;
}

std::string Service::words(std::string_view member) const {
  std::string all;
  for (const Node* item : items(member)) {
    all += (all.empty() ? "" : " ") + stack::scalar_text(*item);
  }
  return all;
}

std::optional<std::string> Service::variable(std::string_view variable_name) const {
  const Node* found = at({"environment", variable_name});
  if (found == nullptr || found->is_null() || !found->is_scalar()) return std::nullopt;
  return stack::scalar_text(*found);
}

std::optional<HealthTest> Service::health_test() const {
  const Node* check = find("healthcheck");
  if (check == nullptr || !check->is_mapping()) return std::nullopt;
  HealthTest test{.node = check, .disabled = text_at({"healthcheck", "disable"}) == "true"};
  const Node* words = check->find("test");
  if (words == nullptr) return test;
  test.node = words;
  if (words->is_scalar()) {
    test.command = stack::scalar_text(*words);
    return test;
  }
  for (const Node& item : words->items) {
    const std::string word = stack::scalar_text(item);
    const bool first = &item == words->items.data();
    if (first && word == "NONE") test.disabled = true;
    if (first && (word == "CMD" || word == "CMD-SHELL" || word == "NONE")) continue;
    test.command += (test.command.empty() ? "" : " ") + word;
  }
  return test;
}

std::int64_t Service::replicas() const {
  std::string said = text_at({"deploy", "replicas"});
  if (said.empty()) said = text("scale");
  std::int64_t count = 1;
  std::from_chars(said.data(), said.data() + said.size(), count);
  return count;
}

bool loopback_only(const stack::PublishedPort& port) {
  const std::string_view ip = port.host_ip;
  return ip.starts_with("127.") || ip == "::1" || ip == "[::1]" || ip == "localhost";
}

std::string port_text(const stack::PublishedPort& port) {
  std::string text = port.host_ip.empty() ? "" : port.host_ip + ":";
  if (!port.published.empty()) text += port.published + ":";
  text += std::to_string(port.target);
  return port.protocol == "tcp" || port.protocol.empty() ? text : text + "/" + port.protocol;
}

std::optional<double> compose_number(std::string_view text) {
  double value = 0;
  const std::string_view digits = trim(text);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint64_t> compose_bytes(std::string_view text) {
  std::string word = to_lower_ascii(trim(text));
  if (word.ends_with("ib"))
    word.resize(word.size() - 2);
  else if (word.ends_with('b'))
    word.pop_back();
  double factor = 1;
  constexpr std::string_view kUnits = "kmgt";
  if (!word.empty() && kUnits.contains(word.back())) {
    for (std::size_t i = 0; i <= kUnits.find(word.back()); ++i) factor *= 1024;
    word.pop_back();
  }
  const auto number = compose_number(word);
  if (!number || *number < 0 || *number * factor > 1e18) return std::nullopt;
  return static_cast<std::uint64_t>(*number * factor);
}

}  // namespace selvage::audit
