"""A task that takes its worker down every time it is touched: it must not go round for ever, and must cost nothing.

The worker is killed -9 whenever it holds that task, as the out-of-memory killer would.
"""

import time
import unittest

from killer import is_healthy, restart
from load import PERSON, SHIRT
from openai_stand_in import OpenaiStandIn
from platform_process import Platform
from watch import count, reading

CRASHES = 3


class Poison(unittest.TestCase):
    def holds(self, platform, task_id):
        """Whether this very process has the task, not one that died with it."""
        with reading(platform.data) as database:
            row = database.execute("SELECT state, holder FROM tasks WHERE id = ?", (task_id,)).fetchone()
        return row is not None and row["state"] == "leased" and f"-{platform.process.pid}-" in row["holder"]

    def test_a_task_that_kills_its_worker_is_given_up_and_paid_back(self):
        stand_in = OpenaiStandIn()
        self.addCleanup(stand_in.close)
        stand_in.script("standin:hang")
        platform = Platform(settings={**stand_in.settings(), "MAX_DELIVERIES": str(CRASHES), "LEASE_TIME": "1s",
                                      "WORKER_CONCURRENCY": "1"})
        self.addCleanup(platform.close)
        key = platform.key(credits=10)
        poison = platform.submit(key, PERSON, SHIRT).json
        kills = 0
        end = time.monotonic() + 120
        while count(platform.data, "SELECT COUNT(*) FROM tasks WHERE state = 'dead'") == 0:
            self.assertLess(time.monotonic(), end, f"it still goes round after {kills} kills")
            if not self.holds(platform, poison["task_id"]) or kills == CRASHES:
                time.sleep(0.02)
                continue
            platform.kill()
            kills += 1
            restart(platform)
            self.assertTrue(is_healthy(platform, 60))
        self.assertEqual(kills, CRASHES)
        self.assertTrue(is_healthy(platform, 60))

        job = platform.wait_job(key, poison["id"], 30)
        self.assertEqual(job["status"], "failed", job)
        self.assertEqual(platform.get("/v1/credits", key).json["balance"], 10)
        platform.ledger_is_exact()
        code, out, _ = platform.command("queue", "dead", check=False)
        self.assertEqual(code, 1)
        self.assertIn(poison["task_id"], out)
        self.assertIn(f"died with it {CRASHES} times", out)

        # the worker goes on with others
        stand_in.script("")
        well = platform.submit(key, PERSON, SHIRT).json
        self.assertEqual(platform.wait_job(key, well["id"], 60)["status"], "completed")
        self.assertEqual(platform.get("/v1/credits", key).json["balance"], 9)
        platform.ledger_is_exact()


if __name__ == "__main__":
    unittest.main()
