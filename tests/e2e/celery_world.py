"""A real Redis, selvage workers that consume Celery queues on it, a service behind HTTP tasks, and Celery itself.

Celery and redis-py come from Debian (python3-celery, python3-redis); without them the tests are skipped.
"""

import pathlib
import shutil
import signal
import subprocess
import sys
import time

from celery_service import Service
from platform_process import Platform
from running_redis import RunningRedis

try:
    import celery
    import redis
    from celery.backends.redis import ResultConsumer

    # A result unsubscribes when it is collected, and looks for its Redis for 20 s when that has gone with its test.
    ResultConsumer.cancel_for = lambda *_: None
except ImportError:  # said by skip_reason()
    celery = redis = None


def skip_reason():
    if celery is None or redis is None:
        return "python3-celery and python3-redis are not installed for this python3"
    return None if shutil.which("redis-server") else "redis-server is not installed"


def client(url, **changes):
    """A Celery application as a web service has it: it sends tasks and reads results, and defines none."""
    app = celery.Celery("shop", broker=url, backend=url)
    app.conf.update(task_default_queue="celery", broker_connection_retry_on_startup=True, **changes)
    app.set_current()
    return app


def reply(answers):
    """(node, value) of the one answer of the one node."""
    assert answers and len(answers) == 1, answers
    ((node, value),) = answers.items() if isinstance(answers, dict) else answers[0].items()
    return node, value


class World:
    def __init__(self, workers=1, durable=False, **settings):
        self.redis = RunningRedis(durable)
        self.service = Service()
        self.settings = {
            "QUEUE_URL": self.redis.url(),
            "CELERY_QUEUES": "celery",
            "CELERY_CONCURRENCY": "32",
            "CELERY_HTTP_TASKS": ",".join(f"{n}={self.service.url}/{n}" for n in Service.TASKS),
            "LEASE_TIME": "3s",
            **settings,
        }
        self.workers = []
        for _ in range(workers):
            self.start_worker()
        self.app = client(self.redis.url())

    def start_worker(self, **settings):
        worker = Platform(role="worker", settings={**self.settings, **settings})
        self.workers.append(worker)
        self.wait(lambda: worker.log_lines("celery_node_started"), "the Celery node starts")
        return worker

    def restart(self, worker):
        """kill -9, then again with the same data."""
        worker.kill()
        worker.start()

    @property
    def worker(self):
        return self.workers[0]

    def send(self, name, *args, **options):
        return self.app.send_task(name, args=args, **options)

    def sig(self, name, *args, **options):
        return self.app.signature(name, args=args, **options)

    def wait(self, condition, what, limit=60):
        end = time.monotonic() + limit
        while not condition():
            if time.monotonic() > end:
                logs = "\n".join(worker.log_text()[-2000:] for worker in self.workers)
                raise AssertionError(f"not within {limit} s: {what}\n{logs}")
            time.sleep(0.02)

    def values(self, results, limit=120):
        """What Celery's client reads of many: each is asked for, since get() takes a second for one it did not hear of."""
        for result in results:
            self.wait(result.ready, f"{result.id} ends", limit)
        return [result.result for result in results]

    def dead_letters(self, queue="celery"):
        """What an operator sees of them: the lines of `selvage queue dead`."""
        return self.worker.command("queue", "dead", "--queue", queue, check=False)[1].splitlines()[:-1]

    def popen_celery(self, *words):
        return subprocess.Popen([sys.executable, "-u", "-m", "celery", "-b", self.redis.url(), *words],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.redis.folder)

    def celery_command(self, *words):
        """The `celery` program on this Redis: (exit code, output)."""
        with self.popen_celery(*words) as program:
            said, _ = program.communicate(timeout=60)
        return program.returncode, said

    def close(self):
        for worker in self.workers:
            worker.close()
        self.service.close()
        self.app.close()
        self.redis.close()


class PythonWorker:
    """A Celery worker in Python, python@neighbour, on the same Redis."""

    MODULE = """
import celery
app = celery.Celery("neighbour", broker={url!r}, backend={url!r})
app.conf.update(worker_hijack_root_logger=False, broker_connection_retry_on_startup=True)
{tasks}
"""

    def __init__(self, url, tasks, folder, queues="celery"):
        path = pathlib.Path(folder) / "neighbour.py"
        path.write_text(self.MODULE.format(url=url, tasks=tasks))
        self.log = open(pathlib.Path(folder) / "neighbour.log", "wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "neighbour", "worker", "-P", "threads", "-c", "2", "-Q", queues,
             "-n", "python@neighbour"], cwd=folder, stdout=self.log, stderr=subprocess.STDOUT)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
