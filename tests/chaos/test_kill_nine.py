"""kill -9 at random moments of a load: no job lost, none done twice, no credit wrong, no file left behind."""

import os
import pathlib
import shutil
import tempfile
import time
import unittest

import checks
from killer import is_healthy, life, restart
from load import PERSON, SHIRT, Load
from picture_shop import PictureShop
from platform_process import Platform
from settings import SIZE, seeded
from watch import TerminalWatch, wait_until_done

# A task whose worker was killed is free again after LEASE_TIME; and being killed is no fault of the task.
SETTINGS = {"EGRESS_ALLOW": "127.0.0.0/8", "LEASE_TIME": "2s", "STUCK_AFTER": "10s", "MAX_DELIVERIES": "100",
            "WORKER_CONCURRENCY": "4"}


class KillNine(unittest.TestCase):
    def setUp(self):
        self.shop = PictureShop({"person.png": PERSON, "shirt.png": SHIRT})
        self.addCleanup(self.shop.close)

    def test_one_process_killed_at_random_moments(self):
        random = seeded("one_process")
        with Platform(settings=SETTINGS) as platform:
            load, watch = self.begin(platform, random, SIZE.jobs)
            self.kill_all_along([platform], platform, load, random, SIZE.kills)
            self.check_the_end(platform, [platform], load, watch, SIZE.kills)

    def test_an_api_and_two_workers_killed_one_by_one(self):
        random = seeded("three_processes")
        data = tempfile.mkdtemp(prefix="selvage-chaos-")
        self.addCleanup(shutil.rmtree, data, ignore_errors=True)
        with Platform("api", data, SETTINGS) as api, Platform("worker", data, SETTINGS) as one, \
                Platform("worker", data, SETTINGS) as two:
            load, watch = self.begin(api, random, SIZE.jobs // 3)
            self.kill_all_along([api, one, two], api, load, random, SIZE.kills // 2)
            self.check_the_end(api, [api, one, two], load, watch, SIZE.kills // 2)

    def begin(self, api, random, jobs):
        load = Load(api, random, jobs, self.shop.url, all_keyed=True, patient=True)
        watch = TerminalWatch(api.data)
        load.start()
        return load, watch

    def kill_all_along(self, processes, api, load, random, kills):
        """Requests are let go bit by bit, so that every life of the processes has its share of them."""
        for number in range(kills):
            load.allow(load.sends * (number + 1) // kills - load.sends * number // kills)
            victim = random.choice(processes)
            life(victim, random)
            victim.kill()
            restart(victim)
        load.allow_all()
        self.assertTrue(is_healthy(api, 120), "the API answers after the last restart")
        load.join()

    def check_the_end(self, api, processes, load, watch, kills):
        begun = time.monotonic()
        wait_until_done(api.data, lambda: all(p.process.poll() is None for p in processes))
        orphans = checks.check_all(api, load, watch)
        if kills >= 20:
            self.assertGreater(load.broken, 0, "no client ever noticed a kill: the load was not there")
        print(f"        {len(load.intents)} jobs, {kills} kills: {load.broken} connections broke, {load.busy} answers "
              f"were 503, {len(orphans)} uploads without a job, quiet after {time.monotonic() - begun:.1f} s", flush=True)
        self.check_orphans_are_swept(api, processes, orphans)

    def check_orphans_are_swept(self, api, processes, orphans):
        """A picture whose request died before its job existed goes after an hour; with no retention the rest goes too."""
        objects = pathlib.Path(api.data) / "objects"
        for name in orphans:
            folder, _, file = name.rpartition("/")
            stamp, _, rest = file.partition("-")
            os.rename(objects / name, objects / folder / f"{int(stamp) - 3700}-{rest}")
        for process in processes:
            process.stop()
        for process in processes:
            process.settings["INPUT_RETENTION"] = "0s"
            restart(process)
        api.wait_until(lambda: not api.stored_files("inputs"), "the sweep at the start removes old inputs", 60)


if __name__ == "__main__":
    unittest.main()
