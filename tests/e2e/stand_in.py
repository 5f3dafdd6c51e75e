"""Starts one of tests/standins for a test, and ends it."""

import http.client
import json
import pathlib
import subprocess
import sys

STAND_INS = pathlib.Path(__file__).resolve().parents[1] / "standins"


class StandIn:
    def __init__(self, script, *arguments):
        self.command = [sys.executable, str(STAND_INS / script), "--with-parent", *map(str, arguments)]
        self.port = 0
        self.start()

    def start(self):
        command = self.command + (["--port", str(self.port)] if self.port else [])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.host = f"127.0.0.1:{self.port}"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def ask(self, method, path, value=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, None if value is None else json.dumps(value))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()
