"""A worker is frozen until its leases have lapsed, and wakes up beside the worker that took over.

What it still does then must change nothing: a lease that is lost carries a token that the committing transaction no
longer accepts.
"""

import shutil
import signal
import tempfile
import time
import unittest

import checks
from load import KINDS, PERSON, SHIRT, Load
from openai_stand_in import PICTURE_SIZE, OpenaiStandIn
from picture_shop import PictureShop
from platform_process import Platform
from settings import seeded
from watch import TerminalWatch, count, wait_until_done

FREEZES = 5
CONCURRENCY = 8


class Freeze(unittest.TestCase):
    def test_a_worker_that_wakes_up_after_its_lease_changes_nothing(self):
        random = seeded("freeze")
        shop = PictureShop({"person.png": PERSON, "shirt.png": SHIRT})
        self.addCleanup(shop.close)
        stand_in = OpenaiStandIn(delay=0.3)  # so that a frozen worker always holds jobs
        self.addCleanup(stand_in.close)
        data = tempfile.mkdtemp(prefix="selvage-chaos-")
        self.addCleanup(shutil.rmtree, data, ignore_errors=True)
        settings = {**stand_in.settings(), "EGRESS_ALLOW": "127.0.0.0/8", "LEASE_TIME": "1s", "MAX_DELIVERIES": "100",
                    "WORKER_CONCURRENCY": str(CONCURRENCY)}
        kinds = [kind for kind in KINDS if kind[0] != "nobody"]  # the stand-in dresses a wall as well
        with Platform("api", data, settings) as api, Platform("worker", data, settings) as one, \
                Platform("worker", data, settings) as two:
            workers = [one, two]
            load = Load(api, random, 200, shop.url, all_keyed=True, patient=True, kinds=kinds)
            watch = TerminalWatch(api.data)
            load.start()
            for number in range(FREEZES):
                load.allow(load.sends * (number + 1) // FREEZES - load.sends * number // FREEZES)
                self.freeze_at_work(random.choice(workers), load, random)
            load.allow_all()
            load.join()
            wait_until_done(api.data, lambda: all(w.process.poll() is None for w in workers))
            checks.check_all(api, load, watch, PICTURE_SIZE)
            lost = len(api.log_lines("job_lease_lost"))  # all three write the same log
            self.assertGreater(lost, 0, "no lease was ever lost")
            jobs = count(api.data, "SELECT COUNT(*) FROM credit_ledger WHERE kind = 'charge'")
            calls = stand_in.calls()["total"]
            self.assertLessEqual(calls, jobs + FREEZES * 2 * CONCURRENCY, "pictures that existed were made again")
            print(f"        {jobs} jobs, {FREEZES} freezes: {lost} leases were lost, {calls} calls of the provider", flush=True)

    def freeze_at_work(self, worker, load, random):
        # one more job a look, in case the share of this freeze is done already
        worker.wait_until(lambda: self.held_by(worker) > 0 or load.allow(1), "the worker has jobs")
        time.sleep(random.uniform(0, 0.3))
        worker.process.send_signal(signal.SIGSTOP)
        try:
            # Until its leases are another's. Frozen in the middle of a commit it keeps everybody out: then let it go.
            end = time.monotonic() + 5
            while self.held_by(worker) > 0 and time.monotonic() < end:
                time.sleep(0.05)
            time.sleep(random.uniform(0, 0.5))
        finally:
            worker.process.send_signal(signal.SIGCONT)

    def held_by(self, worker):
        return count(worker.data, "SELECT COUNT(*) FROM tasks WHERE state = 'leased' AND holder LIKE ?",
                     f"%-{worker.process.pid}-%")


if __name__ == "__main__":
    unittest.main()
