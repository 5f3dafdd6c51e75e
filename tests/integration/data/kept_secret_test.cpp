#include "data/kept_secret.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <thread>

#include "integration/data/scratch.hpp"
#include "integration/data/small_disk.hpp"

using namespace selvage;
using namespace selvage::data;
namespace fs = std::filesystem;

TEST_CASE("Kept secret: made once, readable by its owner alone, and the same ever after") {
  const Scratch scratch;
  const fs::path directory = scratch / "data" / "secrets";
  const auto first = kept_secret(directory, "key");
  REQUIRE_MESSAGE(first.has_value(), first.error().describe());
  CHECK(first->reveal().size() == 43);
  CHECK(kept_secret(directory, "key")->reveal() == first->reveal());
  CHECK(kept_secret(directory, "other")->reveal() != first->reveal());
  using fs::perms;
  CHECK(fs::status(directory / "key").permissions() == (perms::owner_read | perms::owner_write));
  CHECK(fs::status(directory).permissions() == perms::owner_all);
  CHECK(std::distance(fs::directory_iterator(directory), fs::directory_iterator()) == 2);
}

TEST_CASE("Kept secret: processes that start at once agree") {
  const Scratch scratch;
  std::vector<std::string> seen(16);
  {
    std::vector<std::jthread> threads;
    for (std::string& mine : seen) {
      threads.emplace_back([&] { mine = kept_secret(scratch / "secrets", "key")->reveal(); });
    }
  }
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 1);
  CHECK(std::distance(fs::directory_iterator(scratch / "secrets"), fs::directory_iterator()) == 1);
}

TEST_CASE("Kept secret: a damaged or foreign file is never replaced silently") {
  const Scratch scratch;
  const fs::path directory = scratch / "secrets";
  fs::create_directory(directory);
  for (const std::string& content :
       {std::string(), std::string("short\n"), std::string(5000, 'x')}) {
    std::ofstream(directory / "key") << content;
    const auto refused = kept_secret(directory, "key");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "secret.damaged");
    CHECK(fs::file_size(directory / "key") == content.size());
    CHECK(refused.error().describe().find("xxxx") == std::string::npos);
  }
  fs::remove(directory / "key");
  std::ofstream(scratch / "elsewhere") << std::string(40, 'y');
  fs::create_symlink(scratch / "elsewhere", directory / "key");
  CHECK(kept_secret(directory, "key").error().code == "secret.unavailable");
}

TEST_CASE("Kept secret: an operator's own text is taken, without the line's end") {
  const Scratch scratch;
  fs::create_directory(scratch / "secrets");
  std::ofstream(scratch / "secrets" / "key") << std::string(40, 'k') << "\n";
  fs::permissions(scratch / "secrets" / "key", fs::perms::owner_read);
  CHECK(kept_secret(scratch / "secrets", "key")->reveal() == std::string(40, 'k'));
}

TEST_CASE("Kept secret: a full disk leaves nothing half made") {
  SmallDisk disk(256);
  if (!disk.mounted()) {
    MESSAGE("skipped: " << disk.problem());
    return;
  }
  fs::create_directory(disk.path() / "secrets");
  disk.fill();
  const auto refused = kept_secret(disk.path() / "secrets", "key");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "secret.unavailable");
  CHECK(fs::is_empty(disk.path() / "secrets"));
  disk.free_space();
  CHECK(kept_secret(disk.path() / "secrets", "key").has_value());
}
