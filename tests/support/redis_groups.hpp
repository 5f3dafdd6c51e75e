// Several real Redis servers that belong together on loopback: a master with a replica under three
// sentinels, and a cluster.
#pragma once

#include <stdexcept>

#include "support/running_redis.hpp"

namespace selvage::testing {

// Sentinels notice a dead master after a second and have promoted the replica about two later.
class RedisSentinels {
 public:
  static constexpr const char* kMaster = "main";

  explicit RedisSentinels(std::string password = {}, std::string sentinel_password = {})
      : password_(std::move(password)),
        sentinel_password_(std::move(sentinel_password)),
        master({.password = password_}),
        replica({.password = password_, .replica_of = master.port()}) {
    if (!wait_until([&] { return replica.info("master_link_status") == "up"; }, kPatience)) {
      throw std::runtime_error("the replica does not follow: " + replica.log());
    }
    for (std::uint16_t& port : ports_) port = free_port();
    for (std::size_t i = 0; i < 3; ++i) start_sentinel(i);
    const auto agreed = [&] {
      for (std::size_t i = 0; i < 3; ++i) {
        const std::string seen = ask(i, {"SENTINEL", "MASTER", kMaster});
        if (!ask(i, {"SENTINEL", "CKQUORUM", kMaster}).starts_with("OK 3") ||
            seen.find("num-slaves\n1\n") == std::string::npos) {
          return false;
        }
      }
      return true;
    };
    if (!wait_until(agreed, kPatience)) throw std::runtime_error("the sentinels do not agree");
  }

  // redis+sentinel://..., with the passwords.
  [[nodiscard]] std::string url() const {
    std::string seeds;
    for (const std::uint16_t port : ports_) {
      seeds += (seeds.empty() ? "" : ",") + ("127.0.0.1:" + std::to_string(port));
    }
    return "redis+sentinel://" + (password_.empty() ? "" : ":" + password_ + "@") + seeds + "/" +
           kMaster + (sentinel_password_.empty() ? "" : "?sentinel_password=" + sentinel_password_);
  }
  // What sentinel 0, 1 or 2 answers.
  std::string ask(std::size_t sentinel, std::vector<std::string> words) const {
    std::vector<std::string> command{"redis-cli", "-p", std::to_string(ports_[sentinel])};
    command.insert(command.end(), words.begin(), words.end());
    return run_program(std::move(command), redis_login(sentinel_password_)).output;
  }
  // The port of the master as the sentinels see it.
  [[nodiscard]] std::uint16_t master_port() const {
    std::istringstream said(ask(0, {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", kMaster}));
    std::string host;
    unsigned port = 0;
    said >> host >> port;
    return static_cast<std::uint16_t>(port);
  }
  // Until the other server is the master for all sentinels. False after half a minute.
  [[nodiscard]] bool wait_for_master(const RunningRedis& server) const {
    return wait_until(
        [&] { return master_port() == server.port() && server.info("role") == "master"; },
        kPatience);
  }
  void kill_sentinel(std::size_t sentinel) { processes_[sentinel].kill_nine(); }
  void start_sentinel(std::size_t sentinel) {
    const std::string file = directory_ / ("sentinel" + std::to_string(sentinel) + ".conf");
    if (!std::filesystem::exists(file)) {  // a sentinel writes what it learns into its file
      std::ofstream conf(file);
      conf << "bind 127.0.0.1\nport " << ports_[sentinel] << "\ndir " << directory_.path().string()
           << "\nsentinel monitor " << kMaster << " 127.0.0.1 " << master.port() << " 2\n"
           << "sentinel down-after-milliseconds " << kMaster << " 1000\n"
           << "sentinel failover-timeout " << kMaster << " 5000\n";
      if (!password_.empty()) conf << "sentinel auth-pass " << kMaster << " " << password_ << "\n";
      if (!sentinel_password_.empty()) {
        conf << "requirepass " << sentinel_password_ << "\nsentinel sentinel-pass "
             << sentinel_password_ << "\n";
      }
    }
    processes_[sentinel].start({"redis-server", file, "--sentinel"}, file + ".log");
  }

 private:
  static constexpr std::chrono::seconds kPatience{30};
  std::string password_;
  std::string sentinel_password_;

 public:
  RunningRedis master;  // the first master; kill it to see a failover
  RunningRedis replica;

 private:
  TemporaryDirectory directory_;
  std::array<std::uint16_t, 3> ports_{};
  std::array<ServerProcess, 3> processes_;
};

// Nodes that share the slots 0 to 16383 evenly.
class RedisCluster {
 public:
  explicit RedisCluster(std::size_t masters = 3, std::size_t replicas_each = 0,
                        std::string password = {})
      : password_(std::move(password)) {
    std::vector<std::string> command{"redis-cli", "--cluster", "create"};
    for (std::size_t i = 0; i < masters * (replicas_each + 1); ++i) {
      RedisServerOptions options;
      options.password = password_;
      options.cluster = true;
      nodes.push_back(std::make_unique<RunningRedis>(std::move(options)));
      command.push_back(nodes.back()->address());
    }
    command.insert(command.end(),
                   {"--cluster-replicas", std::to_string(replicas_each), "--cluster-yes"});
    const Finished made = run_program(std::move(command), redis_login(password_));
    if (made.exit_code != 0) throw std::runtime_error("no cluster: " + made.output);
    if (!wait_until([&] { return settled(masters); }, std::chrono::seconds(60))) {
      throw std::runtime_error("the cluster does not settle: " + made.output);
    }
  }

  // redis+cluster://..., with the password.
  [[nodiscard]] std::string url() const {
    std::string seeds;
    for (const auto& node : nodes) seeds += (seeds.empty() ? "" : ",") + node->address();
    return "redis+cluster://" + (password_.empty() ? "" : ":" + password_ + "@") + seeds;
  }
  // The master that holds the slot of `key`.
  [[nodiscard]] RunningRedis& holder(const std::string& key) const {
    for (const auto& node : nodes) {
      // a node that does not hold it answers MOVED, one that is giving it away ASK
      const std::string answer = node->cli({"EXISTS", key});
      if ((answer == "0" || answer == "1" || answer.starts_with("ASK")) &&
          node->info("role") == "master") {
        return *node;
      }
    }
    throw std::runtime_error("no node holds the key");
  }
  // Moves the slot of `key` with all its keys to `to`, as an operator's resharding does.
  void move_slot(const std::string& key, const RunningRedis& to) const {
    const RunningRedis& from = holder(key);
    const std::string slot = from.cli({"CLUSTER", "KEYSLOT", key});
    const std::string from_id = from.cli({"CLUSTER", "MYID"});
    const std::string to_id = to.cli({"CLUSTER", "MYID"});
    (void)to.cli({"CLUSTER", "SETSLOT", slot, "IMPORTING", from_id});
    (void)from.cli({"CLUSTER", "SETSLOT", slot, "MIGRATING", to_id});
    std::istringstream keys(from.cli({"CLUSTER", "GETKEYSINSLOT", slot, "10000"}));
    for (std::string name; std::getline(keys, name);) {
      if (name.empty()) continue;
      std::vector<std::string> move{"MIGRATE", "127.0.0.1", std::to_string(to.port()),
                                    name,      "0",         "5000"};
      if (!password_.empty()) move.insert(move.end(), {"AUTH", password_});
      (void)from.cli(std::move(move));
    }
    (void)to.cli({"CLUSTER", "SETSLOT", slot, "NODE", to_id});
    (void)from.cli({"CLUSTER", "SETSLOT", slot, "NODE", to_id});
  }

  std::vector<std::unique_ptr<RunningRedis>> nodes;

 private:
  [[nodiscard]] bool settled(std::size_t masters) const {
    for (const auto& node : nodes) {
      const std::string state = node->cli({"CLUSTER", "INFO"});
      if (state.find("cluster_state:ok") == std::string::npos ||
          state.find("cluster_known_nodes:" + std::to_string(nodes.size())) == std::string::npos ||
          state.find("cluster_size:" + std::to_string(masters)) == std::string::npos) {
        return false;
      }
      if (node->info("role") == "slave" && node->info("master_link_status") != "up") return false;
    }
    return true;
  }
  std::string password_;
};

}  // namespace selvage::testing
