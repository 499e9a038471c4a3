"""The tables of the installer for Windows, where wixl is known to leave something wrong."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ("service", "server", "proxy", "inspect")


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp())
        for tool in TOOLS:  # what is in the programs does not matter here
            (cls.folder / f"throttle-{tool}.exe").write_text(tool)
        subprocess.run([ROOT / "wix/build", "1.2.3", cls.folder, cls.folder], check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def rows(self, table: str) -> list[list[str]]:
        text = subprocess.run(["msiinfo", "export", self.folder / "throttle-1.2.3-x64.msi", table],
                              capture_output=True, text=True, check=True).stdout
        return [line.split("\t") for line in text.splitlines()[3:]]

    def sequence(self) -> dict[str, int]:
        return {action: int(number) for action, _, number in self.rows("InstallExecuteSequence")}

    def test_the_old_product_goes_first_within_the_transaction(self):
        self.assertEqual(self.sequence()["RemoveExistingProducts"], 1501)

    def test_options_are_known_before_the_service_is_installed(self):
        order = self.sequence()
        for action in ("AddConfiguration", "AddAccount", "AddStart", "AddPurge"):
            self.assertTrue(order["CostFinalize"] < order[action] < order["InstallInitialize"])
        self.assertTrue(order["InstallFiles"] < order["InstallService"] < order["StartService"])
        self.assertTrue(order["UninstallService"] < order["RemoveFiles"])

    def test_the_same_version_replaces_itself_and_a_newer_one_stays(self):
        attributes = {row[-1]: int(row[4]) for row in self.rows("Upgrade")}
        self.assertEqual(attributes["WIX_UPGRADE_DETECTED"], 513)
        self.assertEqual(attributes["WIX_DOWNGRADE_DETECTED"], 2)

    def test_components_are_of_64_bits(self):
        self.assertEqual({row[3] for row in self.rows("Component")}, {"256"})

    def test_public_properties_reach_the_elevated_installation(self):
        properties = dict(self.rows("Property"))
        secure = properties["SecureCustomProperties"].split(";")
        for name in ("CONFIG", "START_SERVICE", "SERVICE_ACCOUNT", "SERVICE_START", "PURGE"):
            self.assertIn(name, secure)

    def test_actions_that_change_the_system_are_deferred_and_elevated(self):
        types = {row[0]: int(row[1]) for row in self.rows("CustomAction")}
        for action in ("InstallService", "StartService", "StopService", "UninstallService"):
            self.assertEqual(types[action] & (1024 | 2048), 1024 | 2048)


if __name__ == "__main__":
    unittest.main()
