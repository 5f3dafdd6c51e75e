"""SIGTERM under load: nothing is lost, and nothing waits for a time-out to be noticed.

The lease time is long here: a task that was not handed back would be noticed only after it, and fail the test.
"""

import pathlib
import signal
import sqlite3
import time
import unittest

import checks
from killer import is_healthy, restart
from load import PERSON, SHIRT, Load
from openai_stand_in import OpenaiStandIn
from picture_shop import PictureShop
from platform_process import Platform
from settings import seeded
from watch import TerminalWatch, count, reading, wait_until_done

LEASE = {"LEASE_TIME": "10m", "EGRESS_ALLOW": "127.0.0.0/8"}
MARGIN = 15  # seconds a loaded machine may add to what is promised


class Drain(unittest.TestCase):
    def stop_and_time(self, platform, limit):
        begun = time.monotonic()
        self.assertEqual(platform.stop(limit + MARGIN), 0)
        return time.monotonic() - begun

    def assert_nothing_is_held(self, data):
        with reading(data) as database:
            held = database.execute("SELECT id, holder FROM tasks WHERE state = 'leased'").fetchall()
        self.assertEqual([tuple(row) for row in held], [], "a stopped process still holds tasks")

    def test_rolling_restarts_under_load_lose_nothing(self):
        random = seeded("rolling_restarts")
        shop = PictureShop({"person.png": PERSON, "shirt.png": SHIRT})
        self.addCleanup(shop.close)
        with Platform(settings={**LEASE, "DRAIN_GRACE": "20s"}) as platform:
            load = Load(platform, random, 150, shop.url, all_keyed=True, patient=True)
            watch = TerminalWatch(platform.data)
            load.start(8)
            slowest, restarts = 0.0, 5
            for _ in range(restarts):
                load.allow(load.sends // restarts)
                is_healthy(platform, 60)
                time.sleep(random.uniform(0, 0.6))
                slowest = max(slowest, self.stop_and_time(platform, 20))
                self.assert_nothing_is_held(platform.data)
                restart(platform)
            load.allow_all()
            self.assertTrue(is_healthy(platform, 60))
            load.join()
            wait_until_done(platform.data, lambda: platform.process.poll() is None)
            orphans = checks.check_all(platform, load, watch)
            self.assertEqual(orphans, [], "a request that was being answered is finished before the process ends")
            self.assertEqual(platform.log_lines("job_lease_lost"), [])
            print(f"        {restarts} restarts, the slowest stop took {slowest:.1f} s, {load.broken} connections broke",
                  flush=True)

    def hanging(self, grace, jobs=6):
        """A platform whose jobs all wait for an answer that does not come; (stand-in, platform, key, job ids)."""
        stand_in = OpenaiStandIn()
        self.addCleanup(stand_in.close)
        stand_in.script("standin:hang")
        platform = Platform(settings={**LEASE, **stand_in.settings(), "DRAIN_GRACE": grace})
        self.addCleanup(platform.close)
        key = platform.key(credits=50)
        ids = [platform.submit(key, PERSON, SHIRT).json["id"] for _ in range(jobs)]
        platform.wait_until(lambda: stand_in.calls()["open"] == jobs, "all calls hang")
        return stand_in, platform, key, ids

    def assert_handed_back(self, platform, ids):
        self.assert_nothing_is_held(platform.data)
        self.assertEqual(count(platform.data, "SELECT COUNT(*) FROM tasks WHERE state = 'ready'"), len(ids))
        self.assertEqual(count(platform.data, "SELECT COUNT(*) FROM credit_ledger WHERE kind = 'refund'"), 0)
        self.assertEqual(count(platform.data, "SELECT SUM(retries) FROM tasks"), 0, "a drain is no retry")

    def assert_continued(self, stand_in, platform, key, ids):
        """After a restart the same jobs go on at once, each with one more call, and cost what they cost."""
        stand_in.script("")
        before = stand_in.calls()["total"]
        restart(platform)
        self.assertTrue(is_healthy(platform, 60))
        for job_id in ids:
            self.assertEqual(platform.wait_job(key, job_id, 60)["status"], "completed")
        self.assertEqual(stand_in.calls()["total"] - before, len(ids))
        platform.ledger_is_exact()
        self.assertEqual(platform.get("/v1/credits", key).json["balance"], 50 - len(ids))
        platform.wait_until(lambda: not platform.stored_files("inputs"), "inputs are removed", 20)

    def test_a_provider_that_hangs_is_left_when_the_grace_is_over(self):
        stand_in, platform, key, ids = self.hanging("2s")
        took = self.stop_and_time(platform, 2)
        self.assertGreaterEqual(took, 1.9, "the grace is given")
        self.assert_handed_back(platform, ids)
        self.assert_continued(stand_in, platform, key, ids)

    def test_a_second_signal_hands_back_at_once(self):
        stand_in, platform, key, ids = self.hanging("10m")
        platform.process.send_signal(signal.SIGTERM)
        platform.wait_until(lambda: platform.log_lines("draining"), "the drain begins", 20)
        time.sleep(1)
        self.assertIsNone(platform.process.poll(), "the first signal waits for the jobs")
        self.stop_and_time(platform, 0)
        self.assert_handed_back(platform, ids)
        self.assert_continued(stand_in, platform, key, ids)

    def test_a_killed_provider_call_is_made_again_and_charged_once(self):
        stand_in, platform, key, ids = self.hanging("2s", jobs=3)
        platform.kill()
        platform.settings["LEASE_TIME"] = "2s"
        # What a dead process held stays held until its lease lapses: shorten that, as a clock would.
        self.lapse_leases(platform.data)
        self.assert_continued(stand_in, platform, key, ids)

    def lapse_leases(self, data):
        database = sqlite3.connect(pathlib.Path(data) / "selvage.db", timeout=20)
        with database:
            database.execute("UPDATE tasks SET lease_until = 0 WHERE state = 'leased'")
        database.close()


if __name__ == "__main__":
    unittest.main()
