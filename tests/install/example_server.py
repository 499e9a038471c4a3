"""Installs a build, builds the example on the installed package, and is served by it.

    example_server.py BUILD EXAMPLE [argument of cmake]...
"""

import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD, EXAMPLE, *CMAKE_ARGUMENTS = sys.argv[1:]
TIME_LIMIT_S = 30


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


class ExampleServer(unittest.TestCase):
    """`two-at-a-time`, on find_package(throttle)."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        prefix, build = Path(folder.name) / "prefix", Path(folder.name) / "build"
        run("cmake", "--install", BUILD, "--prefix", str(prefix))
        run("cmake", "-S", EXAMPLE, "-B", str(build), f"-DCMAKE_PREFIX_PATH={prefix}",
            *CMAKE_ARGUMENTS)
        run("cmake", "--build", str(build))
        server = subprocess.Popen([build / "two-at-a-time", "127.0.0.1:0"], text=True,
                                  stdout=subprocess.PIPE)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        self.addCleanup(server.stdout.close)
        self.port = int(server.stdout.readline().rpartition(":")[2])

    def client(self, words: bytes) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), TIME_LIMIT_S)
        self.addCleanup(client.close)
        client.sendall(words)
        return client

    def test_answers_two_at_a_time_and_the_third_when_one_has_left(self) -> None:
        first, second = self.client(b"one"), self.client(b"two")
        self.assertEqual(first.recv(100), b"ONE")
        self.assertEqual(second.recv(100), b"TWO")
        third = self.client(b"three")
        third.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            third.recv(100)
        first.close()
        third.settimeout(TIME_LIMIT_S)
        self.assertEqual(third.recv(100), b"THREE")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
