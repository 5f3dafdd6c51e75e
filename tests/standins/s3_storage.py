#!/usr/bin/env python3
"""A stand-in for an S3 service, for what s3rver does not do. Python 3.11, standard library only.

    s3_storage.py [--port N] [--data DIRECTORY] [--bucket NAME] [--region NAME] [--token TOKEN] [--clock-offset SECONDS]
                  [--page N] [--with-parent]

Every signature is computed again from the request as it came, with the payload's hash and the clock checked as AWS
does; presigned URLs too. Path style (/bucket/key) and host style (bucket.localhost). A client of another region is
redirected. Faults: see http_service.py, and codes such as "SlowDown".
"""
import datetime
import hashlib
import hmac
import re
import urllib.parse
import xml.sax.saxutils

import http_service
from object_files import ObjectFiles

KEY_ID = "AKIASTANDIN000000000"
SECRET = "standin/secret+key=0123456789abcdefghijk"
EMPTY = hashlib.sha256(b"").hexdigest()
SKEW = 900
STATUS = {"NoSuchKey": 404, "NoSuchBucket": 404, "AccessDenied": 403, "InvalidAccessKeyId": 403,
          "SignatureDoesNotMatch": 403, "RequestTimeTooSkewed": 403, "SlowDown": 503, "ServiceUnavailable": 503,
          "InternalError": 500, "RequestTimeout": 400, "ExpiredToken": 400, "InvalidToken": 400, "InvalidRange": 416,
          "AuthorizationHeaderMalformed": 400, "XAmzContentSHA256Mismatch": 400, "PermanentRedirect": 301,
          "TemporaryRedirect": 307, "EntityTooLarge": 400, "InvalidRequest": 400, "NotImplemented": 501}


def escape(text):
    return xml.sax.saxutils.escape(text)


def refusal(code, message="words", headers=None, **more):
    inner = "".join(f"<{k}>{escape(v)}</{k}>" for k, v in {"Code": code, "Message": message, **more}.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}<RequestId>standin</RequestId></Error>'.encode()
    return http_service.Refusal(STATUS[code], body, {"Content-Type": "application/xml", **(headers or {})})


def quote(text, safe="-_.~"):
    return urllib.parse.quote(text, safe=safe)


def signing_key(day, region):
    key = ("AWS4" + SECRET).encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return key


class S3:
    def __init__(self, options):
        self.options = options
        self.objects = ObjectFiles(options.data)

    def fault(self, code):
        return refusal(code)

    def control(self, name):
        return {"key_id": KEY_ID, "secret": SECRET} if name == "keys" else {"names": self.objects.names()}

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.options.clock_offset)

    def place(self, handler):
        """(bucket, key) by path or host."""
        path = urllib.parse.unquote(handler.raw_path)
        host = handler.headers["Host"].rsplit(":", 1)[0]
        if host.endswith(".localhost"):
            return host.removesuffix(".localhost"), path[1:]
        bucket, _, key = path[1:].partition("/")
        return bucket, key

    def check_signature(self, handler):
        query = dict(handler.query)
        presigned = "X-Amz-Signature" in query
        if presigned:
            credential, stamp = query["X-Amz-Credential"], query["X-Amz-Date"]
            names, signature = query["X-Amz-SignedHeaders"].split(";"), query["X-Amz-Signature"]
            payload, token = "UNSIGNED-PAYLOAD", query.get("X-Amz-Security-Token")
            if query["X-Amz-Algorithm"] != "AWS4-HMAC-SHA256" or not 1 <= int(query["X-Amz-Expires"]) <= 604800:
                raise refusal("InvalidRequest")
        else:
            match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
                                 handler.headers.get("Authorization", ""))
            if not match:
                raise refusal("AccessDenied", "Access Denied")
            credential, names, signature = match[1], match[2].split(";"), match[3]
            stamp, payload = handler.headers["x-amz-date"], handler.headers["x-amz-content-sha256"]
            token = handler.headers.get("x-amz-security-token")
            present = {k.lower() for k in handler.headers.keys()}
            must = {"host"} | {n for n in present if n.startswith("x-amz-") or n == "content-type"}
            if not must <= set(names):
                raise refusal("AccessDenied", "There were headers present in the request which were not signed")
        key_id, day, region, service, end = credential.split("/")
        if key_id != KEY_ID:
            raise refusal("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
        if (service, end) != ("s3", "aws4_request") or not stamp.startswith(day):
            raise refusal("AuthorizationHeaderMalformed")
        if region != self.options.region:
            raise refusal("AuthorizationHeaderMalformed", f"the region '{region}' is wrong; expecting "
                          f"'{self.options.region}'", Region=self.options.region)
        if token != (self.options.token or None):
            raise refusal("InvalidToken", "The provided token is malformed or otherwise invalid.")
        signed_at = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        age = (self.now() - signed_at).total_seconds()
        if presigned and age > int(query["X-Amz-Expires"]):
            raise refusal("AccessDenied", "Request has expired")
        if age < -SKEW or (not presigned and age > SKEW):
            raise refusal("RequestTimeTooSkewed", "The difference between the request time and the server's time is too large.")
        pairs = sorted((quote(k), quote(v)) for k, v in handler.query if k != "X-Amz-Signature")
        canonical = "\n".join([
            handler.command, quote(urllib.parse.unquote(handler.raw_path), "-_.~/"),
            "&".join(f"{k}={v}" for k, v in pairs),
            "".join(f"{n}:{' '.join(handler.headers[n].split())}\n" for n in names), ";".join(names), payload])
        to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, f"{day}/{region}/s3/aws4_request",
                             hashlib.sha256(canonical.encode()).hexdigest()])
        right = hmac.digest(signing_key(day, region), to_sign.encode(), hashlib.sha256).hex()
        if not hmac.compare_digest(right, signature):
            raise refusal("SignatureDoesNotMatch", "The request signature we calculated does not match the signature "
                          "you provided. Check your key and signing method.")
        if not presigned and payload != hashlib.sha256(handler.body).hexdigest():
            raise refusal("XAmzContentSHA256Mismatch")

    def __call__(self, handler):
        self.check_signature(handler)
        bucket, key = self.place(handler)
        if bucket != self.options.bucket:
            raise refusal("NoSuchBucket", "The specified bucket does not exist", BucketName=bucket)
        action = {"GET": self.get if key else self.list, "PUT": self.put, "DELETE": self.delete}.get(handler.command)
        if action is None:
            raise refusal("NotImplemented")
        return action(handler, key)

    def get(self, handler, key):
        stored = self.objects.get(key)
        if stored is None:
            raise refusal("NoSuchKey", "The specified key does not exist.", Key=key)
        data, kind = stored
        headers = {"Content-Type": kind, "ETag": f'"{hashlib.md5(data).hexdigest()}"'}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", handler.headers.get("Range", ""))
        if not wanted:
            return 200, headers, data
        first, last = int(wanted[1]), int(wanted[2])
        if first >= len(data):
            raise refusal("InvalidRange", "The requested range is not satisfiable")
        return 206, {**headers, "Content-Range": f"bytes {first}-{last}/{len(data)}"}, data[first:last + 1]

    def put(self, handler, key):
        self.objects.put(key, handler.body, handler.headers.get("Content-Type", "binary/octet-stream"))
        return 200, {"ETag": f'"{hashlib.md5(handler.body).hexdigest()}"'}, b""

    def delete(self, _handler, key):
        self.objects.remove(key)
        return 204, {}, b""

    def list(self, handler, _key):
        query = dict(handler.query)
        if query.get("list-type") != "2":
            raise refusal("NotImplemented")
        limit = min(int(query.get("max-keys", 1000)), self.options.page)
        after = bytes.fromhex(query.get("continuation-token", "")).decode()
        names = [n for n in self.objects.names(query.get("prefix", "")) if n > after]
        page, more = names[:limit], len(names) > limit
        entries = "".join(f"<Contents><Key>{escape(n)}</Key><Size>1</Size></Contents>" for n in page)
        token = f"<NextContinuationToken>{page[-1].encode().hex()}</NextContinuationToken>" if more else ""
        body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult '
                f'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{self.options.bucket}</Name>'
                f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{'true' if more else 'false'}</IsTruncated>"
                f"{entries}{token}</ListBucketResult>")
        return 200, {"Content-Type": "application/xml"}, body.encode()


def main():
    parser = http_service.arguments(__doc__)
    parser.add_argument("--data")
    parser.add_argument("--bucket", default="pictures")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--token", default="")
    parser.add_argument("--clock-offset", type=float, default=0)
    parser.add_argument("--page", type=int, default=1000)
    options = parser.parse_args()
    http_service.run(S3(options), options)


if __name__ == "__main__":
    main()
