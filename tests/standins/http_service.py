"""What the stand-ins of HTTP services share: a threaded server, faults on demand, and a record of the calls.

    POST /_standin/faults   [{"on": "POST .*/object/", "do": "slow_down", "times": 2}, ...]; replaces the list
    GET  /_standin/calls    what was received, oldest first
    POST /_standin/reset    forgets calls and faults

A fault takes the first `times` requests whose "METHOD PATH" its `on` (a regular expression) finds. These are understood
everywhere; a service adds its own errors:

    hang          no answer
    slow=SECONDS  the answer, later
    cut           the connection ends in the middle of the answer's body (or of the request's, for an upload)
    reset         the connection ends without an answer
    garbage       200 with a body that is no answer of this service
    status=CODE   that status with an HTML page, as a proxy in front would
    huge          200 with a body that does not end before 80 MB
"""
import argparse
import http.server
import json
import re
import socket
import struct
import sys
import threading
import time
import urllib.parse


class Refusal(Exception):
    """An error answer of the service: its status, headers and body."""

    def __init__(self, status, body, headers=None):
        self.status, self.body, self.headers = status, body, headers or {}


class Faults:
    def __init__(self):
        self.lock = threading.Lock()
        self.clear()

    def clear(self):
        self.faults, self.calls = [], []

    def take(self, method, path):
        with self.lock:
            for fault in self.faults:
                if fault["times"] > 0 and re.search(fault["on"], f"{method} {path}"):
                    fault["times"] -= 1
                    return fault["do"]
        return None


class Handler(http.server.BaseHTTPRequestHandler):
    """`service(handler) -> (status, headers, body)` answers, with the request's body in `handler.body`;
    `service.fault(name)` makes the service's own errors; `service.control(name)` answers more of /_standin/."""

    protocol_version = "HTTP/1.1"
    service = None
    faults = None

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def read_body(self):
        length = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(length)

    def answer(self, status, headers, body):
        self.record["status"] = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.cutting:
            self.wfile.write(body[:len(body) // 2])
            self.drop()
        elif self.command != "HEAD":
            self.wfile.write(body)

    def drop(self):
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()
        raise ConnectionResetError

    def control(self):
        name = self.path.removeprefix("/_standin/")
        body = self.read_body()
        answer = {}
        if name == "faults":
            with self.faults.lock:
                self.faults.faults = [{"times": 1, "on": ".*", **fault} for fault in json.loads(body)]
        elif name == "reset":
            self.faults.clear()
        elif name == "calls":
            answer = self.faults.calls
        else:
            answer = self.service.control(name)
        self.answer(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def run_fault(self, fault):
        """False when the fault leaves the answer to the service."""
        name, _, value = fault.partition("=")
        if name == "hang":
            time.sleep(3600)
        elif name == "slow":
            time.sleep(float(value))
            return False
        elif name == "cut":
            if self.command in ("PUT", "POST") and int(self.headers.get("Content-Length") or 0) > 64 * 1024:
                self.rfile.read(1024)
                self.drop()
            self.cutting = True
            return False
        elif name == "reset":
            self.drop()
        elif name == "garbage":
            self.read_body()
            self.answer(200, {"Content-Type": "text/html"}, b"<html>a page of somebody else</html>")
        elif name == "status":
            self.read_body()
            self.answer(int(value), {"Content-Type": "text/html"}, b"<html>" + b"x" * 100 + b"</html>")
        elif name == "huge":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(80):
                self.wfile.write(b"100000\r\n" + b"A" * (1 << 20) + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.read_body()
            raise self.service.fault(fault)
        return True

    def serve(self):
        self.cutting = False
        self.record = {}
        path, _, query = self.path.partition("?")
        self.raw_path, self.raw_query = path, query
        self.query = urllib.parse.parse_qsl(query, keep_blank_values=True)
        if path.startswith("/_standin/"):
            return self.control()
        fault = self.faults.take(self.command, path)
        self.record = {"method": self.command, "path": path, "query": query, "status": 0, "fault": fault,
                       "headers": {k.lower(): v for k, v in self.headers.items()}}
        with self.faults.lock:
            if len(self.faults.calls) < 10_000:
                self.faults.calls.append(self.record)
        try:
            if fault is None or not self.run_fault(fault):
                self.body = self.read_body()
                self.answer(*self.service(self))
        except Refusal as refusal:
            self.answer(refusal.status, refusal.headers, refusal.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        pass  # a client that went away


def arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    return parser


def run(service, options):
    """Serves until killed; prints "listening PORT" when ready."""
    handler = type("BoundHandler", (Handler,), {"service": staticmethod(service), "faults": Faults()})
    server = Server(("127.0.0.1", options.port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"listening {server.server_port}", flush=True)
    if options.with_parent:
        sys.stdin.read()
    else:
        threading.Event().wait()
