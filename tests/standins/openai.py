#!/usr/bin/env python3
"""A stand-in for the OpenAI image API, for tests and benchmarks. Python 3.11, standard library only.

    openai.py [--port N] [--delay SECONDS] [--record FILE] [--with-parent]

Prints "listening PORT" when it is ready. POST /v1/images/edits is validated as the real API does it and answered
with a valid picture of the requested size and format. GET /v1/models/{id} tells of shut-downs.

How a call is answered is scripted by words in its prompt, or for all calls by POST /_standin/script with
{"script": "..."}:

    standin:slow=5          the picture after 5 seconds
    standin:rate_limit      429 rate_limit_exceeded with retry-after: 7; =1: for the first call, then the picture
    standin:after=0.5       another retry-after for that
    standin:slow_down       429 slow_down, without retry-after; =1 likewise
    standin:billing         429 insufficient_quota
    standin:balance         429 credit_balance_exhausted, as accounts since 2026 get it
    standin:moderation      400 moderation_blocked with details
    standin:user_error      400 image_generation_user_error with another code
    standin:server_error=2  500 for the first 2 calls of this client request id, then the picture
    standin:conflict=1      409, likewise
    standin:overloaded=1    503 server_is_overloaded with retry-after-ms: 50, likewise
    standin:no_retry        500 with x-should-retry: false
    standin:long_wait       503 with retry-after: 600
    standin:cut=1           the connection is cut in the middle of the body, for the first call, then the picture
    standin:hang            no answer at all; =1: for the first call, then the picture
    standin:garbage         200 with a body that is no JSON
    standin:not_a_picture   200 with base64 of a text
    standin:no_data         200 with an empty data list
    standin:huge            200 with a body of 70 MB
    standin:retired         404 model_not_found
    standin:unverified      403, the organisation is not verified
    standin:bad_key         401 with the key repeated in the message

GET /_standin/calls returns what was received; POST /_standin/reset forgets it. --record writes every call to a
file, however many there are: "start TIME CLIENT_REQUEST_ID" when it has been read, "end TIME CLIENT_REQUEST_ID STATUS"
when its answer has been written, if it was. TIME is this machine's monotonic clock in seconds.
"""
import argparse
import asyncio
import base64
import json
import math
import re
import resource
import struct
import sys
import time
import zlib

THREE_SIZES = {"1024x1024", "1536x1024", "1024x1536", "auto"}
QUALITIES = {"low", "medium", "high", "auto"}
MODELS = {
    "gpt-image-1.5": {"fidelity": True, "flexible": False, "high": False, "shutdown_date": "2026-12-01"},
    "gpt-image-1-mini": {"fidelity": False, "flexible": False, "high": False, "shutdown_date": "2026-12-01"},
    "gpt-image-2": {"fidelity": False, "flexible": True, "high": False, "shutdown_date": None},
    "gpt-image-2.5-sunburst": {"fidelity": False, "flexible": True, "high": True, "shutdown_date": None},
    "gpt-image-2.5-flare": {"fidelity": False, "flexible": True, "high": True, "shutdown_date": None},
    "gpt-image-2.6-sunburst": {"fidelity": False, "flexible": True, "high": True, "shutdown_date": None},
    "gpt-image-2.6-flare": {"fidelity": False, "flexible": True, "high": True, "shutdown_date": None},
}
FIELDS = {"model", "prompt", "size", "quality", "n", "output_format", "output_compression", "background",
          "input_fidelity", "user", "image", "image[]", "mask", "stream", "partial_images"}
MAX_BODY = 64 << 20
MAX_IMAGE = 50_000_000
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           409: "Conflict", 429: "Too Many Requests", 500: "Internal Server Error",
           503: "Service Unavailable"}


class Refusal(Exception):
    def __init__(self, status, kind, code, message, param=None, headers=None, extra=None):
        self.status, self.headers = status, headers or {}
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code, **(extra or {})}}


def invalid(code, message, param=None):
    return Refusal(400, "invalid_request_error", code, message, param)


# Pictures of one colour: valid files of any size, made without a library.
def png(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = zlib.compress((b"\0" + b"\x80\x90\xa0" * width) * height, 1)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def jpeg(width, height):
    """Baseline grey. Both Huffman tables hold one code, "0": no difference in brightness, and end of block."""
    def segment(marker, data):
        return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data
    one_code = bytes([1] + [0] * 15) + b"\0"
    blocks = ((width + 7) // 8) * ((height + 7) // 8)
    bits = 2 * blocks
    scan = bytearray(bits // 8)
    if bits % 8:
        scan.append((1 << (8 - bits % 8)) - 1)
    return (b"\xff\xd8" + segment(0xDB, b"\0" + bytes([1] * 64))
            + segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
            + segment(0xC4, b"\x00" + one_code) + segment(0xC4, b"\x10" + one_code)
            + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + bytes(scan) + b"\xff\xd9")


def webp(width, height):
    """Lossless. Each of the five prefix codes holds one symbol, so the pixels take no bits."""
    bits, count = 0, 0
    def put(value, size):
        nonlocal bits, count
        bits |= value << count
        count += size
    put(0x2F, 8), put(width - 1, 14), put(height - 1, 14), put(0, 4)   # signature, size, no alpha, version
    put(0, 3)                                                          # no transform, cache or meta codes
    for symbol in (0x90, 0x80, 0xA0, 0xFF, 0):                         # green, red, blue, alpha, distance
        put(1, 1), put(0, 1), put(1, 1), put(symbol, 8)
    data = bits.to_bytes((count + 7) // 8, "little")
    padded = data + b"\0" * (len(data) % 2)
    return (b"RIFF" + struct.pack("<I", 12 + len(padded)) + b"WEBPVP8L" + struct.pack("<I", len(data)) + padded)


PICTURES = {}


def picture(kind, size):
    if (kind, size) not in PICTURES:
        width, height = (1024, 1024) if size == "auto" else map(int, size.split("x"))
        PICTURES[kind, size] = base64.b64encode({"png": png, "jpeg": jpeg, "webp": webp}[kind](width, height)).decode()
    return PICTURES[kind, size]


def parse_multipart(content_type, body):
    match = re.match(r'multipart/form-data;\s*boundary="?([^";]+)"?', content_type)
    if not match:
        raise invalid("invalid_content_type", "Invalid Content-Type: expected multipart/form-data")
    delimiter = b"--" + match[1].encode()
    parts = (b"\r\n" + body).split(b"\r\n" + delimiter)
    if parts[-1].strip() != b"--":
        raise invalid(None, "Could not parse multipart form")
    fields, images = {}, []
    for part in parts[1:-1]:
        head, _, data = part.partition(b"\r\n\r\n")
        head = head.decode("utf-8", "replace")
        name = re.search(r'name="([^"]*)"', head)
        if not name:
            raise invalid(None, "Could not parse multipart form")
        filename = re.search(r'filename="([^"]*)"', head)
        kind = re.search(r"(?im)^content-type:\s*(\S+)", head)
        if name[1] in ("image", "image[]", "mask"):
            images.append({"field": name[1], "filename": filename and filename[1],
                           "type": kind[1] if kind else "application/octet-stream",
                           "bytes": len(data), "magic": data[:12]})
        else:
            fields[name[1]] = data.decode("utf-8", "replace")
    return fields, images


def check_size(size, flexible):
    if not flexible:
        if size not in THREE_SIZES:
            raise invalid("invalid_value", f"Invalid value: '{size}'.", "size")
        return
    if size == "auto":
        return
    match = re.fullmatch(r"(\d+)x(\d+)", size)
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (width and height and width % 16 == 0 and height % 16 == 0 and max(width, height) <= 3840
            and max(width, height) <= 3 * min(width, height) and 655_360 <= width * height <= 8_294_400):
        raise invalid("invalid_value", f"Invalid size '{size}'", "size")


def validate(fields, images):
    unknown = set(fields) - FIELDS
    if unknown:
        name = sorted(unknown)[0]
        raise invalid("unknown_parameter", f"Unknown parameter: '{name}'.", name)
    if "model" not in fields:
        raise invalid("missing_required_parameter", "Missing required parameter: 'model'.", "model")
    model = MODELS.get(fields["model"])
    if model is None:
        raise Refusal(404, "invalid_request_error", "model_not_found",
                      f"The model `{fields['model']}` does not exist or you do not have access to it.")
    if not 1 <= len(fields.get("prompt", "")) <= 32_000:
        raise invalid("missing_required_parameter", "Missing required parameter: 'prompt'.", "prompt")
    if not 1 <= len(images) <= 16:
        raise invalid("missing_required_parameter", "Missing required parameter: 'image'.", "image")
    for image in images:
        if image["type"] not in ("image/png", "image/jpeg", "image/webp") or not image["filename"]:
            raise invalid("unsupported_file_mimetype", f"Invalid file 'image': unsupported mimetype "
                          f"('{image['type']}'). Supported file formats are 'image/jpeg', 'image/png', "
                          "and 'image/webp'.", "image")
        magic = image["magic"]
        if not (magic.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
                or (magic.startswith(b"RIFF") and magic[8:12] == b"WEBP")) or image["bytes"] > MAX_IMAGE:
            raise invalid("invalid_image_file", "Invalid image file or mode for image 1, please check your image file.")
    check_size(fields.get("size", "1024x1024"), model["flexible"])
    if fields.get("quality", "auto") not in (QUALITIES | {"xhigh", "max"} if model["high"] else QUALITIES):
        raise invalid("invalid_value", f"Invalid value: '{fields['quality']}'.", "quality")
    if "input_fidelity" in fields and not model["fidelity"]:
        raise invalid("invalid_input_fidelity_model",
                      f"The model '{fields['model']}' does not support the 'input_fidelity' parameter.",
                      "input_fidelity")
    if fields.get("input_fidelity", "low") not in ("low", "high"):
        raise invalid("invalid_value", "Invalid value for input_fidelity.", "input_fidelity")
    if fields.get("output_format", "png") not in ("png", "jpeg", "webp"):
        raise invalid("invalid_value", "Invalid value for output_format.", "output_format")
    if "output_compression" in fields:
        if fields.get("output_format", "png") == "png" or not 0 <= int(fields["output_compression"]) <= 100:
            raise invalid("invalid_value", "Invalid value for output_compression.", "output_compression")
    if not 1 <= int(fields.get("n", "1")) <= 10:
        raise invalid("invalid_value", "Invalid value for n.", "n")


class StandIn:
    def __init__(self, delay, record=None):
        self.delay = delay
        self.file = open(record, "a", buffering=1) if record else None
        self.reset()

    def record(self, what, client_id, *more):
        if self.file:
            print(what, f"{time.monotonic():.6f}", client_id, *more, file=self.file)

    def reset(self):
        self.script = ""
        self.calls = []
        self.total = self.open = self.most_open = 0
        self.tries = {}

    def refuse_as_told(self, words, client_id, key):
        count = self.tries[client_id] = self.tries.get(client_id, 0) + 1

        def still(word, unless_told=1):
            return word in words and count <= float(words[word] or unless_told)
        if still("rate_limit", math.inf):
            raise Refusal(429, "requests", "rate_limit_exceeded", "Rate limit reached for gpt-image in organization "
                          "org-x on input-images per min: Limit 5, Used 5, Requested 2. Please try again in 7s.",
                          headers={"retry-after": words.get("after", "7")})
        if still("slow_down", math.inf):
            raise Refusal(429, "rate_limit_error", "slow_down", "Traffic ramped up too fast.")
        if "billing" in words:
            raise Refusal(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota.")
        if "balance" in words:
            raise Refusal(429, "insufficient_quota", "credit_balance_exhausted", "Your credit balance is exhausted.",
                          headers={"x-should-retry": "true"})
        if "moderation" in words:
            raise Refusal(400, "image_generation_user_error", "moderation_blocked",
                          "Your request was rejected by the safety system. safety_violations=[sexual].",
                          extra={"moderation_details": {"moderation_stage": "output", "categories": ["sexual", "violence"]}})
        if "user_error" in words:
            raise Refusal(400, "image_generation_user_error", "image_unreadable", "The image could not be used.")
        if still("server_error"):
            raise Refusal(500, "server_error", None, "The server had an error.")
        if still("conflict"):
            raise Refusal(409, "invalid_request_error", "lock_timeout", "Lock timeout.")
        if still("overloaded"):
            raise Refusal(503, "service_unavailable_error", "server_is_overloaded", "Overloaded.",
                          headers={"retry-after-ms": "50"})
        if "no_retry" in words:
            raise Refusal(500, "server_error", None, "Do not come back.", headers={"x-should-retry": "false"})
        if "long_wait" in words:
            raise Refusal(503, "service_unavailable_error", None, "Away.", headers={"retry-after": "600"})
        if "retired" in words:
            raise Refusal(404, "invalid_request_error", "model_not_found", "The model does not exist.")
        if "unverified" in words:
            raise Refusal(403, "invalid_request_error", None, "Your organization must be verified to use the model.")
        if "bad_key" in words:
            raise Refusal(401, "invalid_request_error", "invalid_api_key", f"Incorrect API key provided: {key}.")
        return "cut" if still("cut") else None

    async def edit(self, headers, body, writer, request_id):
        key = headers.get("authorization", "").removeprefix("Bearer ")
        if not key.startswith("sk-"):
            raise Refusal(401, "invalid_request_error", "invalid_api_key", "You didn't provide an API key.")
        fields, images = parse_multipart(headers.get("content-type", ""), body.pop())
        if len(self.calls) < 1000:
            self.calls.append({"at": time.time(), "request_id": request_id, "fields": fields,
                               "client_request_id": headers.get("x-client-request-id"),
                               "organization": headers.get("openai-organization"),
                               "images": [{k: v for k, v in i.items() if k != "magic"} for i in images]})
        self.total += 1
        validate(fields, images)
        prompt = fields["prompt"] + " " + self.script
        words = {word: value for word, value in re.findall(r"standin:([a-z_]+)(?:=([\d.]+))?", prompt)}
        cut = self.refuse_as_told(words, headers.get("x-client-request-id", ""), key)
        delay = float(words.get("slow") or self.delay)
        if "hang" in words and self.tries[headers.get("x-client-request-id", "")] <= float(words["hang"] or math.inf):
            delay = 3600
        if delay:
            await asyncio.sleep(delay)
        if "garbage" in words:
            return b"<html>not json</html>"
        if "huge" in words:
            return b'{"data":[{"b64_json":"' + b"A" * 70_000_000 + b'"}]}'
        size = fields.get("size", "1024x1024")
        kind = fields.get("output_format", "png")
        data = [{"b64_json": picture(kind, size)}]
        if "not_a_picture" in words:
            data = [{"b64_json": base64.b64encode(b"hello").decode()}]
        if "no_data" in words:
            data = []
        answer = json.dumps({
            "created": int(time.time()), "data": data, "background": "opaque", "output_format": kind, "size": size,
            "quality": fields.get("quality", "auto"),
            "usage": {"total_tokens": 1500, "input_tokens": 500, "output_tokens": 1000,
                      "input_tokens_details": {"text_tokens": 20, "image_tokens": 480}}}).encode()
        if cut:
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer[:100])
            await writer.drain()
            raise ConnectionResetError
        return answer

    async def answer(self, method, path, headers, body, writer, request_id):
        if path == "/v1/images/edits" and method == "POST":
            self.open += 1
            self.most_open = max(self.most_open, self.open)
            try:
                return await self.edit(headers, body, writer, request_id)
            finally:
                self.open -= 1
        if path.startswith("/v1/models/") and method == "GET":
            model = path.removeprefix("/v1/models/")
            if model not in MODELS:
                raise Refusal(404, "invalid_request_error", "model_not_found", f"The model '{model}' does not exist")
            return json.dumps({"id": model, "object": "model", "created": 1, "owned_by": "system",
                               "shutdown_date": MODELS[model]["shutdown_date"]}).encode()
        if path == "/_standin/calls":
            return json.dumps({"total": self.total, "open": self.open, "most_open": self.most_open,
                               "calls": self.calls}).encode()
        if path == "/_standin/script" and method == "POST":
            self.script = json.loads(body.pop())["script"]
            return b"{}"
        if path == "/_standin/reset" and method == "POST":
            self.reset()
            return b"{}"
        raise Refusal(404, "invalid_request_error", "unknown_url", f"Unknown request URL: {method} {path}")

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                start, *lines = head.decode("latin-1").split("\r\n")
                method, path, _ = start.split(" ", 2)
                headers = {k.strip().lower(): v.strip() for k, _, v in (l.partition(":") for l in lines if l)}
                length = int(headers.get("content-length", "0"))
                if length > MAX_BODY:
                    return
                body = [await reader.readexactly(length) if length else b""]  # taken out by who reads it
                request_id = f"req_{time.monotonic_ns():x}"
                status, more = 200, {}
                client_id = headers.get("x-client-request-id") if path == "/v1/images/edits" else None
                if client_id:
                    self.record("start", client_id)
                try:
                    data = await self.answer(method, path, headers, body, writer, request_id)
                except Refusal as refusal:
                    status, more, data = refusal.status, refusal.headers, json.dumps(refusal.body).encode()
                more = {"Content-Type": "application/json", "Content-Length": len(data),
                        "x-request-id": request_id, "openai-version": "2020-10-01", **more}
                writer.write((f"HTTP/1.1 {status} {REASONS[status]}\r\n"
                              + "".join(f"{k}: {v}\r\n" for k, v in more.items()) + "\r\n").encode() + data)
                await writer.drain()
                if client_id:
                    self.record("end", client_id, status)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()


async def main():
    options = argparse.ArgumentParser(description="Stand-in for the OpenAI image API")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--delay", type=float, default=0, help="seconds each picture takes")
    options.add_argument("--record", help="file that every call is written to")
    options.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    given = options.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = await asyncio.start_server(StandIn(given.delay, given.record).serve, "127.0.0.1", given.port, backlog=4096)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    if given.with_parent:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    else:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
