#include "data/settings.hpp"

#include <doctest/doctest.h>

#include "data/local_storage.hpp"
#include "data/open_storage.hpp"
#include "integration/data/scratch.hpp"
#include "net/loop.hpp"

using namespace selvage;
using namespace selvage::data;
namespace fs = std::filesystem;

namespace {

Settings load(std::map<std::string, std::string> values) {
  auto settings = Settings::load({kDataSettings, kStorageSettings},
                                 {.command_line = {}, .environment = values, .env_file = {}});
  REQUIRE_MESSAGE(settings.has_value(), settings.error().describe());
  return std::move(*settings);
}

}  // namespace

TEST_CASE("Data settings: the defaults open a database and a storage below DATA_DIR") {
  const Scratch scratch;
  const fs::path data = scratch / "new" / "data";
  const Settings settings = load({{"DATA_DIR", data.string()}});
  const auto database = open_database(settings);
  REQUIRE_MESSAGE(database.has_value(), database.error().describe());
  CHECK((*database)->dialect() == Dialect::sqlite);
  CHECK(fs::exists(data / "selvage.db"));
  net::BlockingPool pool("files", 1);
  net::Loop home;
  const auto storage = open_storage(settings, pool, home);
  REQUIRE_MESSAGE(storage.has_value(), storage.error().describe());
  CHECK(fs::is_directory(data / "objects"));
  CHECK(fs::file_size(data / "secrets" / "storage-signing-key") == 44);
}

TEST_CASE(
    "Data settings: links of one process are good in the next, by the kept key or the given one") {
  const Scratch scratch;
  std::map<std::string, std::string> values{{"DATA_DIR", (scratch / "data").string()},
                                            {"PUBLIC_BASE_URL", "https://shop.example"}};
  SUBCASE("kept") {}
  SUBCASE("given") { values["STORAGE_SIGNING_KEY"] = "kJ8s0aQ2mZ4xV6bN1cL3fH5gD7tR9yWe"; }
  const Settings settings = load(values);
  net::BlockingPool pool("files", 1);
  net::Loop loop;
  std::string url;
  {
    const auto first = open_storage(settings, pool, loop);
    REQUIRE_MESSAGE(first.has_value(), first.error().describe());
    url = *loop.run_until_done((*first)->signed_url("a.png", seconds(60)));
  }
  CHECK(url.starts_with("https://shop.example/files/a.png?expires="));
  const auto second = open_storage(settings, pool, loop);
  REQUIRE(second.has_value());
  const std::string expires = url.substr(url.find("expires=") + 8, 10);
  const std::string signature = url.substr(url.find("signature=") + 10);
  CHECK(dynamic_cast<LocalStorage&>(**second).verify("a.png", expires, signature).has_value());
  CHECK(fs::exists(scratch / "data" / "secrets") == !values.contains("STORAGE_SIGNING_KEY"));
}

TEST_CASE("Data settings: absolute paths and the spellings of sqlite are taken") {
  const Scratch scratch;
  for (const std::string& url :
       {"sqlite:" + (scratch / "a.db").string(), "sqlite://" + (scratch / "b.db").string(),
        std::string("SQLite:c.db"), std::string("sqlite://d.db")}) {
    CAPTURE(url);
    CHECK(open_database(load({{"DATA_DIR", scratch.path().string()}, {"DATABASE_URL", url}}))
              .has_value());
  }
  for (const char* name : {"a.db", "b.db", "c.db", "d.db"}) CHECK(fs::exists(scratch / name));
}

TEST_CASE("Data settings: a scheme that is not built in is named, its password is not") {
  const Scratch scratch;
  struct Case {
    const char* url;
    const char* says;
  };
  const Case databases[] = {
      {"mariadb://app:hunter22@db/shop",
       "mariadb:// is not supported by this build yet; use sqlite:<file> or postgres://"},
      {"mysql://x", "mysql:// is not supported"},
      {"selvage.db", "DATABASE_URL has no scheme; use sqlite:<file>"},
      {"sqlite:", "DATABASE_URL names nothing after sqlite:"},
  };
  for (const Case& c : databases) {
    CAPTURE(c.url);
    const auto opened =
        open_database(load({{"DATA_DIR", scratch.path().string()}, {"DATABASE_URL", c.url}}));
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().kind == ErrorKind::invalid);
    CHECK(opened.error().message.find(c.says) != std::string::npos);
    CHECK(opened.error().describe().find("hunter22") == std::string::npos);
  }
  net::BlockingPool pool("files", 1);
  net::Loop home;
  const auto storage = open_storage(
      load({{"DATA_DIR", scratch.path().string()}, {"STORAGE_URL", "ftp://bucket"}}), pool, home);
  REQUIRE_FALSE(storage.has_value());
  CHECK(storage.error().message.find(
            "ftp:// is not supported by this build yet; use local:<directory>, supabase://") !=
        std::string::npos);
}

TEST_CASE("Data settings: a DATA_DIR that cannot be made is told") {
  const auto opened = open_database(load({{"DATA_DIR", "/proc/nowhere/data"}}));
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == "settings.data_dir");
}
