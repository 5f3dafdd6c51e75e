// A service of the resolved model with what rules ask for beyond its plain members. Views: the
// project must outlive them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/image_facts.hpp"
#include "stack/service.hpp"

namespace selvage::audit {

struct HealthTest {
  const stack::Node* node = nullptr;  // the test, else the whole healthcheck
  bool disabled = false;              // NONE, or disable: true
  std::string command;                // words joined by blanks; empty when the file has no test
};

class Service : public stack::Service {
 public:
  using stack::Service::Service;

  [[nodiscard]] const stack::Node* at(std::initializer_list<std::string_view> path) const {
    return node().at(path);
  }
  // What a scalar member says; empty when there is none.
  [[nodiscard]] std::string text(std::string_view member) const;
  [[nodiscard]] std::string text_at(std::initializer_list<std::string_view> path) const;
  // The scalar items of a list member, a lone scalar as one item.
  [[nodiscard]] std::vector<const stack::Node*> items(std::string_view member) const;
  // The words of command or entrypoint, joined by blanks.
  [[nodiscard]] std::string words(std::string_view member) const;
  // Of one environment variable; nullopt when it has no value here.
  [[nodiscard]] std::optional<std::string> variable(std::string_view variable_name) const;
  [[nodiscard]] std::optional<HealthTest> health_test() const;
  [[nodiscard]] ImageName image_name() const { return parse_image(image()); }
  [[nodiscard]] const ImageFacts& facts() const { return facts_of(image_name()); }
  [[nodiscard]] std::int64_t replicas() const;
};

[[nodiscard]] bool loopback_only(const stack::PublishedPort& port);
// "127.0.0.1:8080:80", "53:53/udp"
[[nodiscard]] std::string port_text(const stack::PublishedPort& port);

// "1.5g", "512m", "300000"; nullopt for anything else.
[[nodiscard]] std::optional<std::uint64_t> compose_bytes(std::string_view text);
[[nodiscard]] std::optional<double> compose_number(std::string_view text);

}  // namespace selvage::audit
