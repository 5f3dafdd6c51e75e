"""The peer's worker: a task that does nothing, one that notes how late it began, one that waits."""
import json
import os
import time

from celery import Celery

app = Celery("bench", broker=os.environ["REDIS_URL"])
app.conf.update(task_acks_late=True, task_ignore_result=True, worker_prefetch_multiplier=4,
                broker_connection_retry_on_startup=True)
LATENCIES = os.environ.get("LATENCY_FILE")


@app.task(name="noop")
def noop():
    pass


@app.task(name="stamp")
def stamp(sent):
    with open(LATENCIES, "a", encoding="ascii") as out:
        out.write(json.dumps(time.time() - sent) + "\n")


@app.task(name="sleep")
def sleep(seconds):
    time.sleep(seconds)
