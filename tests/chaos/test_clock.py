"""The clock is set in the middle of a run: by an hour, by a day, back and forth. Nothing is lost, nothing is done twice,
and nothing waits for the old time to come again."""

import shutil
import tempfile
import time
import unittest

import checks
import preload
from killer import life, restart
from load import PERSON, SHIRT, Load
from picture_shop import PictureShop
from platform_process import Platform
from producers import Producers
from settings import seeded
from stack import Stack, missing_parts
from stack_checks import check_facts
from stack_facts import gather
from stack_plan import QUICK, describe, make_plan
from wall_clock import WallClock
from watch import TerminalWatch, wait_until_done

HOUR, DAY = 3600, 86_400
JUMPS = (HOUR, -HOUR, DAY, -DAY, 61, -61, 0)


@unittest.skipUnless(preload.COMPILER, "there is no C compiler to build wall_clock.c with")
class ClockJumps(unittest.TestCase):
    def clock(self, name):
        place = tempfile.mkdtemp(prefix="selvage-clock-")
        self.addCleanup(shutil.rmtree, place, ignore_errors=True)
        return WallClock(place, name)

    def test_one_process_that_is_killed_and_whose_clock_is_set(self):
        """A lease that was dated before the clock was set back must not last until the old time comes again."""
        random = seeded("clock_embedded")
        clock = self.clock("clock")
        shop = PictureShop({"person.png": PERSON, "shirt.png": SHIRT})
        self.addCleanup(shop.close)
        settings = {"EGRESS_ALLOW": "127.0.0.0/8", "LEASE_TIME": "2s", "MAX_DELIVERIES": "100", **clock.settings()}
        with Platform(settings=settings) as platform:
            load = Load(platform, random, 400, shop.url, all_keyed=True, patient=True)
            watch = TerminalWatch(platform.data)
            load.start()
            for number, jump in enumerate(JUMPS):
                load.allow(load.sends * (number + 1) // len(JUMPS) - load.sends * number // len(JUMPS))
                life(platform, random)
                clock.set(jump)
                if number % 2:
                    platform.kill()
                    restart(platform)
            load.allow_all()
            load.join()
            wait_until_done(platform.data, lambda: platform.process.poll() is None)
            checks.check_all(platform, load, watch)
            print(f"        {len(load.intents)} jobs, the clock was set {len(JUMPS)} times, the process killed "
                  f"{len(JUMPS) // 2} times", flush=True)

    @unittest.skipIf(missing_parts(), missing_parts())
    def test_a_stack_whose_machines_disagree_about_the_time(self):
        """Two machines, each with an API and two workers; now one is set, now the other. Redis and PostgreSQL keep
        their own time."""
        random = seeded("clock_stack")
        clocks = [self.clock("one"), self.clock("other")]
        stack = Stack("everysec", workers=0, apis=0, settings={"PROVIDER_CALLS_PER_MINUTE": "30000"})
        self.addCleanup(stack.close)
        for clock in clocks:
            stack.settings |= clock.settings()
            stack.apis.append(stack.process("api"))
            stack.workers += [stack.process("worker") for _ in range(2)]
        plan = make_plan(random, 1000, kinds=QUICK)
        producers = Producers(plan, [api.port for api in stack.apis], stack.api_keys, stack.redis.port, stack.shop.url, random)
        producers.start()
        for _ in range(12):
            producers.release(len(plan) // 12)
            time.sleep(random.uniform(0.1, 1.5))
            random.choice(clocks).set(random.choice(JUMPS))
        producers.join()
        stack.wait_until_quiet(len(plan))
        self.assertEqual(producers.problems, [])
        check_facts(gather(stack, plan))
        print(f"        {describe(plan)}, the clocks were set 12 times", flush=True)


if __name__ == "__main__":
    unittest.main()
