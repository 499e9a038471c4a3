#!/usr/bin/env python3
"""The static tools load no code of the machine they run on, whatever its nsswitch.conf says.

    loads_nothing.py FOLDER_OF_THE_TOOLS

The C library of a static program loads the name-service modules of the machine when it looks a name
up, and dies if they belong to another version of it. So the tools run in a root whose modules and
whose C library are traps: what loads one of them ends with 99. A program that does call
getaddrinfo() shows that the traps work. Needs root, or the right to make a user namespace.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

LIMIT_S = 60
TRAPPED = 99
NSSWITCH = """passwd: files systemd
group: files systemd
hosts: mymachines resolve [!UNAVAIL=return] files myhostname mdns4_minimal dns
services: db files
"""
MODULES = ["files", "dns", "resolve", "myhostname", "mymachines", "mdns4_minimal", "systemd", "db",
           "compat"]
TRAP = """
__attribute__((constructor)) static void spring(void) {
  static const char said[] = "a trap was loaded\\n";
#if defined(__x86_64__)
  long done;
  __asm__ volatile("syscall" : "=a"(done) : "a"(1), "D"(2), "S"(said), "d"(sizeof said - 1)
                   : "rcx", "r11", "memory");
  __asm__ volatile("syscall" : : "a"(231), "D"(99) : "rcx", "r11", "memory");
#else
  __builtin_trap();
#endif
}
"""
VICTIM = """
#include <netdb.h>
#include <stddef.h>
int main(void) {
  struct addrinfo *found;
  return getaddrinfo("office", NULL, NULL, &found) != 0;
}
"""
TOOLS = Path()


def compile_c(text: str, output: Path, *options: str) -> None:
    subprocess.run(["gcc", "-x", "c", "-w", "-", "-o", output, *options], input=text, text=True,
                   check=True, timeout=LIMIT_S)


def library_folders() -> list[str]:
    """Where the C library of this machine looks for modules."""
    triplet = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True,
                             check=True).stdout.strip()
    return [f"{top}/{triplet}" for top in ("lib", "usr/lib")] + ["lib", "lib64", "usr/lib",
                                                                 "usr/lib64"]


def set_trap(root: Path) -> None:
    trap = root / "trap.so"
    compile_c(TRAP, trap, "-shared", "-fPIC", "-nostdlib")
    for name in library_folders():
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        for module in MODULES:
            shutil.copy(trap, folder / f"libnss_{module}.so.2")
        for library in ("libc.so.6", "libresolv.so.2", "ld-linux-x86-64.so.2"):
            shutil.copy(trap, folder / library)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Root(unittest.TestCase):
    """Runs programs in a root of their own."""

    def setUp(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="throttle-root-"))
        self.addCleanup(shutil.rmtree, self.root)
        for tool in TOOLS.iterdir():
            shutil.copy(tool, self.root / tool.name)

    def add_machine(self) -> None:
        """The configuration of a desktop, and its modules."""
        etc = self.root / "etc"
        etc.mkdir()
        (etc / "nsswitch.conf").write_text(NSSWITCH)
        (etc / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        (etc / "hosts").write_text("127.0.0.1 office\n")
        set_trap(self.root)

    def start(self, *command: str) -> subprocess.Popen:
        prefix = ["chroot"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "chroot"]
        process = subprocess.Popen([*prefix, self.root, *command], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def await_port(self, process: subprocess.Popen, port: int) -> socket.socket:
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), LIMIT_S)
            except OSError:
                self.assertIsNone(process.poll(), f"ended with {process.returncode}")
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)

    def assert_loaded_nothing(self, process: subprocess.Popen) -> None:
        self.assertIsNone(process.poll(), f"ended with {process.returncode}")
        maps = Path(f"/proc/{process.pid}/maps").read_text()
        self.assertNotIn(".so", maps)

    def stop(self, process: subprocess.Popen) -> str:
        """Its log; it has to end well."""
        self.assert_loaded_nothing(process)
        process.send_signal(signal.SIGTERM)
        log = process.communicate(timeout=LIMIT_S)[1]
        self.assertEqual(process.returncode, 0, log)
        return log


class StaticTools(Root):
    def test_the_traps_work(self) -> None:
        self.add_machine()
        compile_c(VICTIM, self.root / "victim", "-static")
        self.assertEqual(self.start("/victim").wait(LIMIT_S), TRAPPED)

    def test_the_server_starts_on_a_name(self) -> None:
        self.add_machine()
        for host in ("localhost", "office"):
            with self.subTest(host=host):
                port = free_port()
                server = self.start("/throttle-server", "--address", host, "--port", str(port))
                self.await_port(server, port).close()
                self.stop(server)

    def test_localhost_is_known_in_an_empty_root(self) -> None:
        port = free_port()
        server = self.start("/throttle-server", "--address", "localhost", "--port", str(port))
        self.await_port(server, port).close()
        self.stop(server)

    def test_the_proxy_finds_an_upstream_of_the_hosts_file(self) -> None:
        self.add_machine()
        with socket.create_server(("127.0.0.1", 0)) as upstream:
            threading.Thread(target=self.echo, args=(upstream,), daemon=True).start()
            port = free_port()
            proxy = self.start("/throttle-proxy", "-l", f"127.0.0.1:{port}", "-h", "office", "-p",
                               str(upstream.getsockname()[1]), "--upstream-check", "none")
            with self.await_port(proxy, port) as client:
                client.sendall(b"hello")
                self.assertEqual(client.recv(5), b"hello")
            self.stop(proxy)

    @staticmethod
    def echo(upstream: socket.socket) -> None:
        connection, _ = upstream.accept()
        with connection:
            connection.sendall(connection.recv(5))

    def test_the_proxy_survives_a_name_that_nobody_knows(self) -> None:
        self.add_machine()
        port = free_port()
        proxy = self.start("/throttle-proxy", "-l", f"127.0.0.1:{port}", "-h", "nobody.test", "-p",
                           "1", "--connect-timeout", "100ms")
        with self.await_port(proxy, port) as client:
            self.assertEqual(client.recv(1), b"")
        self.assertIn("nobody.test", self.stop(proxy))


if __name__ == "__main__":
    TOOLS = Path(sys.argv.pop(1)).resolve()
    unittest.main()
