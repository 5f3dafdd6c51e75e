// Images: what runs, and whether it is the same tomorrow.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "audit/detail/origin.hpp"
#include "audit/sightings.hpp"
#include "audit/stack.hpp"
#include "base/text.hpp"

namespace selvage::audit {

namespace {

constexpr std::array<std::string_view, 16> kMoving = {
    "latest",  "stable", "edge",    "main",  "master", "nightly", "dev",     "develop",
    "rolling", "next",   "current", "alpha", "beta",   "canary",  "testing", "release"};

bool moves(const ImageName& image) {
  return image.digest.empty() &&
         (image.tag.empty() || std::ranges::find(kMoving, image.tag) != kMoving.end());
}

// The uses of variables in a service's image.
std::vector<const stack::VariableUse*> variables_of(const Stack& stack, const Service& service) {
  std::vector<const stack::VariableUse*> uses;
  const stack::Node* image = service.find("image");
  for (const stack::VariableUse& use : stack.project.variables) {
    if (image != nullptr && image->span.known() && use.where == image->span) uses.push_back(&use);
  }
  return uses;
}

// The version comes from a variable that nobody sets, so the file's fallback decides.
bool left_to_fallback(const Stack& stack, const Service& service) {
  return std::ranges::any_of(variables_of(stack, service), [](const stack::VariableUse* use) {
    return !use->value || use->placeholder;
  });
}

// Services whose image is pulled, not built here.
std::vector<Service> pulled(const Stack& stack) {
  std::vector<Service> services = stack.services();
  std::erase_if(services, [](const Service& service) {
    return service.image().empty() || service.find("build") != nullptr;
  });
  return services;
}

void mutable_tag(const Stack& stack, Sightings& out) {
  for (const Service& service : pulled(stack)) {
    const ImageName image = service.image_name();
    if (!moves(image) || left_to_fallback(stack, service)) continue;
    out.in(service, service.find("image"), fmt::format("image {}", image.repository),
           image.tag.empty()
               ? fmt::format("{} has no tag, which means latest", image.text)
               : fmt::format("{} is whatever the tag {} means that day", image.text, image.tag));
  }
}

void variable_tag(const Stack& stack, Sightings& out) {
  for (const Service& service : pulled(stack)) {
    for (const stack::VariableUse* use : variables_of(stack, service)) {
      const bool moving = use->form == stack::VariableUse::Form::fallback &&
                          (std::ranges::find(kMoving, use->argument) != kMoving.end() ||
                           (use->argument.contains('/') && moves(parse_image(use->argument))));
      const bool empty = !use->value && use->form == stack::VariableUse::Form::plain;
      if (!moving && !empty) continue;
      out.in(service, service.find("image"), fmt::format("image ${}", use->name),
             moving ? fmt::format("Without {} the version is {}", use->name, use->argument)
                    : fmt::format("{} is not set, so the version is missing", use->name))
          .how =
          fmt::format("Write ${{{}:?set the version}} and set it in the env file.", use->name);
    }
  }
}

void no_digest(const Stack& stack, Sightings& out) {
  for (const Service& service : pulled(stack)) {
    const ImageName image = service.image_name();
    if (!image.digest.empty() || moves(image) || left_to_fallback(stack, service)) continue;
    out.in(service, service.find("image"), fmt::format("image {}", image.repository),
           fmt::format("{} may be pushed again with other content", image.text));
  }
}

void registry(const Stack& stack, Sightings& out) {
  const auto& allowed = stack.choices.registries;
  if (allowed.empty()) return;
  for (const Service& service : pulled(stack)) {
    const ImageName image = service.image_name();
    const std::string full = image.registry + "/" + image.repository;
    const bool known = std::ranges::any_of(allowed, [&](const std::string& place) {
      return full == place || full.starts_with(place + (place.ends_with('/') ? "" : "/"));
    });
    if (known) continue;
    out.in(service, service.find("image"), fmt::format("image {}", full),
           fmt::format("{} comes from {}, which the policy does not list", image.text,
                       image.registry));
  }
}

std::optional<int> major_of(std::string_view tag) {
  if (tag.starts_with('v')) tag.remove_prefix(1);
  int major = 0;
  const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), major);
  // a date or a commit is no version
  if (error != std::errc() || major > 1000) return std::nullopt;
  return major;
}

void end_of_life(const Stack& stack, Sightings& out) {
  for (const Service& service : stack.services()) {
    const ImageName image = service.image_name();
    for (const EndOfLife& ended : ended_images()) {
      if (image.name != ended.name) continue;
      const auto major = major_of(image.tag);
      if (ended.last_major >= 0 && (!major || *major > ended.last_major)) continue;
      out.in(service, service.find("image"), fmt::format("image {}", image.repository),
             fmt::format("{}: {}", image.text, ended.what));
    }
  }
}

void pull_policy(const Stack& stack, Sightings& out) {
  for (const Service& service : pulled(stack)) {
    const std::string policy = service.text("pull_policy");
    const bool never = policy == "never";
    if (!never && !(policy == "always" && moves(service.image_name()))) continue;
    out.in(service, service.find("pull_policy"), "pull_policy",
           never ? fmt::format("{} is never pulled, so a new host cannot start it", service.name())
                 : fmt::format("{} is another version at each start", service.name()));
  }
}

constexpr Rule kRules[] = {
    {"img-mutable-tag", Severity::high, FixKind::proposal, "An image is named by a moving tag",
     "The next pull may bring another version, on one host and not on the other; nobody can say "
     "what ran yesterday or go back to it.",
     "Write the version that is in use, best with its digest.",
     "CIS Docker Benchmark 4.1; Docker "
     "build best practices, pin base image versions",
     "image: redis:latest", "image: redis:7.4.1", mutable_tag},
    {"img-var-tag", Severity::medium, FixKind::proposal,
     "The image's version is left to a fallback that moves",
     "Where the variable is forgotten, the stack starts anyway, with a version nobody chose.",
     "Write ${VERSION:?set the version}, so that a missing variable stops the start.",
     "Compose specification, interpolation", "image: acme/api:${API_VERSION:-latest}",
     "image: acme/api:${API_VERSION:?set the version}", variable_tag},
    {"img-no-digest", Severity::medium, FixKind::safe, "An image is not pinned by digest",
     "A tag can be pushed again, by its owner or by who stole the account; a digest names the "
     "content itself.",
     "Append the digest: docker buildx imagetools inspect IMAGE shows it.",
     "NIST SP 800-190 4.1.5; SLSA", "image: redis:7.4.1",
     "image: redis:7.4.1@sha256:c1e88455c85225310bbea54816e9c3f4b5295815e6dbf80c34d40afc6df28275",
     no_digest},
    {"img-registry", Severity::low, FixKind::none, "An image comes from an unlisted registry",
     "The policy says whose images may run here.",
     "Use an image of a listed registry, or add this one under choices.registries.",
     "CIS Docker Benchmark 4.2", "image: quay.io/acme/api:1.4", "image: ghcr.io/acme/api:1.4",
     registry},
    {"img-eol", Severity::medium, FixKind::proposal, "An image's version gets no mends any more",
     "Holes that are found from now on stay open.", "Move to a version that is maintained.",
     "Release calendars of the projects", "image: postgres:12.22", "image: postgres:17.2",
     end_of_life},
    {"img-pull", Severity::low, FixKind::safe, "The pull policy contradicts pinning",
     "A start must neither need an image that only one host has nor bring a new version.",
     "Remove pull_policy, or write missing.", "Compose specification, pull_policy",
     "image: acme/api:1.4\npull_policy: never", "image: acme/api:1.4", pull_policy},
};

}  // namespace

RuleTable images_rules() { return {kRules}; }

}  // namespace selvage::audit
