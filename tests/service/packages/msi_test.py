"""The installer under Wine: its whole life, and that a failed installation leaves nothing behind.

THROTTLE_MSI is the installer, THROTTLE_WINDOWS_BIN the folder of the .exe files it was made of. The
service listens on port 8000, so run it in a network of its own, and by scripts/wine, whose prefix
is copied for each test. Wine does not say UPGRADINGPRODUCTCODE to the product that an upgrade
removes: that one is a copy whose condition also reads an environment variable.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

MSI = Path(os.environ["THROTTLE_MSI"])
BIN = Path(os.environ["THROTTLE_WINDOWS_BIN"])
TEMPLATE = Path(os.environ["WINEPREFIX"])
BUILD = Path(__file__).resolve().parents[3] / "wix/build"
LIMIT_S = 180
FAILED = 1603 & 0xFF  # msiexec of Wine returns the low byte
UPGRADING = "%THROTTLE_UPGRADING"
TOOLS = {"throttle-server.exe", "throttle-proxy.exe", "throttle-inspect.exe",
         "throttle-completion.ps1"}


def build(version: str, folder: Path) -> Path:
    """An installer of another version, with the condition that Wine needs."""
    subprocess.run([BUILD, version, BIN, folder], check=True, timeout=LIMIT_S,
                   stdout=subprocess.DEVNULL)
    return patched(folder / f"throttle-{version}-x64.msi", folder / f"{version}.msi", [
        "UPDATE InstallExecuteSequence SET Condition='&Service = 2 AND NOT UPGRADINGPRODUCTCODE "
        f"AND NOT {UPGRADING}' WHERE Action='UninstallService'"])


def patched(msi: Path, target: Path, queries: list[str]) -> Path:
    shutil.copy(msi, target)
    for query in queries:
        subprocess.run(["msibuild", target, "-q", query], check=True, timeout=LIMIT_S)
    return target


def serves(port: int = 8000) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
            client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            return b"200 OK" in client.recv(100)
    except OSError:
        return False


class Installer(unittest.TestCase):
    """Each test has a Windows of its own."""

    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory(prefix="throttle-msi-")
        cls.versions = {version: build(version, Path(cls.made.name))
                        for version in ("0.0.1", "0.0.2")}

    @classmethod
    def tearDownClass(cls):
        cls.made.cleanup()

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="throttle-wine-", dir=TEMPLATE.parent)
        self.addCleanup(scratch.cleanup)
        prefix = Path(scratch.name) / "prefix"
        subprocess.run(["cp", "--archive", "--link", TEMPLATE, prefix], check=True)
        self.surroundings = os.environ | {"WINEPREFIX": str(prefix)}
        self.disk = prefix / "drive_c"
        self.programs = self.disk / "Program Files/Throttle"
        self.data = self.disk / "ProgramData/Throttle"
        keeper = subprocess.Popen(["wine", "cmd", "/c", "pause"], stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  env=self.surroundings)
        self.addCleanup(self.end, keeper)
        self.wine("cmd", "/c", "exit")

    def end(self, keeper: subprocess.Popen) -> None:
        keeper.stdin.close()
        keeper.wait(LIMIT_S)
        subprocess.run(["wineserver", "--wait"], env=self.surroundings, check=True,
                       timeout=LIMIT_S)

    def wine(self, *command, **environment) -> tuple[int, str]:
        with tempfile.TemporaryFile("w+", errors="replace") as output:
            code = subprocess.run(["wine", *map(str, command)], stdin=subprocess.DEVNULL,
                                  stdout=output, stderr=output, check=False,
                                  env=self.surroundings | environment, timeout=LIMIT_S).returncode
            output.seek(0)
            return code, output.read()

    def msiexec(self, *arguments, **environment) -> int:
        return self.wine("msiexec", *arguments, "/qn", **environment)[0]

    def install(self, msi: Path, *properties: str, **environment) -> None:
        self.assertEqual(self.msiexec("/i", f"Z:{msi}", *properties, **environment), 0)

    def service(self, *arguments: str) -> tuple[int, str]:
        return self.wine(self.programs / "throttle-service.exe", *arguments)

    def status(self) -> dict:
        return json.loads(self.service("status", "--json")[1])

    def has_service(self) -> bool:
        return "SERVICE_NAME" in self.wine("sc", "query", "Throttle")[1]

    def registry(self, key: str, name: str) -> str:
        code, text = self.wine("reg", "query", key, "/v", name)
        return text.split("REG_", 1)[1].split(None, 1)[1].strip() if code == 0 else ""

    @property
    def path(self) -> str:
        return self.registry(r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment",
                             "PATH")

    def test_it_installs_a_service_that_runs_and_leaves_only_its_data(self):
        before = self.path
        self.install(MSI)
        self.assertIn("RUNNING", self.wine("sc", "query", "Throttle")[1])
        self.assertTrue(serves())
        status = self.status()
        self.assertEqual(status["account"], r"NT SERVICE\Throttle")
        self.assertEqual(status["start"], "auto")
        self.assertEqual({path.name for path in self.programs.iterdir()},
                         TOOLS | {"throttle-service.exe", "LICENSE.txt"})
        self.assertTrue((self.data / "throttle.toml").is_file())
        self.assertIn(r"C:\Program Files\Throttle", self.path)
        self.assertEqual(self.msiexec("/x", f"Z:{MSI}"), 0)
        self.assertFalse(serves())
        self.assertFalse(self.has_service())
        self.assertFalse(self.programs.exists())
        self.assertEqual(self.registry(r"HKLM\Software\Throttle", "InstallDir"), "")
        self.assertEqual(self.path, before)
        self.assertTrue((self.data / "throttle.toml").is_file())

    def test_a_removal_with_purge_takes_the_data_too(self):
        self.install(MSI)
        self.assertEqual(self.msiexec("/x", f"Z:{MSI}", "PURGE=1"), 0)
        self.assertFalse(self.data.exists())

    def test_its_properties(self):
        file = self.disk / "own.toml"
        file.write_text("[semaphores]\nA = 1\n[http]\nlisten = '127.0.0.1:8000'\n")
        self.install(MSI, "START_SERVICE=0", "SERVICE_START=demand", r"CONFIG=C:\own.toml",
                     "SERVICE_ACCOUNT=LocalSystem", r"INSTALLDIR=C:\a folder", "ADD_TO_PATH=0")
        self.programs = self.disk / "a folder"
        self.assertFalse(serves())
        status = self.status()
        self.assertEqual((status["state"], status["start"], status["account"]),
                         ("stopped", "demand", "LocalSystem"))
        self.assertEqual(status["configuration"], r"C:\own.toml")
        self.assertNotIn("a folder", self.path)
        self.assertEqual(self.service("start")[0], 0)
        self.assertTrue(serves())

    def test_the_tools_alone(self):
        self.install(MSI, "ADDLOCAL=Tools")
        self.assertFalse(self.has_service())
        self.assertFalse(self.data.exists())
        self.assertEqual({path.name for path in self.programs.iterdir()}, TOOLS | {"LICENSE.txt"})

    def test_the_service_alone(self):
        self.install(MSI, "ADDLOCAL=Service")
        self.assertTrue(serves())
        self.assertEqual({path.name for path in self.programs.iterdir()},
                         {"throttle-service.exe", "LICENSE.txt"})
        self.assertNotIn("Throttle", self.path)

    def test_an_upgrade_keeps_the_edited_file_the_start_type_and_the_folder(self):
        self.install(self.versions["0.0.1"], r"INSTALLDIR=C:\a folder")
        self.programs = self.disk / "a folder"
        file = self.data / "throttle.toml"
        file.write_text(file.read_text() + "\n# mine\n")
        self.assertEqual(self.service("install", "--start", "demand")[0], 0)
        self.install(self.versions["0.0.2"], THROTTLE_UPGRADING="1")
        self.assertIn("# mine", file.read_text())
        self.assertEqual((self.status()["state"], self.status()["start"]), ("running", "demand"))
        self.assertTrue(serves())
        self.assertFalse((self.disk / "Program Files/Throttle").exists())
        self.assertNotEqual(self.msiexec("/i", f"Z:{self.versions['0.0.1']}"), 0)
        self.assertTrue(serves())
        self.install(self.versions["0.0.2"], THROTTLE_UPGRADING="1")
        self.assertTrue(serves())

    def test_a_failed_installation_leaves_no_service_and_no_program(self):
        failing = patched(MSI, Path(self.made.name) / "failing.msi", [
            "INSERT INTO CustomAction (Action, Type, Source, Target) "
            "VALUES ('Fail', 3090, 'ServiceExe', 'no-such-verb')",
            "INSERT INTO InstallExecuteSequence (Action, Sequence) VALUES ('Fail', 6500)"])
        self.assertEqual(self.msiexec("/i", f"Z:{failing}"), FAILED)
        self.assertFalse(self.has_service())
        self.assertFalse(serves())
        self.assertFalse(self.programs.exists())


if __name__ == "__main__":
    unittest.main()
