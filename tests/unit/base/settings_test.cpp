#include "base/settings.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/text.hpp"

namespace selvage {
namespace {

using namespace std::chrono_literals;
using Map = std::map<std::string, std::string>;

constexpr SettingSpec kWork[] = {
    {"WORKER_CONCURRENCY", SettingType::integer, "8", "1..4096", "Jobs one process runs at once."},
    {"JOB_TIMEOUT", SettingType::duration, "5m", "1s..1h", "Longest a job may take."},
    {"MAX_BODY", SettingType::bytes, "20 MiB", "1KiB..1GiB", "Largest request body."},
    {"PROVIDER", SettingType::choice, "local", "local|openai", "What makes the picture."},
    {"WARM_UP", SettingType::flag, "false", "", "Whether to load models at start."},
};
constexpr SettingSpec kAccess[] = {
    {"OPENAI_API_KEY", SettingType::secret, "", "8..200", "Key of the OpenAI API."},
    {"SIGNING_SECRET", SettingType::secret, "", "", "Key that signs URLs."},
    {"QUEUE_URL", SettingType::url, "sqlite://queue.db", "sqlite|redis|rediss",
     "Where tasks wait."},
    {"DATA_DIR", SettingType::path, "data", "", "Folder for files."},
    {"ORIGINS", SettingType::list, "", "", "Origins that may call | read the API."},
    {"GREETING", SettingType::text, "hello world", "2..20", "What is said."},
    {"ALLOW_PRIVATE", SettingType::list, "", "", "Addresses the guard lets pass.", true},
    {"KEY_FILE", SettingType::path, "", "", "A setting whose own name ends in _FILE."},
};

std::vector<SettingSection> sections() { return {{"Work", kWork}, {"Access", kAccess}}; }

// Files that live as long as the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "selvage_settings_XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string write(std::string_view name, std::string_view content) const {
    const auto path = path_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }

 private:
  std::filesystem::path path_;
};

std::string load_error(SettingSources sources) {
  const auto settings = Settings::load(sections(), std::move(sources));
  REQUIRE_FALSE(settings.has_value());
  CHECK(settings.error().code == "settings.invalid");
  CHECK(settings.error().kind == ErrorKind::invalid);
  return settings.error().message;
}

std::string environment_error(Map environment) {
  return load_error({.command_line = {}, .environment = std::move(environment), .env_file = {}});
}

Settings load(SettingSources sources) {
  auto settings = Settings::load(sections(), std::move(sources));
  if (!settings) FAIL(settings.error().message);
  return *std::move(settings);
}

TEST_CASE("Settings: with nothing given, every setting has its default") {
  const Settings settings = load({});
  CHECK(settings.integer("WORKER_CONCURRENCY") == 8);
  CHECK(settings.duration("JOB_TIMEOUT") == 5min);
  CHECK(settings.bytes("MAX_BODY") == 20_MiB);
  CHECK(settings.text("PROVIDER") == "local");
  CHECK_FALSE(settings.flag("WARM_UP"));
  CHECK(settings.secret("OPENAI_API_KEY").empty());
  CHECK(settings.list("ORIGINS").empty());
  CHECK_FALSE(settings.is_set("WORKER_CONCURRENCY"));
  CHECK_FALSE(settings.is_set("OPENAI_API_KEY"));
}

TEST_CASE("Settings: the environment is read into the types of the table") {
  const Settings settings =
      load({.command_line = {},
            .environment = {{"WORKER_CONCURRENCY", " 64 "},
                            {"JOB_TIMEOUT", "90"},
                            {"MAX_BODY", "1.5 MiB"},
                            {"PROVIDER", "openai"},
                            {"WARM_UP", "Yes"},
                            {"OPENAI_API_KEY", "sk-proj-4f9aT8"},
                            {"ORIGINS", " https://a.example, ,https://b.example,"},
                            {"UNRELATED", "x"}},
            .env_file = {}});
  CHECK(settings.integer("WORKER_CONCURRENCY") == 64);
  CHECK(settings.duration("JOB_TIMEOUT") == 90s);
  CHECK(settings.bytes("MAX_BODY") == 1536_KiB);
  CHECK(settings.text("PROVIDER") == "openai");
  CHECK(settings.flag("WARM_UP"));
  CHECK(settings.secret("OPENAI_API_KEY").reveal() == "sk-proj-4f9aT8");
  CHECK(settings.list("ORIGINS") ==
        std::vector<std::string>{"https://a.example", "https://b.example"});
  CHECK(settings.is_set("OPENAI_API_KEY"));
}

TEST_CASE(
    "Settings: the command line beats the environment, that beats NAME_FILE, the env file and the "
    "default") {
  const TemporaryFolder folder;
  const std::string number = folder.write("number", "3\n");
  const std::string env = folder.write(".env",
                                       "WORKER_CONCURRENCY=4\nPROVIDER=openai\nJOB_TIMEOUT=10s\n"
                                       "GREETING='good day'\n");
  const Settings settings = load({.command_line = {{"PROVIDER", "local"}},
                                  .environment = {{"WORKER_CONCURRENCY_FILE", number},
                                                  {"PROVIDER", "openai"},
                                                  {"JOB_TIMEOUT", "20s"},
                                                  {"GREETING", ""}},
                                  .env_file = env});
  CHECK(settings.text("PROVIDER") == "local");
  CHECK(settings.integer("WORKER_CONCURRENCY") == 3);
  CHECK(settings.duration("JOB_TIMEOUT") == 20s);
  CHECK(settings.text("GREETING") == "good day");  // empty counts as not given

  std::map<std::string_view, std::string> source;
  for (const auto& item : settings.listed()) source[item.spec->name] = item.source;
  CHECK(source["PROVIDER"] == "command line");
  CHECK(source["WORKER_CONCURRENCY"] == "WORKER_CONCURRENCY_FILE");
  CHECK(source["JOB_TIMEOUT"] == "environment");
  CHECK(source["GREETING"] == env + ":4");
  CHECK(source["DATA_DIR"] == "default");
}

TEST_CASE("Settings: one message lists every problem, one a line") {
  CHECK(environment_error({{"WORKER_CONCURRENCY", "0"},
                           {"JOB_TIMEOUT", "soon"},
                           {"MAX_BODY", "2GiB"},
                           {"PROVIDER", "dalle"},
                           {"WARM_UP", "maybe"},
                           {"OPENAI_API_KEY", "your-key-here"},
                           {"SIGNING_SECRET", "changeme"},
                           {"QUEUE_URL", "amqp://host"},
                           {"GREETING", "x"}}) ==
        "9 of the settings cannot be used:\n"
        "  WORKER_CONCURRENCY: must be between 1 and 4096, is \"0\" (environment)\n"
        "  JOB_TIMEOUT: must be a duration such as 250ms, 30s or 1m30s between 1s and 1h, is "
        "\"soon\" "
        "(environment)\n"
        "  MAX_BODY: must be between 1KiB and 1GiB, is \"2GiB\" (environment)\n"
        "  PROVIDER: must be local or openai, is \"dalle\" (environment)\n"
        "  WARM_UP: must be true or false, is \"maybe\" (environment)\n"
        "  OPENAI_API_KEY: is a placeholder from a template (environment)\n"
        "  SIGNING_SECRET: is a placeholder from a template (environment)\n"
        "  QUEUE_URL: must be a URL with the scheme sqlite, redis or rediss, is \"amqp://host\" "
        "(environment)\n"
        "  GREETING: must be 2 to 20 characters long, has 1 (environment)");
}

TEST_CASE("Settings: secrets that everyone knows are refused without repeating them") {
  const std::string message = environment_error({{"OPENAI_API_KEY", "password1"},
                                                 {"SIGNING_SECRET", "minioadmin"},
                                                 {"QUEUE_URL", "redis://user:postgres@host"}});
  CHECK(message.find("OPENAI_API_KEY: is a well-known default") != std::string::npos);
  CHECK(message.find("SIGNING_SECRET: is a well-known default") != std::string::npos);
  CHECK(message.find("QUEUE_URL: its password is a well-known default") != std::string::npos);
  CHECK(message.find("password1") == std::string::npos);
  CHECK(message.find("minioadmin") == std::string::npos);
  CHECK(message.find("postgres") == std::string::npos);
}

TEST_CASE("Settings: no error shows a secret or the password of a URL") {
  const std::string message = environment_error({{"OPENAI_API_KEY", "hunter2"},  // too short
                                                 {"QUEUE_URL", "amqp://u:hunter2@host"},
                                                 {"DATA_DIR", "${HOME}:hunter"}});
  CHECK(message.find("hunter2") == std::string::npos);
  CHECK(message.find("amqp://u:***@host") != std::string::npos);
  CHECK(message.find("OPENAI_API_KEY: must be 8 to 200 characters long, has 7") !=
        std::string::npos);
}

TEST_CASE("Settings: URLs must have a known scheme, something after it, and no blanks") {
  for (const char* bad : {"redis", "://host", "redis://", "redis://a b", "redis:host",
                          "http://host", "redis://h\n"}) {
    CAPTURE(bad);
    CHECK(environment_error({{"QUEUE_URL", bad}}).find("QUEUE_URL: must") != std::string::npos);
  }
  CHECK(load({.command_line = {}, .environment = {{"QUEUE_URL", "REDISS://h"}}, .env_file = {}})
            .text("QUEUE_URL") == "REDISS://h");
}

TEST_CASE("Settings: NAME and NAME_FILE in one source contradict each other") {
  const TemporaryFolder folder;
  const std::string file = folder.write("key", "sk-proj-4f9aT8\n");
  CHECK(environment_error({{"OPENAI_API_KEY", "sk-proj-other"}, {"OPENAI_API_KEY_FILE", file}})
            .find("OPENAI_API_KEY: is set together with OPENAI_API_KEY_FILE; keep one of them "
                  "(environment)") != std::string::npos);
  const std::string env = folder.write(".env", "OPENAI_API_KEY_FILE=" + file + "\n");
  const Settings settings = load(
      {.command_line = {}, .environment = {{"OPENAI_API_KEY", "sk-proj-other"}}, .env_file = env});
  CHECK(settings.secret("OPENAI_API_KEY").reveal() == "sk-proj-other");
}

TEST_CASE("Settings: a NAME_FILE that cannot be read or is empty is a problem, not a default") {
  const TemporaryFolder folder;
  const std::string empty = folder.write("empty", "\n");
  const std::string message = environment_error(
      {{"OPENAI_API_KEY_FILE", "/nonexistent/key"}, {"SIGNING_SECRET_FILE", empty}});
  CHECK(message.find("OPENAI_API_KEY_FILE: cannot read /nonexistent/key: No such file or directory "
                     "(environment)") != std::string::npos);
  CHECK(message.find("SIGNING_SECRET_FILE: " + empty + " is empty (environment)") !=
        std::string::npos);
}

TEST_CASE("Settings: a placeholder inside a NAME_FILE is found too") {
  const TemporaryFolder folder;
  const std::string file = folder.write("key", "<put the key here>\r\n");
  CHECK(environment_error({{"OPENAI_API_KEY_FILE", file}})
            .find("OPENAI_API_KEY: is a placeholder from a template (OPENAI_API_KEY_FILE)") !=
        std::string::npos);
}

TEST_CASE("Settings: a setting whose own name ends in _FILE is no indirection") {
  const Settings settings =
      load({.command_line = {}, .environment = {{"KEY_FILE", "/nonexistent"}}, .env_file = {}});
  CHECK(settings.text("KEY_FILE") == "/nonexistent");
}

TEST_CASE("Settings: a slip in the env file is named with its line and what was meant") {
  const TemporaryFolder folder;
  const std::string env = folder.write(".env",
                                       "WORKER_CONCURENCY=4\n"
                                       "OPENAI_APY_KEY=sk-proj-4f9aT8\n"
                                       "POSTGRES_USER=fine\n"
                                       "PROVIDR=local\n"
                                       "bad line\n"
                                       "JOB_TIMEOUT=1s\n"
                                       "JOB_TIMEOUT=2s\n"
                                       "MAX_BODY=lots\n");
  const std::string message = load_error({.command_line = {}, .environment = {}, .env_file = env});
  CHECK(message == "6 of the settings cannot be used:\n  " + env +
                       ":5: '=' is missing after \"bad\"\n"
                       "  WORKER_CONCURENCY: is not a setting; did you mean WORKER_CONCURRENCY? (" +
                       env +
                       ":1)\n  OPENAI_APY_KEY: is not a setting; did you mean OPENAI_API_KEY? (" +
                       env + ":2)\n  PROVIDR: is not a setting; did you mean PROVIDER? (" + env +
                       ":4)\n  JOB_TIMEOUT: is already set at " + env + ":6 (" + env +
                       ":7)\n  MAX_BODY: must be a size such as 512 KiB or 10 MiB between 1KiB and "
                       "1GiB, is \"lots\" (" +
                       env + ":8)");
}

TEST_CASE("Settings: an env file that is not there is a problem") {
  CHECK(load_error({.command_line = {}, .environment = {}, .env_file = "/nonexistent/.env"})
            .find("cannot read /nonexistent/.env: No such file or directory") != std::string::npos);
}

TEST_CASE("Settings: an unknown name on the command line is always a problem") {
  CHECK(load_error({.command_line = {{"NONSENSE", "1"}}, .environment = {}, .env_file = {}})
            .find("NONSENSE: is not a setting (command line)") != std::string::npos);
}

TEST_CASE("Settings: the listing hides secrets and passwords") {
  const Settings settings =
      load({.command_line = {},
            .environment = {{"OPENAI_API_KEY", "sk-proj-4f9aT8"},
                            {"QUEUE_URL", "redis://u:hunter2@host/0"},
                            {"ORIGINS", "https://a:hunter2@x, https://b:hunter2@y"}},
            .env_file = {}});
  std::string all;
  std::map<std::string_view, std::string> shown;
  for (const auto& item : settings.listed()) {
    shown[item.spec->name] = item.shown;
    all += item.shown + "\n";
  }
  CHECK(settings.listed().size() == std::size(kWork) + std::size(kAccess));
  CHECK(shown["OPENAI_API_KEY"] == "(set)");
  CHECK(shown["SIGNING_SECRET"] == "(not set)");
  CHECK(shown["QUEUE_URL"] == "redis://u:***@host/0");
  CHECK(all.find("hunter2") == std::string::npos);
  CHECK(all.find("sk-proj") == std::string::npos);
}

TEST_CASE("Settings: what is legal but risky is told for production") {
  CHECK(load({}).production_warnings().empty());
  const auto warnings = load({.command_line = {},
                              .environment = {{"ALLOW_PRIVATE", "127.0.0.1"},
                                              {"SIGNING_SECRET", "kJ8xQ2"},
                                              {"OPENAI_API_KEY", "sk-proj-4f9aT8sk-proj"}},
                              .env_file = {}})
                            .production_warnings();
  REQUIRE(warnings.size() == 2);
  CHECK(warnings[0] == "SIGNING_SECRET has only 6 characters; use at least 16 random ones");
  CHECK(
      warnings[1] ==
      "ALLOW_PRIVATE is \"127.0.0.1\" (environment), which is unsafe in production: Addresses the "
      "guard lets pass.");
}

TEST_CASE("mask_url_password: hides the password wherever it hides") {
  CHECK(mask_url_password("redis://u:p@h:6379/0") == "redis://u:***@h:6379/0");
  CHECK(mask_url_password("redis://:p@h") == "redis://:***@h");
  CHECK(mask_url_password("postgres://u@h/db?sslmode=require&password=p@&x=1") ==
        "postgres://u@h/db?sslmode=require&password=***&x=1");
  CHECK(mask_url_password("postgres://u:p@h/db?sslpassword=q") ==
        "postgres://u:***@h/db?sslpassword=***");
  CHECK(mask_url_password("postgres://u:p@ss@h/db") == "postgres://u:***@h/db");
  CHECK(mask_url_password("postgres://u:p/a?s#s@h/db") == "postgres://u:***@h/db");
  for (const char* same :
       {"", "plain text", "redis://h:6379/0", "redis://user@h", "http://h:80/@name",
        "http://h/path:x@y", "u:p@h", "http://[::1]:80/a"}) {
    CAPTURE(same);
    CHECK(mask_url_password(same) == same);
  }
}

TEST_CASE(
    "env_template: names every setting with its meaning, and loads as the defaults when "
    "uncommented") {
  const auto all = sections();
  const std::string text = env_template(all);
  CHECK(text.find("\n# Jobs one process runs at once. (integer, 1 to 4096)\n"
                  "# WORKER_CONCURRENCY=8\n") != std::string::npos);
  CHECK(text.find("# GREETING=\"hello world\"\n") != std::string::npos);

  std::string uncommented;
  std::size_t names = 0;
  for (const std::string_view line : split(text, '\n')) {
    for (const auto& section : all) {
      for (const auto& spec : section.specs) {
        if (!line.starts_with("# " + std::string(spec.name) + "=")) continue;
        uncommented += std::string(line.substr(2)) + "\n";
        ++names;
      }
    }
  }
  CHECK(names == std::size(kWork) + std::size(kAccess));
  const TemporaryFolder folder;
  const std::string file = folder.write(".env", uncommented);
  const Settings settings = load({.command_line = {}, .environment = {}, .env_file = file});
  const auto expected = load({}).listed();
  const auto listed = settings.listed();
  for (std::size_t i = 0; i < listed.size(); ++i) CHECK(listed[i].shown == expected[i].shown);
}

TEST_CASE("settings_reference: is a Markdown table a section") {
  const std::string text = settings_reference(sections());
  CHECK(text.find("## Work\n\n| Setting | Type | Default | Allowed | What it does "
                  "|\n|---|---|---|---|---|\n"
                  "| `WORKER_CONCURRENCY` | integer | `8` | 1 to 4096 | Jobs one process runs at "
                  "once. |\n") != std::string::npos);
  CHECK(text.find("Origins that may call \\| read the API.") != std::string::npos);
  CHECK(text.find("sqlite://, redis://, rediss://") != std::string::npos);
  CHECK(text.find("Addresses the guard lets pass. Leave the default in production.") !=
        std::string::npos);
}

TEST_CASE("process_environment: is what the process was given") {
  ::setenv("SELVAGE_TEST_VARIABLE", "a=b", 1);
  CHECK(process_environment().at("SELVAGE_TEST_VARIABLE") == "a=b");
  ::unsetenv("SELVAGE_TEST_VARIABLE");
}

}  // namespace
}  // namespace selvage
