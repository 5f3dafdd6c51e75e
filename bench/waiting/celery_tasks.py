"""The same job as a Celery task, as it is usually written: read and shrink the pictures, call the API, keep the picture.

It does less than the Selvage job beside it: no session, no ledger, nothing synced to the disk.
"""

import base64
import http.client
import io
import json
import os

from celery import Celery
from PIL import Image

app = Celery("waiting", broker=os.environ["PEER_BROKER"])
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, task_ignore_result=True,
                broker_connection_retry_on_startup=True)
FOLDER = os.environ["PEER_FOLDER"]


def shrunk(name, kind):
    with Image.open(f"{FOLDER}/{name}") as picture:
        picture.thumbnail((1024, 1024))
        data = io.BytesIO()
        picture.save(data, kind, **({"quality": 90} if kind == "JPEG" else {}))
    return data.getvalue()


def form(pictures):
    boundary = "waiting-peer"
    parts = []
    for name, value in (("model", "gpt-image-2.5-sunburst"), ("prompt", "Dress the person."), ("size", "1024x1536"),
                        ("quality", "medium"), ("output_format", "jpeg")):
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for kind, picture in pictures:
        parts.append((f'--{boundary}\r\nContent-Disposition: form-data; name="image[]"; filename="picture"\r\n'
                      f"Content-Type: image/{kind}\r\n\r\n").encode() + picture + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


@app.task
def generate(number):
    body, kind = form([("jpeg", shrunk("person.png", "JPEG")), ("png", shrunk("shirt.png", "PNG"))])
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["PEER_API_PORT"]), timeout=180)
    connection.request("POST", "/v1/images/edits", body,
                       {"Content-Type": kind, "Authorization": "Bearer sk-stand-in"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    assert response.status == 200, answer
    with open(f"{FOLDER}/results/{number}.jpg", "wb") as result:
        result.write(base64.b64decode(answer["data"][0]["b64_json"]))
