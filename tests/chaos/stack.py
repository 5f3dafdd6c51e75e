"""The platform as it runs in production: several workers and API processes on real Redis and PostgreSQL.

Around it a provider and a shop's picture server that stay up, as the world outside does when ours breaks.
"""

import http.client
import json
import pathlib
import re
import shutil
import tempfile
import time

import postgres_server
import redis_server
from history import SQL
from load import PERSON, SHIRT
from openai_stand_in import OpenaiStandIn
from order_desk import QUEUE as CELERY
from picture_shop import PictureShop
from platform_process import Platform
from postgres_server import PostgresServer
from producers import QUEUE
from redis_server import RedisServer
from settings import SIZE
from stack_plan import GRANT, OWNERS, POOR, POOR_GRANT

LEASE_TIME = 12  # seconds, the default: what is promised is tested with it
CONCURRENCY = 24
ROOM = 6 << 30  # bytes

SESSIONS = """(SELECT id, 'b2c' AS channel, user_id AS owner, status, credits, result_key, error_code, attempts,
                      provider_retries, lease_token FROM generation_sessions
               UNION ALL
               SELECT id, 'b2b', store_id, status, credits, result_key, error_code, attempts,
                      provider_retries, lease_token FROM store_generation_sessions) AS sessions"""


def quick_place():
    """A directory in memory, when there is room: a process that is killed leaves to the kernel what it wrote, wherever
    that is; what a cut of the power would take, synced.c knows. None: the usual temporary directory."""
    place = pathlib.Path("/dev/shm")
    return place if place.is_dir() and shutil.disk_usage(place).free > ROOM else None


def missing_parts():
    """Why a stack cannot run on this machine; None when it can."""
    if not redis_server.available():
        return "redis-server is not installed"
    if not postgres_server.available():
        return "PostgreSQL 15 is not installed"
    return None


class Stack:
    def __init__(self, fsync="always", workers=3, apis=2, power=False, settings=None, servers=None, provider_delay=0):
        """`servers`: where Redis, PostgreSQL and the object storage keep their files, when not beside the rest."""
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="selvage-stack-", dir=quick_place()))
        self.closing = []
        try:
            servers = pathlib.Path(servers or self.place)
            self.redis = self.keep(RedisServer(servers, fsync, power))
            self.postgres = self.keep(PostgresServer(servers))
            self.shop = self.keep(PictureShop({"person.png": PERSON, "shirt.png": SHIRT}))
            self.calls_file = self.place / "calls"
            self.provider = self.keep(OpenaiStandIn(provider_delay, self.calls_file))
            self.data = self.place / "data"
            self.data.mkdir()
            self.objects = servers / "objects"
            self.settings = {
                **self.provider.settings(), "DATABASE_URL": self.postgres.url, "QUEUE_URL": self.redis.url,
                "STORAGE_URL": f"local:{self.objects}", "STORAGE_SIGNING_KEY": "chaos-" + "5" * 40,
                "EGRESS_ALLOW": "127.0.0.0/8", "EGRESS_CONNECT_TIMEOUT": "30s", "LEASE_TIME": f"{LEASE_TIME}s",
                # being killed is no fault of a task; and a call that hangs is given up, but not a slow machine's
                "MAX_DELIVERIES": "100", "OPENAI_TIMEOUT": "30s", "WORKER_CONCURRENCY": str(CONCURRENCY),
                **(settings or {})}
            self.apis = [self.process("api")]
            self.postgres.run(SQL)
            self.apis += [self.process("api") for _ in range(apis - 1)]
            self.workers = [self.process("worker") for _ in range(workers)]
            self.api_keys = {owner: self.apis[0].key(owner[1], owner[0], GRANT) for owner in OWNERS}
            self.api_keys[POOR] = self.apis[0].key(POOR[1], POOR[0], POOR_GRANT)
        except BaseException:
            self.close()
            raise
        self.peak_memory = {"worker": 0, "api": 0}  # bytes

    def keep(self, part):
        self.closing.append(part.close)
        return part

    def process(self, role):
        return self.keep(Platform(role, self.data, self.settings))

    @property
    def processes(self):
        return [*self.apis, *self.workers]

    def note_memory(self, process):
        status = pathlib.Path(f"/proc/{process.process.pid}/status")
        peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text() if status.exists() else "")
        if peak:
            self.peak_memory[process.role] = max(self.peak_memory[process.role], int(peak[1]) * 1024)

    def assert_alive(self):
        for process in self.processes:
            code = process.process.poll()
            assert code is None, f"{process.role} ended by itself with {code}:\n{process.log_text()[-3000:]}"
        assert self.redis.alive() and self.postgres.alive(), "Redis or PostgreSQL ended by itself"

    def sessions(self):
        """(sessions that have ended, sessions that have not)."""
        return self.postgres.run(f"SELECT count(*) FILTER (WHERE status IN ('completed', 'failed')), "
                                 f"count(*) FILTER (WHERE status NOT IN ('completed', 'failed')) FROM {SESSIONS}")[0]

    def queues(self, limit=120):
        """What /queues says, of the first API process that answers; after a blow it may take a moment."""
        end = time.monotonic() + limit
        answer = None
        while True:
            for api in self.apis:
                try:
                    answer = api.get("/queues")
                except (OSError, http.client.HTTPException):
                    continue
                if answer.status == 200:
                    return answer.json["queues"]
            assert time.monotonic() < end, f"no API process says what is in the queues for {limit} s: {answer}"
            time.sleep(0.1)

    def open_tasks(self):
        return sum(queue.get(state, 0) for queue in self.queues() for state in ("ready", "delayed", "leased"))

    def leftovers(self):
        """What the queues' keys (src/work/detail/redis_keys.hpp) and the outbox still hold of tasks that have ended."""
        redis = self.redis.admin
        left = {"in the outbox": self.postgres.run("SELECT count(*) FROM task_outbox WHERE shipped_at IS NULL")[0][0]}
        for queue in (QUEUE, CELERY):
            def key(name):
                return f"{{{queue}}}:{name}"
            left |= {f"raw in {queue}": redis("LLEN", queue), f"ids in {queue}": redis("ZCOUNT", key("ids"), 0, 0),
                     f"records in {queue}": redis("HLEN", key("tasks")) - redis("ZCARD", key("dead")),
                     **{f"{name} in {queue}": redis("HLEN", key(name)) for name in ("held", "active")},
                     **{f"{name} in {queue}": redis("ZCARD", key(name)) for name in ("leases", "ready", "delayed", "parked")}}
        return [f"{count} {what}" for what, count in left.items() if count]

    def dead_letters(self):
        """Why each task is dead, and its payload."""
        key = f"{{{QUEUE}}}:"
        tags = [member.rpartition(b"\0")[2] for member in self.redis.admin("ZRANGE", key + "dead", 0, -1)]
        records = [self.redis.admin("HGET", key + "tasks", tag).split(b"\n", 5) for tag in tags]
        return [(record[4].decode(errors="replace"), record[5].decode(errors="replace")) for record in records]

    def wait_until_quiet(self, expected=None, patience=180):
        """Until each session has ended and no task waits or is held. With `expected`: and so many sessions are there.

        Slow is fine; no change at all for `patience` seconds is not.
        """
        last, since, calm = None, time.monotonic(), 0
        while calm < 2:
            self.assert_alive()
            ended, open_sessions = self.sessions()
            state = ended, open_sessions, self.open_tasks(), sum(self.redis.admin("LLEN", queue) for queue in (QUEUE, CELERY))
            calm = calm + 1 if state[1:] == (0, 0, 0) and expected in (None, ended) else 0
            if state != last:
                last, since = state, time.monotonic()
            assert time.monotonic() - since < patience, (
                f"no change for {patience} s: {state[0]} sessions ended (of {expected or 'unknown'}), {state[1]} open, "
                f"{state[2]} tasks in the queue, {state[3]} pushed and not taken\n{json.dumps(self.queues())}")
            time.sleep(0.5)

    def close(self):
        while self.closing:
            self.closing.pop()()
        if SIZE.keep:
            print(f"        kept: {self.place}", flush=True)
        else:
            shutil.rmtree(self.place, ignore_errors=True)
