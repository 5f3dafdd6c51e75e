#include "tryon/acceptance.hpp"

#include "base/id.hpp"
#include "base/task_group.hpp"
#include "integration/tryon/world.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

JobRequest url_request(const World& world) {
  JobRequest request;
  request.owner = world.user;
  request.request_id = "request-1";
  request.person_image_url = "https://shop.example/p.jpg";
  request.garment_image_urls = {"https://shop.example/g.jpg"};
  request.credits = {2};
  return request;
}

Task<void> accept_and_expect(World& world, JobRequest request, std::string code, ErrorKind kind) {
  const Result<Accepted> accepted = co_await world.acceptance->accept(std::move(request));
  REQUIRE(!accepted);
  CHECK_MESSAGE(accepted.error().code == code, accepted.error().describe());
  CHECK(accepted.error().kind == kind);
  CHECK_FALSE((co_await world.lease()).has_value());
}

Task<void> accept_urls(World& world) {
  JobRequest request = url_request(world);
  request.session_id = "0198C7B2-7D5E-7A64-B9A5-0D4C0E6F1A2B";
  request.prompt = "long sleeves";
  request.options_json = R"({"size":"L"})";
  const Session session = co_await world.accept(std::move(request));
  CHECK(session.id == "0198c7b2-7d5e-7a64-b9a5-0d4c0e6f1a2b");
  const work::Lease lease = (co_await world.lease()).value();
  const Result<GenerationTask> task = GenerationTask::parse(lease.payload);
  REQUIRE_MESSAGE(task.has_value(), task.error().describe());
  CHECK(task->session_id == session.id);
  CHECK(task->task_id == lease.ref.task_id);
  CHECK(task->request_id == "request-1");
  CHECK(task->owner == world.user);
  CHECK(task->prompt == "long sleeves");
  CHECK(task->options_json == R"({"size":"L"})");
}

}  // namespace

TEST_CASE("Acceptance: session, charge and task are there together") {
  World world;
  world.run(accept_urls(world));
  world.check_exact(8);
}

TEST_CASE("Acceptance: what cannot be accepted leaves nothing behind") {
  World world;
  JobRequest request = world.upload_request(world.user);
  std::string code;
  ErrorKind kind = ErrorKind::invalid;
  SUBCASE("too poor") {
    request.credits = {11};
    code = "credits.insufficient";
    kind = ErrorKind::no_credits;
  }
  SUBCASE("no picture") {
    request.person_upload->bytes = "GIF89a, honestly";
    code = "image.unsupported_format";
    kind = ErrorKind::unsupported;
  }
  SUBCASE("too many bytes") {
    request.garment_uploads[0].bytes.resize(kMaxUpload.value + 1);
    code = "image.too_large";
    kind = ErrorKind::too_large;
  }
  SUBCASE("private address") {
    request.garment_image_urls = {"http://169.254.169.254/latest"};
    code = "egress.address_refused";
  }
  SUBCASE("nobody") {
    request.owner.id = "";
    code = "job.invalid";
  }
  SUBCASE("full storage") {
    world.storage->failing_puts = 1;
    code = "storage.full";
    kind = ErrorKind::unavailable;
  }
  const Result<Accepted> accepted = world.run(world.acceptance->accept(std::move(request)));
  REQUIRE(!accepted);
  CHECK_MESSAGE(accepted.error().code == code, accepted.error().describe());
  CHECK(accepted.error().kind == kind);
  CHECK(world.stored("inputs").empty());
  world.check_exact(10);
}

namespace {

Task<void> duplicate_id(World& world) {
  JobRequest first = world.upload_request(world.user);
  first.session_id = new_uuid();
  const std::string id = *first.session_id;
  co_await world.accept(std::move(first));
  CHECK(world.stored("inputs").size() == 2);

  JobRequest second = world.upload_request(world.store);
  second.session_id = id;
  const Result<Accepted> accepted = co_await world.acceptance->accept(std::move(second));
  REQUIRE(!accepted);
  CHECK(accepted.error().code == "session.duplicate");
  CHECK(world.stored("inputs").size() == 2);  // the first one's, untouched
  const work::Outcome outcome = co_await world.work_once();
  CHECK(std::holds_alternative<work::Done>(outcome));
  CHECK(world.tables.find(id).status == SessionStatus::completed);
}

Task<void> replay(World& world) {
  JobRequest request = world.upload_request(world.user);
  request.idempotency_key = "order-17";
  const Result<Accepted> first = co_await world.acceptance->accept(request);
  const Result<Accepted> again = co_await world.acceptance->accept(request);
  REQUIRE(first.has_value());
  REQUIRE(again.has_value());
  CHECK_FALSE(first->replayed);
  CHECK(again->replayed);
  CHECK(again->session.id == first->session.id);
  CHECK(world.stored("inputs").size() == 2);
  world.check_exact(8);

  JobRequest other = request;
  other.prompt = "something else";
  const Result<Accepted> mismatch = co_await world.acceptance->accept(other);
  REQUIRE(!mismatch);
  CHECK(mismatch.error().code == "idempotency.mismatch");
  CHECK(mismatch.error().kind == ErrorKind::unprocessable);

  other.owner = world.store;  // another owner's keys are its own
  const Result<Accepted> theirs = co_await world.acceptance->accept(other);
  REQUIRE(theirs.has_value());
  CHECK_FALSE(theirs->replayed);
}

Task<void> accept_into(World& world, JobRequest request, std::vector<Accepted>& all) {
  Result<Accepted> accepted = co_await world.acceptance->accept(std::move(request));
  REQUIRE_MESSAGE(accepted.has_value(), accepted.error().describe());
  all.push_back(std::move(*accepted));
}

Task<void> ten_at_once(World& world) {
  std::vector<Accepted> all;
  TaskGroup group;
  for (int i = 0; i < 10; ++i) {
    JobRequest request = world.upload_request(world.user);
    request.idempotency_key = "the same";
    group.spawn(accept_into(world, std::move(request), all), "accept");
  }
  co_await group.join();
  REQUIRE(all.size() == 10);
  CHECK(std::ranges::count(all, false, &Accepted::replayed) == 1);
  for (const Accepted& accepted : all) CHECK(accepted.session.id == all[0].session.id);
  CHECK(world.stored("inputs").size() == 2);  // those of the nine replays are gone again
}

}  // namespace

TEST_CASE("Acceptance: a taken session id is refused, and its owner's pictures stay as they are") {
  World world;
  world.run(duplicate_id(world));
  world.check_exact(8);
}

TEST_CASE("Acceptance: an idempotency key makes one job, whatever is sent with it") {
  World world;
  world.run(replay(world));
  world.check_exact(8, 8);
}

TEST_CASE("Acceptance: ten requests with one key at the same moment make one job") {
  World world;
  world.run(ten_at_once(world));
  world.check_exact(8);
}

namespace {

Task<void> repeat(World& world) {
  world.provider.script({provider_error(ProviderFailure::moderation), ScriptedProvider::Answer{}});
  JobRequest request = world.upload_request(world.user);
  request.prompt = "slim fit";
  request.options_json = R"({"size":"S"})";
  const Session queued = co_await world.accept(std::move(request));
  const Result<Accepted> early = co_await world.acceptance->retry(queued, "r2");
  REQUIRE(!early);
  CHECK(early.error().code == "job.not_failed");

  co_await world.work_once();
  const Session failed = world.tables.find(queued.id);
  const Result<Accepted> again = co_await world.acceptance->retry(failed, "r2");
  REQUIRE_MESSAGE(again.has_value(), again.error().describe());
  CHECK(again->session.id != failed.id);
  CHECK(again->session.retry_of == failed.id);
  CHECK(again->session.request_id == "r2");
  CHECK(again->session.prompt == "slim fit");
  CHECK(again->session.options_json == R"({"size":"S"})");
  co_await world.work_once();
  CHECK(world.tables.find(again->session.id).status == SessionStatus::completed);
  CHECK(world.tables.find(failed.id).status == SessionStatus::failed);

  std::filesystem::remove_all(world.tables.directory() / "files" / inputs_prefix(failed.id));
  const Result<Accepted> late = co_await world.acceptance->retry(failed, "r3");
  REQUIRE(!late);
  CHECK(late.error().code == "job.inputs_gone");
  CHECK(late.error().kind == ErrorKind::conflict);
}

}  // namespace

TEST_CASE("Acceptance: a failed job is repeated from its pictures while they are kept") {
  World world;
  world.run(repeat(world));
  world.check_exact(8);
}

TEST_CASE("Acceptance: a full queue refuses with nothing charged") {
  World world;
  world.broker = work::make_sql_broker(*world.tables, {.max_ready = 0});
  world.acceptance = std::make_unique<Acceptance>(*world.tables, *world.broker, *world.storage,
                                                  *world.guard, std::string(kQueue));
  world.run(accept_and_expect(world, world.upload_request(world.user), "queue.full",
                              ErrorKind::rate_limited));
  CHECK(world.stored("inputs").empty());
  world.check_exact(10);
}
