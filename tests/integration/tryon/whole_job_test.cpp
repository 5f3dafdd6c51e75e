// Jobs through the real worker: many at once, and one through the local provider with a drawn
// person and shirt.
#include <array>
#include <fstream>

#include "base/task_group.hpp"
#include "image/decode.hpp"
#include "integration/tryon/world.hpp"

using namespace selvage;
using namespace selvage::tryon;

namespace {

work::WorkerOptions worker_options() {
  work::WorkerOptions options;
  options.id = "test-worker";
  options.queue = std::string(kQueue);
  options.concurrency = 4;
  options.poll = milliseconds(50);
  return options;
}

Task<void> until_over(World& world, std::int64_t jobs) {
  const Deadline deadline = Deadline::after(seconds(60));
  while (!deadline.passed()) {
    const StatusCounts counts =
        world.tables.write([](data::Transaction& tx) { return count_sessions(tx); });
    if (counts.completed + counts.failed == jobs) co_return;
    co_await net::sleep_for(milliseconds(20));
  }
  FAIL("the jobs took too long");
}

Task<void> run_worker(work::Worker& worker) { co_await worker.run(); }

Task<void> work_off(World& world, work::JobHandler& handler, std::int64_t jobs) {
  work::Worker worker(world.loop, *world.broker, handler, worker_options(), world.metrics);
  TaskGroup group;
  group.spawn(run_worker(worker), "worker");
  co_await until_over(world, jobs);
  worker.drain(seconds(5));
  co_await group.join();
}

Task<void> twenty_jobs(World& world) {
  // Every fifth call is blocked; the script's last step repeats.
  std::deque<ScriptedProvider::Step> steps;
  for (int i = 0; i < 20; ++i) {
    if (i % 5 == 0) {
      steps.emplace_back(provider_error(ProviderFailure::moderation));
    } else {
      steps.emplace_back(ScriptedProvider::Answer{});
    }
  }
  world.provider.script(std::move(steps));
  world.tables.grant(world.user, 30);
  for (int i = 0; i < 20; ++i) co_await world.accept(world.upload_request(world.user));
  co_await work_off(world, *world.handler, 20);
}

// A figure in jeans and a grey shirt before a light wall.
image::Picture draw_person() {
  image::Picture picture = image::Picture::filled(480, 800, 3, 236);
  const auto box = [&](int x0, int y0, int x1, int y1, std::array<std::uint8_t, 3> colour) {
    for (int y = y0; y < y1; ++y) {
      for (int x = x0; x < x1; ++x)
        std::ranges::copy(colour, picture.row(y).subspan(x * 3, 3).begin());
    }
  };
  box(205, 70, 275, 160, {224, 172, 140});   // head
  box(225, 155, 255, 185, {214, 160, 130});  // neck
  box(165, 180, 315, 420, {120, 124, 132});  // torso
  box(125, 190, 165, 400, {120, 124, 132});  // sleeves
  box(315, 190, 355, 400, {120, 124, 132});
  box(125, 400, 165, 440, {224, 172, 140});  // hands
  box(315, 400, 355, 440, {224, 172, 140});
  box(170, 420, 235, 760, {48, 60, 110});  // legs
  box(245, 420, 310, 760, {48, 60, 110});
  return picture;
}

image::Picture draw_shirt() {
  image::Picture picture = image::Picture::filled(400, 400, 3, 250);
  for (int y = 60; y < 340; ++y) {
    const int half = y < 160 ? 150 : 90;
    for (int x = 200 - half; x < 200 + half; ++x) {
      picture.row(y)[x * 3] = 200;
      picture.row(y)[x * 3 + 1] = 30;
      picture.row(y)[x * 3 + 2] = 40;
    }
  }
  return picture;
}

Task<void> local_job(World& world, Provider& local, Session& result) {
  JobRequest request = world.upload_request(world.store);
  request.person_upload->bytes = image::encode(draw_person(), image::Format::png).value();
  request.garment_uploads[0].bytes = image::encode(draw_shirt(), image::Format::png).value();
  const Session session = co_await world.accept(std::move(request));
  const std::unique_ptr<GenerationHandler> handler = world.make_handler(local);
  co_await work_off(world, *handler, 1);
  result = world.tables.find(session.id);
}

}  // namespace

TEST_CASE("Whole job: twenty jobs at once end once each, with an exact ledger and no file left") {
  World world;
  world.run(twenty_jobs(world));
  const StatusCounts counts =
      world.tables.write([](data::Transaction& tx) { return count_sessions(tx); });
  CHECK(counts.completed == 16);
  CHECK(counts.failed == 4);
  CHECK(world.provider.calls == 20);
  CHECK(world.stored("results").size() == 16);
  CHECK(world.stored("inputs").size() == 8);  // of the failed ones, until the sweep
  world.check_exact(40 - 32);
}

TEST_CASE("Whole job: the local provider dresses a drawn person in a red shirt") {
  World world;
  const Settings settings = Settings::load({kProviderSettings}, {}).value();
  const std::unique_ptr<Provider> local =
      make_local_provider({world.loop, world.pictures, settings});
  Session session;
  world.run(local_job(world, *local, session));
  REQUIRE_MESSAGE(session.status == SessionStatus::completed, session.error_detail.value_or(""));
  CHECK(session.provider == "local");
  const auto files = world.stored("results/stores/acme");
  REQUIRE(files.size() == 1);
  std::ifstream file(files.front(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  const Result<image::Picture> picture = image::decode(bytes);
  REQUIRE(picture.has_value());
  CHECK(picture->width == 480);
  CHECK(picture->height == 800);
  const auto chest = picture->row(300).subspan(240 * 3, 3);
  CHECK(chest[0] > chest[1] + 60);  // red now, was grey
  world.check_exact(10, 8);
}
