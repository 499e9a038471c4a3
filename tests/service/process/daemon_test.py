"""throttle-service without a service manager: exit codes, --daemonize, --pid-file, --user."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from process import (BINARY, LIMIT_S, SEMAPHORE, ProcessTest, free_port, is_running, serves,
                     wait_until)


class ExitCodes(ProcessTest):
    def test_of_a_missing_file(self):
        self.file.unlink()
        for verb in ("run", "check"):
            self.assertEqual(self.code(self.start(verb=verb)), 78)
        self.assertIn("does not exist", self.output)

    def test_of_a_valid_file(self):
        self.assertEqual(self.code(self.start(verb="check")), 0)
        self.assertIn("is valid: 1 semaphore, 0 proxies", self.output)

    def test_of_a_file_without_semaphores(self):
        self.write("")
        self.assertEqual(self.code(self.start(verb="check")), 0)
        self.assertIn("no semaphores are configured", self.output)

    def test_of_a_proxy_without_proxies(self):
        self.assertEqual(self.code(self.start("--role", "proxy", verb="check")), 78)

    def test_of_a_verb_for_windows(self):
        self.assertEqual(self.code(self.start(verb="pause")), 2)
        self.assertIn("systemctl kill -s USR1 throttle", self.output)

    def test_of_a_second_signal(self):
        self.write(f'drain_timeout = "10min"\n{SEMAPHORE}')
        process = self.start()
        wait_until(lambda: serves(self.port), "it serves")
        with socket.create_connection(("127.0.0.1", self.port)) as client:
            client.sendall(b"POST /new_peer HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
                           b"Expect: 100-continue\r\n\r\n")
            # It has read the head. The body does not come, which keeps the server draining.
            self.assertIn(b" 100 ", client.recv(100))
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: not serves(self.port), "it accepts nothing more")
            process.send_signal(signal.SIGINT)
            self.assertEqual(self.code(process), 1)


class Daemon(ProcessTest):
    def setUp(self):
        super().setUp()
        self.pid_file = self.folder / "throttle.pid"
        self.write(f'drain_timeout = "0s"\n{SEMAPHORE}[logging.file]\npath = "throttle.log"\n')
        self.addCleanup(self.end_daemon)

    def end_daemon(self):
        if self.pid and is_running(self.pid):
            os.kill(self.pid, signal.SIGKILL)

    @property
    def pid(self) -> int:
        text = self.pid_file.read_text() if self.pid_file.exists() else ""
        return int(text or 0)

    @property
    def log(self) -> str:
        return (self.folder / "throttle.log").read_text()

    def daemonize(self, *options) -> int:
        return self.code(self.start("--daemonize", "--pid-file", self.pid_file, *options))

    def test_returns_when_it_serves_and_removes_its_pid_file_at_the_end(self):
        self.assertEqual(self.daemonize(), 0)
        self.assertTrue(serves(self.port))
        pid = self.pid
        self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
        self.assertNotEqual(os.getsid(pid), os.getsid(0))
        for descriptor in (0, 1, 2):
            self.assertEqual(os.readlink(f"/proc/{pid}/fd/{descriptor}"), "/dev/null")
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_running(pid), "the daemon has stopped")
        self.assertFalse(self.pid_file.exists())
        self.assertIn("stopped", self.log)

    def test_reports_why_it_cannot_serve(self):
        with socket.create_server(("127.0.0.1", self.port)):
            self.assertEqual(self.daemonize(), 1)
        self.assertIn(f"cannot listen on 127.0.0.1:{self.port}", self.output)
        self.write("[semaphores]\nA = 'one'")
        self.assertEqual(self.daemonize(), 78)
        self.assertIn("2:5", self.output)

    def test_a_second_one_does_not_take_the_pid_file(self):
        self.assertEqual(self.daemonize(), 0)
        pid = self.pid
        self.port = free_port()
        self.write(SEMAPHORE)
        self.assertEqual(self.daemonize(), 1)
        self.assertIn("a running process holds the pid file", self.output)
        self.assertEqual(self.pid, pid)

    def test_is_refused_under_systemd(self):
        process = self.start("--daemonize", environment={"NOTIFY_SOCKET": "/nobody"})
        self.assertEqual(self.code(process), 2)

    def test_a_reload_opens_the_log_file_again(self):
        self.assertEqual(self.daemonize(), 0)
        moved = self.folder / "moved.log"
        (self.folder / "throttle.log").rename(moved)
        os.kill(self.pid, signal.SIGHUP)
        wait_until(lambda: (self.folder / "throttle.log").exists() and "reloaded" in self.log,
                   "a line in the new file")
        self.assertNotIn("reloaded", moved.read_text())

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_becomes_the_user_for_good(self):
        os.chown(self.folder, 65534, 65534)
        self.assertEqual(self.daemonize("--user", "nobody"), 0)
        fields = dict(line.split(":\t", 1) for line in
                      Path(f"/proc/{self.pid}/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual(set(fields["Uid"].split()), {"65534"})
        self.assertEqual(set(fields["Gid"].split()), {"65534"})
        self.assertEqual((self.folder / "throttle.log").stat().st_uid, 65534)
        self.assertEqual(self.pid_file.stat().st_uid, 0, "root kills what it names")
        self.assertTrue(serves(self.port))

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_creates_and_removes_a_unix_socket_as_the_user(self):
        os.chown(self.folder, 65534, 65534)
        table = (f'[proxy.office]\nlisten = "unix:{self.folder}/NAME.sock"\n'
                 'upstream = "127.0.0.1:1"\n')
        self.file.write_text(self.file.read_text() + table.replace("NAME", "one"))
        self.assertEqual(self.daemonize("--user", "nobody"), 0)
        self.assertEqual((self.folder / "one.sock").stat().st_uid, 65534)
        self.file.write_text(self.file.read_text().replace("one.sock", "two.sock"))
        os.kill(self.pid, signal.SIGHUP)
        wait_until(lambda: (self.folder / "two.sock").exists(), "the other socket")
        wait_until(lambda: not (self.folder / "one.sock").exists(), "that the first one is gone")
        os.kill(self.pid, signal.SIGTERM)
        wait_until(lambda: not (self.folder / "two.sock").exists(), "that this one is gone")

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_writes_nothing_of_roots_through_a_link_of_the_user(self):
        os.chown(self.folder, 65534, 65534)
        target = Path(tempfile.mkdtemp()) / "target"
        self.addCleanup(shutil.rmtree, target.parent)
        (self.folder / "throttle.log").symlink_to(target)
        self.assertEqual(self.daemonize("--user", "nobody"), 1)
        self.assertIn("cannot be written: Permission denied", self.output)
        self.assertFalse(target.exists())

    def test_serves_without_standard_streams(self):
        command = ["sh", "-c", 'exec "$@" <&- >&-', "sh", BINARY, "run", "-c", self.file,
                   "--daemonize", "--pid-file", self.pid_file]
        started = subprocess.run(command, stderr=subprocess.PIPE, timeout=LIMIT_S, text=True)
        self.assertEqual((started.returncode, started.stderr), (0, ""))
        self.assertTrue(serves(self.port))

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_an_unknown_user_is_wrong(self):
        self.assertEqual(self.daemonize("--user", "no-such-user"), 2)
        self.assertIn('there is no user "no-such-user"', self.output)


if __name__ == "__main__":
    unittest.main()
