#include "stack/detail/redaction.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "base/url_password.hpp"
#include "stack/render.hpp"

namespace selvage::stack {

namespace {

// Shorter values would be found in half of all texts.
constexpr std::size_t kShortestSecret = 6;

// Where the password of the first URL behind `from` that has one begins and ends; npos when there
// is none.
std::pair<std::size_t, std::size_t> find_url_password(std::string_view text, std::size_t from) {
  constexpr auto kNone = std::string_view::npos;
  while ((from = text.find("://", from)) != kNone) {
    const std::size_t end = std::min(text.find_first_of(" \t\n\"'", from), text.size());
    const std::string_view password = url_password(text.substr(from, end - from));
    if (!password.empty()) {
      const auto begin = static_cast<std::size_t>(password.data() - text.data());
      return {begin, begin + password.size()};
    }
    from += 3;
  }
  return {kNone, kNone};
}

}  // namespace

namespace detail {

Redaction::Redaction(const Node& project) {
  // the sections `secrets` and `configs` hold names and files
  if (const Node* services = project.find("services")) {
    for (const Entry& service : services->entries) {
      for (const Entry& entry : service.value.entries) {
        if (entry.key != "secrets") collect(entry.value, entry.key);
      }
    }
    collect_urls(*services);
  }
  // the longest first, so that no part of one is left behind
  std::ranges::sort(secrets_, [](const auto& a, const auto& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  const auto twice = std::ranges::unique(secrets_);
  secrets_.erase(twice.begin(), twice.end());
}

void Redaction::collect(const Node& node, std::string_view key) {
  if (node.is_scalar()) {
    if (names_secret(key)) add(node.text);
    return;
  }
  for (const Entry& entry : node.entries) collect(entry.value, entry.key);
  for (const Node& item : node.items) {
    const std::size_t equals = item.text.find('=');
    if (item.is_string() && equals != std::string::npos) {
      if (names_secret(item.text.substr(0, equals))) add(item.text.substr(equals + 1));
    } else {
      collect(item, {});
    }
  }
}

void Redaction::collect_urls(const Node& node) {
  if (node.is_string()) {
    for (std::size_t from = 0;;) {
      const auto [begin, end] = find_url_password(node.text, from);
      if (begin == std::string_view::npos) break;
      add(std::string_view(node.text).substr(begin, end - begin));
      from = end;
    }
  }
  for (const Entry& entry : node.entries) collect_urls(entry.value);
  for (const Node& item : node.items) collect_urls(item);
}

void Redaction::add(std::string_view secret) {
  if (secret.size() >= kShortestSecret && !secret.starts_with('/')) secrets_.emplace_back(secret);
}

void Redaction::replace(Node& node, std::string_view key) const {
  if (node.is_scalar() && !node.is_null() && names_secret(key) && !node.text.empty()) {
    node = Node::string(std::string(kRedacted), node.span);
    return;
  }
  if (node.is_string()) node.text = hidden(std::move(node.text));
  for (Entry& entry : node.entries) replace(entry.value, entry.key);
  for (Node& item : node.items) replace(item, {});
}

std::string Redaction::hidden(std::string text) const {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && names_secret(std::string_view(text).substr(0, equals)) &&
      equals + 1 < text.size()) {
    return text.substr(0, equals + 1) + std::string(kRedacted);
  }
  for (const std::string& secret : secrets_) {
    for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos;) {
      text.replace(at, secret.size(), kRedacted);
      at += kRedacted.size();
    }
  }
  for (std::size_t from = 0;;) {
    const auto [begin, end] = find_url_password(text, from);
    if (begin == std::string_view::npos) break;
    text.replace(begin, end - begin, kRedacted);
    from = begin + kRedacted.size();
  }
  return text;
}

void Redaction::apply(Node& project) const {
  for (Entry& section : project.entries) {
    if (section.key != "services") {
      for (Entry& entry : section.value.entries) replace(entry.value, {});
      continue;
    }
    for (Entry& service : section.value.entries) {
      for (Entry& entry : service.value.entries) {
        if (entry.key != "secrets") replace(entry.value, entry.key);
      }
    }
  }
}

}  // namespace detail

bool names_secret(std::string_view name) {
  const std::string upper = to_lower_ascii(name);
  if (upper.ends_with("_file") || upper.ends_with("_path")) return false;
  for (const std::string_view word :
       {"password", "passwd", "passphrase", "secret", "token", "api_key", "apikey", "access_key",
        "private_key", "credential", "dsn", "auth_key", "encryption_key", "signing_key"}) {
    if (upper.contains(word)) return true;
  }
  return upper.ends_with("_pass") || upper.ends_with("_pwd") || upper.ends_with("_key") ||
         upper == "pgpass";
}

}  // namespace selvage::stack
