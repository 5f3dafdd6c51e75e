// What every key of a Compose file may hold, and what it becomes in the model.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace selvage::stack::detail {

// What a value is in the model, with how `docker compose config --format json` shows it: "kept"
// shows even what is empty, zero or false.
enum class Type : std::uint8_t {
  any,  // taken and not shown
  text,
  text_kept,
  flag,
  flag_kept,  // also when false
  whole,
  whole_kept,
  natural,  // whole and not negative
  natural_kept,
  real,
  texts,  // list of strings
  text_or_list,
  numbers,        // list of strings or numbers, as strings
  mapping,        // NAME=VALUE as strings; null is ""
  environment,    // as above; null stays
  options,        // mapping only
  multi_options,  // each value a list
  hosts,          // sorted list of NAME=ADDRESS
  duration,
  duration_kept,
  bytes,        // a string of digits
  command,      // list; a string is split as a shell would; shown as null when absent
  health_test,  // list; a string becomes CMD-SHELL
  cpus,
  count,  // "all" is -1
  mode,   // octal
  structure,
  structure_kept,  // shown as {} when absent
  list_of,
  map_of,
  ssh,
};

// Kinds of YAML that the schema takes.
enum Kinds : std::uint8_t { S = 1, I = 2, N = 4 | I, B = 8, Z = 16, L = 32, M = 64 };

struct Structure;

struct Field {
  std::string_view key;
  Type type;
  int kinds;                      // of Kinds; 0: anything
  const Structure* of = nullptr;  // structure, list_of, map_of
  std::string_view choices = {};  // "bind|volume", for texts
  bool required = false;
  bool unique = false;             // the elements of a list
  std::string_view shown_as = {};  // when `config` prints another key
};

struct Structure {
  std::string_view name;
  std::span<const Field> fields;
  bool extensions = true;  // x-* is allowed
  bool open = false;       // and any other key

  [[nodiscard]] const Field* find(std::string_view key) const {
    for (const Field& field : fields) {
      if (field.key == key) return &field;
    }
    return nullptr;
  }
};

// The top level: name, services, networks, ...
[[nodiscard]] const Structure& project_structure();
[[nodiscard]] const Structure& service_structure();

}  // namespace selvage::stack::detail
