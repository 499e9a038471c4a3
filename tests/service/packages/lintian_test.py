"""lintian has nothing to say of the Debian package except what the package itself explains.

THROTTLE_DEB is the package.
"""

import os
import re
import subprocess
import unittest
from pathlib import Path

PACKAGE = Path(os.environ["THROTTLE_DEB"])
OVERRIDES = "./usr/share/lintian/overrides/throttle"
LIMIT_S = 300


class Lintian(unittest.TestCase):
    def test_it_is_silent(self):
        done = subprocess.run(["lintian", "--allow-root", "--display-info", "--no-cfg", PACKAGE],
                              capture_output=True, text=True, check=False, timeout=LIMIT_S)
        self.assertEqual(done.stdout, "")

    def test_each_override_has_its_reason_before_it(self):
        unpacked = subprocess.run(["dpkg-deb", "--fsys-tarfile", PACKAGE], check=True,
                                  capture_output=True, timeout=LIMIT_S).stdout
        text = subprocess.run(["tar", "--extract", "--to-stdout", OVERRIDES], input=unpacked,
                              check=True, capture_output=True, timeout=LIMIT_S).stdout.decode()
        groups = [group.splitlines() for group in re.split(r"\n\n", text.strip())]
        self.assertTrue(groups)
        for group in groups:
            self.assertTrue(group[0].startswith("# "), group)
            self.assertTrue(any(not line.startswith("#") for line in group), group)


if __name__ == "__main__":
    unittest.main()
