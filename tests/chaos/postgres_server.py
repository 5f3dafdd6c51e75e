"""A real PostgreSQL 15 cluster that can be killed with all that belongs to it. It syncs what it commits."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import time

import psycopg2

from platform_process import free_port

BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")


def available():
    return (BINARIES / "postgres").exists()


def own_user():
    """PostgreSQL refuses root: its package's own user, then."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def children_of(pid):
    try:
        return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


class PostgresServer:
    def __init__(self, place):
        self.place, self.port, self.process = pathlib.Path(place) / "postgres", free_port(), None
        self.place.mkdir()
        self.log = self.place / "server.log"
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.place, user.pw_uid, user.pw_gid)
            for folder in self.place.parents:  # a temporary directory is its owner's alone
                if folder.stat().st_mode & 0o011 == 0 and any(folder.is_relative_to(top) for top in ("/tmp", "/dev/shm")):
                    folder.chmod(0o755)
        self.data = self.place / "data"
        subprocess.run([BINARIES / "initdb", "-A", "trust", "-U", "selvage", "-E", "UTF8", "--locale=C",
                        "--no-sync", "-D", self.data], cwd="/", check=True, capture_output=True, **own_user())
        self.start()
        self.wait_ready()
        self.run("CREATE DATABASE selvage", database="postgres")

    @property
    def url(self):
        return f"postgres://selvage@127.0.0.1:{self.port}/selvage"

    def start(self):
        self.process = subprocess.Popen(
            [BINARIES / "postgres", "-D", self.data, "-p", str(self.port), "-k", self.place, "-h", "127.0.0.1",
             "-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "fsync=on", "-c", "synchronous_commit=on",
             "-c", "max_wal_size=512MB", "-c", "recovery_init_sync_method=syncfs", "-c", "deadlock_timeout=200ms",
             "-c", "dynamic_shared_memory_type=mmap", "-c", "log_line_prefix=%m %p "],
            cwd="/", stdout=subprocess.DEVNULL, stderr=open(self.log, "ab"), **own_user())

    def wait_ready(self, limit=120):
        end = time.monotonic() + limit
        while True:
            try:
                return self.run("SELECT 1", database="postgres")
            except psycopg2.OperationalError as problem:
                said = problem
            if self.process.poll() is not None:
                raise AssertionError(f"postgres ended with {self.process.returncode}: {self.log_text()[-2000:]}")
            assert time.monotonic() < end, f"postgres is not ready after {limit} s: {said}"
            time.sleep(0.05)

    def log_text(self):
        return self.log.read_text(errors="replace")

    def connect(self, database="selvage"):
        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="selvage", dbname=database,
                                      connect_timeout=10, application_name="chaos")
        connection.autocommit = True
        return connection

    def run(self, sql, *values, database="selvage"):
        """The rows of one statement, on a connection of its own."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, values or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def kill(self):
        """kill -9 of the server and all its processes; the shared memory goes with the last of them."""
        family = [self.process.pid, *children_of(self.process.pid)]
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        while any(pathlib.Path(f"/proc/{pid}").exists() for pid in family[1:]):
            time.sleep(0.01)

    def kill_one_backend(self, random):
        """kill -9 of one client's process: the server then ends all others and recovers by itself."""
        clients = [pid for (pid,) in self.run("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' "
                                              "AND application_name <> 'chaos'", database="postgres")]
        if clients:
            os.kill(random.choice(clients), signal.SIGKILL)

    def end_connections(self):
        self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' "
                 "AND pid <> pg_backend_pid()", database="postgres")

    def freeze(self):
        self.frozen = [self.process.pid, *children_of(self.process.pid)]
        self.signal_frozen(signal.SIGSTOP)

    def thaw(self):
        self.signal_frozen(signal.SIGCONT)

    def signal_frozen(self, number):
        for pid in self.frozen:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def restart(self):
        self.start()
        self.wait_ready()

    def alive(self):
        return self.process.poll() is None

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
