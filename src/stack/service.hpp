// A service of the resolved model, read in the field's terms. Views into the project's tree: valid
// while the project lives and is not moved.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stack/node.hpp"

namespace selvage::stack {

struct PublishedPort {
  std::string host_ip;    // empty: every address
  std::string published;  // "8080", "8080-8090"; empty: a port is chosen at random
  std::uint16_t target = 0;
  std::string protocol;  // "tcp"
  const Node* node = nullptr;
};

struct Mount {
  std::string type;    // "bind", "volume", "tmpfs", "npipe", "cluster", "image"
  std::string source;  // empty for an anonymous volume
  std::string target;
  bool read_only = false;
  const Node* node = nullptr;
};

// A member of environment, labels, build.args, sysctls: name and value, the latter null when none
// is given (`- NAME` that nobody sets).
struct NamedValue {
  std::string_view name;
  std::optional<std::string_view> value;
  const Node* node = nullptr;
  Span key_span;
};

struct Dependency {
  std::string_view service;
  std::string_view condition;  // "service_started", "service_healthy", ...
  bool required = true;
  bool restart = false;
  const Node* node = nullptr;
};

class Service {
 public:
  // REQUIRES: `entry` is a member of `services`.
  explicit Service(const Entry& entry) : entry_(&entry) {}

  [[nodiscard]] std::string_view name() const { return entry_->key; }
  [[nodiscard]] const Node& node() const { return entry_->value; }
  [[nodiscard]] Span key_span() const { return entry_->key_span; }
  [[nodiscard]] const Node* find(std::string_view key) const { return node().find(key); }

  [[nodiscard]] std::string_view image() const { return node().string_at("image"); }
  [[nodiscard]] std::vector<PublishedPort> ports() const;
  [[nodiscard]] std::vector<Mount> mounts() const;
  [[nodiscard]] std::vector<NamedValue> environment() const { return named("environment"); }
  [[nodiscard]] std::vector<NamedValue> labels() const { return named("labels"); }
  [[nodiscard]] std::vector<NamedValue> named(std::string_view key) const;
  [[nodiscard]] std::vector<Dependency> dependencies() const;
  [[nodiscard]] std::vector<std::string_view> networks() const;
  // The strings of a list such as cap_add, command, profiles; empty when there is none.
  [[nodiscard]] std::vector<std::string_view> list(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const;

 private:
  const Entry* entry_;
};

}  // namespace selvage::stack
