#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "stack/detail/short_forms.hpp"

namespace selvage::stack::detail {

namespace {

bool is_letter(char c) {
  const char lower = to_lower_ascii(c);
  return lower >= 'a' && lower <= 'z';
}

// The sections between colons; the colon behind a drive letter is none.
std::vector<std::string_view> sections(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != ':') continue;
    if (i < text.size() && i - begin == 1 && is_letter(text[begin])) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  return parts;
}

bool is_file_path(std::string_view source) {
  if (source.empty()) return false;
  if (source[0] == '.' || source[0] == '/' || source[0] == '~') return true;
  if (source.starts_with("\\\\")) return true;
  return source.size() > 1 && is_letter(source[0]) && source[1] == ':';
}

bool is_propagation(std::string_view option) {
  for (const std::string_view each :
       {"rprivate", "private", "rshared", "shared", "rslave", "slave"}) {
    if (option == each) return true;
  }
  return false;
}

struct Options {
  bool read_only = false;
  bool no_copy = false;
  bool has_bind = false;
  std::string_view propagation;
  std::string_view selinux;
};

Options read_options(std::string_view text) {
  Options options;
  for (const std::string_view option : split(text, ',')) {
    if (option == "ro") options.read_only = true;
    if (option == "rw") options.read_only = false;
    if (option == "nocopy") options.no_copy = true;
    if (is_propagation(option)) options.propagation = option;
    if (option == "z" || option == "Z") options.selinux = option;
  }
  options.has_bind = !options.propagation.empty() || !options.selinux.empty();
  return options;
}

}  // namespace

std::string clean_path(std::string_view path) {
  const bool rooted = path.starts_with('/');
  std::vector<std::string> kept;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.emplace_back(part);
    } else if (!kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (!rooted) {
      kept.emplace_back(part);
    }
  }
  const std::string joined = (rooted ? "/" : "") + join(kept, "/");
  return joined.empty() ? "." : joined;
}

Result<Node> parse_volume(const Node& item, const Path& path) {
  const auto wrong = [&](std::string_view what) {
    return fail_at(item.span, "compose.volume",
                   fmt::format("{}: the mount {} {}", path.shown(), in_quotes(item.text), what),
                   "write \"SOURCE:TARGET:ro\", or the long form");
  };
  Node volume = Node::mapping(item.span);
  volume.origin = item.origin;
  volume.remember(Step::short_form, item.span, item.text);
  const auto with_place = [&](Node value) {
    value.span = item.span;
    value.origin = volume.origin;
    return value;
  };
  if (item.text.empty()) return wrong("is empty");
  if (item.text.size() <= 2) {
    volume.set("type", with_place(Node::string("volume")));
    volume.set("target", with_place(Node::string(item.text)));
    return volume;
  }
  const auto parts = sections(item.text);
  if (std::ranges::any_of(parts, &std::string_view::empty)) return wrong("has an empty section");
  if (parts.size() > 3) return wrong("has too many colons");
  const std::string_view source = parts.size() > 1 ? parts[0] : std::string_view{};
  const Options options = read_options(parts.size() > 2 ? parts[2] : std::string_view{});
  const bool bind = is_file_path(source);
  volume.set("type", with_place(Node::string(bind ? "bind" : "volume")));
  if (!source.empty()) volume.set("source", with_place(Node::string(std::string(source))));
  volume.set("target",
             with_place(Node::string(std::string(parts.size() > 1 ? parts[1] : parts[0]))));
  if (options.read_only) volume.set("read_only", with_place(Node::boolean(true)));
  if (bind || options.has_bind) {
    Node about = Node::mapping();
    if (!options.selinux.empty()) {
      about.set("selinux", with_place(Node::string(std::string(options.selinux))));
    }
    if (!options.propagation.empty()) {
      about.set("propagation", with_place(Node::string(std::string(options.propagation))));
    }
    if (bind) about.set("create_host_path", with_place(Node::boolean(true)));
    volume.set("bind", with_place(std::move(about)));
  }
  if (!bind || options.no_copy) {
    Node about = Node::mapping();
    if (options.no_copy) about.set("nocopy", with_place(Node::boolean(true)));
    volume.set("volume", with_place(std::move(about)));
  }
  return volume;
}

}  // namespace selvage::stack::detail
