// Reading a FlatBuffers file without trusting an offset in it.
//
// Every read is checked against the file's size. The first that fails is remembered and reads as
// nothing (zero, no table, an empty vector), and so does all that follows; so a reader may walk
// straight on and ask broken() before it believes what it has gathered. Vectors are capped by the
// caller, so no small file can ask for much work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace selvage::sizing::detail {

// A place in the file; 0 when there is none, since every file starts with an offset.
struct FlatTable {
  std::size_t at = 0;
  explicit operator bool() const { return at != 0; }
};

struct FlatVector {
  std::size_t at = 0;  // of the first element
  std::size_t count = 0;
};

class FlatFile {
 public:
  // Borrows `bytes`.
  explicit FlatFile(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool broken() const { return broken_; }

  [[nodiscard]] FlatTable root() { return follow(0); }

  template <class T>
  [[nodiscard]] T scalar(FlatTable table, int field, T otherwise) {
    const std::size_t at = place(table, field);
    return at == 0 ? otherwise : load<T>(at);
  }
  [[nodiscard]] FlatTable table(FlatTable table, int field) {
    const std::size_t at = place(table, field);
    return at == 0 ? FlatTable{} : follow(at);
  }
  // A field that is absent is an empty vector; one with more than `cap` elements is broken.
  template <class T>
  [[nodiscard]] FlatVector vector(FlatTable table, int field, std::size_t cap) {
    const std::size_t at = place(table, field);
    return at == 0 ? FlatVector{} : vector_at(follow(at).at, sizeof(T), cap);
  }
  // REQUIRES: index < vector.count, and T is what the vector was read as.
  template <class T>
  [[nodiscard]] T element(FlatVector vector, std::size_t index) {
    return load<T>(vector.at + index * sizeof(T));
  }
  // Of a vector of offsets, read as std::uint32_t.
  [[nodiscard]] FlatTable table_element(FlatVector vector, std::size_t index) {
    return follow(vector.at + index * sizeof(std::uint32_t));
  }
  [[nodiscard]] std::string_view bytes(FlatVector vector) const {
    return bytes_.substr(vector.at, vector.count);
  }

 private:
  template <class T>
  [[nodiscard]] T load(std::size_t at) {
    T value{};
    if (broken_ || at > bytes_.size() || sizeof(T) > bytes_.size() - at) {
      broken_ = true;
      return value;
    }
    std::memcpy(&value, bytes_.data() + at, sizeof(T));
    return value;
  }
  [[nodiscard]] FlatTable follow(std::size_t at);
  [[nodiscard]] std::size_t place(FlatTable table, int field);
  [[nodiscard]] FlatVector vector_at(std::size_t at, std::size_t element, std::size_t cap);

  std::string_view bytes_;
  bool broken_ = false;
};

}  // namespace selvage::sizing::detail
