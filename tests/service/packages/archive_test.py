"""The archive for Linux: unpacked anywhere, its tools run, and it has all that it should.

THROTTLE_ARCHIVE is throttle-VERSION-linux-x64.tar.gz.
"""

import os
import socket
import subprocess
import tarfile
import tempfile
import time
import unittest
from pathlib import Path

ARCHIVE = Path(os.environ["THROTTLE_ARCHIVE"])
TOOLS = {"bin": ("throttle-server", "throttle-proxy", "throttle-inspect"),
         "sbin": ("throttle-service",)}
LIMIT_S = 60


class Archive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="throttle archive ")
        with tarfile.open(ARCHIVE) as archive:
            cls.members = archive.getmembers()
            archive.extractall(cls.scratch.name)
        cls.top, = Path(cls.scratch.name).iterdir()

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_it_has_one_folder_named_like_itself(self):
        self.assertEqual(self.top.name, ARCHIVE.name.removesuffix(".tar.gz"))

    def test_its_files_belong_to_root_and_are_readable(self):
        for member in self.members:
            self.assertEqual((member.uid, member.gid), (0, 0), member.name)
            self.assertEqual(member.mode & 0o022, 0, member.name)
            self.assertEqual(member.mode & 0o444, 0o444, member.name)

    def test_each_tool_runs_and_needs_no_library(self):
        for folder, tools in TOOLS.items():
            for tool in tools:
                path = self.top / folder / tool
                shown = subprocess.run([path, "--version"], check=True, capture_output=True,
                                       text=True, timeout=LIMIT_S, env={}).stdout
                self.assertIn(self.top.name.split("-")[1], shown)
                dynamic = subprocess.run(["readelf", "--dynamic", path], check=True,
                                         capture_output=True, text=True, timeout=LIMIT_S).stdout
                self.assertNotIn("NEEDED", dynamic)

    def test_it_has_manuals_completions_and_documents(self):
        share = self.top / "share"
        for tool in (tool for tools in TOOLS.values() for tool in tools):
            section = "8" if tool == "throttle-service" else "1"
            for path in (f"man/man{section}/{tool}.{section}.gz",
                         f"bash-completion/completions/{tool}", f"zsh/vendor-completions/_{tool}",
                         f"fish/vendor_completions.d/{tool}.fish"):
                self.assertTrue((share / path).is_file(), path)
        for path in ("man/man5/throttle.toml.5.gz", "doc/throttle/README.md",
                     "doc/throttle/copyright", "doc/throttle/service.md",
                     "doc/throttle/examples/throttle.toml"):
            self.assertTrue((share / path).is_file(), path)

    def test_its_sample_is_valid_and_served(self):
        sample = self.top / "share/doc/throttle/examples/throttle.toml"
        service = self.top / "sbin/throttle-service"
        subprocess.run([service, "check", "-c", sample], check=True, capture_output=True,
                       timeout=LIMIT_S)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = subprocess.Popen([self.top / "bin/throttle-server", "-c", sample, "--port",
                                   str(port)], cwd=self.scratch.name, stderr=subprocess.DEVNULL)
        try:
            self.assertTrue(self.answers(port, server))
        finally:
            server.terminate()
            self.assertEqual(server.wait(LIMIT_S), 0)

    def answers(self, port: int, server: subprocess.Popen) -> bool:
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline and server.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
                    client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
                    return b"200 OK" in client.recv(100)
            except ConnectionRefusedError:
                time.sleep(0.05)
        return False


if __name__ == "__main__":
    unittest.main()
