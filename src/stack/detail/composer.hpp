// Puts libyaml's events of one file together to trees.
#pragma once

#include <yaml.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "stack/yaml.hpp"

namespace selvage::stack::detail {

// libyaml counts code points; spans count bytes. Keeps the byte offset of every 64th code point.
class OffsetTable {
 public:
  // `skipped`: bytes in front of what libyaml sees (a byte-order mark).
  OffsetTable(std::string_view bytes, std::size_t skipped);
  [[nodiscard]] std::uint32_t offset(std::size_t code_point) const;

 private:
  std::string_view bytes_;
  bool ascii_;
  std::size_t skipped_;
  std::vector<std::uint32_t> every_64th_;
};

// A scalar behind a tag, or none: `!!str 80` is a text, `!!int x` an error (yaml.tag).
[[nodiscard]] Result<Node> tagged_scalar(std::string_view value, bool plain, const std::string& tag,
                                         Span where);

class Composer {
 public:
  Composer(TextPtr text, const YamlOptions& options);
  ~Composer();
  Composer(const Composer&) = delete;
  Composer& operator=(const Composer&) = delete;

  Result<std::vector<Document>> documents();

 private:
  struct Size {  // of a tree, aliases expanded
    std::size_t nodes = 0;
    std::size_t bytes = 0;
    std::size_t height = 0;
  };
  struct Anchored {
    std::shared_ptr<const Node> node;
    Size size;
  };

  // Owns one event.
  struct Event;

  Result<void> next(Event& event);
  Result<Node> node(const Event& event, std::size_t depth, Size& size);
  Result<Node> alias(const Event& event, std::size_t depth, Size& size);
  Result<Node> scalar(const Event& event, Size& size);
  Result<Node> sequence(const Event& event, std::size_t depth, Size& size);
  Result<Node> mapping(const Event& event, std::size_t depth, Size& size);
  Result<void> add_entry(Node& mapping, const Event& key, Node value,
                         std::map<std::string, Span>* index);
  Result<void> spend(Size& size, std::size_t nodes, std::size_t bytes, Span where);
  Span span(const yaml_event_t& event, bool has_properties) const;
  std::unexpected<Error> syntax_error() const;

  TextPtr text_;
  YamlOptions options_;
  OffsetTable offsets_;
  yaml_parser_t parser_{};
  std::map<std::string, Anchored, std::less<>> anchors_;
  std::set<std::string, std::less<>> open_anchors_;
  Size total_;
};

}  // namespace selvage::stack::detail
