"""What HTTP tasks are posted to: an HTTP server on loopback, each of its paths a small program."""

import http.server
import json
import socket
import threading
import time


class Service:
    """Notes every call. A program answers (status, value, headers); bytes are sent as they are, None not at all."""

    def __init__(self):
        self.calls = []  # (path, task as posted, headers, when)
        self.lock = threading.Lock()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                task = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with service.lock:
                    service.calls.append((self.path, task, dict(self.headers), time.monotonic()))
                status, value, headers = getattr(service, self.path.strip("/"))(task)
                if value is None:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                body = value if isinstance(value, bytes) else json.dumps(value).encode()
                try:
                    self.send_response(status)
                    for name, header in {"Content-Type": "application/json", "Content-Length": str(len(body)),
                                         **headers}.items():
                        self.send_header(name, header)
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # the worker was killed or gave up

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a worker was killed in the middle of a request

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def calls_of(self, task_id):
        with self.lock:
            return [task for _, task, _, _ in self.calls if task["id"] == task_id]

    def times_of(self, task_id):
        with self.lock:
            return [when for _, task, _, when in self.calls if task["id"] == task_id]

    def headers_of(self, task_id):
        with self.lock:
            return [headers for _, task, headers, _ in self.calls if task["id"] == task_id]

    def order(self):
        """What /note was called with, in the order of the calls."""
        with self.lock:
            return [task["args"][0] for path, task, _, _ in self.calls if path == "/note"]

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    # the programs
    def add(self, task):
        return 200, sum(sum(n) if isinstance(n, list) else n for n in task["args"]), {}

    def echo(self, task):
        return 200, {"args": task["args"], "kwargs": task["kwargs"]}, {}

    def note(self, task):
        return 200, task["args"][0] if task["args"] else "nothing", {}

    def size(self, task):
        return 200, len(task["args"][0]), {}

    def boom(self, task):
        return 400, {"exc_type": "ValueError", "exc_message": ["boom"], "exc_module": "builtins"}, {}

    def flaky(self, task):
        return (200, task["retries"], {}) if task["retries"] >= 1 else (503, {}, {"Retry-After": "0"})

    def sleep(self, task):
        time.sleep(task["args"][0])
        return 200, "slept", {}

    # answers with the status, the body and the headers it is told; only the first time if told so
    def answer(self, task):
        wish = task["kwargs"]
        if wish.get("once") and task["retries"] > 0:
            return 200, "at last", {}
        body = wish.get("body", {})
        return wish["status"], body.encode() if isinstance(body, str) else body, wish.get("headers", {})

    # cuts the connection the first time
    def cut(self, task):
        return 200, (None if task["retries"] == 0 else "whole"), {}

    TASKS = ("add", "echo", "note", "size", "boom", "flaky", "sleep", "answer", "cut")
