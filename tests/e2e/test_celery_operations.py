"""Monitoring and steering selvage with Celery's own tools."""

import subprocess
import threading
import unittest

from celery_world import World, reply, skip_reason

if not skip_reason():
    from celery.events.state import State
    from celery.exceptions import TaskRevokedError

NODE = "selvage@e2e"


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryControl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(CELERY_NODE_NAME=NODE)
        cls.addClassCleanup(cls.world.close)
        cls.control = cls.world.app.control
        cls.inspect = cls.control.inspect(timeout=5, limit=1)
        # the node listens once it answers
        cls.world.wait(lambda: cls.control.ping(timeout=0.5, limit=1), "the node answers")

    def running_task(self):
        task = self.world.send("sleep", 20)
        self.world.wait(lambda: self.world.service.calls_of(task.id), "the task runs")
        self.addCleanup(self.control.revoke, task.id, terminate=True)
        return task

    def test_inspect_shows_the_node_and_its_tasks(self):
        self.assertEqual(reply(self.inspect.ping()), (NODE, {"ok": "pong"}))
        running = self.running_task()
        _, active = reply(self.inspect.active())
        (shown,) = [task for task in active if task["id"] == running.id]
        self.assertEqual((shown["name"], shown["args"], shown["hostname"]), ("sleep", [20], NODE))
        _, queried = reply(self.inspect.query_task(running.id))
        self.assertEqual(queried[running.id][0], "active")
        _, queues = reply(self.inspect.active_queues())
        self.assertEqual([queue["name"] for queue in queues], ["celery"])
        _, registered = reply(self.inspect.registered())
        self.assertTrue({"add", "http", "generate"} <= set(registered), registered)
        _, stats = reply(self.inspect.stats())
        self.assertGreaterEqual(stats["total"]["sleep"], 1)
        later = self.world.send("note", 1, countdown=600)
        self.world.wait(lambda: reply(self.inspect.scheduled())[1], "the delayed task is listed")
        self.assertEqual(reply(self.inspect.scheduled())[1][0]["request"]["id"], later.id)

    def test_the_celery_program_inspects_and_controls(self):
        methods = ("ping", "active", "stats", "registered")
        asked = {m: self.world.popen_celery("inspect", "-t", "30", "-d", NODE, m) for m in methods}
        for method in ("reserved", "scheduled", "revoked", "conf", "report", "clock"):
            self.assertEqual(reply(getattr(self.inspect, method)())[0], NODE)
        for method, program in asked.items():
            with program:
                said, _ = program.communicate(timeout=90)
            self.assertEqual(program.returncode, 0, f"{method}: {said}")
            self.assertIn(NODE, said)
        before = reply(self.inspect.stats())[1]["pool"]["max-concurrency"]
        _, said = self.world.celery_command("control", "-t", "30", "-d", NODE, "pool_grow", "8")
        self.assertIn("pool will grow", said)
        self.assertEqual(reply(self.inspect.stats())[1]["pool"]["max-concurrency"], before + 8)
        said = reply(self.control.rate_limit("add", "1/s", reply=True, limit=1, timeout=5))
        self.assertIn("no rate limit", str(said))

    def test_the_celery_program_sends(self):
        code, task_id = self.world.celery_command("call", "add", "--args", "[20, 22]")
        self.assertEqual(code, 0, task_id)
        self.assertEqual(self.world.app.AsyncResult(task_id.strip()).get(timeout=30), 42)

    def test_revoking_what_waits_and_what_runs(self):
        waiting = self.world.send("note", "never", countdown=2)
        self.control.revoke(waiting.id)
        with self.assertRaises(TaskRevokedError):
            waiting.get(timeout=30)
        self.assertEqual(self.world.service.calls_of(waiting.id), [])
        running = self.running_task()
        self.control.revoke(running.id, terminate=True)
        with self.assertRaises(TaskRevokedError):
            running.get(timeout=10)

    def test_a_running_task_that_is_revoked_without_terminate_ends_as_it_would(self):
        running = self.world.send("sleep", 1)
        self.world.wait(lambda: self.world.service.calls_of(running.id), "the task runs")
        self.control.revoke(running.id)
        self.assertEqual(running.get(timeout=30), "slept")

    def test_a_queue_is_left_and_taken_up_again(self):
        self.assertIn("no longer", str(reply(self.control.cancel_consumer("celery", reply=True, limit=1, timeout=5))))
        self.world.wait(lambda: reply(self.inspect.active_queues())[1] == [], "the queue is left")
        waiting = self.world.send("note", "patience")
        self.world.wait(lambda: "ok" in reply(self.control.add_consumer("celery", reply=True, limit=1, timeout=5))[1],
                        "the queue is taken up again")
        self.assertEqual(waiting.get(timeout=30), "patience")

    def test_time_limits_are_set_from_afar(self):
        said = reply(self.control.time_limit("sleep", soft=0.3, reply=True, limit=1, timeout=5))
        self.addCleanup(self.control.time_limit, "sleep", soft=3600, reply=True, limit=1, timeout=5)
        self.assertIn("set successfully", str(said))
        with self.assertRaisesRegex(Exception, "0.3"):
            self.world.send("sleep", 20).get(timeout=20)


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryEvents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(CELERY_NODE_NAME=NODE)
        cls.addClassCleanup(cls.world.close)

    def test_events_dump_shows_worker_and_tasks(self):
        dump = self.world.popen_celery("events", "--dump")
        self.addCleanup(lambda: (dump.kill(), dump.wait(), dump.stdout.close()))
        lines = []
        threading.Thread(target=lambda: lines.extend(iter(dump.stdout.readline, "")), daemon=True).start()
        self.world.wait(lambda: any("heartbeat" in line and NODE in line for line in list(lines)), "the heartbeat is shown")
        result = self.world.send("add", 1, 2)
        self.assertEqual(result.get(timeout=30), 3)
        self.world.wait(lambda: any("task succeeded" in line and result.id in line for line in list(lines)),
                        "the dump shows the task")

    def test_an_event_receiver_sees_what_celery_exporter_needs(self):
        state = State()
        seen = {}

        def note(event):
            state.event(dict(event))
            seen.setdefault(event["type"], []).append(event)

        app = self.world.app
        app.conf.task_send_sent_event = True
        connection = app.connection()
        self.addCleanup(connection.close)
        receiver = app.events.Receiver(connection, handlers={"*": note}, app=app)
        # without a time-out: with one it would leave its channel and come back, and miss what is told in between
        listener = threading.Thread(target=receiver.capture)

        def stop():
            receiver.should_stop = True
            listener.join(10)

        listener.start()
        self.addCleanup(stop)
        self.world.wait(lambda: "worker-heartbeat" in seen, "a heartbeat arrives")
        good, bad, again = self.world.send("add", 1, 2), self.world.send("boom"), self.world.send("flaky")
        late = self.world.send("note", 1, countdown=1, expires=0.1)
        refused = self.world.send("add", 1, compression="bzip2")
        good.get(timeout=30), again.get(timeout=60)
        wanted = {"task-sent", "task-received", "task-started", "task-succeeded", "task-failed", "task-retried",
                  "task-revoked", "task-rejected"}
        self.world.wait(lambda: wanted <= set(seen), f"not all kinds of event arrive: {wanted - set(seen)}")
        ends = {good.id: "SUCCESS", bad.id: "FAILURE", again.id: "SUCCESS", late.id: "REVOKED"}
        self.world.wait(lambda: all(state.tasks[i].state == end for i, end in ends.items()), "the state is whole")
        self.assertIn(refused.id, [event["uuid"] for event in seen["task-rejected"]])
        task = state.tasks[good.id]
        self.assertEqual((task.name, task.result, task.worker.hostname), ("add", "3", NODE))
        self.assertGreater(task.runtime, 0)
        self.assertLess(abs(task.received - task.sent), 30)  # the client dates its event after it has sent
        self.assertEqual(state.tasks[bad.id].exception, "ValueError('boom')")
        self.assertEqual(state.tasks[again.id].retries, 1)
        self.assertTrue(state.workers[NODE].alive)
        beat = seen["worker-heartbeat"][-1]
        self.assertTrue({"freq", "active", "processed", "loadavg", "sw_ident", "sw_ver", "sw_sys", "pid", "clock",
                         "utcoffset", "timestamp", "hostname"} <= set(beat), beat)
        # the exporter's labels: queue_name from the event, hostname behind the @
        received = [event for event in seen["task-received"] if event["uuid"] == good.id]
        self.assertEqual([(event["queue"], event["hostname"].split("@")[1]) for event in received], [("celery", "e2e")])
        # and what it asks at each scrape
        inspect = app.control.inspect(timeout=5, limit=1)
        self.assertEqual(len(reply(inspect.stats())[1]["pool"]["processes"]), 1)
        self.assertEqual(reply(inspect.active_queues())[1][0]["name"], "celery")


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryShutdown(unittest.TestCase):
    def test_shutdown_ends_the_worker_and_hands_its_tasks_back(self):
        world = World(CELERY_NODE_NAME=NODE, DRAIN_GRACE="1s")
        self.addCleanup(world.close)
        world.wait(lambda: world.app.control.ping(timeout=0.5, limit=1), "the node answers")
        cut_off = world.send("sleep", 5)
        world.wait(lambda: world.service.calls_of(cut_off.id), "the task runs")
        world.app.control.shutdown(destination=[NODE])
        try:
            self.assertEqual(world.worker.process.wait(40), 0)
        except subprocess.TimeoutExpired:
            self.fail(world.worker.log_text()[-2000:])
        late = world.send("note", "later")
        world.start_worker()
        self.assertEqual(late.get(timeout=30), "later")
        self.assertEqual(cut_off.get(timeout=30), "slept")
        self.assertEqual(len(world.service.calls_of(cut_off.id)), 2)


if __name__ == "__main__":
    unittest.main()
