"""Those who want tasks done: web clients that POST, and programs that LPUSH. Each sends until it is answered.

What each was told is kept in its Intent. A producer whose connection broke does not know whether it was heard, and
sends again, as it would in life; so a task may arrive twice, and must be done once.
"""

import collections
import http.client
import json
import threading
import time

from load import PERSON, SHIRT, Client
from platform_process import form
from resp import Redis, RedisError
from stack_plan import message

BATCH = 40  # tasks one producer pushes in a pipeline
QUEUE = "wearon:tasks:generation"


def request_of(intent, shop_url):
    """(body, content type) of a POST /v1/jobs."""
    if intent.uploads:
        fields = [("person", "person.png", PERSON), ("garment", "shirt.png", SHIRT),
                  ("session_id", None, intent.job_id.encode())]
        fields += [("prompt", None, intent.kind.prompt.encode())] if intent.kind.prompt else []
        return form(fields)
    task = json.loads(message(intent, shop_url))
    kept = ("session_id", "person_image_url", "garment_image_urls", "prompt")
    return json.dumps({k: task[k] for k in kept if k in task}).encode(), "application/json"


class Producers:
    def __init__(self, plan, api_ports, api_keys, redis_port, shop_url, random):
        self.api_ports, self.api_keys, self.redis_port, self.shop_url = api_ports, api_keys, redis_port, shop_url
        self.random = random
        self.waiting = {"http": collections.deque(), "push": collections.deque()}
        self.plan = collections.deque(plan)
        self.released = 0
        self.all_released = False
        self.broken = self.busy = self.refused = 0  # connections, answers 429 and 503, errors of Redis
        self.problems = []
        self.change = threading.Condition()
        self.threads = []

    def start(self, http=8, push=3):
        self.threads = [threading.Thread(target=self.work, args=(self.post, "http", 1), daemon=True) for _ in range(http)]
        self.threads += [threading.Thread(target=self.work, args=(self.push, "push", BATCH), daemon=True) for _ in range(push)]
        for thread in self.threads:
            thread.start()

    def release(self, tasks):
        """Lets the next `tasks` of the plan go out. False: there are no more."""
        with self.change:
            for _ in range(min(tasks, len(self.plan))):
                intent = self.plan.popleft()
                self.waiting[intent.via].append(intent)
                self.released += 1
            self.all_released = not self.plan
            self.change.notify_all()
            return not self.all_released

    def add(self, plan):
        """More tasks, before the last of the earlier ones went out."""
        with self.change:
            self.plan.extend(plan)

    def join(self, limit=900):
        self.release(len(self.plan))
        end = time.monotonic() + limit
        for thread in self.threads:
            thread.join(max(end - time.monotonic(), 0.1))
        busy = sum(thread.is_alive() for thread in self.threads)
        assert not busy, (f"{busy} producers still wait for an answer after {limit} s ({self.broken} broken connections, "
                          f"{self.busy} busy answers, {self.refused} refused)")

    def work(self, send, via, most):
        while True:
            with self.change:
                while not self.waiting[via] and not self.all_released:
                    self.change.wait()
                batch = [self.waiting[via].popleft() for _ in range(min(most, len(self.waiting[via])))]
            if not batch:
                return
            try:
                send(batch)
            except Exception as problem:  # a bug of a producer must fail the test, not vanish with its thread
                self.problems.append(f"tasks {[i.number for i in batch]}: {problem!r}")

    def push(self, batch):
        redis = Redis(self.redis_port)
        while batch:
            try:
                redis.send([("LPUSH", QUEUE, message(intent, self.shop_url)) for intent in batch])
                for intent in batch:
                    if isinstance(redis.receive(), RedisError):  # out of memory, read-only, loading
                        self.refused += 1
                        continue
                    intent.answers.append(("pushed", intent.job_id))
                    intent.accepted_at = time.monotonic()
            except OSError:
                redis.close()
                self.broken += 1
            batch = [intent for intent in batch if not intent.answers]
            if batch:
                time.sleep(0.1)
        redis.close()

    def post(self, batch):
        (intent,) = batch
        body, kind = request_of(intent, self.shop_url)
        headers = {"Content-Type": kind, "Authorization": f"Bearer {self.api_keys[intent.owner]}",
                   "Idempotency-Key": intent.key, "X-Request-Id": intent.request_id}
        while True:
            client = self.client()
            try:
                status, _, data = client.request("POST", "/v1/jobs", body, headers)
            except (OSError, http.client.HTTPException):
                self.broken += 1
                threading.current_thread().client = None
                time.sleep(0.05)
                continue
            if status in (429, 503):
                self.busy += 1
                time.sleep(0.2)
                continue
            answer = json.loads(data)
            intent.answers.append((status, answer.get("id") or answer.get("code")))
            if status in (200, 202):
                intent.accepted_at = time.monotonic()
            return

    def client(self):
        """This thread's connection; a new one goes to any of the API processes, as behind a load balancer."""
        thread = threading.current_thread()
        if getattr(thread, "client", None) is None:
            thread.client = Client(self.random.choice(self.api_ports))
        return thread.client
