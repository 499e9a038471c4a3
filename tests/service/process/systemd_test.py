"""What the real binary sends to systemd, and what it takes from it."""

import os
import signal
import socket
import subprocess
import unittest

from process import LIMIT_S, SEMAPHORE, ProcessTest, health, serves, wait_until


class Notify(ProcessTest):
    def setUp(self):
        super().setUp()
        self.systemd = self.notify_socket(str(self.folder / "notify"))

    def start_notifying(self, *options, **environment):
        return self.start(*options,
                          environment={"NOTIFY_SOCKET": self.systemd.address} | environment)

    def test_each_step_and_ready_when_it_serves(self):
        process = self.start_notifying()
        self.assertIn("EXTEND_TIMEOUT_USEC", self.systemd.until("STATUS=the configuration"))
        self.systemd.until("STATUS=listening on 127.0.0.1")
        ready = self.systemd.until("READY=1")
        self.assertEqual(ready["STATUS"], f"127.0.0.1:{self.port}, 1 semaphore")
        self.assertEqual(health(self.port), "HTTP/1.1 200 OK")
        process.terminate()
        stopping = self.systemd.until("STOPPING=1")
        self.assertIn("EXTEND_TIMEOUT_USEC", stopping)
        self.assertEqual(self.code(process), 0)

    def test_an_abstract_socket_is_a_socket_too(self):
        systemd = self.notify_socket(f"@throttle-test-{os.getpid()}")
        self.start(environment={"NOTIFY_SOCKET": systemd.address})
        systemd.until("READY=1")

    def test_a_reload_ends_with_ready_whether_it_is_refused_or_not(self):
        process = self.start_notifying()
        self.systemd.until("READY=1")
        process.send_signal(signal.SIGHUP)
        self.assertGreater(int(self.systemd.until("RELOADING=1")["MONOTONIC_USEC"]), 0)
        self.assertEqual(self.systemd.until("READY=1")["STATUS"], "reloaded")
        self.write("[semaphores]\nA = 'one'")
        process.send_signal(signal.SIGHUP)
        self.systemd.until("RELOADING=1")
        self.assertIn(f"refused: {self.file}:2:5: ", self.systemd.until("READY=1")["STATUS"])
        self.assertTrue(serves(self.port))

    def test_the_loop_feeds_the_watchdog(self):
        self.start_notifying(WATCHDOG_USEC="200000")
        for _ in range(3):
            self.systemd.until("WATCHDOG=1")

    def test_a_watchdog_of_another_process_is_left_alone(self):
        process = self.start_notifying(WATCHDOG_USEC="1000", WATCHDOG_PID="1")
        self.systemd.until("READY=1")
        process.terminate()
        messages = []
        while "STOPPING=1" not in "".join(messages):
            messages.append(self.systemd.socket.recv(8192).decode())
        self.assertNotIn("WATCHDOG", "".join(messages))

    def test_the_status_says_who_holds_and_waits(self):
        self.start_notifying(WATCHDOG_USEC="200000")
        self.assertEqual(self.systemd.until("STATUS=0 hold")["STATUS"], "0 hold, 0 wait")

    def test_a_wrong_configuration_has_its_own_exit_code(self):
        self.write("[semaphores]\nA = 'one'")
        self.assertEqual(self.code(self.start_notifying()), 78)
        self.assertIn("2:5", self.systemd.until("STATUS=")["STATUS"])

    def test_a_port_in_use_is_a_number_for_systemd(self):
        with socket.create_server(("127.0.0.1", self.port)):
            self.assertEqual(self.code(self.start_notifying()), 1)
        self.assertEqual(self.systemd.until("ERRNO=")["ERRNO"], "98")


class Addresses(ProcessTest):
    """In a network of its own, whose only address beside loopback comes later."""

    ADDRESS = "192.0.2.1"
    # Only root may have one without a user namespace, and a container may forbid that namespace.
    ALONE = ("unshare", *(() if os.geteuid() == 0 else ("--map-root-user",)), "--net")

    def setUp(self):
        super().setUp()
        tried = subprocess.run([*self.ALONE, "ip", "link", "set", "lo", "up"], check=False,
                               capture_output=True, text=True, timeout=LIMIT_S)
        self.assertEqual(tried.returncode, 0,
                         f"no network of its own: {' '.join(tried.args)}: {tried.stderr}")
        self.systemd = self.notify_socket(str(self.folder / "notify"))
        self.come = self.folder / "come"
        os.mkfifo(self.come)
        self.file.write_text(f'{SEMAPHORE}\n[http]\nlisten = "{self.ADDRESS}:{self.port}"\n')

    def start_early(self):
        script = (f'ip link set lo up; (read -r <"{self.come}"; ip address add {self.ADDRESS}/32 '
                  'dev lo) & exec "$@"')
        return self.start(environment={"NOTIFY_SOCKET": self.systemd.address},
                          within=(*self.ALONE, "bash", "-c", script, "-"))

    def test_one_that_comes_late_is_waited_for(self):
        process = self.start_early()
        waiting = self.systemd.until("STATUS=waiting for the address")
        self.assertIn(self.ADDRESS, waiting["STATUS"])
        self.assertIn("EXTEND_TIMEOUT_USEC", waiting)
        self.come.write_text("now\n")
        ready = self.systemd.until("READY=1")
        self.assertEqual(ready["STATUS"], f"{self.ADDRESS}:{self.port}, 1 semaphore")
        self.assertEqual(self.stop(process), 0)
        self.assertEqual(self.output.count("does not have an address to listen on yet"), 1)

    def test_a_stop_ends_the_wait(self):
        process = self.start_early()
        self.systemd.until("STATUS=waiting for the address")
        process.terminate()
        self.systemd.until("STOPPING=1")
        self.assertEqual(self.code(process), 0)
        self.come.write_text("never mind\n")


class Sockets(ProcessTest):
    def test_one_that_is_named_http_replaces_listen(self):
        with socket.create_server(("127.0.0.1", 0)) as handed:
            process = self.start(sockets=[("http", handed)])
            port = handed.getsockname()[1]
            self.assertEqual(health(port), "HTTP/1.1 200 OK")
            self.assertFalse(serves(self.port))
            self.write(SEMAPHORE + "B = 2")
            process.send_signal(signal.SIGHUP)
            self.assertEqual(health(port), "HTTP/1.1 200 OK")
            self.assertEqual(self.stop(process), 0)

    def test_several_of_one_name_and_one_of_a_proxy_are_all_used(self):
        self.write(f"""{SEMAPHORE}
[proxy.office]
listen = "127.0.0.1:1"
upstream = "127.0.0.1:{self.port}"
upstream_check = "none"
""")
        with socket.create_server(("127.0.0.1", 0)) as one, \
                socket.create_server(("127.0.0.1", 0)) as two, \
                socket.create_server(("127.0.0.1", 0)) as three, \
                socket.create_server(("127.0.0.1", self.port)) as upstream:
            self.start(sockets=[("http", one), ("office", two), ("http", three)])
            for each in (one, three):
                self.assertEqual(health(each.getsockname()[1]), "HTTP/1.1 200 OK")
            with socket.create_connection(two.getsockname()) as client:
                client.sendall(b"to the upstream")
                served, _ = upstream.accept()
                with served:
                    self.assertEqual(served.recv(100), b"to the upstream")

    def unix_socket(self) -> socket.socket:
        handed = socket.socket(socket.AF_UNIX)
        handed.bind(str(self.folder / "x.sock"))
        handed.listen()
        self.addCleanup(handed.close)
        return handed

    def test_several_of_one_proxy_feed_it_and_unix_sockets_are_among_them(self):
        self.write(f"""{SEMAPHORE}
[proxy.office]
listen = "127.0.0.1:1"
upstream = "unix:{self.folder}/service.sock"
upstream_check = "none"
""")
        service = socket.socket(socket.AF_UNIX)
        self.addCleanup(service.close)
        service.bind(str(self.folder / "service.sock"))
        service.listen()
        one = self.unix_socket()
        with socket.create_server(("127.0.0.1", 0)) as two:
            process = self.start(sockets=[("office", one), ("office", two)])
            for family, place in ((socket.AF_UNIX, one.getsockname()),
                                  (socket.AF_INET, two.getsockname())):
                with socket.socket(family) as client:
                    client.connect(place)
                    client.sendall(b"to the upstream")
                    served, _ = service.accept()
                    with served:
                        self.assertEqual(served.recv(100), b"to the upstream")
            self.assertEqual(self.stop(process), 0)
        self.assertTrue((self.folder / "x.sock").exists(), "it is systemd's")

    def test_a_unix_socket_of_the_server_is_a_mistake(self):
        self.assertEqual(self.code(self.start(sockets=[("http", self.unix_socket())])), 78)
        self.assertIn('"http" is a Unix socket: only proxies listen on those', self.output)

    def test_a_client_that_connects_between_two_processes_waits(self):
        with socket.create_server(("127.0.0.1", 0)) as handed:
            first = self.start(sockets=[("http", handed)])
            self.assertEqual(health(handed.getsockname()[1]), "HTTP/1.1 200 OK")
            self.assertEqual(self.stop(first), 0)
            with socket.create_connection(handed.getsockname()) as client:
                client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
                self.start(sockets=[("http", handed)])
                self.assertIn(b"200 OK", client.recv(100))

    def test_an_unknown_name_is_a_mistake_that_lists_the_known_ones(self):
        with socket.create_server(("127.0.0.1", 0)) as handed:
            self.assertEqual(self.code(self.start(sockets=[("htpp", handed)])), 78)
        self.assertIn('"htpp"', self.output)
        self.assertIn("one of: http", self.output)

    def test_two_of_one_address_are_a_mistake(self):
        handed = []
        for _ in range(2):
            each = socket.socket()
            self.addCleanup(each.close)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            each.bind(("127.0.0.1", self.port))
            each.listen()
            handed.append(("http", each))
        self.assertEqual(self.code(self.start(sockets=handed)), 78)
        self.assertIn(f'both listen on 127.0.0.1:{self.port}; leave one of them out', self.output)

    def test_a_socket_that_does_not_listen_is_a_mistake(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            self.assertEqual(self.code(self.start(sockets=[("http", silent)])), 78)
        self.assertIn("ListenStream=", self.output)


class Journal(ProcessTest):
    def test_lines_on_a_stderr_of_the_journal_have_a_priority_and_no_time(self):
        self.write(SEMAPHORE + '[logging.stderr]\nlevel = "info"\n')
        (self.folder / "output").touch()
        status = os.stat(self.folder / "output")
        self.start(environment={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        wait_until(lambda: "<6>app: ready" in self.output, "the line that it is ready")


if __name__ == "__main__":
    unittest.main()
