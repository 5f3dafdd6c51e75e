// Webhooks from the end of a job to a receiver on loopback.
#include <map>

#include "base/json.hpp"
#include "integration/tryon/world.hpp"
#include "support/raw_server.hpp"
#include "tryon/detail/delivery_rows.hpp"
#include "tryon/detail/settle.hpp"
#include "tryon/webhooks/handler.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

// Answers every message with the next of its statuses, the last one for ever, and keeps what came.
class Receiver {
 public:
  explicit Receiver(std::vector<int> statuses)
      : statuses_(std::move(statuses)), server_([this](testing::RawServer::Peer& peer) {
          const std::string request = peer.read_request();
          int status = 0;
          {
            const std::scoped_lock lock(mutex_);
            received_.push_back(request);
            status = statuses_[std::min(received_.size(), statuses_.size()) - 1];
          }
          if (status == 0) {  // hang
            peer.wait_for_close(seconds(30));
            return;
          }
          peer.send(fmt::format("HTTP/1.1 {} x\r\nContent-Length: 0\r\n\r\n", status));
        }) {}
  [[nodiscard]] std::string url() const {
    return fmt::format("http://127.0.0.1:{}/hooks?token=secret", server_.port());
  }
  [[nodiscard]] std::vector<std::string> received() {
    const std::scoped_lock lock(mutex_);
    return received_;
  }

 private:
  std::mutex mutex_;
  std::vector<int> statuses_;
  std::vector<std::string> received_;
  testing::RawServer server_;
};

std::string header(const std::string& request, std::string_view name) {
  const std::size_t at = request.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return request.substr(begin, request.find("\r\n", begin) - begin);
}

struct Hooks {
  explicit Hooks(World& all, milliseconds first_wait = seconds(5),
                 milliseconds timeout = seconds(5))
      : world(all),
        handler({*world.tables, *world.storage, *world.guard, world.metrics},
                {"https://api.example", seconds(3600), timeout, first_wait}) {}

  WebhookEndpoint add(const std::string& url, std::vector<std::string> events = {}) {
    return world.tables.write([&](data::Transaction& tx) {
      return create_endpoint(tx, world.user, url, parse_events(events).value());
    });
  }
  std::vector<Delivery> deliveries() {
    return world.tables.write([](data::Transaction& tx) { return list_deliveries(tx, {}, 200); });
  }
  WebhookEndpoint endpoint(const std::string& id) {
    return world.tables.write([&](data::Transaction& tx) { return find_endpoint(tx, id); }).value();
  }
  // A job that ended: its picture is there, its webhooks are queued.
  Task<Session> completed_job() {
    const Session session = co_await world.accept(world.upload_request(world.user, 1));
    co_await world.work_once();
    co_return world.tables.find(session.id);
  }
  Task<std::optional<work::Lease>> lease() {
    auto leases = co_await world.broker->lease(std::string(kWebhookQueue), "w", 1, seconds(15));
    REQUIRE(leases.has_value());
    if (leases->empty()) co_return std::nullopt;
    co_return std::move(leases->front());
  }
  // One message as a worker would send it; nullopt when none is due.
  Task<std::optional<work::Outcome>> deliver() {
    const std::optional<work::Lease> held = co_await lease();
    if (!held) co_return std::nullopt;
    work::Outcome outcome = co_await handler.handle(World::context(*held));
    CHECK(co_await world.settle(held->ref, outcome));
    co_return outcome;
  }

  World& world;
  WebhookHandler handler;
};

Task<void> deliver_completed(World& world, Hooks& hooks, Receiver& receiver, Receiver& deaf) {
  const WebhookEndpoint endpoint = hooks.add(receiver.url());
  hooks.add(deaf.url(), {"job.failed"});  // does not want this one
  const Session session = co_await hooks.completed_job();
  REQUIRE(hooks.deliveries().size() == 1);
  const std::optional<work::Outcome> outcome = co_await hooks.deliver();
  REQUIRE(outcome.has_value());
  CHECK(std::holds_alternative<work::Done>(*outcome));
  CHECK_FALSE((co_await hooks.deliver()).has_value());

  const std::vector<std::string> requests = receiver.received();
  REQUIRE(requests.size() == 1);
  const Delivery delivery = hooks.deliveries().front();
  CHECK(delivery.state == DeliveryState::delivered);
  CHECK(delivery.attempts == 1);
  CHECK(delivery.last_status == 200);
  CHECK(header(requests[0], "webhook-id") == delivery.id);
  CHECK(header(requests[0], "webhook-signature").starts_with("v1,"));
  const std::string body = requests[0].substr(requests[0].find("\r\n\r\n") + 4);
  CHECK(body.contains(R"("type":"job.completed")"));
  CHECK(body.contains(session.id));
  CHECK(body.contains(R"("result_url":"/files/results/)"));
  CHECK_FALSE(requests[0].contains(std::string(endpoint.secret.reveal())));
  CHECK(deaf.received().empty());
  CHECK(world.stored("results").size() == 1);
}

Task<void> fail_then_deliver(Hooks& hooks, Receiver& receiver) {
  hooks.add(receiver.url());
  co_await hooks.completed_job();
  const std::optional<work::Outcome> first = co_await hooks.deliver();
  REQUIRE(std::holds_alternative<work::RetryLater>(*first));
  const Delivery waiting = hooks.deliveries().front();
  CHECK(waiting.state == DeliveryState::pending);
  CHECK(waiting.last_status == 500);
  CHECK(waiting.next_attempt_at.has_value());
  co_await net::sleep_for(milliseconds(200));
  CHECK(std::holds_alternative<work::Done>((co_await hooks.deliver()).value()));
  const std::vector<std::string> requests = receiver.received();
  REQUIRE(requests.size() == 2);
  CHECK(header(requests[0], "webhook-id") == header(requests[1], "webhook-id"));
  CHECK(hooks.deliveries().front().state == DeliveryState::delivered);
}

Task<void> gone(Hooks& hooks, Receiver& receiver) {
  const std::string id = hooks.add(receiver.url()).id;
  co_await hooks.completed_job();
  co_await hooks.completed_job();
  CHECK(std::holds_alternative<work::Done>((co_await hooks.deliver()).value()));
  CHECK(hooks.endpoint(id).disabled_reason.has_value());
  CHECK(std::holds_alternative<work::Done>((co_await hooks.deliver()).value()));
  CHECK(receiver.received().size() == 1);  // the second was not even tried
  for (const Delivery& one : hooks.deliveries()) CHECK(one.state == DeliveryState::failed);
  co_await hooks.completed_job();
  CHECK(hooks.deliveries().size() == 2);  // nothing new for a disabled endpoint
}

// Twelve attempts, then a dead letter; a replay begins anew as a new task.
Task<void> exhaust_and_replay(World& world, Hooks& hooks, Receiver& receiver, ScopedClock& clock) {
  hooks.add(receiver.url());
  co_await hooks.completed_job();
  int attempts = 0;
  std::optional<work::Outcome> last;
  for (int i = 0; i < 100 && !last; ++i) {
    const std::optional<work::Outcome> outcome = co_await hooks.deliver();
    if (!outcome) {
      clock.advance(std::chrono::minutes(20));
      continue;
    }
    ++attempts;
    if (!std::holds_alternative<work::RetryLater>(*outcome)) last = *outcome;
  }
  REQUIRE(last.has_value());
  CHECK(std::holds_alternative<work::Bury>(*last));
  CHECK(attempts == 12);
  const Delivery dead = hooks.deliveries().front();
  CHECK(dead.state == DeliveryState::failed);
  CHECK(dead.attempts == 12);

  const bool again = world.tables.write(
      [&](data::Transaction& tx) { return replay_delivery(tx, *world.broker, dead); });
  CHECK(again);
  CHECK(std::holds_alternative<work::Done>((co_await hooks.deliver()).value()));
  CHECK(hooks.deliveries().front().state == DeliveryState::delivered);
  CHECK(receiver.received().size() == 13);
  // The dead letter of before carries nothing any more.
  const auto revived = co_await world.broker->revive(std::string(kWebhookQueue), dead.task_id);
  CHECK(revived == true);
  CHECK(std::holds_alternative<work::Done>((co_await hooks.deliver()).value()));
  CHECK(receiver.received().size() == 13);
}

}  // namespace

TEST_CASE("Webhooks: the end of a job reaches those who want to know, signed, once") {
  World world;
  Hooks hooks(world);
  Receiver receiver({200});
  Receiver deaf({200});
  world.run(deliver_completed(world, hooks, receiver, deaf));
}

TEST_CASE("Webhooks: what failed is sent again with the same id") {
  World world;
  Hooks hooks(world, milliseconds(50));
  Receiver receiver({500, 204});
  world.run(fail_then_deliver(hooks, receiver));
}

TEST_CASE("Webhooks: 410 Gone disables the endpoint, and what waits for it is not sent") {
  World world;
  Hooks hooks(world);
  Receiver receiver({410});
  world.run(gone(hooks, receiver));
}

TEST_CASE("Webhooks: after a day of attempts comes the dead letter, and a replay is a new start") {
  ScopedClock clock(now());
  World world;
  Hooks hooks(world);
  std::vector<int> statuses(12, 404);
  statuses.push_back(200);
  Receiver receiver(statuses);
  world.run(exhaust_and_replay(world, hooks, receiver, clock));
}

namespace {

// One receiver hangs, the other is well. Both have twenty messages.
Task<void> hang_beside(World& world, Hooks& hooks, Receiver& hanging, Receiver& well) {
  hooks.add(hanging.url());
  hooks.add(well.url());
  world.tables.grant(world.user, 100);
  for (int i = 0; i < 20; ++i) {
    world.tables.write([&](data::Transaction& tx) -> Result<void> {
      const std::string id = fmt::format("s{}", i);
      TRY(insert_session(tx, queued_session(id, world.user)));
      TRY(charge(tx, world.user, id, {1}));
      TRY(tryon::detail::settle_failed(tx, *world.broker, world.user, id, std::nullopt,
                                       some_failure()));
      return {};
    });
  }
  work::Worker worker(world.loop, *world.broker, hooks.handler,
                      {.id = "w", .queue = std::string(kWebhookQueue), .concurrency = 8},
                      world.metrics);
  TaskGroup group;
  group.spawn(worker.run(), "worker");
  const SteadyTime begin = steady_now();
  while (well.received().size() < 20) co_await net::sleep_for(milliseconds(20));
  const auto took = steady_now() - begin;
  worker.drain(milliseconds(0));
  co_await group.join();
  MESSAGE("20 messages beside a receiver that hangs took "
          << std::chrono::duration_cast<milliseconds>(took).count() << " ms");
  CHECK(took < seconds(5));  // less than one time-out of the hanging one
  CHECK(hanging.received().size() <= kPerEndpoint);
  CHECK(well.received().size() == 20);
}

Task<void> restart_between(World& world, Hooks& hooks, Receiver& receiver) {
  hooks.add(receiver.url());
  const Session session = co_await hooks.completed_job();
  // A worker takes the task and dies; its lease lapses.
  const auto lost =
      co_await world.broker->lease(std::string(kWebhookQueue), "dead", 1, milliseconds(1));
  REQUIRE(lost->size() == 1);
  co_await net::sleep_for(milliseconds(5));
  CHECK(std::holds_alternative<work::Done>((co_await hooks.deliver()).value()));
  CHECK(receiver.received().size() == 1);
  // The queue itself loses the next task; the row brings it back.
  co_await hooks.completed_job();
  const auto swallowed = co_await hooks.lease();
  REQUIRE(swallowed.has_value());
  CHECK((co_await world.broker->complete(swallowed->ref)) == true);
  CHECK((co_await requeue_deliveries(*world.tables, *world.broker, seconds(60))) == 0u);
  co_await net::sleep_for(milliseconds(5));
  CHECK((co_await requeue_deliveries(*world.tables, *world.broker, milliseconds(1))) == 1u);
  CHECK((co_await requeue_deliveries(*world.tables, *world.broker, milliseconds(1))) == 0u);
  CHECK(std::holds_alternative<work::Done>((co_await hooks.deliver()).value()));
  CHECK(receiver.received().size() == 2);
}

Task<void> full_queue(World& world, Hooks& hooks, Receiver& receiver) {
  hooks.add(receiver.url());
  const Session session = co_await world.accept(world.upload_request(world.user, 1));
  const auto tight = work::make_sql_broker(*world.tables, {.max_ready = 0});
  const auto settled = world.tables.write([&](data::Transaction& tx) {
    return tryon::detail::settle_failed(tx, *tight, world.user, session.id, std::nullopt,
                                        some_failure());
  });
  CHECK(settled.changed);  // the job's end does not hang on it
  CHECK_FALSE((co_await hooks.deliver()).has_value());
  co_await net::sleep_for(milliseconds(5));
  CHECK((co_await requeue_deliveries(*world.tables, *world.broker, milliseconds(1))) == 1u);
  CHECK(std::holds_alternative<work::Done>((co_await hooks.deliver()).value()));
  CHECK(receiver.received().size() == 1);
}

Task<void> forget(World& world, Hooks& hooks, Receiver& receiver, ScopedClock& clock) {
  hooks.add(receiver.url());
  co_await hooks.completed_job();
  co_await hooks.deliver();
  clock.advance(std::chrono::hours(24));
  co_await hooks.completed_job();
  CHECK((co_await forget_deliveries(*world.tables, std::chrono::hours(1))) == 1u);
  REQUIRE(hooks.deliveries().size() == 1);
  CHECK(hooks.deliveries().front().state == DeliveryState::pending);
}

}  // namespace

TEST_CASE("Webhooks: a receiver that hangs does not starve another") {
  World world;
  Hooks hooks(world, seconds(5), seconds(10));
  Receiver hanging({0});
  Receiver well({200});
  world.run(hang_beside(world, hooks, hanging, well));
  world.check_exact(110);
}

TEST_CASE("Webhooks: neither a dead worker nor a forgetful queue loses one") {
  World world;
  Hooks hooks(world);
  Receiver receiver({200});
  world.run(restart_between(world, hooks, receiver));
}

TEST_CASE("Webhooks: a full queue holds up no job's end, only its message") {
  World world;
  Hooks hooks(world);
  Receiver receiver({200});
  world.run(full_queue(world, hooks, receiver));
}

TEST_CASE("Webhooks: what is over is forgotten after its time, what waits is not") {
  ScopedClock clock(now());
  World world;
  Hooks hooks(world);
  Receiver receiver({200});
  world.run(forget(world, hooks, receiver, clock));
}

TEST_CASE("Webhooks: an endpoint is its owner's, and its number and URLs are limited") {
  World world;
  Hooks hooks(world);
  const WebhookEndpoint first = hooks.add("https://a.example/0");
  for (std::size_t i = 1; i < kMaxEndpoints; ++i) hooks.add(fmt::format("https://a.example/{}", i));
  const auto more = world.tables->write_blocking([&](data::Transaction& tx) {
    return create_endpoint(tx, world.user, "https://a.example/more", parse_events({}).value());
  });
  CHECK(more.error().code == "webhook.too_many");
  CHECK(world.tables.write([&](data::Transaction& tx) { return remove_endpoint(tx, first.id); }));
  const auto same = world.tables->write_blocking([&](data::Transaction& tx) {
    return create_endpoint(tx, world.user, "https://a.example/1", parse_events({}).value());
  });
  CHECK(same.error().code == "webhook.duplicate");
  const WebhookEndpoint theirs = world.tables.write([&](data::Transaction& tx) {
    return create_endpoint(tx, world.store, "https://a.example/1", parse_events({}).value());
  });
  CHECK(theirs.owner == world.store);
  CHECK(world.tables
            .write([&](data::Transaction& tx) { return list_endpoints(tx, world.store, 100); })
            .size() == 1);

  const WebhookEndpoint rotated =
      world.tables.write([&](data::Transaction& tx) { return rotate_secret(tx, theirs); });
  CHECK(rotated.secret.reveal() != theirs.secret.reveal());
  const WebhookEndpoint stored = hooks.endpoint(theirs.id);
  CHECK(stored.secret.reveal() == rotated.secret.reveal());
  CHECK(stored.signing_secrets(now()).size() == 2);
}
