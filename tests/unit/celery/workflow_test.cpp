#include "celery/detail/workflow.hpp"

#include <doctest/doctest.h>

#include "celery/detail/chord_results.hpp"
#include "celery/detail/result_meta.hpp"
#include "celery/make_message.hpp"

namespace selvage::celery {

namespace {

const Routes kRoutes{.default_queue = "celery", .patterns = {{"img.*", "pictures"}}};
const StepOrigin kOrigin{.node = "selvage@x", .root_id = "root", .parent_id = "parent"};

Message read(const Element& element) {
  auto message = parse_message(element.text);
  REQUIRE_MESSAGE(message.has_value(), message.error().describe());
  return std::move(*message);
}

Steps after(FollowingSteps then, std::string_view result = "3") {
  Message message;
  message.id = "me";
  message.root_id = "root";
  message.then = std::move(then);
  auto steps = steps_after_success(message, result, kRoutes, kOrigin);
  REQUIRE_MESSAGE(steps.has_value(), steps.error().describe());
  return std::move(*steps);
}

}  // namespace

TEST_CASE("Workflow: a callback's options become its message's") {
  const Steps steps = after({.callbacks = R"([{"task": "img.resize", "args": [1, 2.0],
      "kwargs": {"w": 1}, "options": {"task_id": "cb", "priority": 3, "countdown": 60,
      "expires": 120, "time_limit": 9, "soft_time_limit": 8, "ignore_result": true,
      "headers": {"tenant": 7}, "link": {"task": "then"}, "link_error": [{"task": "oops"}],
      "stamped_headers": ["who"], "who": "me"}}])"});
  REQUIRE(steps.messages.size() == 1);
  CHECK(steps.messages[0].queue == "pictures");
  CHECK(steps.messages[0].priority == 3);
  const Message message = read(steps.messages[0]);
  CHECK(message.id == "cb");
  CHECK(message.args == "[3, 1, 2E0]");  // a float stays one
  CHECK(message.kwargs == R"({"w":1})");
  CHECK(message.eta > now() + seconds(50));
  CHECK(message.expires > now() + seconds(110));
  CHECK(message.hard_limit == seconds(9));
  CHECK(message.soft_limit == seconds(8));
  CHECK(message.ignore_result);
  CHECK(message.other_headers == R"({"tenant":7})");
  CHECK(message.then.callbacks == R"([{"task":"then"}])");
  CHECK(message.then.errbacks == R"([{"task":"oops"}])");
  CHECK(message.root_id == "root");
  CHECK(message.parent_id == "parent");
  CHECK(steps.messages[0].text.contains(R"("stamps": {"who":"me"})"));
}

TEST_CASE("Workflow: a queue is the signature's, else its routing key's, else the route's") {
  CHECK(after({.callbacks = R"([{"task": "a", "options": {"queue": "q"}}])"}).messages[0].queue ==
        "q");
  CHECK(after({.callbacks = R"([{"task": "a", "options": {"routing_key": "r"}}])"})
            .messages[0]
            .queue == "r");
  CHECK(after({.callbacks = R"([{"task": "a"}])"}).messages[0].queue == "celery");
}

TEST_CASE("Workflow: a group as the last step of a chain becomes its tasks, nested ones too") {
  const Steps steps = after({.chain = R"([{"task": "celery.group", "subtask_type": "group",
      "options": {"task_id": "gid"}, "kwargs": {"tasks": [
        {"task": "a", "options": {"task_id": "1"}},
        {"task": "celery.group", "subtask_type": "group", "kwargs": {"tasks": [
          {"task": "b", "options": {"task_id": "2"}, "immutable": true, "args": [9]}]}}]}}])"});
  REQUIRE(steps.messages.size() == 2);
  CHECK(read(steps.messages[0]).group == "gid");
  CHECK(read(steps.messages[0]).args == "[3]");
  CHECK(read(steps.messages[1]).group_index == 1);
  CHECK(read(steps.messages[1]).args == "[9]");
  CHECK(steps.children == R"([[["gid", null], [[["1", null], null], [["2", null], null]]]])");
  CHECK(steps.chords.empty());
}

TEST_CASE("Workflow: a group with a step after it is a chord") {
  const Steps steps = after({.chain = R"([{"task": "last"},
      {"task": "join", "options": {"task_id": "j"}},
      {"task": "celery.group", "subtask_type": "group", "options": {"task_id": "gid"},
       "kwargs": {"tasks": [{"task": "a"}, {"task": "b"}]}}])"});
  REQUIRE(steps.messages.size() == 2);
  const Message member = read(steps.messages[0]);
  CHECK(member.then.chain.empty());
  REQUIRE(steps.chords.size() == 1);
  CHECK(steps.chords[0].size == 2);
  const auto called = chord_steps(member.then.chord, "[1, 2]", kRoutes, kOrigin);
  REQUIRE(called.has_value());
  const Message join = read(called->messages[0]);
  CHECK(join.id == "j");
  CHECK(join.args == "[[1, 2]]");
  CHECK(join.then.chain == R"([{"task":"last"}])");
}

TEST_CASE("Workflow: the members of nested groups, chains and chords are counted as Celery does") {
  const Steps steps = after({.chain = R"([{"task": "celery.chord", "subtask_type": "chord",
      "kwargs": {"kwargs": {}, "body": {"task": "end", "options": {"task_id": "e"}}, "header": [
        {"task": "celery.chain", "subtask_type": "chain", "kwargs": {"tasks": [
          {"task": "a"}, {"task": "b"}]}},
        {"task": "celery.chord", "subtask_type": "chord", "kwargs": {"kwargs": {},
          "header": [{"task": "c"}, {"task": "d"}], "body": {"task": "inner"}}}]}}])"});
  REQUIRE(steps.chords.size() == 2);
  CHECK(steps.chords[0].size == 2);
  CHECK(steps.chords[1].size == 2);
  REQUIRE(steps.messages.size() == 3);
  const Message a = read(steps.messages[0]);
  CHECK(a.group.empty());  // the chain's last step is the member
  CHECK(a.then.chain.contains(R"("group_id":")" + steps.chords[0].group));
  const Message c = read(steps.messages[1]);
  CHECK(c.group == steps.chords[1].group);
  CHECK(c.then.chord.contains(R"("group_id":")" + steps.chords[0].group));
}

TEST_CASE("Workflow: an empty chord calls its callback with no results") {
  const Steps steps = after({.chain = R"([{"task": "celery.chord", "subtask_type": "chord",
      "kwargs": {"kwargs": {}, "header": [], "body": {"task": "end"}}}])"});
  REQUIRE(steps.messages.size() == 1);
  CHECK(read(steps.messages[0]).args == "[[]]");
}

TEST_CASE("Workflow: bad signatures are errors that say what is wrong") {
  Message message;
  for (const char* chain : {"{}", "[1]", R"([{"args": []}])", R"([{"task": "a", "args": {}}])",
                            R"([{"task": "g", "subtask_type": "group"}])",
                            R"([{"task": "c", "subtask_type": "chord"}])",
                            R"([{"task": "a", "options": {"eta": "soon"}}])"}) {
    message.then.chain = chain;
    const auto steps = steps_after_success(message, "1", kRoutes, kOrigin);
    REQUIRE_FALSE(steps.has_value());
    CHECK(steps.error().code == "celery.signature");
  }
  std::string many = R"([{"task": "celery.group", "subtask_type": "group", "kwargs": {"tasks": [)";
  for (std::size_t i = 0; i <= kMaxFollowing; ++i) many += R"({"task":"a"},)";
  many.back() = ']';
  message.then.chain = many + "}}]";
  CHECK(steps_after_success(message, "1", kRoutes, kOrigin).error().code == "celery.too_large");
}

TEST_CASE("Chord results: in order, nested where the group was nested, or why they are none") {
  const std::vector<std::string> parts{chord_part("a", "SUCCESS", "1"),
                                       chord_part("b", "SUCCESS", R"({"x": [1, "]"]})")};
  CHECK(chord_results(parts, {}).value() == R"([1, {"x": [1, "]"]}])");
  CHECK(chord_results(parts, R"({"result": [["g", null], [[["b", null], null],
        [["g2", null], [[["a", null], null]]]]]})")
            .value() == R"([{"x": [1, "]"]}, [1]])");
  const Raised boom{.type = "ValueError", .message = "boom"};
  const std::string failed = chord_part("c", "FAILURE", exception_json(boom));
  CHECK(chord_results({failed}, {}).error().message == "Dependency c raised ValueError('boom')");
  CHECK(chord_results({"[1]"}, {}).error().code == "celery.chord");
}

TEST_CASE("Results: exceptions look as Python's do") {
  CHECK(exception_repr({.type = "ValueError", .message = "it's"}) == R"(ValueError("it's"))");
  CHECK(exception_repr({.type = "E", .message = "", .arguments = "[1, \"a\"]"}) == "E(1, 'a')");
  CHECK(exception_repr({.type = "E", .message = "", .arguments = "[1]"}) == "E(1)");
  CHECK(exception_repr({.type = "E", .message = "", .arguments = "[]"}) == "E()");
}

}  // namespace selvage::celery
