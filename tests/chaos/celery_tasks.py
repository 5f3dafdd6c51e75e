"""Tasks that a Celery client sends, and what must have become of them.

Celery's promise with late acks is "at least once": each task is done, its result is there and right, and one that was
sent is never forgotten. How often one was done twice is counted, not forbidden.
"""

import base64
import json
import threading
import time
import uuid

from checks import tell
from order_desk import QUEUE, TASK
from resp import Redis, RedisError

BATCH = 100


def message(task_id, number):
    """As kombu writes it: protocol 2, JSON."""
    body = json.dumps([[number], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])
    return json.dumps({
        "body": base64.b64encode(body.encode()).decode(), "content-encoding": "utf-8", "content-type": "application/json",
        "headers": {"lang": "py", "task": TASK, "id": task_id, "root_id": task_id, "parent_id": None, "group": None,
                    "retries": 0, "eta": None, "expires": None, "timelimit": [None, None], "ignore_result": False,
                    "argsrepr": f"({number},)", "kwargsrepr": "{}", "origin": "chaos"},
        "properties": {"correlation_id": task_id, "reply_to": "chaos", "delivery_mode": 2, "priority": 0,
                       "delivery_info": {"exchange": "", "routing_key": QUEUE}, "body_encoding": "base64",
                       "delivery_tag": str(uuid.uuid4())}}).encode()


class CeleryClient:
    """Sends tasks from a thread of its own, each until Redis has answered that it has it."""

    def __init__(self, random, tasks, redis_port):
        self.redis_port, self.refused, self.broken, self.sent = redis_port, 0, 0, 0
        self.tasks = {str(uuid.UUID(int=random.getrandbits(128), version=4)): number for number in range(tasks)}
        self.waiting = list(self.tasks.items())
        self.problems = []
        self.allowed = 0
        self.change = threading.Condition()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def allow(self, tasks):
        """Lets so many go out, of all. False: all may."""
        with self.change:
            self.allowed = max(self.allowed, min(tasks, len(self.tasks)))
            self.change.notify()
            return self.allowed < len(self.tasks)

    def run(self):
        redis = Redis(self.redis_port)
        try:
            while self.waiting:
                with self.change:
                    while self.sent >= self.allowed:
                        self.change.wait()
                    batch = self.waiting[:min(BATCH, self.allowed - self.sent)]
                self.push(redis, batch)
                del self.waiting[:len(batch)]
                self.sent += len(batch)
        except Exception as problem:  # must fail the test, not vanish with its thread
            self.problems.append(repr(problem))
        finally:
            redis.close()

    def push(self, redis, batch):
        left = list(batch)
        while left:
            refused = []
            try:
                redis.send([("LPUSH", QUEUE, message(*task)) for task in left])
                for task in left:
                    if isinstance(redis.receive(), RedisError):  # out of memory, read-only, loading
                        refused.append(task)
            except OSError:
                redis.close()
                self.broken += 1
                refused = left  # whether they arrived is not known
            self.refused += len(refused)
            left = refused
            if left:
                time.sleep(0.1)

    def join(self, limit=600):
        self.allow(len(self.tasks))
        self.thread.join(limit)
        assert not self.thread.is_alive(), f"Redis has not taken all Celery tasks for {limit} s"

    def results(self, redis):
        """What a client's .get() would see, by id: (state, result) or None."""
        ids, found = list(self.tasks), {}
        for at in range(0, len(ids), 500):
            part = ids[at:at + 500]
            for task_id, text in zip(part, redis("MGET", *(f"celery-task-meta-{i}" for i in part))):
                meta = json.loads(text) if text else None
                found[task_id] = meta and (meta["status"], meta["result"])
        return found


def check_celery(tasks, results, done):
    """`tasks`: id -> number; each was done, its result is there, and nothing was done that nobody sent."""
    problems = [f"Celery task {number} ({task_id}) was sent and never done" for task_id, number in tasks.items()
                if not done.get(task_id)]
    problems += [f"Celery task {number} ({task_id}): its client sees {results.get(task_id)}"
                 for task_id, number in tasks.items() if results.get(task_id) != ("SUCCESS", number)]
    tell(problems + [f"Celery task {task_id} was done, and nobody sent it" for task_id in done.keys() - tasks.keys()])
