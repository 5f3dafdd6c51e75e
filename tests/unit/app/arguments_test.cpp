#include <doctest/doctest.h>

#include "app/closest_word.hpp"
#include "app/command.hpp"

namespace selvage::app {
namespace {

Command sample() {
  return {.name = "queue",
          .summary = "A sample.",
          .actions = {{"ls", "", "list"}, {"retry", "ID...", "retry"}},
          .flags = {{"--port", "PORT", "a port", "HTTP_PORT"}, {"--all", "", "a switch"}}};
}

Result<Invocation> parse(std::vector<std::string> words) {
  return parse_arguments(sample(), words);
}

TEST_CASE("Arguments: a flag's value stands behind it or after an equals sign") {
  CHECK(parse({"ls", "--port", "81"})->settings.at("HTTP_PORT") == "81");
  CHECK(parse({"ls", "--port=81"})->settings.at("HTTP_PORT") == "81");
  CHECK(parse({"--port", "81", "ls"})->action == "ls");
}

TEST_CASE("Arguments: --set gives any setting, as often as wanted") {
  const auto invocation = parse({"ls", "--set", "A=1", "--set", "B=x=y", "--set", "C="});
  REQUIRE(invocation);
  CHECK(invocation->settings.at("A") == "1");
  CHECK(invocation->settings.at("B") == "x=y");
  CHECK(invocation->settings.at("C").empty());
  CHECK(parse({"ls", "--set", "novalue"}).error().code == "usage.set");
  CHECK(parse({"ls", "--set", "=1"}).error().code == "usage.set");
}

TEST_CASE("Arguments: what is wrong is said with a way out") {
  CHECK(parse({}).error().code == "usage.action");
  CHECK(parse({"lss"}).error().hint.find("\"ls\"") != std::string::npos);
  CHECK(parse({"ls", "--prot", "1"}).error().hint.find("--port") != std::string::npos);
  CHECK(parse({"ls", "--port"}).error().code == "usage.value");
  CHECK(parse({"ls", "--all=yes"}).error().code == "usage.value");
  CHECK(parse({"ls", "--port", "1", "--port", "2"}).error().code == "usage.repeated");
}

TEST_CASE("Arguments: after -- everything is an argument, and so is a negative number") {
  CHECK(parse({"retry", "--", "--all"})->arguments == std::vector<std::string>{"--all"});
  CHECK(parse({"retry", "-4"})->arguments == std::vector<std::string>{"-4"});
  CHECK(parse({"retry", "-"})->arguments == std::vector<std::string>{"-"});
}

TEST_CASE("Arguments: help is found before anything else is complained about") {
  CHECK(parse({"--help"})->has("--help"));
  CHECK(parse({"-h"})->has("--help"));
}

TEST_CASE("Closest word: finds a slip, and nothing where nothing is near") {
  const std::string_view known[] = {"worker", "version", "queue"};
  CHECK(closest_word("wroker", known) == "worker");
  CHECK(closest_word("queues", known) == "queue");
  CHECK_FALSE(closest_word("banana", known));
  CHECK_FALSE(closest_word(std::string(1000, 'x'), known));
}

TEST_CASE("Help: every line fits a terminal of 80 columns") {
  Command command = sample();
  const std::string details = std::string(20, 'w') +
                              " with quite a long text that must be wrapped somewhere "
                              "before it leaves the terminal on the right\n  example";
  command.details = details;
  const std::vector<Command> commands = {command};
  const std::string text = help(command) + help(commands);
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = text.find('\n', start);
    CHECK(end - start <= 80);
    start = end + 1;
  }
}

}  // namespace
}  // namespace selvage::app
