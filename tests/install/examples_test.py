"""Each example is built on the installed package and does what it says."""

import http.server
import re
import signal
import socket
import subprocess
import threading
import unittest

from installed import (FOLDER, PREFIX, SOURCE, build_setting, command_of, compiler, configure,
                       main, run)

BUILT = FOLDER / "examples"
TIME_LIMIT_S = 30


def setUpModule() -> None:
    done = configure(SOURCE / "examples", BUILT, f"-DCMAKE_PREFIX_PATH={PREFIX}")
    if done.returncode != 0:
        raise AssertionError(done.stdout)
    run("cmake", "--build", BUILT, "--parallel")


class Example(unittest.TestCase):
    def start(self, program: str, *arguments: str) -> None:
        """Starts a server that prints the port on which it listens."""
        server = subprocess.Popen([BUILT / program, *arguments], text=True, stdout=subprocess.PIPE)
        self.server = server
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        self.addCleanup(server.stdout.close)
        self.port = int(server.stdout.readline().rpartition(":")[2])

    def client(self, words: bytes) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), TIME_LIMIT_S)
        self.addCleanup(client.close)
        client.sendall(words)
        return client

    def assert_waits(self, client: socket.socket) -> None:
        client.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            client.recv(100)
        client.settimeout(TIME_LIMIT_S)


class Documentation(unittest.TestCase):
    """The programs of docs/library.md, as a reader pastes them."""

    def test_each_program_can_be_pasted(self) -> None:
        text = (SOURCE / "docs/library.md").read_text()
        programs = re.findall(r"```cpp\n(.*?)```", text, re.DOTALL)
        self.assertEqual(len(programs), 3)
        folder = PREFIX / build_setting("CMAKE_INSTALL_LIBDIR") / "pkgconfig"
        flags = run(command_of("pkg-config"), "--cflags", "--libs", "throttle-core",
                    "throttle-gate", PKG_CONFIG_PATH=str(folder)).split()
        outputs = ["third: refused\nfourth: accepted\n", "waits: 1\nacquired: 1\n", None]
        for number, (program, output) in enumerate(zip(programs, outputs)):
            with self.subTest(program=number):
                source = FOLDER / f"documented{number}.cc"
                source.write_text(program)
                run(*compiler(), source, "-o", source.with_suffix(""), *flags)
                if output is not None:
                    self.assertEqual(run(source.with_suffix("")), output)


class ThrottledListener(Example):
    def test_serves_two_at_a_time_and_the_third_when_one_has_left(self) -> None:
        self.start("throttled-listener/two-at-a-time", "127.0.0.1:0")
        first, second = self.client(b"one"), self.client(b"two")
        self.assertEqual(first.recv(100), b"ONE")
        self.assertEqual(second.recv(100), b"TWO")
        third = self.client(b"three")
        self.assert_waits(third)
        first.close()
        self.assertEqual(third.recv(100), b"THREE")

    def test_gets_its_place_back_from_a_client_that_half_closed_while_it_waited(self) -> None:
        self.start("throttled-listener/two-at-a-time", "127.0.0.1:0")
        first, second = self.client(b"one"), self.client(b"two")
        self.assertEqual(first.recv(100), b"ONE")
        self.assertEqual(second.recv(100), b"TWO")
        waiting = [self.client(b"three"), self.client(b"four")]
        for client in waiting:
            self.assert_waits(client)
            client.shutdown(socket.SHUT_WR)
        last = self.client(b"five")
        self.assert_waits(last)
        first.close()
        second.close()
        self.assertEqual(waiting[0].recv(100), b"THREE")
        self.assertEqual(waiting[0].recv(100), b"")
        self.assertEqual(last.recv(100), b"FIVE")


class OwnLoop(Example):
    def test_serves_one_at_a_time_and_ends_by_a_signal(self) -> None:
        self.start("own-loop/one-at-a-time", "127.0.0.1:0")
        first = self.client(b"one")
        self.assertEqual(first.recv(100), b"one")
        second = self.client(b"two")
        self.assert_waits(second)
        first.sendall(b"more")
        self.assertEqual(first.recv(100), b"more")
        first.close()
        self.assertEqual(second.recv(100), b"two")
        self.server.send_signal(signal.SIGINT)
        self.assertEqual(self.server.wait(TIME_LIMIT_S), 0)
        self.assertEqual(second.recv(100), b"")


class ConnectionLimiter(Example):
    def test_closes_a_third_connection_of_one_address(self) -> None:
        self.start("connection-limiter/two-for-each", "0")
        first, second = self.client(b"one"), self.client(b"two")
        self.assertEqual(first.recv(100), b"one")
        self.assertEqual(second.recv(100), b"two")
        refused = self.client(b"")
        self.assertEqual(refused.recv(100), b"")
        first.close()
        self.assertEqual(self.answer_once_admitted(b"three"), b"three")

    def answer_once_admitted(self, words: bytes) -> bytes:
        """The server learns that a client has left a moment after it did."""
        while True:
            try:
                if answer := self.client(words).recv(100):
                    return answer
            except ConnectionError:
                pass


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"hello {self.path}".encode())

    def log_message(self, *_: object) -> None:
        pass


class HttpClient(unittest.TestCase):
    def test_prints_the_response(self) -> None:
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
            threading.Thread(target=server.serve_forever).start()
            try:
                where = f"127.0.0.1:{server.server_port}"
                printed = run(BUILT / "http-client/ask", where, "/there")
            finally:
                server.shutdown()
        self.assertEqual(printed, "200\nhello /there\n")


class MemoryBudget(unittest.TestCase):
    def test_prints_who_runs_when(self) -> None:
        self.assertEqual(run(BUILT / "memory-budget/memory-budget").splitlines(), [
            " 0 s: index starts", "30 s: index ends", "30 s: render starts", "30 s: mail starts",
            "35 s: mail ends", "35 s: report starts", "45 s: report ends", "50 s: render ends"])


if __name__ == "__main__":
    main()
