// The schema: known keys, kinds of values, allowed words.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.hpp"
#include "stack/detail/fields.hpp"
#include "stack/detail/steps.hpp"

namespace selvage::stack::detail {

namespace {

// What the reference takes for a time, which fits nowhere: 2024-01-02, 2024-1-2T03:04:05Z.
bool is_date(const Node& node) {
  const std::string_view text = node.text;
  if (!node.is_string() || node.style != Style::plain || text.size() < 8 || text[4] != '-' ||
      node.span.bytes() != text) {
    return false;
  }
  const std::string_view day = text.substr(0, text.find_first_of("Tt "));
  const auto parts = split(day, '-');
  if (parts.size() != 3 || parts[0].size() != 4) return false;
  const bool has_time = day.size() < text.size();
  if (has_time && (day.size() + 1 == text.size() || !is_digit(text[day.size() + 1]))) return false;
  return std::ranges::all_of(parts, [](std::string_view part) {
    return !part.empty() && part.size() <= 4 && std::ranges::all_of(part, is_digit);
  });
}

int kind_bits(const Node& node) {
  switch (node.kind) {
    case Kind::null:
      return Z;
    case Kind::boolean:
      return B;
    case Kind::integer:
      return I;
    case Kind::floating:
      return N & ~I;
    case Kind::string:
      return is_date(node) ? 0 : S;
    case Kind::sequence:
      return L;
    case Kind::mapping:
      return M;
  }
  return 0;
}

std::string kinds_text(int kinds) {
  std::vector<std::string> names;
  if ((kinds & S) != 0) names.emplace_back("a text");
  if ((kinds & N) == N) {
    names.emplace_back("a number");
  } else if ((kinds & I) != 0) {
    names.emplace_back("a whole number");
  }
  if ((kinds & B) != 0) names.emplace_back("true or false");
  if ((kinds & L) != 0) names.emplace_back("a list");
  if ((kinds & M) != 0) names.emplace_back("a mapping");
  if ((kinds & Z) != 0) names.emplace_back("nothing");
  return join(names, " or ");
}

std::string_view kind_text(const Node& node) {
  switch (node.kind) {
    case Kind::null:
      return "nothing";
    case Kind::boolean:
      return "true or false";
    case Kind::integer:
      return "a whole number";
    case Kind::floating:
      return "a number";
    case Kind::string:
      return is_date(node) ? "a date" : "a text";
    case Kind::sequence:
      return "a list";
    case Kind::mapping:
      return "a mapping";
  }
  return "";
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    const char lower = to_lower_ascii(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '.' || c == '_' || c == '-';
  });
}

// How many letters to change, add or leave out; only small numbers matter.
std::size_t distance(std::string_view a, std::string_view b) {
  if (a.size() > 40 || b.size() > 40) return 99;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

class Checker {
 public:
  Result<void> structure(const Node& node, const Structure& about) {
    for (const Entry& entry : node.entries) {
      if (about.extensions && entry.key.starts_with("x-")) continue;
      const Field* field = about.find(entry.key);
      if (field == nullptr) {
        if (about.open) continue;
        return unknown_key(entry, about);
      }
      const PathStep step(path_, std::string_view(entry.key));
      TRY(value(entry.value, *field));
    }
    for (const Field& field : about.fields) {
      if (!field.required || node.find(field.key) != nullptr) continue;
      return fail_at(node.span, "compose.type",
                     fmt::format("{} lacks `{}`", path_.shown(), field.key),
                     fmt::format("add `{}:`", field.key));
    }
    return {};
  }

 private:
  std::unexpected<Error> unknown_key(const Entry& entry, const Structure& about) {
    const auto closest = std::ranges::min_element(
        about.fields, {}, [&](const Field& field) { return distance(field.key, entry.key); });
    std::string place = path_.shown();
    return fail_at(entry.key_span, "compose.unknown_key",
                   fmt::format("{}{} is no key of a {}", place.empty() ? "" : place + ": ",
                               in_quotes(entry.key), about.name),
                   distance(closest->key, entry.key) <= 2
                       ? fmt::format("do you mean `{}`?", closest->key)
                       : "remove it, or begin its name with x-");
  }

  std::unexpected<Error> wrong_kind(const Node& node, int kinds) {
    return fail_at(
        node.span, "compose.type",
        fmt::format("{} must be {}, not {}", path_.shown(), kinds_text(kinds), kind_text(node)),
        (kinds & S) != 0 && node.is_scalar() && !node.is_null()
            ? fmt::format("put it in quotes: \"{}\"", node.text)
            : "write it as Compose's reference says");
  }

  Result<void> value(const Node& node, const Field& field) {
    if (field.kinds != 0 && (kind_bits(node) & field.kinds) == 0) {
      return wrong_kind(node, field.kinds);
    }
    if (!field.choices.empty() && !holds_placeholder(node)) {
      const auto words = split(field.choices, '|');
      if (std::ranges::find(words, node.text) == words.end()) {
        return fail_at(node.span, "compose.type",
                       fmt::format("{} is {}, which is none of {}", path_.shown(),
                                   in_quotes(node.text), field.choices),
                       "choose one of them");
      }
    }
    if (!holds_placeholder(node)) TRY(pattern(node, field));
    if (field.unique && node.is_sequence()) TRY(unique(node));
    switch (field.type) {
      case Type::structure:
      case Type::structure_kept:
        return node.is_mapping() ? structure(node, *field.of) : Result<void>{};
      case Type::list_of:
        return elements(node, field);
      case Type::map_of:
        return members(node, field);
      case Type::texts:
      case Type::text_or_list:
      case Type::command:
      case Type::health_test:
        return scalars(node, S);
      case Type::numbers:
        return scalars(node, S | N);
      case Type::mapping:
      case Type::environment:
        return scalars(node, node.is_sequence() ? S : S | N | B | Z);
      case Type::options:
        return scalars(node, S | N | Z);
      case Type::any:
      case Type::text:
      case Type::text_kept:
      case Type::flag:
      case Type::flag_kept:
      case Type::whole:
      case Type::whole_kept:
      case Type::natural:
      case Type::natural_kept:
      case Type::real:
      case Type::multi_options:
      case Type::hosts:
      case Type::duration:
      case Type::duration_kept:
      case Type::bytes:
      case Type::cpus:
      case Type::count:
      case Type::mode:
      case Type::ssh:
        return {};
    }
    return {};
  }

  // The reference looks for these anywhere in the text.
  Result<void> pattern(const Node& node, const Field& field) {
    const std::string& text = node.text;
    if (field.key == "container_name") {
      for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        if (is_name(text.substr(i, 2)) && !std::string_view("._-").contains(text[i])) return {};
      }
      return fail_at(
          node.span, "compose.type",
          fmt::format("{} is {}, which is no name of a container", path_.shown(), in_quotes(text)),
          "use two or more letters, digits, and . _ -");
    }
    if (field.key == "pull_policy") {
      for (const std::string_view word : {"always", "never", "build", "if_not_present", "missing",
                                          "refresh", "daily", "weekly", "every_"}) {
        if (text.contains(word)) return {};
      }
      return fail_at(node.span, "compose.type",
                     fmt::format("{} is {}, which is no policy", path_.shown(), in_quotes(text)),
                     "use always, never, missing, build, daily, weekly or every_<duration>");
    }
    return {};
  }

  Result<void> scalars(const Node& node, int kinds) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const PathStep step(path_, i);
      if ((kind_bits(node.items[i]) & kinds) == 0) return wrong_kind(node.items[i], kinds);
    }
    for (const Entry& entry : node.entries) {
      const PathStep step(path_, std::string_view(entry.key));
      if ((kind_bits(entry.value) & kinds) == 0) return wrong_kind(entry.value, kinds);
    }
    return {};
  }

  Result<void> elements(const Node& node, const Field& field) {
    // hooks and watches have no short form; ports may be numbers
    const bool short_form = !field.of->fields.empty() && field.key != "watch" &&
                            field.key != "post_start" && field.key != "pre_stop";
    const int kinds = M | (short_form ? S : 0) | (field.key == "ports" ? N : 0);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const PathStep step(path_, i);
      const Node& item = node.items[i];
      if ((kind_bits(item) & kinds) == 0) return wrong_kind(item, kinds);
      if (item.is_mapping()) TRY(structure(item, *field.of));
    }
    return {};
  }

  Result<void> members(const Node& node, const Field& field) {
    if (node.is_sequence()) return scalars(node, S);
    int kinds = M;
    if (field.key == "networks" || field.key == "volumes") kinds |= Z;
    if (field.key == "models" && path_.size() > 1) kinds |= Z;
    if (field.key == "services") kinds |= Z;
    if (field.key == "ulimits") kinds |= I | S;
    for (const Entry& entry : node.entries) {
      if (path_.size() == 1 && !is_name(entry.key)) {
        return fail_at(entry.key_span, "compose.unknown_key",
                       fmt::format("{} is no name of a {}", in_quotes(entry.key), field.of->name),
                       "use letters, digits, and . _ -");
      }
      const PathStep step(path_, std::string_view(entry.key));
      if ((kind_bits(entry.value) & kinds) == 0) return wrong_kind(entry.value, kinds);
      if (entry.value.is_mapping()) TRY(structure(entry.value, *field.of));
    }
    return {};
  }

  Result<void> unique(const Node& list) {
    std::unordered_map<std::string, const Node*> seen;
    for (const Node& item : list.items) {
      if (!item.is_scalar()) continue;
      const auto [first, is_new] = seen.emplace(scalar_text(item), &item);
      if (is_new) continue;
      return fail_at(item.span, "compose.type",
                     fmt::format("{} holds {} twice; the first is at {}", path_.shown(),
                                 in_quotes(item.text), first->second->span.where()),
                     "remove one of the two");
    }
    return {};
  }

  Path path_;
};

}  // namespace

Result<void> check_fields(const Node& model) {
  return Checker().structure(model, project_structure());
}

}  // namespace selvage::stack::detail
