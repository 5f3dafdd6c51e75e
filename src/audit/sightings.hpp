// Where a rule puts what it sees.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/finding.hpp"
#include "audit/service.hpp"

namespace selvage::audit {

// A service with so much wrong is told in full; what is past it would only hide the rest.
inline constexpr std::size_t kMaxSightings = 1000;

class Sightings {
 public:
  Sightings(const Rule& rule, Severity severity) : rule_(rule), severity_(severity) {}

  // `span` is shown; when no file says it, the service's name is. `what` continues
  // "services.NAME." to the finding's subject: see Finding::subject.
  Finding& in(const Service& service, const stack::Span& span, std::string_view what,
              std::string message);
  Finding& in(const Service& service, const stack::Node* node, std::string_view what,
              std::string message);
  // About the service as a whole, shown at its name.
  Finding& of(const Service& service, std::string message);
  // About something else than a service.
  Finding& at(const stack::Span& span, std::string subject, std::string message);
  // About a file as a whole, or about one that should be there.
  Finding& in_file(std::string file, std::string subject, std::string message);

  [[nodiscard]] std::vector<Finding> take() { return std::move(findings_); }

 private:
  Finding& add(Place place, std::string service, std::string subject, std::string message);

  const Rule& rule_;
  Severity severity_;
  std::vector<Finding> findings_;
  Finding beyond_;  // takes what is past kMaxSightings
};

}  // namespace selvage::audit
