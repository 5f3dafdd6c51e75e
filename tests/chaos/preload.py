"""Small C libraries that are preloaded into a server, built from a file beside this one."""

import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
COMPILER = next(filter(None, map(shutil.which, ("clang-19", "cc", "gcc"))), None)


def build(source, folder):
    """The library's path."""
    library = pathlib.Path(folder) / (pathlib.Path(source).stem + ".so")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, HERE / source, "-ldl"], check=True)
    return library
