"""A shop's picture server on loopback. It stays up while the platform dies, and has no /missing.png."""

import http.server
import threading


class PictureShop:
    def __init__(self, pictures):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                data = pictures.get(self.path.lstrip("/"))
                self.send_response(404 if data is None else 200)
                if data is not None:
                    self.send_header("Content-Type", "image/png")
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                self.wfile.write(data or b"")

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass  # the platform was killed while it was reading

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
