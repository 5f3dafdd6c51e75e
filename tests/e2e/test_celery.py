"""Tasks that a real Celery client sends, run by selvage, their results read by the client."""

import datetime
import json
import time
import unittest

from celery_world import World, skip_reason

if not skip_reason():
    from celery import chain, chord, group
    from celery.exceptions import TaskRevokedError


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryTasks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.app = cls.world.app
        cls.sig = staticmethod(cls.world.sig)

    def test_a_task_behind_a_url_gets_all_and_gives_its_result(self):
        result = self.world.send("echo", 1, "é", kwargs={"k": [None, 2.5]}, headers={"tenant": "t-1"})
        self.assertEqual(result.get(timeout=30), {"args": [1, "é"], "kwargs": {"k": [None, 2.5]}})
        self.assertEqual(result.state, "SUCCESS")
        (posted,) = self.world.service.calls_of(result.id)
        self.assertEqual(posted["task"], "echo")
        self.assertEqual(posted["headers"], {"tenant": "t-1"})

    def test_an_exception_is_raised_at_the_client(self):
        result = self.world.send("boom")
        with self.assertRaisesRegex(ValueError, "boom"):
            result.get(timeout=30)
        self.assertIn("ValueError", result.traceback)

    def test_a_busy_service_is_asked_again(self):
        result = self.world.send("flaky")
        self.assertEqual(result.get(timeout=60), 1)
        self.assertEqual([call["retries"] for call in self.world.service.calls_of(result.id)], [0, 1])

    def test_eta_and_countdown_are_kept(self):
        begun = time.time()
        late = self.world.send("note", "late", countdown=2)
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
        soon = self.world.send("note", "soon", eta=at)
        self.assertEqual(soon.get(timeout=30), "soon")
        self.assertGreaterEqual(time.time() - begun, 1)
        self.assertEqual(late.get(timeout=30), "late")
        self.assertGreaterEqual(time.time() - begun, 2)
        self.assertEqual(self.world.service.calls_of(late.id)[0]["retries"], 0)

    def test_what_expires_before_it_runs_is_revoked(self):
        result = self.world.send("note", "never", countdown=1, expires=0.2)
        with self.assertRaises(TaskRevokedError):
            result.get(timeout=30)
        self.assertEqual(result.state, "REVOKED")
        self.assertEqual(self.world.service.calls_of(result.id), [])

    def test_links_and_error_links_are_called(self):
        followed = self.world.send("add", 1, 2, link=self.sig("add", 10).set(task_id="linked"),
                                   link_error=self.sig("note").set(task_id="not-called"))
        self.assertEqual(followed.get(timeout=30), 3)
        self.assertEqual(self.app.AsyncResult("linked").get(timeout=30), 13)
        self.assertEqual([child.id for child in followed.children], ["linked"])
        failed = self.world.send("boom", link_error=self.sig("note").set(task_id="told"))
        self.assertEqual(self.app.AsyncResult("told").get(timeout=30), failed.id)
        self.assertEqual(self.app.AsyncResult("not-called").state, "PENDING")

    def test_chain_group_and_chord(self):
        self.assertEqual(chain(self.sig("add", 1, 2), self.sig("add", 10), self.sig("add", 100)).apply_async()
                         .get(timeout=30), 113)
        self.assertEqual(group(self.sig("add", i, i) for i in range(20)).apply_async().get(timeout=30),
                         [2 * i for i in range(20)])
        self.assertEqual(chord([self.sig("add", i, 1) for i in range(20)])(self.sig("add")).get(timeout=30), 210)

    def test_workflows_inside_workflows(self):
        # a task, then a group, then a task with the group's results: Celery makes a chord of it
        joined = chain(self.sig("add", 1), group(self.sig("add", 10), self.sig("add", 20)), self.sig("add"))
        self.assertEqual(joined.apply_async().get(timeout=30), 32)
        of_chains = chord([chain(self.sig("add", 1, 1), self.sig("add", 5)), self.sig("add", 3, 3)])(self.sig("add"))
        self.assertEqual(of_chains.get(timeout=30), 13)
        ends_in_group = chain(self.sig("add", 1), group(self.sig("add", 1), self.sig("add", 2))).apply_async()
        self.assertEqual(sorted(ends_in_group.get(timeout=30)), [2, 3])
        after_chord = chain(group(self.sig("add", 1, 1), self.sig("add", 2, 2)), self.sig("add"), self.sig("add", 50))
        self.assertEqual(after_chord.apply_async().get(timeout=30), 56)

    def test_a_failed_member_fails_the_chord(self):
        broken = chord([self.sig("add", 1, 1), self.sig("boom")])(self.sig("add"))
        with self.assertRaisesRegex(Exception, "boom"):
            broken.get(timeout=30)

    def test_compressed_messages_and_the_old_protocol(self):
        packed = self.world.send("add", *range(500), compression="gzip")
        self.assertEqual(packed.get(timeout=30), sum(range(500)))
        refused = self.world.send("add", 1, compression="bzip2")
        with self.assertRaisesRegex(Exception, "x-bz2"):
            refused.get(timeout=30)
        old = json.dumps({"task": "add", "id": "old-1", "args": [4, 5], "kwargs": {}, "retries": 0, "eta": None,
                          "expires": None, "utc": True, "callbacks": None, "errbacks": None, "timelimit": [None, None],
                          "taskset": None, "chord": None})
        self.world.redis.client.lpush("celery", json.dumps(
            {"body": old, "content-encoding": "utf-8", "content-type": "application/json", "headers": {},
             "properties": {"correlation_id": "old-1", "delivery_mode": 2, "delivery_tag": "d-1",
                            "delivery_info": {"exchange": "", "routing_key": "celery"}}}))
        self.assertEqual(self.app.AsyncResult("old-1").get(timeout=30), 9)

    def test_an_unknown_name_fails_at_the_client(self):
        result = self.world.send("nobody.knows")
        with self.assertRaisesRegex(Exception, "nobody.knows"):
            result.get(timeout=30)

    def test_time_limits_end_a_task(self):
        result = self.world.send("sleep", 30, soft_time_limit=0.3)
        with self.assertRaisesRegex(Exception, "0.3"):
            result.get(timeout=20)

    def test_ignored_results_are_not_stored(self):
        quiet = self.world.send("note", "quiet", ignore_result=True)
        self.world.wait(lambda: "quiet" in self.world.service.order(), "the task runs")
        self.assertEqual(self.world.send("note", "x").get(timeout=30), "x")
        self.assertIsNone(self.world.redis.client.get(f"celery-task-meta-{quiet.id}"))


    def test_a_task_sent_twice_under_one_id_runs_twice(self):
        first = self.world.send("note", "twice", task_id="same-id")
        self.world.send("note", "twice", task_id="same-id")
        self.world.wait(lambda: len(self.world.service.calls_of("same-id")) == 2, "both run")
        self.assertEqual(first.get(timeout=30), "twice")

    def test_what_follows_a_large_result_gets_it_whole(self):
        steps = chain(self.sig("echo", "x" * 600_000), self.sig("note")).apply_async()
        self.assertEqual(len(steps.get(timeout=30)["args"][0]), 600_000)


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryOrder(unittest.TestCase):
    def setUp(self):
        self.world = World(workers=0, CELERY_CONCURRENCY="1")
        self.addCleanup(self.world.close)

    def test_urgent_tasks_run_first(self):
        for priority in (9, 6, 3, 0):
            for i in range(3):
                self.world.send("note", f"{priority}-{i}", priority=priority)
        self.world.start_worker()
        self.world.wait(lambda: len(self.world.service.order()) == 12, "all run")
        self.assertEqual(self.world.service.order(), [f"{p}-{i}" for p in (0, 3, 6, 9) for i in range(3)])

    def test_purge_empties_the_queue(self):
        for i in range(5):
            self.world.send("note", i, priority=2 * i)
        code, said = self.world.celery_command("purge", "-f", "-Q", "celery")
        self.assertEqual(code, 0, said)
        self.world.start_worker()
        self.assertEqual(self.world.send("note", "after").get(timeout=30), "after")
        self.assertEqual(self.world.service.order(), ["after"])


if __name__ == "__main__":
    unittest.main()
