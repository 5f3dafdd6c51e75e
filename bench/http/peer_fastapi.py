"""What a user would write with FastAPI: the same /health body, and a job read from SQLite behind a hashed key.

The job is served by an `async def` that asks SQLite on the event loop: it blocks, but it is the fastest way that
FastAPI has, since a plain `def` would add a hop to a thread pool.
"""

import hashlib
import json
import os
import sqlite3

from fastapi import FastAPI, Header, HTTPException

app = FastAPI()
health_body = json.loads(os.environ["PEER_HEALTH"])
database = sqlite3.connect(os.environ["PEER_DATABASE"], check_same_thread=False)


@app.get("/health")
async def health():
    return health_body


@app.get("/v1/jobs/{job_id}")
async def job(job_id: str, authorization: str = Header("")):
    key_hash = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
    key = database.execute("SELECT owner FROM api_keys WHERE key_hash = ?", (key_hash,)).fetchone()
    if key is None:
        raise HTTPException(401)
    row = database.execute(
        "SELECT body FROM jobs WHERE id = ? AND owner = ?", (job_id, key[0])
    ).fetchone()
    if row is None:
        raise HTTPException(404)
    return json.loads(row[0])
