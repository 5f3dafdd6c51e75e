"""Schedules under fire: leaders killed and frozen at random moments, clocks that jump. Each time fires exactly once.

What is counted is what a taker gets out of the queue, as workers would: a task that came again would be noticed.
"""

import collections
import datetime
import glob
import os
import re
import signal
import socket
import sqlite3
import threading
import time
import unittest

from killer import restart
from platform_process import Platform
from settings import SIZE, seeded
from watch import reading

# leases are short, so that many leaders fall in little time
BEAT = {"SCHEDULE_LEASE": "1s", "SCHEDULE_ON_TIME": "10m", "QUEUE_MAX_READY": "1000000"}
ENTRIES = {"one": 1, "two": 2, "three": 3, "seven": 7}  # seconds between their times
FAKETIME = (glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") or [None])[0]


class Taker:
    """Takes every task out of the queue as soon as it is there, and keeps what it got: {entry: times}."""

    def __init__(self, data):
        self.data, self.times = data, collections.defaultdict(list)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        database = sqlite3.connect(self.data / "selvage.db", timeout=60, isolation_level=None)
        while not self.stopping.wait(0.05):
            if not database.execute("SELECT 1 FROM tasks WHERE queue = 'celery' LIMIT 1").fetchone():
                continue
            for row in database.execute("DELETE FROM tasks WHERE queue = 'celery' RETURNING id").fetchall():
                name, at = row[0].split("@")
                self.times[name].append(int(datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()))
        database.close()

    def reached(self, moment):
        return all(max(self.times[name], default=0) > moment - seconds for name, seconds in ENTRIES.items())

    def stop(self):
        self.stopping.set()
        self.thread.join()
        return self.times


class Beats(unittest.TestCase):
    def start(self, count, settings):
        first = Platform("beat", settings=settings)
        self.addCleanup(first.close)
        first.wait_until(lambda: first.log_lines("started"), "the first beat runs")
        for name, seconds in ENTRIES.items():
            first.command("schedule", "add", name, "--every", f"{seconds}s", "--task", "t", "--catch-up", "all",
                          "--catch-up-max", "1000")
        beats = [first]
        for _ in range(count - 1):
            beats.append(Platform("beat", data=first.data, settings=settings))
            self.addCleanup(beats[-1].close)
        self.taker = Taker(first.data)
        self.addCleanup(self.taker.stop)
        return beats

    def leader(self, beats):
        with reading(beats[0].data) as database:
            row = database.execute("SELECT holder FROM leaders WHERE name = 'schedule'").fetchone()
        pid = int(re.search(r"-(\d+)-", row["holder"].removeprefix(socket.gethostname()))[1]) if row else 0
        return next((beat for beat in beats if beat.process.pid == pid), None)

    def check_every_time_once(self, reached):
        """Each entry's times are all there from the first to `reached`, none twice."""
        fires = self.taker.stop()
        problems = []
        for name, seconds in ENTRIES.items():
            times = sorted(fires[name])
            if len(times) != len(set(times)):
                problems.append(f"{name} fired twice for {[t for t, n in collections.Counter(times).items() if n > 1]}")
            wanted = range(times[0], times[-1] + 1, seconds)
            missing = sorted(set(wanted) - set(times))
            if missing:
                problems.append(f"{name} never fired for {missing[:10]} ({len(missing)} of {len(wanted)})")
            if set(times) - set(wanted):
                problems.append(f"{name} fired beside its times")
        self.assertEqual(problems, [])
        return {name: len(times) for name, times in fires.items()}

    def count_leads(self, beats):
        with reading(beats[0].data) as database:
            return database.execute("SELECT token FROM leaders WHERE name = 'schedule'").fetchone()["token"]

    def test_every_time_fires_once_while_leaders_are_killed_and_frozen(self):
        chance = seeded(self.id())
        beats = self.start(3, BEAT)
        kills = frozen = 0
        while kills < SIZE.kills // 4:
            time.sleep(chance.uniform(0.1, 1.8))
            victim = self.leader(beats) if chance.random() < 0.8 else chance.choice(beats)
            if victim is None:
                continue
            if chance.random() < 0.3:  # long enough to lose the lead, and to believe in it afterwards
                victim.process.send_signal(signal.SIGSTOP)
                time.sleep(chance.uniform(0.5, 3.5))
                victim.process.send_signal(signal.SIGCONT)
                frozen += 1
                continue
            victim.kill()
            kills += 1
            if chance.random() < 0.5:
                time.sleep(chance.uniform(0, 1.5))
            restart(victim)
        reached = int(time.time())
        beats[0].wait_until(lambda: self.taker.reached(reached), "the last times fire", 60)
        self.assertEqual([beat.stop() for beat in beats], [0, 0, 0])
        fires = self.check_every_time_once(reached)
        print(f"        {kills} kills, {frozen} freezes, {self.count_leads(beats)} leads, fires {fires}", flush=True)

    @unittest.skipUnless(FAKETIME, "faketime is not installed")
    def test_every_time_fires_once_while_the_clock_jumps(self):
        chance = seeded(self.id())
        clock = Platform("beat", wait=False)  # a directory for the clock's file
        self.addCleanup(clock.close)
        clock.kill()
        file = clock.data / "clock"

        def set_clock(offset):
            (clock.data / "clock.new").write_text(f"{offset:+d}")
            os.rename(clock.data / "clock.new", file)

        offset = furthest = 0
        set_clock(0)
        beats = self.start(2, {**BEAT, "LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(file),
                               "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"})
        jumps = collections.Counter()
        for _ in range(SIZE.kills // 4):
            time.sleep(chance.uniform(0.2, 2))
            step = chance.choice((-1, 1)) * chance.randint(2, 90)
            offset += step
            furthest = max(furthest, offset)
            set_clock(offset)
            jumps["back" if step < 0 else "forth"] += 1
            if chance.random() < 0.2:
                victim = chance.choice(beats)
                victim.kill()
                restart(victim)
        set_clock(furthest)
        reached = int(time.time()) + furthest
        beats[0].wait_until(lambda: self.taker.reached(reached), "all has caught up", 120)
        self.assertEqual([beat.stop() for beat in beats], [0, 0])
        fires = self.check_every_time_once(reached)
        said = len(beats[0].log_lines("clock_went_back"))  # of both: they share the log
        print(f"        jumps {dict(jumps)}, noticed back {said}, fires {fires}", flush=True)


if __name__ == "__main__":
    unittest.main()
