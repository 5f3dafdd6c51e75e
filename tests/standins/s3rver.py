#!/usr/bin/env python3
"""s3rver from npm: a real S3 server of somebody else's making, installed once into build/s3rver. It takes any
signature of its key.

    s3rver.py [--port N] --data DIRECTORY [--bucket NAME] [--with-parent]
    s3rver.py --check          only installs; says why when that does not work, and exits 1

Key: S3RVER, secret: S3RVER. Becomes the server's process.
"""
import argparse
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "build" / "s3rver"


def install():
    """Why it is not there, or None."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            return f"{program} is not installed"
    lock_file = (HERE / "s3rver" / "package-lock.json").read_bytes()
    stamp = CACHE / "installed-lock.json"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        if stamp.exists() and stamp.read_bytes() == lock_file:
            return None
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / "s3rver" / name, CACHE / name)
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--loglevel=error"], cwd=CACHE,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            return "npm ci failed: " + " ".join((done.stderr or done.stdout).split())[:300]
        stamp.write_bytes(lock_file)
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--data")
    parser.add_argument("--bucket", default="pictures")
    parser.add_argument("--with-parent", action="store_true", help="always so")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    missing = install()
    if missing:
        print(missing)
        sys.exit(1)
    if not options.check:
        # its continuation tokens are encrypted by DES, which OpenSSL 3 keeps in a drawer
        os.execvp("node", ["node", "--openssl-legacy-provider", str(HERE / "s3rver" / "serve.mjs"), str(CACHE), str(options.port), options.data,
                           options.bucket])


if __name__ == "__main__":
    main()
