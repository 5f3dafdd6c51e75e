// RemoteControl: answers `celery inspect` and `celery control`.
//
// Requests come by broadcast on the channel /<db>.celery.pidbox; whoever may talk to the Redis may
// ask. Answers go to the list that the caller waits on. A method that is not known, or cannot be
// done here, is answered with an error that says so.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task_group.hpp"
#include "celery/events.hpp"
#include "celery/function.hpp"
#include "celery/keys.hpp"
#include "celery/node_state.hpp"
#include "celery/revoked_store.hpp"
#include "data/redis.hpp"

namespace selvage::celery {

struct ConsumedQueue {
  std::string name;
  std::size_t concurrency = 0;
};

struct DelayedTasks {
  std::vector<std::string> payloads;  // the first to fall due first
  bool more = false;                  // others wait, too
};

// What remote control may ask of the node.
class NodeActions {
 public:
  virtual ~NodeActions() = default;
  [[nodiscard]] virtual std::vector<ConsumedQueue> queues() const = 0;
  // Errors say why not.
  [[nodiscard]] virtual Result<void> consume(const std::string& queue) = 0;
  [[nodiscard]] virtual Result<void> stop_consuming(const std::string& queue) = 0;
  // More (or fewer) tasks at once on every queue.
  [[nodiscard]] virtual Result<void> grow(int by) = 0;
  virtual void shut_down() = 0;
  // Tasks that wait for their time, `limit` at most, and work::kMaxSoonestBytes of them.
  [[nodiscard]] virtual Task<DelayedTasks> delayed(std::size_t limit) = 0;
  // Settings worth showing, as a JSON object; never a secret.
  [[nodiscard]] virtual std::string configuration() const = 0;
};

struct ControlParts {
  NodeState& node;
  Events& events;
  RevokedStore& revoked;
  const Functions& functions;
  NodeActions& actions;
  std::string version;  // of the program
  std::string broker;   // host and port, as JSON object members
  milliseconds time_limit;
};

class RemoteControl {
 public:
  static constexpr std::size_t kMaxAtOnce = 100;  // requests being answered; more are dropped

  // All of `parts`, `redis` and `keys` outlive it.
  RemoteControl(ControlParts parts, data::Redis& redis, const Keys& keys);
  // Listens until cancelled. `ready` is called after every (re)subscription.
  [[nodiscard]] Task<void> run(data::RedisSubscription& channel, std::function<void()> ready,
                               CancelToken stop);
  // One request, as it came; the answer to be sent, if any is. For run() and for tests.
  struct Answer {
    std::string list;
    std::string message;
  };
  [[nodiscard]] Task<std::optional<Answer>> answer(std::string request);

 private:
  Task<void> serve(std::string request);

  ControlParts parts_;
  data::Redis& redis_;
  const Keys& keys_;
  TaskGroup answering_;
};

}  // namespace selvage::celery
