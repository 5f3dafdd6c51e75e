// Every field in the type that the model has.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "base/text.hpp"
#include "stack/detail/fields.hpp"
#include "stack/detail/quantities.hpp"
#include "stack/detail/steps.hpp"

namespace selvage::stack::detail {

namespace {

class Binder {
 public:
  Result<void> structure(Node& node, const Structure& about) {
    for (Entry& entry : node.entries) {
      const Field* field = about.find(entry.key);
      if (field == nullptr) continue;
      const PathStep step(path_, std::string_view(entry.key));
      TRY(value(entry.value, *field));
    }
    return {};
  }

 private:
  std::unexpected<Error> unfit(const Node& node, std::string_view wanted) {
    return fail_at(
        node.span, "compose.type",
        fmt::format("{} must be {}, not {}", path_.shown(), wanted, in_quotes(node.text)),
        "mend the value");
  }

  Result<void> value(Node& node, const Field& field) {
    if (node.is_null() && field.type != Type::list_of) return {};
    // a placeholder cannot be judged and stays the text that it is
    if (node.is_scalar() && holds_placeholder(node)) return {};
    switch (field.type) {
      case Type::any:
        return {};
      case Type::text:
      case Type::text_kept:
        to_string(node);
        return {};
      case Type::flag:
      case Type::flag_kept:
        return to_flag(node);
      case Type::whole:
      case Type::whole_kept:
        return to_whole(node);
      case Type::natural:
      case Type::natural_kept:
        TRY(to_whole(node));
        if (node.integer < 0) return unfit(node, "0 or more");
        return {};
      case Type::real:
      case Type::cpus:
        return to_real(node);
      case Type::texts:
      case Type::numbers:
        for (Node& item : node.items) to_string(item);
        return {};
      case Type::text_or_list:
        to_list(node);
        for (Node& item : node.items) to_string(item);
        return {};
      case Type::mapping:
        return to_mapping(node, false);
      case Type::environment:
        return to_mapping(node, true);
      case Type::options:
        for (Entry& entry : node.entries) to_string(entry.value);
        return {};
      case Type::multi_options:
        for (Entry& entry : node.entries) {
          to_list(entry.value);
          for (Node& item : entry.value.items) to_string(item);
        }
        return {};
      case Type::hosts:
        return to_hosts(node);
      case Type::duration:
      case Type::duration_kept:
        return to_duration(node);
      case Type::bytes:
        return to_bytes(node);
      case Type::command:
        return to_command(node);
      case Type::health_test:
        return to_health_test(node);
      case Type::count:
        return to_count(node);
      case Type::mode:
        return to_mode(node);
      case Type::structure:
      case Type::structure_kept:
        return structure(node, *field.of);
      case Type::list_of:
        return elements(node, field);
      case Type::map_of:
        return members(node, field);
      case Type::ssh:
        return to_ssh(node);
    }
    return {};
  }

  static void to_string(Node& node) {
    if (node.is_string() || !node.is_scalar()) return;
    node.text = go_text(node);
    node.kind = Kind::string;
  }

  static void become(Node& node, Node value, std::string_view why) {
    value.span = node.span;
    value.style = node.style;
    value.tag = node.tag;
    value.origin = node.origin;
    value.remember(Step::normalised, node.span, fmt::format("{} {}", why, node.text));
    node = std::move(value);
  }

  static void to_list(Node& node) {
    if (!node.is_scalar()) return;
    Node list = Node::sequence(node.span);
    list.origin = node.origin;
    list.items.push_back(std::move(node));
    node = std::move(list);
  }

  Result<void> to_flag(Node& node) {
    if (node.kind == Kind::boolean) return {};
    const std::string text = to_lower_ascii(node.text);
    const bool yes = text == "true" || text == "y" || text == "yes" || text == "on";
    const bool no = text == "false" || text == "n" || text == "no" || text == "off";
    if (!node.is_string() || (!yes && !no)) return unfit(node, "true or false");
    node.kind = Kind::boolean;
    node.flag = yes;
    return {};
  }

  Result<void> to_whole(Node& node) {
    if (node.kind == Kind::integer) return {};
    if (node.kind == Kind::floating &&
        node.number == static_cast<double>(static_cast<std::int64_t>(node.number))) {
      node.kind = Kind::integer;
      node.integer = static_cast<std::int64_t>(node.number);
      return {};
    }
    std::int64_t value = 0;
    const char* end = node.text.data() + node.text.size();
    const auto [stop, error] = std::from_chars(node.text.data(), end, value);
    if (!node.is_string() || error != std::errc{} || stop != end) {
      return unfit(node, "a whole number");
    }
    node.kind = Kind::integer;
    node.integer = value;
    node.number = static_cast<double>(value);
    return {};
  }

  Result<void> to_real(Node& node) {
    if (node.is_string()) {
      double value = 0;
      const char* end = node.text.data() + node.text.size();
      const auto [stop, error] = std::from_chars(node.text.data(), end, value);
      if (error != std::errc{} || stop != end) return unfit(node, "a number");
      node.number = value;
    }
    node.kind = Kind::floating;
    // the reference keeps 32 bits of it
    node.number = static_cast<double>(static_cast<float>(node.number));
    return {};
  }

  // A list of NAME=VALUE, or a mapping of scalars, to a mapping of strings.
  Result<void> to_mapping(Node& node, bool keep_null) {
    if (node.is_sequence()) {
      Node map = Node::mapping(node.span);
      map.origin = node.origin;
      std::unordered_map<std::string, std::size_t> index;
      for (Node& item : node.items) {
        const std::string text = go_text(item);
        const std::size_t equals = text.find('=');
        const std::string name = text.substr(0, equals);
        if (keep_null && !name.empty() && std::string_view(" \t\r\n\v\f").contains(name.back())) {
          return fail_at(
              item.span, "compose.type",
              fmt::format("{}: the name {} ends in a blank", path_.shown(), in_quotes(name)),
              "remove the blank before the =");
        }
        Node value = equals == std::string::npos
                         ? (keep_null ? Node::null_value() : Node::string(""))
                         : Node::string(text.substr(equals + 1));
        value.span = item.span;
        value.origin = std::move(item.origin);
        const auto [known, is_new] = index.emplace(name, map.entries.size());
        if (is_new) {
          map.entries.push_back({name, item.span, std::move(value)});
        } else {
          map.entries[known->second].key_span = item.span;
          map.entries[known->second].value = std::move(value);
        }
      }
      node = std::move(map);
      return {};
    }
    for (Entry& entry : node.entries) {
      if (entry.value.is_null()) {
        if (!keep_null) {
          entry.value.kind = Kind::string;
          entry.value.text.clear();
        }
      } else {
        to_string(entry.value);
      }
    }
    return {};
  }

  Result<void> to_hosts(Node& node) {
    std::vector<Node> hosts;
    const auto add = [&](std::string_view name, std::string_view addresses, const Node& from,
                         bool several) -> Result<void> {
      if (name.empty() || name.find_first_of(":=") != std::string_view::npos) {
        return fail_at(from.span, "compose.type",
                       fmt::format("{}: {} is no name of a host", path_.shown(), in_quotes(name)),
                       "write NAME=ADDRESS");
      }
      for (std::string_view ip :
           several ? split(addresses, ',') : std::vector<std::string_view>{addresses}) {
        if (ip.size() > 2 && ip.front() == '[' && ip.back() == ']') {
          ip = ip.substr(1, ip.size() - 2);
        }
        hosts.push_back(Node::string(fmt::format("{}={}", name, ip), from.span));
        hosts.back().origin = from.origin;
      }
      return {};
    };
    for (const Node& item : node.items) {
      const std::string text = go_text(item);
      std::size_t separator = text.find('=');
      if (separator == std::string::npos) separator = text.find(':');
      if (separator == std::string::npos) return unfit(item, "NAME=ADDRESS");
      TRY(add(std::string_view(text).substr(0, separator),
              std::string_view(text).substr(separator + 1), item, true));
    }
    for (const Entry& entry : node.entries) {
      if (!entry.value.is_sequence()) {
        TRY(add(entry.key, go_text(entry.value), entry.value, false));
      }
      for (const Node& item : entry.value.items) TRY(add(entry.key, go_text(item), item, false));
    }
    std::ranges::sort(hosts, {}, &Node::text);
    node.kind = Kind::sequence;
    node.entries.clear();
    node.items = std::move(hosts);
    return {};
  }

  Result<void> to_duration(Node& node) {
    const auto value = parse_duration(go_text(node));
    if (!value) return unfit(node, "a duration such as 1m30s");
    become(node, Node::string(duration_text(*value)), "from");
    return {};
  }

  Result<void> to_bytes(Node& node) {
    std::int64_t value = node.integer;
    if (node.is_string()) {
      const auto size = parse_size(node.text);
      if (!size) return unfit(node, "a size such as 512m");
      value = *size;
    } else if (node.kind == Kind::floating) {
      value = 0;  // the reference loses it, too
    }
    become(node, Node::string(std::to_string(value)), "from");
    return {};
  }

  Result<void> to_command(Node& node) {
    if (!node.is_string()) return {};
    const auto words = shell_words(node.text);
    if (!words) return unfit(node, "a command line whose quotes end");
    Node list = Node::sequence(node.span);
    list.origin = node.origin;
    list.remember(Step::short_form, node.span, node.text);
    for (const std::string& word : *words) list.items.push_back(Node::string(word, node.span));
    node = std::move(list);
    return {};
  }

  Result<void> to_health_test(Node& node) {
    if (!node.is_string()) return {};
    Node list = Node::sequence(node.span);
    list.origin = node.origin;
    list.remember(Step::short_form, node.span, node.text);
    list.items.push_back(Node::string("CMD-SHELL", node.span));
    list.items.push_back(std::move(node));
    node = std::move(list);
    return {};
  }

  Result<void> to_count(Node& node) {
    if (node.is_string() && equals_icase(node.text, "all")) {
      become(node, Node::whole(-1), "from");
      return {};
    }
    return to_whole(node);
  }

  Result<void> to_mode(Node& node) {
    std::int64_t value = node.integer;
    if (node.is_string()) {
      const char* end = node.text.data() + node.text.size();
      const auto [stop, error] = std::from_chars(node.text.data(), end, value, 8);
      if (error != std::errc{} || stop != end) return unfit(node, "an octal mode such as \"0440\"");
    }
    become(node, Node::string(fmt::format("0{:o}", value)), "from");
    return {};
  }

  // {id: path} to a list of "id: path".
  Result<void> to_ssh(Node& node) {
    Node list = Node::sequence(node.span);
    list.origin = node.origin;
    for (const Entry& entry : node.entries) {
      list.items.push_back(
          Node::string(entry.value.is_null() ? entry.key : entry.key + ": " + go_text(entry.value),
                       entry.value.span));
    }
    node = std::move(list);
    return {};
  }

  Result<void> elements(Node& node, const Field& field) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const PathStep step(path_, i);
      if (node.items[i].is_mapping()) TRY(structure(node.items[i], *field.of));
    }
    return {};
  }

  Result<void> members(Node& node, const Field& field) {
    for (Entry& entry : node.entries) {
      const PathStep step(path_, std::string_view(entry.key));
      if (field.key == "ulimits" && entry.value.is_scalar()) {
        TRY(to_whole(entry.value));
      } else if (entry.value.is_mapping()) {
        TRY(structure(entry.value, *field.of));
      }
    }
    return {};
  }

  Path path_;
};

}  // namespace

Result<void> bind_fields(Node& model, Loading&) {
  return Binder().structure(model, project_structure());
}

}  // namespace selvage::stack::detail
