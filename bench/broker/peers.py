"""How each worker is started, filled and asked whether it is done. A queue is filled aside (`fill`) and handed over
at once (`release`), so that filling costs the measured time nothing."""
import base64
import json
import os
import subprocess
import time
import uuid

BATCH = 1000


class Peer:
    name = ""
    queue = ""

    def __init__(self, work, bench, redis_server):
        self.work, self.bench, self.redis = work, bench, redis_server
        self.client = redis_server.client

    def environment(self, latency_file):
        return os.environ | {"REDIS_URL": self.redis.url, "LATENCY_FILE": latency_file}

    def start(self, concurrency, latency_file="/dev/null"):
        return subprocess.Popen(self.command(concurrency), cwd=self.work, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL,
                                env=self.environment(latency_file) | {"CONCURRENCY": str(concurrency)})

    def fill(self, count, task="noop", seconds=0):
        pipeline = self.client.pipeline(transaction=False)
        for begin in range(0, count, BATCH):
            size = min(BATCH, count - begin)
            pipeline.lpush("aside", *(self.message(task, seconds) for _ in range(size)))
        pipeline.execute()

    def release(self):
        self.client.rename("aside", self.queue)

    def left(self):
        return self.client.llen(self.queue) + self.held()

    def held(self):
        return 0

    def stamp(self, count, per_second):
        begin = time.time()
        for index in range(count):
            time.sleep(max(0.0, begin + index / per_second - time.time()))
            self.client.lpush(self.queue, self.message("stamp", time.time()))


class Selvage(Peer):
    name = "selvage"
    queue = "bench"
    form = "plain"

    def command(self, concurrency):
        return [self.bench, "--redis", self.redis.url, "--queue", self.queue, "--form", self.form,
                "--concurrency", str(concurrency)]

    def message(self, task, value):
        return json.dumps({"task": task, "value": value, "id": str(uuid.uuid4()), "padding": "x" * 300})

    def held(self):
        return self.client.zcard("{%s}:leases" % self.queue)


def celery_message(task, value):
    body = json.dumps([[] if task == "noop" else [value], {},
                       {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])
    identity = str(uuid.uuid4())
    return json.dumps({
        "body": base64.b64encode(body.encode()).decode(), "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": task, "id": identity, "shadow": None, "eta": None, "expires": None,
                    "group": None, "group_index": None, "retries": 0, "timelimit": [None, None], "root_id": identity,
                    "parent_id": None, "argsrepr": "()", "kwargsrepr": "{}", "origin": "bench@host",
                    "ignore_result": True},
        "properties": {"correlation_id": identity, "reply_to": str(uuid.uuid4()), "delivery_mode": 2,
                       "delivery_info": {"exchange": "", "routing_key": "celery"}, "priority": 0,
                       "body_encoding": "base64", "delivery_tag": str(uuid.uuid4())}})


class SelvageCelery(Selvage):
    """The same worker on Celery's wire, events on."""
    name = "selvage (Celery wire)"
    queue = "celery"
    form = "celery"
    message = staticmethod(celery_message)


class Celery(Peer):
    name = "celery"
    queue = "celery"
    message = staticmethod(celery_message)

    def command(self, concurrency):
        return ["/usr/bin/python3", "-m", "celery", "-A", "celery_tasks", "worker", "-c", str(concurrency), "-l", "error",
                "--without-gossip", "--without-mingle", "--without-heartbeat"]

    def held(self):
        return self.client.hlen("unacked")


class Sidekiq(Peer):
    name = "sidekiq"
    queue = "queue:default"

    def command(self, concurrency):
        return ["sidekiq", "-r", "./sidekiq_worker.rb", "-c", str(concurrency), "-q", "default"]

    def message(self, task, value):
        return json.dumps({"class": task.capitalize(), "args": [] if task == "noop" else [value], "retry": True,
                           "queue": "default", "jid": uuid.uuid4().hex[:24], "created_at": time.time(),
                           "enqueued_at": time.time()})

    def fill(self, count, task="noop", seconds=0):
        self.client.sadd("queues", "default")
        super().fill(count, task, seconds)


class BullMQ(Peer):
    name = "bullmq"

    def command(self, concurrency):
        return ["node", "bullmq_worker.mjs"]

    def produce(self, *words):
        subprocess.run(["node", "bullmq_producer.mjs", *map(str, words)], cwd=self.work, check=True,
                       env=self.environment("/dev/null"))

    def fill(self, count, task="noop", seconds=0):
        self.produce("add", task, count, seconds)

    def release(self):
        """What queue.resume() does, without starting a process inside the measured time."""
        pipeline = self.client.pipeline()
        pipeline.hdel("bull:bench:meta", "paused")
        pipeline.zadd("bull:bench:marker", {"0": 0})
        pipeline.execute()

    def left(self):
        return self.client.llen("bull:bench:wait") + self.client.llen("bull:bench:active")

    def stamp(self, count, per_second):
        self.produce("stamp", count, per_second)
