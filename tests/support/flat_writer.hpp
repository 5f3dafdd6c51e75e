// Writes FlatBuffers files, forward and without sharing: enough to make small model files for
// tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace selvage::test {

struct FlatField;

// A value in a FlatBuffers file: a scalar, which lies in its table, or what a table points to.
struct Flat {
  enum class Kind { scalar, table, bytes, list };
  Kind kind = Kind::scalar;
  std::string bytes;              // of a scalar; or a vector's elements
  std::uint32_t count = 0;        // of a vector's elements
  std::vector<FlatField> fields;  // of a table
  std::vector<Flat> tables;       // of a list
};

struct FlatField {
  int number = 0;
  Flat value;
};

template <class T>
  requires std::is_arithmetic_v<T>
Flat flat(T value) {
  return {.bytes = std::string(reinterpret_cast<const char*>(&value), sizeof value)};
}
inline Flat flat_table(std::vector<FlatField> fields) {
  return {.kind = Flat::Kind::table, .fields = std::move(fields)};
}
template <class T>
Flat flat_vector(const std::vector<T>& values) {
  return {
      .kind = Flat::Kind::bytes,
      .bytes = std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)),
      .count = static_cast<std::uint32_t>(values.size())};
}
inline Flat flat_list(std::vector<Flat> tables) {
  return {.kind = Flat::Kind::list, .tables = std::move(tables)};
}

class FlatWriter {
 public:
  // `mark` is the file's four-letter kind.
  static std::string file(const Flat& root, const std::string& mark) {
    FlatWriter writer;
    writer.number<std::uint32_t>(0);
    writer.out_ += mark;
    writer.point(0, root);
    return std::move(writer.out_);
  }

 private:
  template <class T>
  void number(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  // Writes `target` at the end and lets the offset at `from` point to it.
  void point(std::size_t from, const Flat& target) {
    out_.resize((out_.size() + 3) / 4 * 4);
    const std::size_t place = write(target);
    const auto offset = static_cast<std::uint32_t>(place - from);
    std::memcpy(out_.data() + from, &offset, sizeof offset);
  }

  std::size_t write(const Flat& value) {
    return value.kind == Flat::Kind::table ? write_table(value) : write_vector(value);
  }

  std::size_t write_vector(const Flat& value) {
    const std::size_t place = out_.size();
    if (value.kind == Flat::Kind::bytes) {
      number(value.count);
      out_ += value.bytes;
      return place;
    }
    number(static_cast<std::uint32_t>(value.tables.size()));
    for (std::size_t i = 0; i < value.tables.size(); ++i) number<std::uint32_t>(0);
    for (std::size_t i = 0; i < value.tables.size(); ++i) {
      point(place + 4 + 4 * i, value.tables[i]);
    }
    return place;
  }

  std::size_t write_table(const Flat& value) {
    int last = -1;
    for (const auto& [field, entry] : value.fields) last = std::max(last, field);
    std::vector<std::uint16_t> slots(static_cast<std::size_t>(last + 1));
    std::uint16_t size = 4;
    for (const auto& [field, entry] : value.fields) {
      slots[static_cast<std::size_t>(field)] = size;
      size = static_cast<std::uint16_t>(size + 8);  // room for any scalar
    }
    const std::size_t vtable = out_.size();
    number(static_cast<std::uint16_t>(4 + 2 * slots.size()));
    number(size);
    for (const std::uint16_t slot : slots) number(slot);
    out_.resize((out_.size() + 3) / 4 * 4);
    const std::size_t place = out_.size();
    number(static_cast<std::int32_t>(place - vtable));
    out_.resize(place + size);
    for (const auto& [field, entry] : value.fields) {
      const std::size_t at = place + slots[static_cast<std::size_t>(field)];
      if (entry.kind == Flat::Kind::scalar) {
        std::memcpy(out_.data() + at, entry.bytes.data(), entry.bytes.size());
      } else {
        point(at, entry);
      }
    }
    return place;
  }

  std::string out_;
};

}  // namespace selvage::test
