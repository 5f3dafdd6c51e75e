"""Workers killed, Redis restarted, connections cut, in the middle of Celery's tasks: none is lost."""

import threading
import unittest

from celery_world import World, client, skip_reason

if not skip_reason():
    import redis
    from celery import chain


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryCrashes(unittest.TestCase):
    def world_of(self, **options):
        world = World(CELERY_CONCURRENCY="16", **options)
        self.addCleanup(world.close)
        return world

    def test_ten_thousand_tasks_survive_kill_nine_and_every_result_is_read(self):
        world = self.world_of(workers=2)
        stored = lambda: world.redis.client.dbsize()  # nearly all keys are results
        results = []
        sender = threading.Thread(target=lambda: results.extend(
            world.send("celery.accumulate", i, kwargs={"index": 0}) for i in range(10_000)))
        sender.start()
        for victim in (0, 1, 0, 1):
            before = stored()
            world.wait(lambda: stored() > before + 1_000 or not sender.is_alive(), "work goes on")
            world.restart(world.workers[victim])
        sender.join()
        self.assertEqual(world.values(results), list(range(10_000)))
        self.assertEqual(world.redis.client.llen("celery"), 0)

    def test_what_ran_when_its_worker_was_killed_runs_again_and_nothing_else_does(self):
        world = self.world_of(workers=2)
        results = [world.send("note", i) for i in range(1_500)]
        for victim in (0, 1, 0):
            before = len(world.service.order())
            world.wait(lambda: len(world.service.order()) > min(before + 200, 1_499), "work goes on")
            world.restart(world.workers[victim])
        self.assertEqual(world.values(results), list(range(1_500)))
        self.assertEqual(set(world.service.order()), set(range(1_500)))
        self.assertLessEqual(len(world.service.order()) - 1_500, 3 * 16)

    def test_a_chain_survives_its_worker(self):
        world = self.world_of()
        results = [chain(world.sig("sleep", 0.3, immutable=True), world.sig("note", i, immutable=True)).apply_async()
                   for i in range(40)]
        world.wait(lambda: len(world.service.calls) > 20, "the first steps run")
        world.restart(world.worker)
        self.assertEqual(world.values(results), list(range(40)))
        self.assertEqual(set(world.service.order()), set(range(40)))

    def test_redis_is_killed_and_comes_back(self):
        world = self.world_of(durable=True)
        ids = [world.send("note", i).id for i in range(300)]
        late = world.send("note", "late", countdown=2).id
        world.wait(lambda: len(world.service.order()) > 50, "work goes on")
        world.redis.kill()
        world.redis.start()
        app = client(world.redis.url())
        self.addCleanup(app.close)
        self.assertEqual(world.values([app.AsyncResult(i) for i in ids]), list(range(300)))
        self.assertEqual(app.AsyncResult(late).get(timeout=30), "late")
        self.assertEqual(app.send_task("add", (1, 2)).get(timeout=30), 3)
        world.wait(lambda: app.control.ping(timeout=0.5, limit=1), "remote control is back")
        self.assertLessEqual(len(world.service.order()) - 301, 16)
        self.assertIsNone(world.worker.process.poll())

    def test_connections_are_cut_again_and_again(self):
        world = self.world_of()
        admin = redis.Redis(port=world.redis.port)
        self.addCleanup(admin.close)
        results = [world.send("note", i) for i in range(600)]
        for round_ in range(6):
            before = len(world.service.order())
            world.wait(lambda: len(world.service.order()) > min(before + 60, 590), "work goes on")
            for connection in admin.client_list():
                if connection["name"].startswith("selvage"):
                    admin.client_kill_filter(_id=connection["id"])
        self.assertEqual(world.values(results), list(range(600)))
        world.wait(lambda: world.app.control.ping(timeout=0.5, limit=1), "remote control is back")
        self.assertEqual(world.dead_letters(), [])


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryTwins(unittest.TestCase):
    def test_two_nodes_of_one_name_share_the_work_and_both_obey(self):
        world = World(workers=2, CELERY_NODE_NAME="twin@e2e")
        self.addCleanup(world.close)
        control = world.app.control
        world.wait(lambda: len(control.ping(timeout=1, limit=2) or []) == 2, "both answer")
        running = [world.send("sleep", 20) for _ in range(40)]  # more than one of them has places for
        world.wait(lambda: len(world.service.calls) == 40, "all run")
        control.revoke([task.id for task in running], terminate=True)
        self.assertEqual({type(value).__name__ for value in world.values(running)}, {"TaskRevokedError"})
        control.shutdown(destination=["twin@e2e"])
        self.assertEqual([worker.process.wait(40) for worker in world.workers], [0, 0])


if __name__ == "__main__":
    unittest.main()
