// The names of Celery's keys and channels in Redis. `global_keyprefix` of the broker's transport
// options stands before all of the broker's; that of the result back end's before all results.
#pragma once

#include <string>
#include <string_view>

namespace selvage::celery {

class Keys {
 public:
  // `db` is the number of the broker's database: it is a part of its channels' names. A result
  // prefix that ends in none of ":_-." gets an underscore, as Celery does it.
  Keys(std::string prefix, std::string result_prefix, int db);

  // The name by which the broker knows the queue, and its list at priority 0.
  [[nodiscard]] std::string queue(std::string_view name) const;
  // The list a message of that priority goes to.
  [[nodiscard]] std::string list(std::string_view name, int priority) const;
  // The set of a queue's bindings, and the member that binds a queue to its direct exchange.
  [[nodiscard]] std::string bindings(std::string_view exchange) const;
  [[nodiscard]] static std::string binding(std::string_view queue);

  [[nodiscard]] std::string result(std::string_view task_id) const;
  // What is kept of a group: suffix "" its members, ".j" results, ".t" difference, ".s" size.
  [[nodiscard]] std::string group(std::string_view group_id, std::string_view suffix) const;
  // Says that what follows a task whose result is ignored was published.
  [[nodiscard]] std::string published(std::string_view delivery_tag) const;

  // "task-received" -> "/0.celeryev/task.received"
  [[nodiscard]] std::string events(std::string_view type) const;
  [[nodiscard]] std::string control() const;
  // Where the answers to a remote control's caller go.
  [[nodiscard]] std::string reply(std::string_view exchange, std::string_view routing_key) const;
  // Ids that were revoked lately, for nodes that start later.
  [[nodiscard]] std::string revoked() const;

  [[nodiscard]] int db() const { return db_; }

 private:
  std::string prefix_;
  std::string result_prefix_;
  int db_;
};

}  // namespace selvage::celery
