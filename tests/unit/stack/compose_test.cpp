#include "stack/compose.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "stack/render.hpp"

namespace selvage::stack {
namespace {

namespace fs = std::filesystem;

class Stack {
 public:
  Stack() {
    std::string pattern = (fs::temp_directory_path() / "selvage-stack-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    options.directory = fs::canonical(pattern);
  }
  ~Stack() { fs::remove_all(options.directory); }

  Stack& file(const fs::path& name, std::string_view content) {
    fs::create_directories((options.directory / name).parent_path());
    std::ofstream(options.directory / name) << content;
    return *this;
  }

  Project load() {
    auto project = load_project(options);
    if (!project) FAIL(project.error().message);
    return std::move(*project);
  }

  // The error's text, from the place on, without the directory.
  std::string problem() {
    const auto project = load_project(options);
    REQUIRE_FALSE(project.has_value());
    std::string text = project.error().message;
    const std::string place = options.directory.string() + "/";
    for (std::size_t at = 0; (at = text.find(place)) != std::string::npos;) {
      text.erase(at, place.size());
    }
    return text;
  }

  // "file:line:column" of a value.
  std::string where(const Project& project, std::string_view path) {
    const Node* node = project.find(path);
    REQUIRE(node != nullptr);
    return node->span.where().substr(options.directory.string().size() + 1);
  }

  LoadOptions options;
};

std::vector<Step> steps(const Node& node) {
  std::vector<Step> found;
  for (auto origin = node.origin; origin != nullptr; origin = origin->before) {
    found.push_back(origin->step);
  }
  return found;
}

TEST_CASE("Stack: every value keeps the place that says it, through all steps") {
  Stack stack;
  stack
      .file("compose.yaml",
            "include: [more/inc.yaml]\n"
            "x-common: &common\n"
            "  restart: always\n"
            "services:\n"
            "  api:\n"
            "    <<: *common\n"
            "    extends: {file: base.yaml, service: base}\n"
            "    image: \"api:${TAG}\"\n"
            "    ports: [\"8080:80\"]\n"
            "    environment:\n"
            "      OWN: a\n")
      .file("base.yaml",
            "services:\n  base:\n    user: \"1000\"\n    environment:\n      BASE: b\n")
      .file("more/inc.yaml", "services:\n  other:\n    image: o\n    env_file: o.env\n")
      .file("more/o.env", "# x\nFROM_FILE=1\n")
      .file("compose.override.yaml",
            "services:\n  api:\n    ports:\n      - \"81:81\"\n"
            "    environment: [OWN=c]\n")
      .file(".env", "A=1\nTAG=7\n");
  const Project project = stack.load();
  CHECK(stack.where(project, "services.api.image") == "compose.yaml:8:12");
  CHECK(project.find("services.api.image")->text == "api:7");
  CHECK(stack.where(project, "services.api.restart") == "compose.yaml:3:12");
  CHECK(stack.where(project, "services.api.user") == "base.yaml:3:11");
  CHECK(stack.where(project, "services.api.environment.BASE") == "base.yaml:5:13");
  CHECK(stack.where(project, "services.api.environment.OWN") == "compose.override.yaml:5:19");
  CHECK(stack.where(project, "services.api.ports[0].published") == "compose.yaml:9:13");
  CHECK(stack.where(project, "services.api.ports[1]") == "compose.override.yaml:4:9");
  CHECK(stack.where(project, "services.other.image") == "more/inc.yaml:3:12");
  CHECK(stack.where(project, "services.other.environment.FROM_FILE") == "more/o.env:2:1");
  CHECK(steps(*project.find("services.api.restart")) == std::vector{Step::merge_key});
  CHECK(steps(*project.find("services.api.user")) == std::vector{Step::extends});
  CHECK(steps(*project.find("services.api.image")) == std::vector{Step::interpolation});
  CHECK(steps(*project.find("services.other.image")) == std::vector{Step::include});
  CHECK(steps(*project.find("services.api.ports[1]")) ==
        std::vector{Step::short_form, Step::appends});
  std::vector<std::pair<std::string, StackFile::Role>> files;
  for (const StackFile& file : project.files) {
    files.emplace_back(file.path.lexically_relative(stack.options.directory).string(), file.role);
  }
  using Role = StackFile::Role;
  CHECK(files ==
        std::vector<std::pair<std::string, Role>>{{".env", Role::project_env},
                                                  {"compose.yaml", Role::main},
                                                  {"compose.override.yaml", Role::override_},
                                                  {"base.yaml", Role::extends},
                                                  {"more/inc.yaml", Role::include},
                                                  {"more/o.env", Role::service_env}});
  const std::string why = *explain(project, "services.api.image");
  CHECK(why.starts_with("services.api.image = \"api:7\"\n  said at "));
  CHECK(why.contains("variables replaced at "));
  CHECK(why.contains("variable TAG comes from "));
  CHECK(why.contains(".env:2\n"));
  CHECK(explain(project, "services.api.imgae").error().hint.contains("services.api exists"));
}

TEST_CASE("Stack: without its variables it is read with placeholders, and says which are missing") {
  Stack stack;
  stack.file("compose.yaml",
             "services:\n  a:\n    image: \"x:${TAG:?set it}\"\n"
             "    ports: [\"${PORT:?}:80\"]\n    mem_limit: ${MEM:?}\n"
             "    privileged: ${P:?}\n    volumes: [\"${DIR:?}:/data\"]\n"
             "    scale: ${N:?}\n    env_file: secret.env\n    command: echo $BLANK\n");
  CHECK(stack.problem().starts_with(
      "compose.yaml:3:12: services.a.image: the required variable TAG is missing a value: set it"));
  stack.options.placeholders = true;
  const Project project = stack.load();
  std::vector<std::string> missing;
  for (const VariableUse& use : project.variables) {
    if (use.placeholder) missing.push_back(use.name + " in " + use.path);
  }
  CHECK(missing ==
        std::vector<std::string>{"TAG in services.a.image", "PORT in services.a.ports[0]",
                                 "MEM in services.a.mem_limit", "P in services.a.privileged",
                                 "DIR in services.a.volumes[0]", "N in services.a.scale"});
  REQUIRE(project.notices.size() == 2);
  CHECK(project.notices[0].code == "compose.variable_unset");
  CHECK(project.notices[1].code == "compose.env_file_missing");
  CHECK(project.service("a")->image() == "x:selvage-placeholder");
}

TEST_CASE("Stack: services are read in the field's terms") {
  Stack stack;
  stack.file("compose.yaml",
             "services:\n  a:\n    image: i\n    ports: [\"127.0.0.1:5000-5001:50-51/udp\"]\n"
             "    volumes: [\"data:/d:ro\", \"./x:/x\"]\n    environment: [K=v, E]\n"
             "    depends_on: {b: {condition: service_healthy, required: false}}\n"
             "    cap_drop: [ALL]\n    read_only: true\n"
             "  b: {image: j, networks: [n]}\nvolumes: {data: }\nnetworks: {n: }\n");
  const Project project = stack.load();
  const Service a = *project.service("a");
  REQUIRE(a.ports().size() == 2);
  CHECK(a.ports()[1].host_ip == "127.0.0.1");
  CHECK(a.ports()[1].published == "5001");
  CHECK(a.ports()[1].target == 51);
  CHECK(a.ports()[1].protocol == "udp");
  REQUIRE(a.mounts().size() == 2);
  CHECK(a.mounts()[0].read_only);
  CHECK(a.mounts()[1].source == (stack.options.directory / "x").string());
  REQUIRE(a.environment().size() == 2);
  CHECK(a.environment()[0].value == "v");
  CHECK_FALSE(a.environment()[1].value.has_value());
  REQUIRE(a.dependencies().size() == 1);
  CHECK_FALSE(a.dependencies()[0].required);
  CHECK(a.list("cap_drop") == std::vector<std::string_view>{"ALL"});
  CHECK(a.flag("read_only"));
  CHECK(project.service("b")->networks() == std::vector<std::string_view>{"n"});
  CHECK_FALSE(project.service("c").has_value());
}

TEST_CASE("Stack: secrets are not printed") {
  Stack stack;
  stack.file("compose.yaml",
             "services:\n  a:\n    image: x\n"
             "    environment:\n      DB_PASSWORD: hunter2hunter2\n"
             "      DATABASE_URL: postgres://u:pa55word9@db/x\n      PLAIN: visible\n"
             "      URLS: http://a/b,amqp://u:sl/ash3d@mq/,redis://:0nlypass@r/\n"
             "    command: [run, \"--pass=hunter2hunter2\"]\n"
             "    build: {context: ., args: [NPM_TOKEN=abcdef123]}\n    secrets: [db_password]\n"
             "secrets: {db_password: {file: ./s.txt}}\n");
  const Project project = stack.load();
  for (const std::string& text : {config_json(project), config_yaml(project)}) {
    CHECK_FALSE(text.contains("hunter2"));
    CHECK_FALSE(text.contains("pa55word9"));
    CHECK_FALSE(text.contains("abcdef123"));
    CHECK_FALSE(text.contains("ash3d"));
    CHECK_FALSE(text.contains("0nlypass"));
    CHECK(text.contains("visible"));
    CHECK(text.contains("/run/secrets/db_password"));
  }
  CHECK_FALSE(explain(project, "services.a.environment.DB_PASSWORD")->contains("hunter2"));
  CHECK_FALSE(explain(project, "services.a.environment.DATABASE_URL")->contains("pa55word9"));
  CHECK(config_yaml(project, {.redact = false}).contains("hunter2hunter2"));
}

TEST_CASE("Stack: what is printed as YAML reads as the same model again") {
  Stack stack;
  stack.file(
      "compose.yaml",
      "name: again\nservices:\n  a:\n    image: x\n    command: [\"a: b\", \"# c\", \"$$d\", "
      "\"\", \"yes\", \"1\"]\n    environment: {A: \"multi\\nline\", B: \"\\t\", C: '\"'}\n"
      "    ports: [\"80:80\"]\n    healthcheck: {test: a, interval: 90s}\n");
  const Project first = stack.load();
  const std::string text = config_yaml(first, {.redact = false});
  stack.file("compose.yaml", text);
  const Project second = stack.load();
  CHECK(same_value(config_tree(first), config_tree(second)));
}

TEST_CASE("Stack: errors name the place and the closest key") {
  const auto problem = [](std::string_view text) {
    Stack stack;
    stack.file("compose.yaml", text);
    return stack.problem();
  };
  CHECK(problem("services:\n  a:\n    imgae: x\n") ==
        "compose.yaml:3:5: services.a: \"imgae\" is no key of a service");
  CHECK(problem("services:\n  a: {image: 5}\n") ==
        "compose.yaml:2:14: services.a.image must be a text, not a whole number");
  CHECK(problem("services:\n  a: {image: x, ports: [\"80:x\"]}\n") ==
        "compose.yaml:2:25: services.a.ports[0]: the port \"80:x\" has no valid container port");
  CHECK(problem("services:\n  a: {image: x, networks: [n]}\n")
            .starts_with("compose.yaml:2:28: services.a refers to the network \"n\""));
  CHECK(problem("services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n")
            .contains("in a circle: a -> b -> a"));
  CHECK(problem("services:\n  a: {image: x, environment: {A: \"${B!}\"}}\n")
            .starts_with("compose.yaml:2:34: services.a.environment.A: \"${B!}\" is no way"));
}

TEST_CASE("Stack: hostile files end in an error") {
  const auto problem = [](std::string_view text) {
    Stack stack;
    stack.file("compose.yaml", text);
    return stack.problem();
  };
  CHECK(problem("include: [oci://example.com/x]\nservices: {}\n").contains("nothing is fetched"));
  CHECK(problem("include: [/dev/zero]\nservices: {}\n").contains("is not a regular file"));
  CHECK(problem("include: [.]\nservices: {}\n").contains("is a directory"));
  CHECK(problem("services:\n  a: {image: x, ports: [\"1-65535:1-65535\"]}\n")
            .contains("more than 20000 ports"));
  std::string chain = "services:\n";
  for (int i = 0; i < 5000; ++i) {
    chain += "  s" + std::to_string(i) + ": {extends: s" + std::to_string(i + 1) + "}\n";
  }
  CHECK(problem(chain + "  s5000: {image: x}\n").contains("extends itself in the end"));
  std::string many = "services:\n  a: {image: \"";
  for (int i = 0; i < 20'000; ++i) many += "${A}";
  Stack bomb;
  bomb.options.environment["A"] = std::string(10'000, 'x');
  bomb.file("compose.yaml", many + "\"}\n");
  CHECK(bomb.problem().contains("longer than 1048576 bytes once its variables"));
  std::string deep = "services:\n  a: {image: \"";
  for (int i = 0; i < 100; ++i) deep += "${A:-";
  deep += std::string(100, '}');
  CHECK(problem(deep + "\"}\n").contains("nested deeper than 32 levels"));

  Stack links;
  links.file("compose.yaml", "include: [loop.yaml]\nservices: {}\n");
  fs::create_symlink("loop.yaml", links.options.directory / "loop.yaml");
  CHECK(links.problem().contains("Too many levels of symbolic links"));

  Stack same;
  same.file("compose.yaml", "include: [other.yaml]\nservices: {a: {image: x}}\n");
  fs::create_symlink("compose.yaml", same.options.directory / "other.yaml");
  CHECK(same.problem().contains("included by itself"));

  Stack outside;
  outside.file("in/compose.yaml", "include: [../out.yaml]\n")
      .file("out.yaml", "services: {a: {image: x}}\n");
  outside.options.files = {outside.options.directory / "in/compose.yaml"};
  const fs::path above = outside.options.directory;
  outside.options.directory.clear();
  const Project project = outside.load();
  REQUIRE(project.notices.size() == 1);
  CHECK(project.notices[0].code == "compose.include_outside");
  outside.options.directory = above;
}

}  // namespace
}  // namespace selvage::stack
