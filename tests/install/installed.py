"""A build that is installed in a folder of its own, for the tests of this folder.

    SOMETHING_test.py SOURCE BUILD
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from functools import cache
from pathlib import Path

SOURCE, BUILD = Path(sys.argv[1]), Path(sys.argv[2])
_FOLDER = tempfile.TemporaryDirectory()
FOLDER = Path(_FOLDER.name)  # for this run
PREFIX = FOLDER / "prefix"


@cache
def build_setting(name: str) -> str:
    """A variable of the build's CMake cache, empty if it has none."""
    text = (BUILD / "CMakeCache.txt").read_text()
    match = re.search(rf"^{re.escape(name)}:\w+=(.*)$", text, re.MULTILINE)
    return match.group(1) if match else ""


def compiler() -> list[str]:
    """The build's C++ compiler with its flags, and the warnings of a strict user."""
    return [build_setting("CMAKE_CXX_COMPILER"), *shlex.split(build_setting("CMAKE_CXX_FLAGS")),
            "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*command: object, **environment: str) -> str:
    """What a command printed; fails the test with its output if it fails."""
    done = try_run(*command, **environment)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def try_run(*command: object, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in command], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, **environment})


def configure(source: Path, build: Path, *arguments: object) -> subprocess.CompletedProcess:
    """Runs cmake as the build was configured."""
    same = [f"-D{name}={command_of(build_setting(name))}" for name in
            ("CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER", "CMAKE_MAKE_PROGRAM")]
    same.append(f"-DCMAKE_CXX_FLAGS={build_setting('CMAKE_CXX_FLAGS')}")
    return try_run("cmake", "-S", source, "-B", build, "-G", build_setting("CMAKE_GENERATOR"),
                   *same, *arguments)


def main() -> None:
    run("cmake", "--install", BUILD, "--prefix", PREFIX)
    unittest.main(argv=sys.argv[:1], verbosity=2)


def command_of(*names: str) -> str:
    """The first of these programs that there is."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise AssertionError(f"none of {', '.join(names)}; ./dev test installs it")
    return found
