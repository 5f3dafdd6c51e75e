"""A real PostgreSQL 15 of a test's own, in a temporary directory, on a loopback port."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from platform_process import free_port

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")


def available():
    return (PROGRAMS / "postgres").exists()


class RunningPostgres:
    def __init__(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="selvage-postgres-"))
        self.port, self.process = free_port(), None
        # it refuses to run as root
        self.user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        if self.user:
            account = pwd.getpwnam("postgres")
            os.chown(self.place, account.pw_uid, account.pw_gid)
        self.run("initdb", "-D", self.place / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.start()

    def run(self, program, *words):
        done = subprocess.run([PROGRAMS / program, *words], cwd="/", capture_output=True, text=True, timeout=60, **self.user)
        if done.returncode != 0:
            raise AssertionError(f"{program}: {done.stderr}")
        return done.stdout.strip()

    def url(self, credentials="postgres", database="postgres"):
        return f"postgres://{credentials}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement):
        return self.run("psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.url(), "-c", statement)

    def start(self):
        log = open(self.place / "log", "ab")
        self.process = subprocess.Popen([PROGRAMS / "postgres", "-D", self.place / "data", "-p", str(self.port), "-k", self.place],
                                        cwd="/", stdout=log, stderr=log, **self.user)
        end = time.monotonic() + 60
        while subprocess.run([PROGRAMS / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError("PostgreSQL does not start: " + (self.place / "log").read_text())
            time.sleep(0.02)

    def restart(self, how=signal.SIGQUIT):
        self.process.send_signal(how)
        self.process.wait()
        self.start()

    def close(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        shutil.rmtree(self.place, ignore_errors=True)
