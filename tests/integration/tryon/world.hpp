// Everything a generation job needs, real and in one scratch directory: database, queue, storage,
// egress guard; only the provider is a script unless a test asks for the local one.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>

#include "base/task_group.hpp"
#include "data/local_storage.hpp"
#include "integration/tryon/flaky_parts.hpp"
#include "integration/tryon/scripted_provider.hpp"
#include "tryon/acceptance.hpp"
#include "tryon/cleanup.hpp"
#include "tryon/pipeline.hpp"
#include "unit/tryon/tryon_database.hpp"
#include "work/worker.hpp"

namespace selvage::tryon {

inline constexpr std::string_view kQueue = "wearon:tasks:generation";

struct World {
  net::Loop loop;
  net::BlockingPool files{"files", 2};
  net::BlockingPool pictures{"pictures", 2};
  TryonDatabase tables;
  FlakyDatabase database{*tables};
  std::unique_ptr<data::LocalStorage> disk;
  std::unique_ptr<FlakyStorage> storage;
  std::unique_ptr<work::Broker> broker;
  std::unique_ptr<net::EgressGuard> guard;
  std::unique_ptr<Acceptance> acceptance;
  Registry metrics;
  std::unique_ptr<work::TurnBook> real_turns = work::make_sql_turn_book(*tables);
  FlakyTurnBook turns{*real_turns};
  work::CallLimiter limiter;
  ScriptedProvider provider;
  std::vector<std::string> changes;  // "s1:processing", as the listener heard them
  std::unique_ptr<GenerationHandler> handler;
  const Owner user{Channel::b2c, "ann"};
  const Owner store{Channel::b2b, "acme"};

  // `calls_per_minute` 0: as many as the provider is asked for.
  explicit World(std::int64_t calls_per_minute = 0) : limiter(turns, "provider", calls_per_minute) {
    auto opened = data::LocalStorage::open(tables.directory() / "files",
                                           Secret("a signing key of the tests"), "", files);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().describe());
    disk = std::move(*opened);
    storage = std::make_unique<FlakyStorage>(*disk);
    broker = work::make_sql_broker(*tables, {});
    net::EgressOptions egress;
    egress.allowed = {net::CidrRange::parse("127.0.0.0/8").value()};
    egress.total_time = milliseconds(5000);
    guard = std::make_unique<net::EgressGuard>(loop, egress);
    acceptance = std::make_unique<Acceptance>(*tables, *broker, *storage, *guard,
                                              std::string(kQueue), &metrics);
    handler = make_handler(provider);
    tables.grant(user, 10);
    tables.grant(store, 10);
  }

  std::unique_ptr<GenerationHandler> make_handler(Provider& with) {
    return std::make_unique<GenerationHandler>(
        PipelineParts{database, *broker, *storage, *guard, with, limiter, pictures, metrics,
                      [this](const Session& session) {
                        changes.push_back(session.id + ":" + std::string(name(session.status)));
                      }});
  }

  // Once in a world's life.
  template <class T>
  T run(Task<T> task) {
    return loop.run_until_done(std::move(task));
  }

  // A job whose pictures are uploaded with it.
  [[nodiscard]] JobRequest upload_request(Owner owner, std::int64_t credits = 2) const {
    JobRequest request;
    request.owner = std::move(owner);
    request.request_id = "request-1";
    request.person_upload = UploadedImage{encoded_picture(1600, 1200), "image/jpeg"};
    request.garment_uploads = {
        UploadedImage{encoded_picture(300, 300, image::Format::png), "image/png"}};
    request.credits = {credits};
    return request;
  }

  Task<Session> accept(JobRequest request) {
    Result<Accepted> accepted = co_await acceptance->accept(std::move(request));
    REQUIRE_MESSAGE(accepted.has_value(), accepted.error().describe());
    co_return std::move(accepted->session);
  }

  // Puts a message on the queue as a producer of its own would.
  void push(std::string id, std::string payload) {
    tables.write([&](data::Transaction& tx) {
      const work::NewTask task{.id = id,
                               .queue = std::string(kQueue),
                               .payload = payload,
                               .priority = 0,
                               .run_at = std::nullopt};
      return broker->enqueue(tx, {&task, 1});
    });
  }

  Task<std::optional<work::Lease>> lease(milliseconds duration = seconds(15)) {
    auto leases = co_await broker->lease(std::string(kQueue), "test-worker", 1, duration);
    REQUIRE_MESSAGE(leases.has_value(), leases.error().describe());
    if (leases->empty()) co_return std::nullopt;
    co_return std::move(leases->front());
  }

  // What the engine does with an outcome. False: the lease was lost.
  Task<bool> settle(work::LeaseRef held, work::Outcome outcome) {
    Result<bool> told = false;
    if (std::holds_alternative<work::Done>(outcome)) {
      told = co_await broker->complete(held);
    } else if (const auto* retry = std::get_if<work::RetryLater>(&outcome)) {
      told = co_await broker->retry_later(held, now() + retry->wait, retry->reason);
    } else if (const auto* bury = std::get_if<work::Bury>(&outcome)) {
      told = co_await broker->bury(held, bury->reason);
    } else if (const auto* back = std::get_if<work::HandBack>(&outcome)) {
      told = co_await broker->hand_back(held, back->not_before);
    }
    REQUIRE(told.has_value());
    co_return *told;
  }

  // Leases the next task, runs it and settles it, as a worker does.
  Task<work::Outcome> work_once() {
    const std::optional<work::Lease> held = co_await lease();
    REQUIRE(held.has_value());
    work::Outcome outcome = co_await handler->handle(context(*held));
    CHECK(co_await settle(held->ref, outcome));
    co_return outcome;
  }

  [[nodiscard]] static work::JobContext context(work::Lease lease, CancelToken stop = {},
                                                std::shared_ptr<const work::StopState> why = {}) {
    work::JobContext job;
    job.lease = std::move(lease);
    job.stop = std::move(stop);
    job.why = why ? std::move(why) : std::make_shared<work::StopState>();
    job.deadline = Deadline::after(seconds(60));
    return job;
  }

  // Every file under a prefix of the storage.
  [[nodiscard]] std::vector<std::string> stored(const std::string& prefix) const {
    std::vector<std::string> keys;
    const std::filesystem::path root = tables.directory() / "files" / prefix;
    if (!std::filesystem::exists(root)) return keys;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.is_regular_file()) keys.push_back(entry.path().string());
    }
    return keys;
  }

  void check_exact(std::int64_t user_balance, std::int64_t store_balance = 10) {
    const std::vector<std::string> found = tables.discrepancies();
    CHECK_MESSAGE(found.empty(), (found.empty() ? "" : found.front()));
    CHECK(tables.balance_of(user).balance.value == user_balance);
    CHECK(tables.balance_of(store).balance.value == store_balance);
  }
};

}  // namespace selvage::tryon
