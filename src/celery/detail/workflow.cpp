#include "celery/detail/workflow.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/id.hpp"
#include "base/text.hpp"
#include "celery/detail/body.hpp"
#include "celery/detail/json_text.hpp"
#include "celery/detail/signature.hpp"

namespace selvage::celery {

namespace {

// What a signature gets from those around it.
struct Around {
  std::vector<std::string> args;  // JSON texts, in front of its own
  std::string group;
  std::optional<std::int64_t> group_index;
  json::value chord;  // null: none
  json::array chain;  // the steps after it, the next one LAST
};

json::value string_value(std::string_view text) { return json::value(boost::json::string(text)); }

void set_option(json::value& signature, std::string_view name, json::value v) {
  json::object& all = signature.get_object();
  json::value& options = all["options"];
  if (!options.is_object()) options = json::object();
  options.get_object()[name] = std::move(v);
}

// Its id, which it gets now if it has none: others refer to it.
std::string settle_id(json::value& signature) {
  json::object& all = signature.get_object();
  if (json::value* options = all.if_contains("options");
      options != nullptr && options->is_object()) {
    const json::value* id = options->get_object().if_contains("task_id");
    if (id != nullptr && id->is_string()) return std::string(id->get_string());
  }
  std::string id = new_uuid();
  set_option(signature, "task_id", string_value(id));
  return id;
}

std::string child_of(std::string_view id) {
  std::string text = "[[";
  append_json_string(text, id);
  return text + ", null], null]";
}

std::string child_of_group(std::string_view id, const std::vector<std::string>& members) {
  std::string text = "[[";
  append_json_string(text, id);
  return text + ", null], [" + join(members, ", ") + "]]";
}

class Expansion {
 public:
  Expansion(const Routes& routes, const StepOrigin& origin) : routes_(routes), origin_(origin) {}

  // Makes the messages of one signature; answers how a result's `children` name it.
  Result<std::string> add(const json::value& signature, Around around) {
    const Signature read = TRY(Signature::read(signature));
    switch (read.kind()) {
      case SignatureKind::task:
        return add_task(read, around);
      case SignatureKind::group:
        return add_group(signature, read, std::move(around));
      case SignatureKind::chain:
        return add_chain(read, std::move(around));
      case SignatureKind::chord:
        return add_chord(read, std::move(around));
    }
    return bad_signature("unknown kind");
  }

  Steps take(const std::vector<std::string>& children) {
    steps_.children = '[' + join(children, ", ") + ']';
    return std::move(steps_);
  }

 private:
  Result<std::string> add_task(const Signature& signature, const Around& around) {
    if (steps_.messages.size() >= kMaxFollowing) {
      return fail(ErrorKind::too_large, "celery.too_large",
                  fmt::format("a task may set off {} others at most", kMaxFollowing));
    }
    MessageOptions options = TRY(signature.message_options());
    if (options.queue.empty()) options.queue = routes_.queue_of(signature.task());
    if (!around.group.empty()) {
      options.group = around.group;
      options.group_index = around.group_index;
    }
    if (!around.chord.is_null()) options.then.chord = boost::json::serialize(around.chord);
    if (!around.chain.empty())
      options.then.chain = boost::json::serialize(json::value(around.chain));
    if (options.root_id.empty()) options.root_id = origin_.root_id;
    if (options.parent_id.empty()) options.parent_id = origin_.parent_id;
    options.origin = origin_.node;
    add_trace(options);
    const std::string queue = options.queue;
    const int priority = options.priority;
    NewMessage made =
        TRY(make_message(signature.task(), signature.args_after(around.args),
                         boost::json::serialize(json::value(signature.kwargs())), options));
    steps_.messages.push_back({.queue = queue, .priority = priority, .text = std::move(made.text)});
    return child_of(made.id);
  }

  void add_trace(MessageOptions& options) const {
    const auto add = [&options](std::string_view name, const std::string& v) {
      if (v.empty()) return;
      std::string text;
      append_json_string(text, v);
      options.headers.emplace_back(std::string(name), std::move(text));
    };
    add("traceparent", origin_.traceparent);
    add("tracestate", origin_.tracestate);
  }

  Result<std::string> add_group(const json::value& whole, const Signature& signature,
                                Around around) {
    if (!around.chain.empty()) return add_chord_of(whole, std::move(around));
    const json::array* tasks = TRY(signature.tasks());
    std::string id = signature.text_option("task_id");
    if (id.empty()) id = new_uuid();
    Around member{.args = std::move(around.args),
                  .group = id,
                  .group_index = 0,
                  .chord = std::move(around.chord),
                  .chain = {}};
    std::vector<std::string> children;
    for (const json::value& task : *tasks) {
      TRY(add_member(task, member, children));
    }
    return child_of_group(id, children);
  }

  // One member of a group; a group inside a group is as if its tasks were members themselves.
  Result<void> add_member(const json::value& task, Around& member,
                          std::vector<std::string>& children) {
    const Signature read = TRY(Signature::read(task));
    if (read.kind() == SignatureKind::group) {
      for (const json::value& inner : *TRY(read.tasks())) TRY(add_member(inner, member, children));
      return {};
    }
    Around mine = member;
    if (mine.chord.is_null()) {
      const json::value* own = read.options().if_contains("chord");
      if (own != nullptr) mine.chord = *own;
    }
    children.push_back(TRY(add(task, std::move(mine))));
    ++*member.group_index;
    return {};
  }

  // A group with something after it is a chord.
  Result<std::string> add_chord_of(const json::value& group, Around around) {
    json::object kwargs;
    kwargs["header"] = group;
    kwargs["body"] = around.chain.back();
    kwargs["kwargs"] = json::object();
    around.chain.pop_back();
    json::object chord;
    chord["task"] = "celery.chord";
    chord["kwargs"] = std::move(kwargs);
    chord["subtask_type"] = "chord";
    return add(json::value(std::move(chord)), std::move(around));
  }

  Result<std::string> add_chain(const Signature& signature, Around around) {
    json::array steps;
    TRY(flatten(signature, steps));
    if (steps.empty()) return bad_signature("a chain has no steps");
    for (json::value& step : steps) settle_id(step);
    json::value& last = steps.back();
    if (!around.group.empty()) {
      set_option(last, "group_id", string_value(around.group));
      if (around.group_index) set_option(last, "group_index", *around.group_index);
    }
    if (!around.chord.is_null()) set_option(last, "chord", around.chord);
    if (const json::value* link = signature.options().if_contains("link");
        link != nullptr && !link->is_null()) {
      set_option(last, "link", *link);
    }
    Around first{.args = signature.immutable() ? std::vector<std::string>() : around.args,
                 .group = {},
                 .group_index = {},
                 .chord = {},
                 .chain = std::move(around.chain)};
    for (std::size_t i = steps.size() - 1; i > 0; --i) first.chain.push_back(steps[i]);
    return add(steps.front(), std::move(first));
  }

  // The steps of a chain and of the chains among them, in order.
  Result<void> flatten(const Signature& chain, json::array& steps) {
    for (const json::value& task : *TRY(chain.tasks())) {
      const Signature read = TRY(Signature::read(task));
      if (read.kind() == SignatureKind::chain) {
        TRY(flatten(read, steps));
      } else {
        steps.push_back(task);
      }
    }
    return {};
  }

  Result<std::string> add_chord(const Signature& signature, Around around) {
    const json::value* header = signature.kwargs().if_contains("header");
    const json::value* found = signature.kwargs().if_contains("body");
    if (header == nullptr || found == nullptr || !found->is_object()) {
      return bad_signature("a chord needs header and body");
    }
    json::value body = *found;
    // what the chord was to have around it, its body has, for the body ends it
    for (const auto& [name, option] : signature.options()) {
      if (name != "task_id" && name != "chord" && !option.is_null()) {
        set_option(body, name, option);
      }
    }
    if (!around.chain.empty()) set_option(body, "chain", json::value(std::move(around.chain)));
    if (!around.group.empty()) {
      set_option(body, "group_id", string_value(around.group));
      if (around.group_index) set_option(body, "group_index", *around.group_index);
    }
    if (!around.chord.is_null()) set_option(body, "chord", std::move(around.chord));
    const std::string body_id = settle_id(body);

    std::string group = new_uuid();
    const json::array* tasks = header->if_array();
    if (tasks == nullptr) {
      const Signature read = TRY(Signature::read(*header));
      tasks = TRY(read.tasks());
      if (const std::string id = read.text_option("task_id"); !id.empty()) group = id;
    }
    std::int64_t size = 0;
    for (const json::value& task : *tasks) size += Signature::members(task);
    if (size == 0) {
      TRY(add(body, Around{.args = {"[]"}}));
      return child_of(body_id);
    }
    steps_.chords.push_back({.group = group, .size = size});
    Around member{.args = signature.immutable() ? std::vector<std::string>() : around.args,
                  .group = group,
                  .group_index = 0,
                  .chord = std::move(body),
                  .chain = {}};
    std::vector<std::string> children;
    for (const json::value& task : *tasks) TRY(add_member(task, member, children));
    return child_of(body_id);
  }

  const Routes& routes_;
  const StepOrigin& origin_;
  Steps steps_;
};

Result<json::value> signatures_in(std::string_view list) {
  json::value tree = TRY(parse_json(list, "the signatures"));
  if (!tree.is_array()) return bad_signature("the signatures are not a list");
  return tree;
}

}  // namespace

StepOrigin StepOrigin::of(const Message& message, std::string node) {
  return {.node = std::move(node),
          .root_id = message.root_id,
          .parent_id = message.id,
          .traceparent = message.traceparent,
          .tracestate = message.tracestate};
}

Result<Steps> steps_after_success(const Message& message, std::string_view result,
                                  const Routes& routes, const StepOrigin& origin) {
  Expansion expansion(routes, origin);
  std::vector<std::string> children;
  const Around called_with{.args = {std::string(result)}};
  if (!message.then.callbacks.empty()) {
    const json::value callbacks = TRY(signatures_in(message.then.callbacks));
    for (const json::value& callback : callbacks.get_array()) {
      children.push_back(TRY(expansion.add(callback, called_with)));
    }
  }
  if (!message.then.chain.empty()) {
    json::value chain = TRY(signatures_in(message.then.chain));
    Around around = called_with;
    around.chain = std::move(chain.get_array());
    const json::value next = around.chain.back();
    around.chain.pop_back();
    children.push_back(TRY(expansion.add(next, std::move(around))));
  }
  return expansion.take(children);
}

Result<Steps> error_steps(std::string_view errbacks, std::string_view failed_id,
                          const Routes& routes, const StepOrigin& origin) {
  std::string id;
  append_json_string(id, failed_id);
  Expansion expansion(routes, origin);
  const json::value all = TRY(signatures_in(errbacks));
  for (const json::value& errback : all.get_array()) {
    TRY(expansion.add(errback, Around{.args = {id}}));
  }
  return expansion.take({});
}

Result<Steps> chord_steps(std::string_view callback, std::string_view results, const Routes& routes,
                          const StepOrigin& origin) {
  Expansion expansion(routes, origin);
  const json::value signature = TRY(parse_json(callback, "the chord's callback"));
  TRY(expansion.add(signature, Around{.args = {std::string(results)}}));
  return expansion.take({});
}

std::vector<LostStep> steps_lost_with(const Message& message) {
  std::vector<LostStep> lost;
  if (message.then.chain.empty()) return lost;
  const auto chain = signatures_in(message.then.chain);
  if (!chain) return lost;
  for (const json::value& step : chain->get_array()) {
    const auto read = Signature::read(step);
    if (!read) continue;
    const auto options = read->message_options();
    if (!options) continue;
    lost.push_back({.id = options->id,
                    .group = options->group,
                    .group_index = options->group_index,
                    .chord = options->then.chord});
  }
  return lost;
}

ChordCallback read_callback(std::string_view signature) {
  const auto tree = parse_json(signature, "the chord's callback");
  if (!tree) return {};
  const auto read = Signature::read(*tree);
  if (!read) return {};
  const auto options = read->message_options();
  if (!options) return {};
  return {.id = options->id, .errbacks = options->then.errbacks};
}

}  // namespace selvage::celery
