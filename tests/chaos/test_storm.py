"""The whole stack in a storm: workers, API, Redis and PostgreSQL die at random, the provider misbehaves, and at the end
nothing is lost and no credit is wrong. Redis syncs each write here (appendfsync always), so nothing at all may be lost.

Half of the tasks are jobs: pictures, charged, some refunded, pushed by LPUSH or posted to the API, with a provider that
answers 429, 400, 5xx, hangs or cuts its answer. The other half are cheap Celery tasks, posted to a program that counts
them: they pass through the same queue engine, workers and Redis, and have neither a session nor credits.
"""

import time
import unittest

import preload
from celery_tasks import CeleryClient, check_celery
from order_desk import OrderDesk
from producers import QUEUE, Producers
from settings import SIZE, seeded
from stack import Stack, missing_parts
from stack_checks import DISTURBED, check_facts, unpaid
from stack_facts import gather
from stack_plan import describe, make_plan
from storm import Storm

BACKLOG = 1500  # tasks that are under way at once
GARBAGE = (b"", b"{", b"[]", b'{"version":1}', b"\xff\xfe", b'{"version":2,"task_id":"x"}')
MEMORY = 300 << 20  # bytes that one process may hold at its peak


@unittest.skipIf(missing_parts(), missing_parts())
class StormTest(unittest.TestCase):
    def test_everything_dies_at_random_and_nothing_is_lost(self):
        random = seeded("storm")
        desk = OrderDesk()
        self.addCleanup(desk.close)
        stack = Stack("always", workers=3, apis=2, power=preload.COMPILER is not None,
                      settings={"PROVIDER_CALLS_PER_MINUTE": "100000", **desk.settings()})
        self.addCleanup(stack.close)
        plan = make_plan(random, SIZE.tasks // 2)
        for message in GARBAGE:
            stack.redis.admin("LPUSH", QUEUE, message)
        producers = Producers(plan, [api.port for api in stack.apis], stack.api_keys, stack.redis.port, stack.shop.url, random)
        client = CeleryClient(random, SIZE.tasks // 2, stack.redis.port)
        storm, begun = Storm(stack, random, power=True), time.monotonic()
        producers.start()
        client.thread.start()
        while True:
            if time.monotonic() - begun < SIZE.minutes * 60 and len(producers.plan) < BACKLOG:
                more = make_plan(random, SIZE.tasks // 2, poor=False, first=len(plan))
                plan += more
                producers.add(more)
            more_celery = client.allow(len(desk.done()) + BACKLOG)
            if not producers.release(self.room(stack, producers)) and not more_celery:
                break
            time.sleep(random.uniform(0.2, 2))
            storm.strike()
        producers.join()
        client.join()
        blown = time.monotonic() - begun
        stack.wait_until_quiet(len(plan))
        for process in stack.processes:
            stack.note_memory(process)
        facts = gather(stack, plan, storm.killed, garbage=len(GARBAGE), api_died=True)
        self.assertEqual(producers.problems + client.problems, [])
        check_facts(facts)
        done = desk.done()
        check_celery(client.tasks, client.results(stack.redis.admin), done)
        self.assertLess(max(stack.peak_memory.values()), MEMORY)
        disturbed = sum(bool(DISTURBED & set(runs)) for runs in facts.runs.values())
        self.assertGreater(disturbed, 0, "no task was ever disturbed: the storm was not there")
        self.report(stack, storm, producers, facts, disturbed, blown, time.monotonic() - begun)
        print(f"        {len(client.tasks)} Celery tasks, {sum(count > 1 for count in done.values())} of them done more than "
              f"once; {client.broken} of their client's connections broke, {client.refused} pushes were refused", flush=True)

    def room(self, stack, producers):
        """How many tasks may go out now."""
        ended, _ = stack.sessions()
        return max(BACKLOG - (producers.released - ended), 0)

    def report(self, stack, storm, producers, facts, disturbed, blown, took):
        poor = unpaid(facts)
        needed = sum(i.kind.calls for i in facts.plan if i.job_id not in poor)
        peaks = ", ".join(f"{role} {peak >> 20} MiB" for role, peak in stack.peak_memory.items())
        print(f"        {describe(facts.plan)} in {took:.0f} s, {blown:.0f} s of them in the storm: {storm.report()}\n"
              f"        {producers.broken} connections of producers broke, {producers.busy} were told to come later, "
              f"{producers.refused} pushes were refused\n"
              f"        {sum(facts.calls.values())} calls of the provider for {needed} needed; {disturbed} tasks were "
              f"disturbed while they ran; peak memory: {peaks}", flush=True)


if __name__ == "__main__":
    unittest.main()
