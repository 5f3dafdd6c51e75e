"""A real redis-server with an append-only file. It can be killed, and its power can be cut.

kill -9 takes the process alone: what it had written stays, since the kernel has it. A power cut takes with it all that
no fsync had covered; which that is, synced.c has written down.
"""

import pathlib
import re
import shutil
import signal
import subprocess
import time

import preload
from platform_process import free_port
from resp import Redis, RedisError


def available():
    return shutil.which("redis-server") is not None


class RedisServer:
    def __init__(self, place, fsync, power=False):
        """`fsync`: everysec or always. `power`: its power can be cut."""
        self.place, self.fsync, self.port = pathlib.Path(place), fsync, free_port()
        self.data = self.place / "redis"
        self.data.mkdir()
        self.log = self.place / "redis.log"
        self.synced_log = self.place / "synced.log"
        self.library = preload.build("synced.c", place) if power else None
        self.process = None
        self.admin = Redis(self.port)
        self.start()
        self.wait_ready()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
        if self.library:
            environment |= {"LD_PRELOAD": str(self.library), "SYNCED_LOG": str(self.synced_log)}
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.data), "--save", "",
             "--appendonly", "yes", "--appendfsync", self.fsync, "--logfile", str(self.log), "--daemonize", "no",
             "--enable-debug-command", "local", "--auto-aof-rewrite-min-size", "8mb"],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_ready(self, limit=120):
        end = time.monotonic() + limit
        while True:
            try:
                if self.admin("PING") == b"PONG":
                    return
            except (OSError, RedisError):
                pass  # not there yet, or still loading
            if self.process.poll() is not None:
                raise AssertionError(f"redis-server ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
            assert time.monotonic() < end, f"redis-server is not ready after {limit} s"
            time.sleep(0.02)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.admin.close()
        return time.monotonic()

    def cut_power(self):
        """kill -9, and the files shrink to what was synced. When the last sync of what is left had begun, and the
        bytes that are gone."""
        assert self.library, "synced.c was not preloaded"
        died = self.kill()
        synced = {}
        for line in self.synced_log.read_text().splitlines():
            match = re.fullmatch(r"(\d+) (\d+) ([\d.]+)", line)
            if match:  # the last line may be torn
                synced[int(match[1])] = int(match[2]), float(match[3])
        began, gone = died, 0
        for file in self.data.glob("appendonlydir/*.incr.aof"):
            state = file.stat()
            size, at = synced.get(state.st_ino, (0, None))
            gone += max(state.st_size - size, 0)
            if state.st_size > size:
                with open(file, "r+b") as open_file:
                    open_file.truncate(size)
            began = at if at is not None else began
        return began, gone

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def restart(self):
        self.start()
        self.wait_ready()

    def alive(self):
        return self.process.poll() is None

    def close(self):
        self.admin.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
