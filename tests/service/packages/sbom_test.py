"""The lists of what is linked in are valid CycloneDX and name what the programs consist of.

THROTTLE_PACKAGES is the folder of the packages. Run it by the script venv.
"""

import hashlib
import json
import os
import unittest
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

PACKAGES = Path(os.environ["THROTTLE_PACKAGES"])
# What is certainly in: a list without one of these was made of the wrong facts.
ALWAYS = {"boost1.74", "c-ares", "fmtlib", "libuv1", "nlohmann-json3", "spdlog", "sqlite3",
          "tomlplusplus", "zlib"}
OF_THE_SYSTEM = {"linux-x64": {"gcc-12", "glibc"}, "windows-x64": {"gcc-mingw-w64", "mingw-w64"}}


class Lists(unittest.TestCase):
    def each(self):
        lists = sorted(PACKAGES.glob("*.cdx.json"))
        self.assertTrue(lists)
        for path in lists:
            with self.subTest(list=path.name):
                yield path, json.loads(path.read_text())

    def test_they_are_valid(self):
        for path, _ in self.each():
            error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(path.read_text())
            self.assertIsNone(error)

    def test_they_name_each_library_once_with_its_version(self):
        for path, document in self.each():
            components = document["components"]
            names = [each["name"] for each in components]
            self.assertEqual(len(names), len(set(names)))
            system = next(each for each in OF_THE_SYSTEM if each in path.name)
            # Source packages have their major version in the name on other releases of Debian.
            self.assertEqual((ALWAYS | OF_THE_SYSTEM[system]) - set(names), set())
            self.assertTrue(all(each["version"] for each in components))
            self.assertFalse([name for name in names if name.startswith("google")])

    def test_they_stand_in_the_sums(self):
        sums = dict(reversed(line.split(maxsplit=1))
                    for line in (PACKAGES / "SHA256SUMS").read_text().splitlines())
        for path, _ in self.each():
            self.assertEqual(sums[path.name], hashlib.sha256(path.read_bytes()).hexdigest())


if __name__ == "__main__":
    unittest.main()
