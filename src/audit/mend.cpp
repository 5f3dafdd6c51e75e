#include "audit/mend.hpp"

#include <algorithm>
#include <map>

#include "stack/edit.hpp"

namespace selvage::audit {

namespace {

using Texts = std::map<std::string, std::string, std::less<>>;  // file name -> bytes as mended

bool may(FixKind kind, FixKind most) {
  return kind == FixKind::safe || (kind == FixKind::behaviour && most == FixKind::behaviour);
}

const stack::Node* value_at(const stack::Document& document, const stack::NodePath& path) {
  const stack::Node* node = &document.root;
  for (const std::string& step : path) {
    if (node != nullptr) node = node->at({step});
  }
  return node;
}

std::unexpected<Error> overtaken() {
  return fail(ErrorKind::conflict, "audit.mend", "another edit has changed this place",
              "audit again");
}

// An edit that came before may have changed what this one replaces: then they must agree.
Result<void> set(stack::Edits& edits, const stack::Document& document, const Change& change) {
  const stack::Node* there = value_at(document, change.path);
  if (there != nullptr && there->span.bytes() != change.was) {
    const auto wanted = TRY(stack::parse_yaml(
        std::make_shared<stack::Text>("the new value", change.yaml), {.merge_keys = false}));
    if (!wanted.empty() && stack::same_value(*there, wanted[0].root)) return {};
    return overtaken();
  }
  return edits.set(change.path, change.yaml);
}

Result<void> remove(stack::Edits& edits, const stack::Document& document, const Change& change) {
  const stack::Node* there = value_at(document, change.path);
  if (there != nullptr && there->span.bytes() != change.was) return overtaken();
  return edits.remove(change.path);
}

// Adds a member; when there is a mapping of that name already, what the new one holds goes into it.
Result<void> add(stack::Edits& edits, const stack::Document& document, const Change& change) {
  stack::NodePath inside = change.path;
  inside.push_back(change.key);
  const stack::Node* there = value_at(document, inside);
  if (there == nullptr) return edits.add(change.path, change.key, change.yaml);
  const auto fragment = TRY(stack::parse_yaml(
      std::make_shared<stack::Text>("the new value", change.yaml), {.merge_keys = false}));
  const bool joins = there->is_mapping() && !fragment.empty() && fragment[0].root.is_mapping();
  if (!joins) return overtaken();
  for (const stack::Entry& entry : fragment[0].root.entries) {
    if (there->find(entry.key) != nullptr) continue;
    TRY(edits.add(inside, entry.key, entry.value.span.bytes()));
  }
  return {};
}

Result<std::string> changed(const std::string& name, const std::string& bytes,
                            const Change& change) {
  const auto documents =
      TRY(stack::parse_yaml(std::make_shared<stack::Text>(name, bytes), {.merge_keys = false}));
  if (documents.size() != 1) {
    return fail(ErrorKind::unsupported, "audit.mend", "the file holds several documents",
                "mend it by hand");
  }
  stack::Edits edits(documents.front());
  switch (change.kind) {
    case Change::Kind::set:
      TRY(set(edits, documents.front(), change));
      break;
    case Change::Kind::add:
      TRY(add(edits, documents.front(), change));
      break;
    case Change::Kind::append:
      TRY(edits.append(change.path, change.yaml));
      break;
    case Change::Kind::remove:
      TRY(remove(edits, documents.front(), change));
      break;
  }
  return edits.apply();
}

Result<Texts> with(Texts texts, const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    const auto file = texts.find(change.file);
    SELVAGE_CHECK(file != texts.end());
    file->second = TRY(changed(file->first, file->second, change));
  }
  return texts;
}

}  // namespace

namespace {

bool inside_a_character(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

// The one stretch of bytes in which both differ.
Replacement replacement_of(const MendedFile& file) {
  const std::string_view a = file.before;
  const std::string_view b = file.after;
  std::size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  while (head > 0 && (inside_a_character(a, head) || inside_a_character(b, head))) --head;
  std::size_t tail = 0;
  while (tail < a.size() - head && tail < b.size() - head &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  while (tail > 0 && inside_a_character(a, a.size() - tail)) --tail;
  const stack::Text text(file.name, file.before);
  const stack::Place begin = text.place(head);
  const stack::Place end = text.place(a.size() - tail);
  return {{file.name, begin.line, begin.column, end.line, end.column},
          std::string(b.substr(head, b.size() - tail - head))};
}

}  // namespace

Mending mend(const Stack& stack, std::span<const Finding> findings, FixKind most) {
  Mending result;
  Texts texts;
  for (const stack::StackFile& file : stack.project.files) {
    if (file.text != nullptr) texts.emplace(file.text->name(), file.text->bytes());
  }
  for (const Finding& finding : findings) {
    if (finding.changes.empty() || !may(finding.rule->fix, most)) continue;
    auto next = with(texts, finding.changes);
    if (!next) {
      result.refused.push_back({&finding, next.error().describe()});
      continue;
    }
    texts = *std::move(next);
    ++result.mended;
  }
  for (const stack::StackFile& file : stack.project.files) {
    if (file.text == nullptr) continue;
    const std::string& name = file.text->name();
    const auto found = texts.find(name);
    if (found == texts.end()) continue;  // the same file, read twice
    if (found->second != file.text->bytes()) {
      result.files.push_back({name, file.path, std::string(file.text->bytes()), found->second});
    }
    texts.erase(found);
  }
  return result;
}

void add_replacements(const Stack& stack, Report& report) {
  std::size_t count = 0;
  for (Finding& finding : report.findings) {
    if (finding.changes.empty()) continue;
    if (++count > kMaxReplacements) return;
    for (const MendedFile& file : mend(stack, {&finding, 1}, FixKind::behaviour).files) {
      finding.replacements.push_back(replacement_of(file));
    }
  }
}

}  // namespace selvage::audit
