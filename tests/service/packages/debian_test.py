"""The Debian package under a real systemd: installed, used, upgraded and purged.

The tests share one container and follow each other by their numbers, as the life of a package does.
"""

import os
import unittest
from pathlib import Path

from container import Container, wait_until

PACKAGE = Path(os.environ["THROTTLE_DEB"])
FILE = "/etc/throttle/throttle.toml"
INSTALL = "DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i /var/tmp/throttle.deb"
SHOW = "systemctl show throttle --value -p"
HEALTH = ("exec 3<>/dev/tcp/127.0.0.1/%d; printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3; "
          "head -1 <&3 | grep 200")


class Debian(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = Container()
        cls.machine.put(PACKAGE, "/var/tmp/throttle.deb")

    @classmethod
    def tearDownClass(cls):
        cls.machine.end()

    def show(self, name: str) -> str:
        return self.machine.run(f"{SHOW} {name}")

    def serves(self, port: int = 8000) -> bool:
        return self.machine.try_run(HEALTH % port) == 0

    def test_1_serves_when_it_is_installed(self):
        self.machine.run(INSTALL)
        self.assertEqual(self.show("ActiveState"), "active")
        self.assertEqual(self.show("StatusText").partition(",")[0], "127.0.0.1:8000")
        self.assertEqual(self.machine.run("systemctl is-enabled throttle"), "enabled")
        self.assertTrue(self.serves())
        self.assertEqual(self.machine.run(f"stat -c '%U %G %a' {FILE}"), "root throttle 640")
        self.assertEqual(self.machine.run(f"ps -o user= -p $({SHOW} MainPID)"), "throttle")

    def test_2_reload_takes_a_good_file_and_reports_a_broken_one(self):
        before = self.show("MainPID")
        self.machine.run(f"sed -i 's/^.semaphores.$/&\\nmine = 3/' {FILE}")
        self.machine.run("systemctl reload throttle")
        self.assertEqual(self.show("StatusText"), "reloaded")
        self.machine.run(f"cp {FILE} /var/tmp/good; sed -i 's/^mine = 3/mine = true/' {FILE}")
        self.machine.fail("systemctl reload throttle")
        self.assertIn("mine", self.machine.run("systemctl status throttle; true"))
        self.machine.run(f"cat /var/tmp/good > {FILE}")
        self.assertTrue(self.serves())
        self.assertEqual(self.show("MainPID"), before)

    def test_3_a_broken_file_at_the_start_is_not_tried_again(self):
        self.machine.run(f"sed -i 's/^mine = 3/mine = true/' {FILE}")
        self.machine.fail("systemctl restart throttle")
        self.assertEqual(self.show("ExecMainStatus"), "78")
        self.assertEqual(self.show("ActiveState"), "failed")
        self.machine.run(f"cat /var/tmp/good > {FILE}; systemctl reset-failed throttle; "
                         "systemctl start throttle")
        self.assertTrue(self.serves())

    def test_4_the_watchdog_restarts_a_process_that_hangs(self):
        self.machine.run("mkdir -p /run/systemd/system/throttle.service.d; printf "
                         "'[Service]\\nWatchdogSec=2s\\nTimeoutAbortSec=2s\\n' "
                         "> /run/systemd/system/throttle.service.d/fast.conf; "
                         "systemctl daemon-reload; systemctl restart throttle")
        before = self.show("MainPID")
        self.machine.run(f"kill -STOP {before}")
        wait_until(lambda: self.show("MainPID") not in ("0", before) and self.serves(),
                   "another process")
        self.machine.run("rm -r /run/systemd/system/throttle.service.d; systemctl daemon-reload; "
                         "systemctl restart throttle")

    def test_5_a_socket_of_systemd_is_used(self):
        self.machine.run("printf '[Socket]\\nListenStream=127.0.0.1:80\\n"
                         "FileDescriptorName=http\\nService=throttle.service\\n' "
                         "> /run/systemd/system/throttle-http.socket; systemctl daemon-reload; "
                         "systemctl stop throttle; systemctl start throttle-http.socket throttle")
        self.assertTrue(self.serves(80))
        self.assertFalse(self.serves(8000))
        self.machine.run("systemctl stop throttle-http.socket throttle; "
                         "rm /run/systemd/system/throttle-http.socket; systemctl daemon-reload; "
                         "systemctl start throttle")
        self.assertTrue(self.serves(8000))

    def test_6_an_upgrade_restarts_it_and_keeps_the_edited_file(self):
        before = self.show("MainPID")
        self.machine.run(INSTALL)
        self.assertNotEqual(self.show("MainPID"), before)
        self.machine.run(f"grep -q '^mine = 3' {FILE}")
        self.assertTrue(self.serves())

    def test_7_an_upgrade_does_not_enable_what_was_disabled(self):
        self.machine.run("systemctl disable throttle")
        self.machine.run(INSTALL)
        self.machine.fail("systemctl is-enabled throttle")

    def test_8_nothing_is_left_after_a_purge(self):
        self.machine.run("dpkg --remove throttle")
        self.assertFalse(self.serves())
        self.machine.run(f"test -e {FILE}")
        self.machine.run("dpkg --purge throttle")
        for path in ("/etc/throttle", "/var/lib/throttle", "/var/log/throttle",
                     "/usr/sbin/throttle-service", "/etc/systemd/system/throttle.service"):
            self.assertNotEqual(self.machine.try_run(f"test -e {path} -o -L {path}"), 0, path)


class Hardening(unittest.TestCase):
    def test_the_exposure_is_at_most_1_2(self):
        machine = Container()
        self.addCleanup(machine.end)
        machine.put(PACKAGE, "/var/tmp/throttle.deb")
        machine.run("dpkg -x /var/tmp/throttle.deb /")
        for unit in ("throttle.service", "throttle@.service"):
            machine.run("systemd-analyze security --offline=yes --threshold=12 --no-pager "
                        f"/usr/lib/systemd/system/{unit}")


if __name__ == "__main__":
    unittest.main()
