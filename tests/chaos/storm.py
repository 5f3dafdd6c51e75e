"""Breaks a stack at random, by a seed: kills, freezes, cut connections, full memory, drains. The world heals each time.

What was done is kept in `done`, so that a test can say it, and that a run was disturbed at all.
"""

import collections
import signal
import time

import psycopg2

from killer import restart
from resp import RedisError
from stack import LEASE_TIME

# what happens, how often of a hundred
EVENTS = (("kill_worker", 30), ("kill_api", 10), ("kill_redis", 9), ("kill_postgres", 7), ("kill_backend", 5),
          ("freeze_worker", 8), ("freeze_redis", 4), ("freeze_postgres", 4), ("end_redis_connections", 5),
          ("end_postgres_connections", 4), ("forget_scripts", 3), ("redis_is_full", 3), ("redis_is_read_only", 3),
          ("rewrite_log", 2), ("drain_worker", 5))


class Storm:
    def __init__(self, stack, random, events=EVENTS, power=False, longest_away=2.0):
        """`power`: half of Redis' deaths are power cuts. `longest_away`: seconds that a server stays down."""
        self.stack, self.random, self.events, self.power, self.longest_away = stack, random, events, power, longest_away
        self.done = collections.Counter()
        self.killed = []  # pids
        self.redis_deaths = []  # (when it died, since when nothing was synced, bytes that went)

    def strike(self):
        names, shares = zip(*self.events)
        name = self.random.choices(names, shares)[0]
        self.done[name] += 1
        getattr(self, name)()
        return name

    def away(self):
        time.sleep(self.random.uniform(0, self.longest_away))

    def kill_and_restart(self, process):
        self.stack.note_memory(process)
        self.stack.assert_alive()
        self.killed.append(process.process.pid)
        process.kill()
        restart(process)

    def kill_worker(self):
        self.kill_and_restart(self.random.choice(self.stack.workers))

    def kill_api(self):
        self.kill_and_restart(self.random.choice(self.stack.apis))

    def kill_redis(self):
        redis = self.stack.redis
        if self.power and redis.library and self.random.random() < 0.5:
            self.done["cut_power"] += 1
            died = time.monotonic()
            synced, gone = redis.cut_power()
        else:
            # the kernel has what was written; Redis may have put a write off while a sync ran, for 2 s at most
            died, gone = redis.kill(), 0
            synced = died
        self.redis_deaths.append((died, synced, gone))
        self.away()
        redis.restart()

    def kill_postgres(self):
        self.stack.postgres.kill()
        self.away()
        self.stack.postgres.restart()

    def kill_backend(self):
        self.stack.postgres.kill_one_backend(self.random)
        time.sleep(0.2)  # until the server has noticed; then it recovers
        self.stack.postgres.wait_ready()

    def freeze_worker(self):
        """For a moment, or until its leases have lapsed and are another's."""
        worker = self.random.choice(self.stack.workers)
        length = self.random.choice([self.random.uniform(0.2, 3), LEASE_TIME + 2])
        worker.process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(length)
        finally:
            worker.process.send_signal(signal.SIGCONT)

    def freeze_redis(self):
        self.stack.redis.freeze()
        try:
            self.away()
        finally:
            self.stack.redis.thaw()

    def freeze_postgres(self):
        self.stack.postgres.freeze()
        try:
            self.away()
        finally:
            self.stack.postgres.thaw()

    def end_redis_connections(self):
        self.stack.redis.admin("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def end_postgres_connections(self):
        try:
            self.stack.postgres.end_connections()
        except psycopg2.OperationalError:
            pass  # it recovers from an earlier blow

    def forget_scripts(self):
        self.stack.redis.admin("SCRIPT", "FLUSH")

    def redis_is_full(self):
        self.stack.redis.admin("CONFIG", "SET", "maxmemory", "1")
        try:
            self.away()
        finally:
            self.stack.redis.admin("CONFIG", "SET", "maxmemory", "0")

    def redis_is_read_only(self):
        """As after a failover that its clients have not heard of."""
        self.stack.redis.admin("REPLICAOF", "127.0.0.1", "1")
        try:
            self.away()
        finally:
            self.stack.redis.admin("REPLICAOF", "NO", "ONE")

    def rewrite_log(self):
        try:
            self.stack.redis.admin("BGREWRITEAOF")
        except RedisError:
            pass  # one is under way

    def drain_worker(self):
        """SIGTERM, as a deploy does it; another takes its place."""
        worker = self.random.choice(self.stack.workers)
        self.stack.note_memory(worker)
        code = worker.stop(120)
        assert code == 0, f"a drained worker ended with {code}:\n{worker.log_text()[-2000:]}"
        restart(worker)

    def report(self):
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(self.done.items()))
