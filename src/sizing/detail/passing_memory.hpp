// Memory for what is large and lives for a moment: it goes back to the kernel when it is freed.
//
// Allocators keep freed memory for later, mimalloc (in release builds) 17 MiB of what loading the
// models needs once. What is small still comes from them.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <vector>

namespace selvage::sizing::detail {

template <class T>
class PassingMemory {
 public:
  using value_type = T;

  PassingMemory() = default;
  template <class U>
  explicit(false) PassingMemory(const PassingMemory<U>&) {}

  T* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_array_new_length();
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kLarge) return static_cast<T*>(::operator new(bytes));
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    return static_cast<T*>(at);
  }
  void deallocate(T* at, std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kLarge) {
      ::operator delete(at);
    } else {
      munmap(at, bytes);
    }
  }
  bool operator==(const PassingMemory&) const { return true; }

 private:
  static constexpr std::size_t kLarge = 16 * 1024;
};

template <class T>
using PassingVector = std::vector<T, PassingMemory<T>>;

}  // namespace selvage::sizing::detail
