"""Selvage beside Celery's own workers on one Redis, other places for queues and results, and the task `generate`."""

import unittest

from celery_world import PythonWorker, World, client, reply, skip_reason
from test_main_job import PictureServer

if not skip_reason():
    from celery import chain, chord

PYTHON_TASKS = """
@app.task(name="add")
def add(*numbers):
    return {"python": sum(numbers)}

@app.task(name="py.double")
def double(n):
    return 2 * n

@app.task(name="py.total")
def total(numbers):
    return sum(numbers)
"""


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryNeighbours(unittest.TestCase):
    def setUp(self):
        self.world = World(CELERY_ROUTES="py.*=python")
        self.addCleanup(self.world.close)

    def start_python(self, queues):
        python = PythonWorker(self.world.redis.url(), PYTHON_TASKS, self.world.redis.folder, queues)
        self.addCleanup(python.stop)
        self.world.wait(lambda: len(self.world.app.control.ping(timeout=1) or []) == 2, "both nodes answer", 90)

    def test_both_share_a_queue(self):
        self.start_python("celery")
        results = [self.world.send("add", i, 1) for i in range(600)]
        values = self.world.values(results)
        by_python = sum(isinstance(value, dict) for value in values)
        self.assertEqual([v["python"] if isinstance(v, dict) else v for v in values], [i + 1 for i in range(600)])
        self.assertGreater(by_python, 0)
        self.assertLess(by_python, 600)
        # broadcast commands reach both
        self.assertEqual(len(self.world.app.control.inspect(timeout=3, limit=2).active()), 2)

    def test_workflows_go_through_both(self):
        self.start_python("python")
        sig = self.world.sig
        steps = chain(sig("add", 1, 2), sig("py.double").set(queue="python"), sig("add", 10), sig("py.double"))
        self.assertEqual(steps.apply_async().get(timeout=30), 32)  # the last step's queue is a route of selvage's
        members = [sig("add", i, 1) for i in range(5)] + [sig("py.double", i).set(queue="python") for i in range(5)]
        self.assertEqual(chord(members)(sig("py.total").set(queue="python")).get(timeout=30), 35)
        self.assertEqual(chord(members)(sig("add").set(queue="celery")).get(timeout=30), 35)


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryPlaces(unittest.TestCase):
    def test_key_prefix_results_elsewhere_and_two_queues(self):
        world = World(workers=0, CELERY_KEY_PREFIX="shop:", CELERY_QUEUES="fast,slow", CELERY_DEFAULT_QUEUE="slow",
                      CELERY_ROUTES="note=fast")
        self.addCleanup(world.close)
        world.start_worker(CELERY_RESULT_BACKEND=world.redis.url(1))
        app = client(world.redis.url(), result_backend=world.redis.url(1),
                     broker_transport_options={"global_keyprefix": "shop:"})
        self.addCleanup(app.close)
        result = app.send_task("add", args=(1, 2), queue="fast", link=app.signature("note", kwargs={}),
                               chain=[app.signature("add", args=(10,), options={"task_id": "step"})])
        self.assertEqual(result.get(timeout=30), 3)
        self.assertEqual(app.AsyncResult("step").get(timeout=30), 13)
        world.wait(lambda: world.service.order() == [3], "the routed callback runs")
        self.assertEqual(world.redis.client.keys("celery-task-meta-*"), [])
        world.wait(lambda: app.control.ping(timeout=0.5, limit=1), "the node answers")
        _, queues = reply(app.control.inspect(timeout=5, limit=1).active_queues())
        self.assertEqual(sorted(queue["name"] for queue in queues), ["fast", "slow"])


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryGenerate(unittest.TestCase):
    def test_a_picture_is_generated_for_a_celery_client(self):
        pictures = PictureServer()
        self.addCleanup(pictures.server.server_close)
        self.addCleanup(pictures.server.shutdown)
        world = World(EGRESS_ALLOW="127.0.0.0/8")
        self.addCleanup(world.close)
        world.worker.key("celery-shopper", credits=5)
        job = {"channel": "b2c", "user_id": "celery-shopper", "credits": 2,
               "person_image_url": f"{pictures.url}/person-1.jpg",
               "garment_image_urls": [f"{pictures.url}/garment-1.png"]}
        made = world.app.send_task("generate", kwargs=job).get(timeout=60)
        self.assertEqual((made["status"], made["credits"]), ("completed", 2))
        self.assertIn("result_url", made)
        (picture,) = [p for p in world.worker.stored_files("") if made["id"] in p]
        self.assertTrue((world.worker.data / "objects" / picture).read_bytes().startswith(b"\xff\xd8\xff"), "a JPEG")
        with self.assertRaisesRegex(Exception, "insufficient_credits"):
            world.app.send_task("generate", kwargs={**job, "credits": 100}).get(timeout=60)
        with self.assertRaisesRegex(ValueError, "person_image_url"):
            world.app.send_task("generate", kwargs={"channel": "b2c"}).get(timeout=60)
        world.worker.ledger_is_exact()


if __name__ == "__main__":
    unittest.main()
