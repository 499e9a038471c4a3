"""Two builds of one commit in two folders are the same, byte for byte.

The first one is that of the tree: THROTTLE_PACKAGES is the folder of its packages. The second one
is made here, of a clone in another folder, by the compiler alone: a cache would give back what it
kept of the first. THROTTLE_SYSTEM is `linux` or `windows`.
"""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

PACKAGES = Path(os.environ["THROTTLE_PACKAGES"])
SYSTEM = os.environ["THROTTLE_SYSTEM"]
TREE = Path(__file__).resolve().parents[3]
KINDS = {"linux": ("*.deb", "*.tar.gz", "*-linux-*.cdx.json"),
         "windows": ("*.msi", "*.zip", "*-windows-*.cdx.json")}
BUILD_LIMIT_S = 3000


class TwoBuilds(unittest.TestCase):
    def test_they_are_the_same(self):
        changed = subprocess.run(["git", "status", "--porcelain", "--untracked-files=no"], cwd=TREE,
                                 capture_output=True, text=True, check=True).stdout
        self.assertEqual(changed, "", "a clone has only what is committed")
        with tempfile.TemporaryDirectory(prefix="throttle-again-", dir=TREE / "build") as folder:
            clone = Path(folder) / "a-folder-with-a-longer-name"
            subprocess.run(["git", "clone", "--quiet", "--shared", TREE, clone], check=True)
            command = ["./dev", "package", *(["windows"] if SYSTEM == "windows" else [])]
            with open(Path(folder) / "log", "w+") as log:
                done = subprocess.run(command, cwd=clone, stdout=log, stderr=log, check=False,
                                      env=os.environ | {"CCACHE_DISABLE": "1"},
                                      timeout=BUILD_LIMIT_S)
                log.seek(0)
                self.assertEqual(done.returncode, 0, log.read()[-5000:])
            for kind in KINDS[SYSTEM]:
                first, = PACKAGES.glob(kind)
                second, = (clone / "build/packages").glob(kind)
                self.assertEqual(first.name, second.name)
                self.assertEqual(first.read_bytes() == second.read_bytes(), True, first.name)


if __name__ == "__main__":
    unittest.main()
