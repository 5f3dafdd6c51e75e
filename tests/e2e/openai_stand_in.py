"""The OpenAI API as a process beside the tests."""

import json
import subprocess
import sys
import urllib.request

from platform_process import ROOT, free_port

PICTURE_SIZE = (1024, 1024)  # of its answers


class OpenaiStandIn:
    """tests/standins/openai.py; it can be told to hang, and to be well again."""

    def __init__(self, delay=0, record=None):
        """`record`: a file that every call is written to."""
        self.port = free_port()
        more = ["--record", str(record)] if record else []
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests/standins/openai.py"), "--port", str(self.port), "--delay", str(delay), *more],
            stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def settings(self):
        return {"PROVIDER": "openai", "OPENAI_API_KEY": "sk-stand-in-" + "4f1b9c7d" * 4, "OPENAI_SIZE": "auto",
                "OPENAI_BASE_URL": f"http://127.0.0.1:{self.port}/v1", "PROVIDER_CALLS_PER_MINUTE": "0"}

    def script(self, words):
        self.ask("script", {"script": words})

    def calls(self):
        return self.ask("calls")

    def ask(self, what, value=None):
        data = None if value is None else json.dumps(value).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_standin/{what}", data, timeout=30) as answer:
            return json.load(answer)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
