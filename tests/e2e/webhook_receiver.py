"""A receiver of webhooks, as an owner would write one by the Standard Webhooks specification."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time

TOLERANCE_S = 300


def signatures_of(secret, message_id, timestamp, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()).decode()


def verified(secret, headers, body):
    """The message, when one of its signatures is made with `secret` and it is fresh; else ValueError."""
    message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > TOLERANCE_S:
        raise ValueError("the message is old")
    expected = signatures_of(secret, message_id, timestamp, body)
    if not any(hmac.compare_digest(expected, given) for given in headers["webhook-signature"].split(" ")):
        raise ValueError("no signature fits")
    return json.loads(body)


class Receiver:
    """Keeps every message; `answer` decides each: a status, or (status, headers), or "hang"."""

    def __init__(self, answer=lambda number: 200):
        self.messages = []  # (headers, body, answered)
        self.lock = threading.Lock()
        self.answer = answer
        self.closing = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.lock:
                    number = len(receiver.messages)
                    answer = receiver.answer(number)
                    receiver.messages.append((dict(self.headers.items()), body, answer))
                if answer == "hang":
                    receiver.closing.wait(60)
                    return
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def do_GET(self):
                with receiver.lock:
                    receiver.messages.append((dict(self.headers.items()), b"GET " + self.path.encode(), 200))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def taken(self):
        """What was answered with 2xx, as (headers, body)."""
        with self.lock:
            return [(headers, body) for headers, body, answered in self.messages
                    if isinstance(answered, int) and 200 <= answered < 300]

    def count(self):
        with self.lock:
            return len(self.messages)

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
