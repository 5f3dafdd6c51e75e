#include "stack/env_check.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "stack/env_diff.hpp"
#include "stack/env_generate.hpp"
#include "stack/env_secrets.hpp"
#include "stack/env_template.hpp"

namespace selvage::stack {
namespace {

namespace fs = std::filesystem;

EnvFile parse(std::string bytes, std::string name = ".env") {
  return parse_dotenv(std::make_shared<const Text>(std::move(name), std::move(bytes)));
}

// A stack on disk, read once.
struct Stack {
  fs::path path;
  Project project;
  EnvUsage usage;

  explicit Stack(std::string_view compose, std::string_view script = "") {
    std::string name = (fs::temp_directory_path() / "selvage-env-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
    std::ofstream(path / "compose.yaml") << compose;
    if (!script.empty()) std::ofstream(path / "deploy.sh") << script;
    const auto files = find_project_files(path);
    REQUIRE(files.has_value());
    auto loaded =
        load_project({.directory = path, .env_files = {"/dev/null"}, .placeholders = true});
    if (!loaded) FAIL(loaded.error().message);
    project = std::move(*loaded);
    usage = env_usage(project, *files);
  }
  ~Stack() { fs::remove_all(path); }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
};

// "kind VARIABLE" of each finding, notes in brackets.
std::string check(const EnvFile& file, const Stack* stack = nullptr,
                  const EnvFile* template_file = nullptr, std::uint32_t permissions = 0600) {
  std::string all;
  const EnvCheck question{
      &file, stack == nullptr ? nullptr : &stack->usage, template_file, permissions, "", {}};
  for (const EnvFinding& finding : check_env(question)) {
    std::string one =
        std::string(name(finding.kind)) + (finding.variable.empty() ? "" : " " + finding.variable);
    all += (all.empty() ? "" : ", ") + (finding.error ? one : "(" + one + ")");
  }
  return all;
}

constexpr const char* kCompose = R"(services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?set a strong one}
      POSTGRES_DB: ${DB_NAME:-shop}
      GF_PASSWORD: ${GRAFANA_PASSWORD:-changeme}
      HANDED_ON:
    ports: ["127.0.0.1:${PORT}:5432"]
)";
constexpr const char* kStrong = "Zk4_1hVq7pX2mN8sT0wB5yR3cJ6gD9fLa-uEoIxQ";

TEST_CASE("Env check: what the Compose files want and nobody gives") {
  const Stack stack(kCompose);
  CHECK(check(parse(""), &stack) ==
        "missing POSTGRES_PASSWORD, insecure-default GRAFANA_PASSWORD, missing PORT");
  CHECK(check(parse("POSTGRES_PASSWORD=\nPORT=\nGRAFANA_PASSWORD=" + std::string(kStrong) + "\n"),
              &stack) ==
        "empty POSTGRES_PASSWORD, (empty PORT), (insecure-default GRAFANA_PASSWORD)");
  const EnvFile none = parse("");
  const auto findings = check_env({&none, &stack.usage, nullptr, 0600, "", {{"PORT", "1"}}});
  CHECK(std::ranges::find(findings, "PORT", &EnvFinding::variable) == findings.end());
  CHECK(findings[0].where.where().ends_with("compose.yaml:5:26"));
  CHECK(findings[0].message.contains("(\"set a strong one\")"));
}

TEST_CASE("Env check: secrets that protect nothing") {
  CHECK(check(parse("DB_PASSWORD=postgres\n")) == "insecure DB_PASSWORD");
  CHECK(check(parse("LITELLM_MASTER_KEY=sk-dev-master-key\n")) == "insecure LITELLM_MASTER_KEY");
  CHECK(check(parse("DB_PASSWORD=change-me-in-production\n")) == "placeholder DB_PASSWORD");
  CHECK(check(parse("DB_PASSWORD=Tr0ub4dor&3\n")) == "weak DB_PASSWORD");
  CHECK(check(parse("OPENAI_API_KEY=sk-A1b2C3d4E5\n")).empty());
  CHECK(check(parse("DATABASE_URL=postgres://app:secret@db/x\n")) == "insecure DATABASE_URL");
  CHECK(check(parse("DATABASE_URL=postgres://app:${DB_PASSWORD}@db/x\n")).empty());
  CHECK(check(parse("TOKEN_TTL=15\nDB_PASSWORD_FILE=/run/secrets/x\nPUBLIC_KEY=abc\n")).empty());
  const std::string strong = kStrong;
  CHECK(check(parse("A_SECRET=" + strong + "\nB_SECRET=" + strong + "\n")) == "shared B_SECRET");
  CHECK(check(parse("A_SECRET=${B_SECRET:-}\n")) == "empty A_SECRET");
}

TEST_CASE("Env check: what nobody reads, and what a template lacks") {
  const Stack stack(kCompose, "#!/bin/sh\necho $CERTBOT_EMAIL\n");
  const std::string good = "POSTGRES_PASSWORD=" + std::string(kStrong) + "\nPORT=1\n";
  const std::string fine = good + "GRAFANA_PASSWORD=" + std::string(kStrong) + "x\n";
  CHECK(check(parse(fine + "CERTBOT_EMAIL=a@b\nHANDED_ON=1\nCOMPOSE_PROFILES=x\nOLD=1\n"),
              &stack) == "(unused OLD), (insecure-default GRAFANA_PASSWORD)");
  const EnvFile example = parse("POSTGRES_PASSWORD=\n#DB_NAME=shop\n# GRAFANA_PASSWORD=\n");
  CHECK(check(parse(fine), &stack, &example) ==
        "(insecure-default GRAFANA_PASSWORD), (untemplated HANDED_ON), (untemplated PORT)");
}

TEST_CASE("Env check: lines that Compose refuses, and a file that others may read") {
  CHECK(check(parse("A B=1\n")) == "malformed");
  CHECK(check(parse("A=#b\n")) == "(malformed)");
  CHECK(check(parse("A=${B\n")) == "malformed");
  CHECK(check(parse("A=1\n"), nullptr, nullptr, 0644).empty());
  CHECK(check(parse("A_SECRET=" + std::string(kStrong) + "\n"), nullptr, nullptr, 0644) ==
        "permissions");
}

TEST_CASE("Env check: no finding tells a value") {
  const Stack stack(kCompose);
  const EnvFile file = parse(
      "POSTGRES_PASSWORD=hunter2hunter2\nX_SECRET=hunter2hunter2\nURL=redis://:hunter2@h\n"
      "Y_KEY='hunter2' hunter2\nZ_TOKEN=${hunter2\nPORT=#hunter2\nW_SECRET=hunter2'\n");
  for (const EnvFinding& finding : check_env({&file, &stack.usage, nullptr, 0644, "", {}})) {
    CAPTURE(finding.message);
    CHECK_FALSE((finding.message + finding.hint).contains("hunter2"));
  }
}

TEST_CASE("Env secrets: own, foreign, none; and their worth") {
  CHECK(secret_sort("POSTGRES_PASSWORD") == SecretSort::own);
  CHECK(secret_sort("JWT_SECRET_KEY") == SecretSort::own);
  CHECK(secret_sort("dbPassword") == SecretSort::own);
  CHECK(secret_sort("OPENAI_API_KEY") == SecretSort::foreign);
  CHECK(secret_sort("TELEGRAM_BOT_TOKEN") == SecretSort::foreign);
  CHECK(secret_sort("SMTP_PASSWORD") == SecretSort::foreign);
  CHECK(secret_sort("PASSWORD_MIN_LENGTH") == SecretSort::none);
  CHECK(secret_sort("KEY") == SecretSort::none);
  CHECK(secret_sort("MONKEY") == SecretSort::none);
  CHECK(secret_sort("COMPASS") == SecretSort::none);
  CHECK(estimated_bits("0123456789abcdef0123456789abcdef") == doctest::Approx(128));
  CHECK(estimated_bits("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") == doctest::Approx(0));
  CHECK(estimated_bits(new_secret()) > 200);
  CHECK(new_secret() != new_secret());
  CHECK(guessable_reason("my-super-secret-key").has_value());
  CHECK(guessable_reason("postgres123").has_value());
  CHECK_FALSE(guessable_reason("horse-battery").has_value());
}

TEST_CASE("Env generate: fills what is open and keeps all else") {
  const Stack stack(kCompose);
  const EnvFile before = parse(
      "# top\nPOSTGRES_PASSWORD=changeme # db\nOPENAI_API_KEY=your-key-here\nOLD_SECRET=letmein\n"
      "URL_SECRET=${POSTGRES_PASSWORD}\nPORT=\n");
  const EnvGenerated result = generate_secrets(before, stack.usage, {"HOOK_TOKEN_ID"});
  CHECK(result.generated ==
        std::vector<std::string>{"POSTGRES_PASSWORD", "GRAFANA_PASSWORD", "HOOK_TOKEN_ID"});
  CHECK(result.to_fill == std::vector<std::string>{"OPENAI_API_KEY", "PORT"});
  CHECK(result.insecure == std::vector<std::string>{"OLD_SECRET"});
  const EnvFile after = parse(result.bytes);
  CHECK(after.find("POSTGRES_PASSWORD")->raw.size() == 43);
  CHECK(after.find("POSTGRES_PASSWORD")->comment.bytes() == "# db");
  CHECK(after.find("POSTGRES_PASSWORD")->raw != after.find("GRAFANA_PASSWORD")->raw);
  CHECK(after.find("OLD_SECRET")->raw == "letmein");
  CHECK(result.bytes.starts_with("# top\n"));
  const EnvFile room = parse("# a\n#GRAFANA_PASSWORD=\n# GRAFANA_PASSWORD=x\nB=1\n");
  const std::string filled = generate_secrets(room, stack.usage, {}).bytes;
  CHECK(filled.starts_with("# a\nGRAFANA_PASSWORD="));
  CHECK(filled.contains("\n# GRAFANA_PASSWORD=x\nB=1\n"));
  CHECK(generate_secrets(after, stack.usage, {"HOOK_TOKEN_ID"}).generated.empty());
  CHECK(generate_secrets(after, stack.usage, {"HOOK_TOKEN_ID"}).bytes == result.bytes);
}

TEST_CASE("Env template: every variable with where it is used, and no secret") {
  const Stack stack(kCompose);
  const std::string page = env_template(stack.usage);
  CHECK(
      page.contains("# compose.yaml:5 services.db.environment.POSTGRES_PASSWORD\n"
                    "# required: set a strong one\nPOSTGRES_PASSWORD=\n"));
  CHECK(page.contains("# optional; its default:\n#DB_NAME=shop\n"));
  CHECK(page.contains("#GRAFANA_PASSWORD=\n"));
  CHECK(page.contains("\nPORT=\n"));
  CHECK_FALSE(page.contains("changeme"));
  CHECK(parse(page).accepted());
  const EnvFile partial = parse("POSTGRES_PASSWORD=x # mine");
  const std::string filled = with_missing_variables(partial, stack.usage);
  CHECK(filled.starts_with("POSTGRES_PASSWORD=x # mine\n\n"));
  CHECK(filled.contains("#DB_NAME=shop"));
  CHECK(with_missing_variables(parse(filled), stack.usage) == filled);
}

TEST_CASE("Env diff: names, values, and what is only a template's") {
  const EnvFile first = parse("A=1\nB='x'\nC=${A}\nD=\nE=1\n");
  const EnvFile second = parse("A=2\nB=\"x\"\nC=2\nD=\nF=changeme\n", "b.env");
  std::string all;
  for (const EnvDifference& difference : diff_env(first, second, {}, false)) {
    all += std::string(name(difference.kind)) + " " + difference.variable + " " + difference.note +
           "|";
  }
  CHECK(all == "only-first E |only-second F a placeholder in b.env|value A |value C |");
  CHECK(diff_env(first, second, {}, true).size() == 2);
  CHECK(diff_env(first, first, {}, false).empty());
}

}  // namespace
}  // namespace selvage::stack
