"""What Windows reads in the headers and resources of the tools, read back from the files.

THROTTLE_WINDOWS_BIN is the folder of the .exe files; each is a case of every test.
"""

import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BIN = Path(os.environ["THROTTLE_WINDOWS_BIN"])
TREE = Path(__file__).resolve().parents[2]
TOOLS = ("throttle-server", "throttle-proxy", "throttle-service", "throttle-inspect")
CONSOLE = 3
CHARACTERISTICS = {"high-entropy ASLR": 0x20, "ASLR": 0x40, "DEP": 0x100, "TSAWARE": 0x8000}
IMPORTS, RESOURCES, RELOCATIONS = 1, 2, 5  # of the data directories
ICON, GROUP_ICON, VERSION, MANIFEST = 3, 14, 16, 24  # types of resources
SYSTEM_DLLS = {"kernel32.dll", "msvcrt.dll", "ws2_32.dll", "advapi32.dll", "shell32.dll",
               "ole32.dll", "user32.dll", "iphlpapi.dll", "userenv.dll", "psapi.dll",
               "dbghelp.dll", "mswsock.dll"}
LIMIT_S = 60


class Executable:
    """A file of the format PE32+."""

    def __init__(self, path: Path):
        self.path = path
        self.bytes = path.read_bytes()
        self.header, = struct.unpack_from("<I", self.bytes, 0x3C)
        assert self.bytes[self.header:self.header + 4] == b"PE\0\0", path
        self.sections = self._sections()

    def _sections(self) -> list[tuple[int, int, int]]:
        """The address, the size and the place in the file of each."""
        count, = struct.unpack_from("<H", self.bytes, self.header + 6)
        optional_size, = struct.unpack_from("<H", self.bytes, self.header + 20)
        first = self.header + 24 + optional_size
        return [struct.unpack_from("<8xIIII", self.bytes, first + 40 * i)[1:4]
                for i in range(count)]

    def optional(self, layout: str, offset: int):
        """One value of the optional header."""
        return struct.unpack_from("<" + layout, self.bytes, self.header + 24 + offset)[0]

    @property
    def time_stamp(self) -> int:
        return struct.unpack_from("<I", self.bytes, self.header + 8)[0]

    def directory(self, number: int) -> tuple[int, int]:
        return struct.unpack_from("<II", self.bytes, self.header + 24 + 112 + 8 * number)

    def at(self, address: int) -> int:
        """The place in the file of an address in memory."""
        for start, size, place in self.sections:
            if start <= address < start + size:
                return place + address - start
        raise AssertionError(f"{self.path}: no section at {address:#x}")

    def resources(self) -> dict[int, list[bytes]]:
        """What each type of resource has: of each name and language."""
        root = self.at(self.directory(RESOURCES)[0])
        found = {}
        for kind, names in self._entries(root, root):
            for _, languages in self._entries(root, names):
                for _, leaf in self._entries(root, languages):
                    address, size = struct.unpack_from("<II", self.bytes, leaf)
                    place = self.at(address)
                    found.setdefault(kind, []).append(self.bytes[place:place + size])
        return found

    def _entries(self, root: int, table: int):
        named, numbered = struct.unpack_from("<HH", self.bytes, table + 12)
        for i in range(named + numbered):
            name, place = struct.unpack_from("<II", self.bytes, table + 16 + 8 * i)
            yield name, root + (place & 0x7FFFFFFF)

    def imports(self) -> set[str]:
        names = set()
        place = self.at(self.directory(IMPORTS)[0])
        while (name := struct.unpack_from("<12xI", self.bytes, place)[0]) != 0:
            start = self.at(name)
            names.add(self.bytes[start:self.bytes.index(b"\0", start)].decode().lower())
            place += 20
        return names


class Executables(unittest.TestCase):
    def each(self):
        for tool in TOOLS:
            with self.subTest(tool=tool):
                yield tool, Executable(BIN / f"{tool}.exe")

    def test_their_memory_is_protected(self):
        for _, exe in self.each():
            flags = exe.optional("H", 70)
            missing = [name for name, bit in CHARACTERISTICS.items() if not flags & bit]
            self.assertEqual(missing, [])
            self.assertGreater(exe.directory(RELOCATIONS)[1], 0, "ASLR needs relocations")
            self.assertGreater(exe.optional("Q", 24), 1 << 32, "the base is for high entropy")

    def test_they_are_console_programs_of_windows_10(self):
        for _, exe in self.each():
            self.assertEqual(exe.optional("H", 68), CONSOLE)
            self.assertEqual((exe.optional("H", 48), exe.optional("H", 50)), (10, 0))
            self.assertEqual((exe.optional("H", 40), exe.optional("H", 42)), (10, 0))

    def test_they_need_no_library_but_those_of_windows(self):
        for _, exe in self.each():
            self.assertEqual(exe.imports() - SYSTEM_DLLS, set())

    def test_their_manifest_says_how_to_run_them(self):
        for _, exe in self.each():
            manifest, = exe.resources()[MANIFEST]
            for needed in (b'level="asInvoker"', b">UTF-8</activeCodePage>",
                           b">true</longPathAware>", b"{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"):
                self.assertIn(needed, manifest)

    def test_their_properties_name_them(self):
        version = re.search(r"project\(throttle VERSION ([\d.]+)",
                            (TREE / "CMakeLists.txt").read_text()).group(1)
        for tool, exe in self.each():
            properties, = exe.resources()[VERSION]
            for needed in (tool, f"{tool}.exe", version, "Throttle"):
                self.assertIn(f"{needed}\0".encode("utf-16-le"), properties)

    def test_their_icon_is_the_one_that_the_script_draws(self):
        with tempfile.TemporaryDirectory() as folder:
            drawn = Path(folder) / "drawn.ico"
            subprocess.run([sys.executable, "-B", TREE / "scripts/draw-icon", drawn], check=True,
                           timeout=LIMIT_S)
            kept = (TREE / "cmake/windows/throttle.ico").read_bytes()
            self.assertEqual(kept, drawn.read_bytes())
        for _, exe in self.each():
            pictures = exe.resources()
            self.assertEqual(len(pictures[GROUP_ICON]), 1)
            self.assertTrue(all(picture in kept for picture in pictures[ICON]))

    def test_two_builds_of_one_tree_are_the_same(self):
        """No time stamp, and no path of the build."""
        for _, exe in self.each():
            self.assertEqual(exe.time_stamp, 0)
            for path in (TREE, Path.home()):
                self.assertNotIn(str(path).encode(), exe.bytes)
            self.assertEqual(re.findall(rb"[\w/.]*/tmp\.\w+/[\w/.]*", exe.bytes), [])


if __name__ == "__main__":
    unittest.main()
