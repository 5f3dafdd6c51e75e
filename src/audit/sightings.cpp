#include "audit/sightings.hpp"

#include <fmt/format.h>

#include "audit/detail/place.hpp"

namespace selvage::audit {

Finding& Sightings::add(Place place, std::string service, std::string subject,
                        std::string message) {
  if (findings_.size() >= kMaxSightings) return beyond_ = {};
  findings_.push_back({.rule = &rule_,
                       .severity = severity_,
                       .place = std::move(place),
                       .service = std::move(service),
                       .message = std::move(message),
                       .subject = std::move(subject)});
  return findings_.back();
}

Finding& Sightings::in(const Service& service, const stack::Span& span, std::string_view what,
                       std::string message) {
  std::string subject = fmt::format("services.{}", service.name());
  if (!what.empty()) subject += fmt::format(".{}", what);
  return add(place_of(span.known() ? span : service.key_span()), std::string(service.name()),
             std::move(subject), std::move(message));
}

Finding& Sightings::in(const Service& service, const stack::Node* node, std::string_view what,
                       std::string message) {
  stack::Span span = node == nullptr ? stack::Span{} : node->span;
  // a block begins on the line below its key, which is what a person looks for
  for (const stack::Entry& entry : service.node().entries) {
    if (&entry.value == node && node->style == stack::Style::block) span = entry.key_span;
  }
  return in(service, span, what, std::move(message));
}

Finding& Sightings::of(const Service& service, std::string message) {
  return in(service, service.key_span(), "", std::move(message));
}

Finding& Sightings::at(const stack::Span& span, std::string subject, std::string message) {
  return add(place_of(span), "", std::move(subject), std::move(message));
}

Finding& Sightings::in_file(std::string file, std::string subject, std::string message) {
  return add({.file = std::move(file)}, "", std::move(subject), std::move(message));
}

}  // namespace selvage::audit
