"""Elements that no Celery client should send: each becomes a clear failure or a dead letter, and the worker goes on."""

import base64
import json
import pickle
import unittest
import uuid
import zlib

from celery_world import World, reply, skip_reason

MISSING = object()


def encoded(body):
    return base64.b64encode(body if isinstance(body, bytes) else json.dumps(body).encode()).decode()


def element(task_id, body=MISSING, headers=None, properties=None, **envelope):
    """A message of protocol 2 as kombu writes it, with changes; MISSING takes a member away."""
    parts = {
        "body": encoded([["x"], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
                        if body is MISSING else body),
        "content-encoding": "utf-8", "content-type": "application/json",
        "headers": {"lang": "py", "task": "note", "id": task_id, "shadow": None, "eta": None, "expires": None,
                    "group": None, "group_index": None, "retries": 0, "timelimit": [None, None], "root_id": task_id,
                    "parent_id": None, "argsrepr": "('x',)", "kwargsrepr": "{}", "origin": "gen1@test", **(headers or {})},
        "properties": {"correlation_id": task_id, "reply_to": "r", "delivery_mode": 2,
                       "delivery_info": {"exchange": "", "routing_key": "celery"}, "priority": 0,
                       "body_encoding": "base64", "delivery_tag": str(uuid.uuid4()), **(properties or {})},
        **envelope,
    }
    for part in (parts, parts["headers"], parts["properties"]):
        for name in [name for name, value in part.items() if value is MISSING] if isinstance(part, dict) else ():
            del part[name]
    return json.dumps(parts)


# (what, changes to a good message, what its client is told)
REFUSED = (
    ("pickle", {"body": pickle.dumps(([], {}, {})), "content-type": "application/x-python-serialize"}, "only JSON"),
    ("yaml", {"body": b"[[], {}, {}]", "content-type": "application/x-yaml"}, "only JSON"),
    ("msgpack", {"body": b"\x93\x90\x80\x80", "content-type": "application/x-msgpack"}, "only JSON"),
    ("bzip2", {"headers": {"compression": "application/x-bz2"}}, "x-bz2"),
    ("not zlib", {"headers": {"compression": "application/x-gzip"}}, "zlib"),
    ("cut zlib", {"body": zlib.compress(b"[[], {}, {}]" * 9)[:-6], "headers": {"compression": "application/x-gzip"}}, "zlib"),
    ("zlib bomb", {"body": zlib.compress(b" " * 40_000_000), "headers": {"compression": "application/x-gzip"}}, "more than"),
    ("no base64", {"properties": {"body_encoding": MISSING}}, "JSON"),
    ("other encoding", {"properties": {"body_encoding": "rot13"}}, "rot13"),
    ("no JSON body", {"body": b"[[1, 2"}, "JSON"),
    ("not UTF-8", {"body": b'[["\xff\xfe"], {}, {}]'}, "JSON"),
    ("Infinity", {"body": b"[[Infinity], {}, {}]"}, "Infinity"),
    ("two parts", {"body": [[], {}]}, "embed"),
    ("args no list", {"body": [{}, {}, {}]}, "embed"),
    ("kwargs no mapping", {"body": [[], [], {}]}, "embed"),
    ("too deep", {"body": b"[" * 500 + b"]" * 500}, "JSON"),
    ("eta no time", {"headers": {"eta": "tomorrow"}}, "eta"),
    ("eta a number", {"headers": {"eta": 1700000000}}, "eta"),
    ("expires no time", {"headers": {"expires": "2026-13-45T99:00:00"}}, "expires"),
    ("expires a list", {"headers": {"expires": [1]}}, "expires"),
    ("no task name", {"headers": {"task": ""}}, "task name"),
    ("a number as task", {"headers": {"task": 5}}, "task name"),
    ("a long task name", {"headers": {"task": "n" * 300}}, "task name"),
    ("unknown task", {"headers": {"task": "nobody.knows"}}, "nobody.knows"),
    ("a large message", {"body": [["x" * 3_500_000], {}, {}]}, "bytes"),
)

# What nobody can be told of.
NAMELESS = (
    b"", b"not json {", b"\xff\xfe\x00\x01", b"null", b"42", b"[]", b'"text"', b"{}", b'{"body": 5}', b'{"body": null}',
    b'{"body": "W10="}', b'{"body": "e30=", "headers": {}, "properties": {"body_encoding": "base64"}}',
    b'{"body": "[[], {}, {}]", "headers": [], "properties": "x"}', b"[" * 100_000, b'{"body": "' + b"x" * 5_000_000 + b'"}',
)

# Odd, yet each says what is to run.
READABLE = (
    ("no properties", {"properties": {n: MISSING for n in ("correlation_id", "reply_to", "delivery_mode", "delivery_info",
                                                         "priority", "delivery_tag")}}),
    ("plain body", {"properties": {"body_encoding": "utf-8"}, "body_text": '[["x"], {}, {}]'}),
    ("no embed", {"body": [["x"], {}, None]}),
    ("odd embed", {"body": [["x"], {}, {"callbacks": "x", "errbacks": 5, "chain": {}, "chord": []}]}),
    ("unknown headers", {"headers": {"stamps": {"a": 1}, "x": [1, {"y": None}], "retries": "many", "timelimit": "long",
                                     "group_index": "first", "shadow": 5, "argsrepr": None, "lang": None}}),
    ("odd priority", {"properties": {"priority": "high"}}),
    ("far priority", {"properties": {"priority": 99}}),
    ("negative retries", {"headers": {"retries": -5}}),
    ("limits that are none", {"headers": {"timelimit": [-1, 0]}}),
    ("eta long ago, no zone", {"headers": {"eta": "2001-02-03T04:05:06"}}),
    ("eta without seconds' fraction", {"headers": {"eta": "2001-02-03 04:05:06+02:00"}}),
    ("expires far ahead", {"headers": {"expires": "2199-01-01T00:00:00.123456+00:00"}}),
    ("an empty eta", {"headers": {"eta": ""}}),
    ("real gzip", {"body": zlib.compress(b'[["x"], {}, {}]', wbits=31), "headers": {"compression": "application/x-gzip"}}),
    ("no content type", {"content-type": MISSING, "content-encoding": MISSING}),
)


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryBadMessages(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.redis = self.world.redis.client

    def push(self, what, changes):
        changes = dict(changes)
        text = changes.pop("body_text", None)
        message = json.loads(element(what, **changes))
        if text is not None:
            message["body"] = text
        self.redis.lpush("celery", json.dumps(message))
        return self.world.app.AsyncResult(what)

    def worker_is_well(self):
        self.assertEqual(self.world.send("note", "well").get(timeout=30), "well")
        self.assertIsNone(self.world.worker.process.poll())
        self.assertEqual(len(self.world.worker.log_lines("celery_node_started")), 1)

    def test_who_can_be_told_is_told(self):
        results = [(self.push(what, changes), said) for what, changes, said in REFUSED]
        for result, said in results:
            with self.subTest(result.id):
                with self.assertRaisesRegex(Exception, said):
                    result.get(timeout=30)
        self.world.wait(lambda: len(self.world.dead_letters()) == len(REFUSED), "all are kept")
        self.assertEqual(self.world.service.order(), [])
        self.worker_is_well()
        # one that is sent again fails again, and says so again
        self.world.worker.command("queue", "retry", "--queue", "celery", "--all")
        self.world.wait(lambda: len(self.world.worker.log_lines("celery_message_refused")) >= 2 * (len(REFUSED) - 1), "again")
        self.world.wait(lambda: len(self.world.dead_letters()) == len(REFUSED), "all are kept again")

    def test_what_says_nothing_is_kept(self):
        for text in NAMELESS:
            self.redis.lpush("celery", text)
        self.world.wait(lambda: len(self.world.dead_letters()) == len(NAMELESS), "all are kept")
        self.worker_is_well()
        # an operator can still look at each of them
        for line in self.world.dead_letters():
            code, said, _ = self.world.worker.command("queue", "show", "--queue", "celery", line.split()[0])
            self.assertIn("payload", said)

    def test_many_large_messages_at_once(self):
        for i in range(40):
            self.redis.lpush("celery", element(f"large-{i}", body=[["x" * 2_500_000], {}, {}], headers={"task": "size"}))
        small = self.world.send("note", "behind them")
        for i in range(40):
            self.assertEqual(self.world.app.AsyncResult(f"large-{i}").get(timeout=60), 2_500_000)
        self.assertEqual(small.get(timeout=60), "behind them")
        self.assertIsNone(self.world.worker.process.poll())

    def test_what_is_odd_yet_readable_runs(self):
        results = [self.push(what, changes) for what, changes in READABLE]
        for result in results:
            with self.subTest(result.id):
                self.assertEqual(result.get(timeout=30), "x")
        typed = self.push("typed", {"body": [[{"__type__": "uuid", "__value__": {"hex": "0" * 32}},
                                              {"__type__": "datetime", "__value__": "2026-01-02T03:04:05"},
                                              {"__type__": "nobody", "__value__": 1}], {}, {}], "headers": {"task": "echo"}})
        self.assertEqual(typed.get(timeout=30)["args"], ["00000000-0000-0000-0000-000000000000", "2026-01-02T03:04:05",
                                                         {"__type__": "nobody", "__value__": 1}])
        large_number = self.push("number", {"body": [[2**80, 0.1], {}, {}], "headers": {"task": "echo"}})
        self.assertEqual(large_number.get(timeout=30)["args"], [2**80, 0.1])
        odd_id = self.push("an id / with % \n odd \u00e9 \x01 characters", {})
        self.assertEqual(odd_id.get(timeout=30), "x")
        self.assertEqual(self.world.dead_letters(), [])

    def test_the_first_protocol(self):
        def old(task_id, **changes):
            body = {"task": "note", "id": task_id, "args": ["x"], "kwargs": {}, "retries": 0, "eta": None, "expires": None,
                    "utc": True, "callbacks": None, "errbacks": None, "timelimit": [None, None], "taskset": None,
                    "chord": None, **changes}
            self.redis.lpush("celery", json.dumps({"body": encoded(body), "content-encoding": "utf-8",
                                                   "content-type": "application/json", "headers": {},
                                                   "properties": {"correlation_id": task_id, "body_encoding": "base64"}}))
            return self.world.app.AsyncResult(task_id)

        self.assertEqual(old("good").get(timeout=30), "x")
        for what, changes, said in (("args", {"args": 5}, "args"), ("kwargs", {"kwargs": []}, "kwargs"),
                                    ("name", {"task": None}, "task name"), ("unknown", {"task": "nobody"}, "nobody"),
                                    ("expired", {"expires": "2001-01-01T00:00:00"}, "expired")):
            with self.assertRaisesRegex(Exception, said, msg=what):
                old(what, **changes).get(timeout=30)
        self.worker_is_well()

    def test_expired_and_ignored(self):
        gone = self.push("gone", {"headers": {"expires": "2001-01-01T00:00:00"}})
        with self.assertRaisesRegex(Exception, "expired"):
            gone.get(timeout=30)
        for what, headers in (("quiet", {}), ("quiet-unknown", {"task": "nobody"}), ("quiet-boom", {"task": "boom"})):
            self.push(what, {"headers": {"ignore_result": True, **headers}})
        self.world.wait(lambda: self.world.service.calls_of("quiet") and self.world.service.calls_of("quiet-boom")
                        and len(self.world.dead_letters()) == 1, "all three end")
        self.worker_is_well()
        self.assertEqual(self.redis.keys("celery-task-meta-quiet*"), [])

    def test_results_where_something_else_lies(self):
        for i, put in enumerate((lambda k: self.redis.hset(k, "a", 1), lambda k: self.redis.lpush(k, 1),
                                 lambda k: self.redis.set(k, "no JSON"), lambda k: self.redis.set(k, "[1]"))):
            put(f"celery-task-meta-taken-{i}")
            self.push(f"taken-{i}", {})
        self.world.wait(lambda: all(self.redis.type(f"celery-task-meta-taken-{i}") == b"string" and b"SUCCESS" in
                                    self.redis.get(f"celery-task-meta-taken-{i}") for i in range(4)), "each has its result")


@unittest.skipIf(skip_reason(), skip_reason())
class CeleryBadOrders(unittest.TestCase):
    METHODS = ("ping", "active", "reserved", "scheduled", "revoked", "registered", "stats", "active_queues", "query_task",
               "conf", "report", "clock", "hello", "revoke", "terminate", "time_limit", "rate_limit", "pool_grow",
               "pool_shrink", "add_consumer", "cancel_consumer", "enable_events", "disable_events", "heartbeat",
               "autoscale", "pool_restart", "election", "objgraph", "", None, 5, "__init__")
    ARGUMENTS = (None, [], "x", {}, {"task_id": 5, "ids": {}, "n": "many", "queue": 7, "task_name": [], "from_node": 1},
                 {"task_id": [None, "", "i" * 999], "ids": [[]], "n": -10**30, "soft": "x", "hard": -1,
                  "revoked": {"a": "b", "": None}, "queue": "q" * 999, "terminate": "yes"},
                 {"task_name": "note", "soft": 1e300, "hard": float("nan")})

    def test_remote_control_answers_or_ignores_garbage(self):
        world = World(CELERY_NODE_NAME="selvage@e2e")
        self.addCleanup(world.close)
        control = world.app.control
        world.wait(lambda: control.ping(timeout=0.5, limit=1), "the node answers")

        def order(body, **changes):
            world.redis.client.publish("/0.celery.pidbox", json.dumps(
                {"body": encoded(body), "content-encoding": "utf-8", "content-type": "application/json", "headers": {},
                 "properties": {"body_encoding": "base64"}, **changes}))

        for text in NAMELESS:
            world.redis.client.publish("/0.celery.pidbox", text)
        for body in (None, 5, [], {}, {"method": {}}, {"destination": "selvage@e2e", "method": "shutdown", "pattern": 5,
                                                         "matcher": 5, "reply_to": 7}):
            if not isinstance(body, dict) or body.get("method") != "shutdown":
                order(body)
        order({"method": "shutdown", "destination": ["another@e2e"]})
        order({"method": "shutdown", "pattern": "(((", "matcher": "pcre"})
        order({"method": "shutdown", "pattern": "other@*", "matcher": "glob"})
        order({"method": "ping", "reply_to": {"exchange": "celery", "routing_key": "celery"}, "ticket": "t"})
        for method in self.METHODS:
            for arguments in self.ARGUMENTS:
                order({"method": method, "arguments": arguments, "destination": None, "ticket": "t",
                       "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": "garbage"}})
        self.assertEqual(reply(control.inspect(timeout=10, limit=1).ping())[1], {"ok": "pong"})
        self.assertEqual(world.redis.client.llen("celery"), 0, "an answer may not lie in a queue")
        control.add_consumer("celery", reply=True, limit=1, timeout=5)
        self.assertEqual(world.send("note", "well").get(timeout=30), "well")
        self.assertIsNone(world.worker.process.poll())


if __name__ == "__main__":
    unittest.main()
