#include "stack/replace_file.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>

namespace selvage::stack {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_CASE("Replacing a file: new bytes, given mode, nothing left beside it") {
  std::string name = (fs::temp_directory_path() / "selvage-replace-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  const fs::path folder = name;
  REQUIRE(replace_file(folder / "a", "one", 0600).has_value());
  REQUIRE(replace_file(folder / "a", "two", 0640).has_value());
  CHECK(slurp(folder / "a") == "two");
  CHECK((fs::status(folder / "a").permissions() & fs::perms::mask) == fs::perms(0640));

  fs::create_symlink("a", folder / "link");
  REQUIRE(replace_file(folder / "link", "three", 0600).has_value());
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(slurp(folder / "a") == "three");
  CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 2);

  const auto missing = replace_file(folder / "none" / "a", "x", 0600);
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == "stack.write");
  fs::create_directory(folder / "d");
  CHECK_FALSE(replace_file(folder / "d", "x", 0600).has_value());
  CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 3);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace selvage::stack
