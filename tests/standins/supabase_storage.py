#!/usr/bin/env python3
"""A stand-in for Supabase Storage and the gateway in front of it. Python 3.11, standard library only.

    supabase_storage.py [--port N] [--data DIRECTORY] [--bucket NAME] [--max-bytes N] [--types a/b,c/d]
                        [--self-hosted] [--page N] [--with-parent]

One private bucket. Keys, the odd statuses (400 for nearly everything, the true one as a string in the body), upsert,
signed URLs relative to the storage's root and their expiry are those of the server's source of August 2026. With
--self-hosted the gateway turns no secret key into a JWT, so that the service_role key alone works. Faults: see
http_service.py, and the names in ERRORS below, such as "SlowDown". GET /_standin/keys tells the keys.
"""
import base64
import hashlib
import hmac
import json
import re
import time
import urllib.parse

import http_service
from object_files import ObjectFiles

SECRET_KEY = "sb_secret_standin_0123456789abcdef"
PUBLISHABLE_KEY = "sb_publishable_standin_0123456789"
JWT_SECRET = b"a-jwt-secret-of-at-least-thirty-two-characters"
ROOT = "/storage/v1"
VALID_KEY = re.compile(r"[A-Za-z0-9_/!.*'() &$=@;:+,?-]*")

ERRORS = {  # code: (status in the body, error, message)
    "NoSuchKey": (404, "not_found", "Object not found"),
    "NoSuchBucket": (404, "Bucket not found", "Bucket not found"),
    "KeyAlreadyExists": (409, "Duplicate", "The resource already exists"),
    "EntityTooLarge": (413, "Payload too large", "The object exceeded the maximum allowed size"),
    "InvalidMimeType": (415, "invalid_mime_type", "mime type is not supported"),
    "AccessDenied": (403, "Unauthorized", "Invalid Compact JWS"),
    "InvalidJWT": (400, None, '"exp" claim timestamp check failed'),
    "InvalidSignature": (400, None, "Invalid signature"),
    "InvalidKey": (400, None, "Invalid key"),
    "InvalidRequest": (400, None, "Invalid Request"),
    "ResourceLocked": (423, None, "The resource is locked"),
    "LockTimeout": (503, "acquiring_lock_timeout", "acquiring lock timeout"),
    "SlowDown": (429, "too_many_connections", "Too many connections issued to the database"),
    "DatabaseTimeout": (544, None, "The connection to the database timed out"),
    "DatabaseReadOnly": (503, None, "The database is currently in read-only mode. Please try again later."),
    "InternalError": (500, "Internal", "Internal Server Error"),
    "S3Error": (500, None, "the object store failed"),
}
REAL_STATUS = {429, 500, 544}  # all others arrive as 400


def refusal(code, message=None):
    status, error, text = ERRORS[code]
    body = {"statusCode": str(status), "error": error or code, "code": code, "message": message or text}
    return http_service.Refusal(status if status in REAL_STATUS else 400, json.dumps(body).encode(),
                                {"Content-Type": "application/json; charset=utf-8"})


def gateway(status, message=None):
    body = b"" if message is None else json.dumps({"message": message}).encode()
    return http_service.Refusal(status, body, {"Content-Type": "application/json"})


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def make_jwt(claims):
    head = encode(b'{"alg":"HS256","typ":"JWT"}') + "." + encode(json.dumps(claims).encode())
    return head + "." + encode(hmac.digest(JWT_SECRET, head.encode(), hashlib.sha256))


def read_jwt(token):
    """The claims, or None when it is none of ours."""
    try:
        head, claims, signature = token.split(".")
        good = hmac.compare_digest(decode(signature), hmac.digest(JWT_SECRET, f"{head}.{claims}".encode(), hashlib.sha256))
        return json.loads(decode(claims)) if good else None
    except ValueError:
        return None


SERVICE_JWT = make_jwt({"iss": "supabase", "role": "service_role", "iat": 1700000000, "exp": 4000000000})
ANON_JWT = make_jwt({"iss": "supabase", "role": "anon", "iat": 1700000000, "exp": 4000000000})


class Supabase:
    def __init__(self, options):
        self.options = options
        self.bucket = options.bucket
        self.types = options.types.split(",") if options.types else None
        self.objects = ObjectFiles(options.data)
        self.may_sign = {}

    def fault(self, code):
        return refusal(code)

    def control(self, name):
        if name == "keys":
            return {"secret": SECRET_KEY, "publishable": PUBLISHABLE_KEY, "service": SERVICE_JWT, "anon": ANON_JWT}
        return {"names": self.objects.names()}

    def role(self, handler):
        """Of the gateway and the server behind it: "service_role", "anon", or a refusal."""
        key = handler.headers.get("apikey")
        bearer = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        if not key:
            raise gateway(401, "No API key found in request")
        if key.startswith("sb_"):
            if key not in (SECRET_KEY, PUBLISHABLE_KEY):
                raise gateway(401, "Unregistered API key")
            if key == SECRET_KEY and "Mozilla/" in handler.headers.get("User-Agent", ""):
                raise gateway(401)
            if bearer and bearer != key:
                return "anon" if read_jwt(bearer) is None else read_jwt(bearer)["role"]
            if self.options.self_hosted:
                return None  # the server sees no JWT at all
            return "service_role" if key == SECRET_KEY else "anon"
        if read_jwt(key) is None:
            raise gateway(401, "Invalid API key")
        claims = read_jwt(bearer)
        return claims["role"] if claims else None

    def check_rights(self, handler, needs_jwt=True):
        role = self.role(handler)
        if role is None and needs_jwt:
            raise refusal("AccessDenied")
        if role != "service_role":
            raise refusal("NoSuchBucket" if not needs_jwt else "AccessDenied", "new row violates row-level security policy")

    def __call__(self, handler):
        path = urllib.parse.unquote(handler.raw_path)
        if not path.startswith(ROOT + "/"):
            raise gateway(404, "no Route matched with those values")
        parts = path.removeprefix(ROOT + "/").split("/")
        method = handler.command
        if parts[:2] == ["object", "sign"] and method == "GET":
            return self.fetch_signed("/".join(parts[2:]), dict(handler.query).get("token", ""))
        self.check_rights(handler)
        routes = [
            ("GET", ["bucket"], self.describe_bucket),
            ("GET", ["object", "info", "authenticated"], self.info),
            ("GET", ["object", "authenticated"], self.fetch),
            ("POST", ["object", "sign"], self.sign),
            ("POST", ["object", "list-v2"], self.list),
            ("DELETE", ["object"], self.delete),
            ("POST", ["object"], self.upload),
            ("PUT", ["object"], self.upload),
        ]
        for wanted, prefix, action in routes:
            rest = parts[len(prefix):]
            if method == wanted and parts[:len(prefix)] == prefix and rest:
                if rest[0] != self.bucket:
                    raise refusal("NoSuchBucket")
                return action(handler, "/".join(rest[1:]))
        body = {"message": f"Route {method}:{path} not found", "error": "Not Found", "statusCode": 404}
        raise http_service.Refusal(404, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def describe_bucket(self, _handler, _name):
        return self.json({"id": self.bucket, "name": self.bucket, "public": False, "file_size_limit": None})

    def json(self, value):
        return 200, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(value).encode()

    def upload(self, handler, name):
        kind = handler.headers.get("Content-Type", "application/octet-stream")
        if not name or not VALID_KEY.fullmatch(name):
            raise refusal("InvalidKey", f"Invalid key: {name}")
        if self.types and kind not in self.types:
            raise refusal("InvalidMimeType", f"mime type {kind} is not supported")
        if len(handler.body) > self.options.max_bytes:
            raise refusal("EntityTooLarge")
        upsert = handler.headers.get("x-upsert") == "true" or handler.command == "PUT"
        if self.objects.has(name) and not upsert:
            raise refusal("KeyAlreadyExists")
        self.objects.put(name, handler.body, kind)
        return self.json({"Id": "00000000-0000-4000-8000-000000000000", "Key": f"{self.bucket}/{name}"})

    def found(self, name):
        stored = self.objects.get(name)
        if stored is None:
            raise refusal("NoSuchKey")
        return stored

    def fetch(self, _handler, name):
        data, kind = self.found(name)
        return 200, {"Content-Type": kind, "Cache-Control": "no-cache", "ETag": '"x"'}, data

    def info(self, _handler, name):
        data, kind = self.found(name)
        return self.json({"id": "x", "name": name, "bucket_id": self.bucket, "size": len(data), "content_type": kind})

    def sign(self, handler, name):
        body = json.loads(handler.body)
        lifetime = body.get("expiresIn")
        if not isinstance(lifetime, int) or lifetime < 1:
            raise refusal("InvalidRequest", "body/expiresIn must be integer >= 1")
        if name:
            self.found(name)
            return self.json({"signedURL": self.signed(name, lifetime)})
        missing = "Either the object does not exist or you do not have access to it"
        paths = body["paths"]
        if not 1 <= len(paths) <= 1000:
            raise refusal("InvalidRequest", "body/paths must NOT have more than 1000 items")
        return self.json([{"path": path, "error": None, "signedURL": self.signed(path, lifetime)} if self.objects.has(path)
                          else {"path": path, "error": missing, "signedURL": None} for path in paths])

    def signed(self, name, lifetime):
        address = f"{self.bucket}/{name}"
        now = int(time.time())
        token = make_jwt({"url": address, "scope": "storage_object_download", "iat": now, "exp": now + lifetime})
        return f"/object/sign/{address}?token={token}"

    def fetch_signed(self, address, token):
        claims = read_jwt(token)
        if claims is None or claims.get("url") != address:
            raise refusal("InvalidSignature")
        if claims["exp"] <= time.time():
            raise refusal("InvalidJWT")
        return self.fetch(None, address.partition("/")[2])

    def delete(self, handler, name):
        if name:
            self.found(name)
            self.objects.remove(name)
            return self.json({"message": "Successfully deleted"})
        names = json.loads(handler.body)["prefixes"]
        if not 1 <= len(names) <= 1000:
            raise refusal("InvalidRequest", "Bulk object requests are limited to 1000 objects per request.")
        return self.json([{"name": n, "bucket_id": self.bucket} for n in names if self.objects.remove(n)])

    def list(self, handler, _name):
        body = json.loads(handler.body)
        limit = min(body.get("limit") or 1000, 1000, self.options.page)
        after = decode(body["cursor"]).decode() if "cursor" in body else ""
        names = [n for n in self.objects.names(body.get("prefix", "")) if n > after]
        more = len(names) > limit
        page = {"hasNext": more, "folders": [], "objects": [{"id": "x", "name": n, "metadata": {}} for n in names[:limit]]}
        if more:
            page["nextCursor"] = encode(names[limit - 1].encode())
        return self.json(page)


def main():
    parser = http_service.arguments(__doc__)
    parser.add_argument("--data")
    parser.add_argument("--bucket", default="pictures")
    parser.add_argument("--max-bytes", type=int, default=80 << 20)
    parser.add_argument("--types", default="")
    parser.add_argument("--self-hosted", action="store_true")
    parser.add_argument("--page", type=int, default=1000, help="objects in one page of a list")
    options = parser.parse_args()
    http_service.run(Supabase(options), options)


if __name__ == "__main__":
    main()
