#include <algorithm>

#include "net/http_server.hpp"

namespace selvage::net {

namespace {

// The part of `path` before its next '/', which is taken off together with it.
std::string_view take_segment(std::string_view& path) {
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(std::min(path.size(), end + 1));
  return segment;
}

}  // namespace

void Router::add(Route route) {
  SELVAGE_CHECK(route.pattern.starts_with('/') && route.handler);
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  const Route* const added = routes_.back().get();

  const bool is_plain = added->pattern.find('{') == std::string::npos;
  Place& place = is_plain ? plain_[added->pattern] : pattern_place(added->pattern);
  for (const Route* other : place.routes) SELVAGE_CHECK(other->method != added->method);
  place.routes.push_back(added);
}

Router::Place& Router::pattern_place(std::string_view pattern) {
  Place place;
  std::string_view rest = pattern.substr(1);
  while (!rest.empty()) {
    std::string_view text = take_segment(rest);
    Segment segment{Segment::Kind::fixed, std::string(text)};
    if (text.starts_with('{')) {
      SELVAGE_CHECK(text.ends_with('}') && text.size() > 2);
      text = text.substr(1, text.size() - 2);
      const bool takes_rest = text.ends_with('*');
      if (takes_rest) text.remove_suffix(1);
      SELVAGE_CHECK(!takes_rest || rest.empty());
      segment = {takes_rest ? Segment::Kind::rest : Segment::Kind::param, std::string(text)};
    }
    place.segments.push_back(std::move(segment));
  }
  // Two patterns that differ only in their parameters' names would hide each other.
  const auto more_specific = [](const Segment& a, const Segment& b) {
    if (a.kind != b.kind) return a.kind < b.kind;
    return a.kind == Segment::Kind::fixed && a.text < b.text;
  };
  const auto by_specificity = [&](const Place& a, const Place& b) {
    return std::lexicographical_compare(a.segments.begin(), a.segments.end(), b.segments.begin(),
                                        b.segments.end(), more_specific);
  };
  const auto at = std::lower_bound(patterns_.begin(), patterns_.end(), place, by_specificity);
  const bool known = at != patterns_.end() && !by_specificity(place, *at);
  if (!known) return *patterns_.insert(at, std::move(place));
  const auto same_name = [](const Segment& a, const Segment& b) { return a.text == b.text; };
  SELVAGE_CHECK(std::equal(at->segments.begin(), at->segments.end(), place.segments.begin(),
                           place.segments.end(), same_name));
  return *at;
}

bool Router::Place::takes(std::string_view path, Params& params) const {
  params.clear();
  path.remove_prefix(1);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = segments[i];
    if (segment.kind == Segment::Kind::rest) {
      if (path.empty()) return false;
      params.emplace_back(segment.text, path);
      return true;
    }
    const bool last_of_path = path.find('/') == std::string_view::npos;
    const std::string_view text = take_segment(path);
    if (last_of_path != (i + 1 == segments.size())) return false;
    if (segment.kind == Segment::Kind::fixed) {
      if (text != segment.text) return false;
    } else {
      if (text.empty()) return false;
      params.emplace_back(segment.text, text);
    }
  }
  return true;
}

const Route* Router::Place::route_for(Method method) const {
  const Route* fallback = nullptr;
  for (const Route* route : routes) {
    if (route->method == method) return route;
    if (method == Method::head && route->method == Method::get) fallback = route;
  }
  return fallback;
}

std::string Router::Place::allow() const {
  std::string text;
  for (const Route* route : routes) {
    text += name(route->method);
    text += ", ";
    if (route->method == Method::get) text += "HEAD, ";
  }
  return text + "OPTIONS";
}

Router::Match Router::match(Method method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  const Place* place = nullptr;
  if (const auto plain = plain_.find(path); plain != plain_.end()) {
    place = &plain->second;
  } else {
    const auto takes = [&](const Place& candidate) { return candidate.takes(path, match.params); };
    const auto found = std::find_if(patterns_.begin(), patterns_.end(), takes);
    if (found == patterns_.end()) {
      match.params.clear();
      return match;
    }
    place = &*found;
  }
  match.path_known = true;
  match.route = place->route_for(method);
  if (match.route == nullptr) match.allow = place->allow();
  return match;
}

}  // namespace selvage::net
