"""A real Redis of a test's own, in a temporary directory, on a loopback port."""

import shutil
import subprocess
import tempfile
import time

from platform_process import free_port

try:
    import redis
except ImportError:  # said by celery_world.skip_reason()
    redis = None


class RunningRedis:
    def __init__(self, durable=False):
        self.port, self.process = free_port(), None
        self.folder = tempfile.mkdtemp(prefix="selvage-redis-")
        self.words = ["--appendonly", "yes", "--appendfsync", "always"] if durable else ["--appendonly", "no"]
        self.client = redis.Redis(port=self.port)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder,
             *self.words], stdout=subprocess.DEVNULL)
        for _ in range(1500):
            try:
                self.client.ping()
                return
            except redis.exceptions.ConnectionError:  # of one that loads its data too
                time.sleep(0.02)
        raise AssertionError("redis-server does not start")

    def url(self, db=0):
        return f"redis://127.0.0.1:{self.port}/{db}"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.client.close()
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
