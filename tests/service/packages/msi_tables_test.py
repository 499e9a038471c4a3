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
        (cls.folder / "throttle-completion.ps1").write_text("# nothing\n")
        subprocess.run([ROOT / "wix/build", "1.2.3", cls.folder, cls.folder], check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @property
    def msi(self) -> Path:
        return self.folder / "throttle-1.2.3-x64.msi"

    def rows(self, table: str) -> list[list[str]]:
        text = subprocess.run(["msiinfo", "export", self.msi, table],
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
        self.assertTrue(order["AppSearch"] < order["UseRememberedFolder"] < order["CostFinalize"])
        self.assertTrue(order["InstallFiles"] < order["UndoInstallService"]
                        < order["InstallService"] < order["StartService"])
        self.assertTrue(order["UninstallService"] < order["RemoveFiles"])

    def test_the_same_version_replaces_itself_and_a_newer_one_stays(self):
        attributes = {row[-1]: int(row[4]) for row in self.rows("Upgrade")}
        self.assertEqual(attributes["WIX_UPGRADE_DETECTED"], 513)
        self.assertEqual(attributes["WIX_DOWNGRADE_DETECTED"], 2)

    def test_components_are_of_64_bits(self):
        for row in self.rows("Component"):
            is_registry = row[0] in ("Folder", "Path")
            self.assertEqual(int(row[3]), 256 + (4 if is_registry else 0), row)

    def test_each_component_belongs_to_its_feature(self):
        pairs = {tuple(row) for row in self.rows("FeatureComponents")}
        self.assertIn(("Service", "Service"), pairs)
        for component in ("Server", "Proxy", "Inspect", "Completion", "Path"):
            self.assertIn(("Tools", component), pairs)
            self.assertNotIn(("Service", component), pairs)
        for component in ("Folder", "Licence"):
            self.assertTrue({("Service", component), ("Tools", component)} <= pairs)

    def test_programs_have_the_version_of_the_product_and_short_names(self):
        files = {row[0]: row for row in self.rows("File")}
        for tool in TOOLS:
            row = files[f"{tool.capitalize()}Exe"]
            self.assertEqual((row[4], row[5]), ("1.2.3.0", "1033"))
        for row in files.values():
            short = row[2].partition("|")[0]
            self.assertRegex(short, r"^[\w]{1,8}\.\w{1,3}$")

    def test_the_folder_joins_the_path_of_the_machine_if_it_is_asked_for(self):
        self.assertEqual(self.rows("Environment"),
                         [["Path", "=-*PATH", "[~];[INSTALLDIR]", "Path"]])
        conditions = {row[0]: row[4] for row in self.rows("Component")}
        self.assertEqual(conditions["Path"], 'ADD_TO_PATH = "1"')
        order = self.sequence()
        self.assertIn("WriteEnvironmentStrings", order)
        self.assertIn("RemoveEnvironmentStrings", order)

    def test_the_same_input_gives_the_same_bytes(self):
        first = {path.name: path.read_bytes() for path in self.folder.glob("throttle-1.2.3*")}
        self.assertEqual(len(first), 2)
        subprocess.run([ROOT / "wix/build", "1.2.3", self.folder, self.folder], check=True)
        for name, content in first.items():
            self.assertEqual((self.folder / name).read_bytes() == content, True, name)

    def test_public_properties_reach_the_elevated_installation(self):
        properties = dict(self.rows("Property"))
        secure = properties["SecureCustomProperties"].split(";")
        for name in ("CONFIG", "START_SERVICE", "SERVICE_ACCOUNT", "SERVICE_START", "PURGE",
                     "INSTALLDIR", "ADD_TO_PATH", "REMEMBERED_FOLDER", "SERVICE_PRESENT"):
            self.assertIn(name, secure)

    def test_actions_that_change_the_system_are_deferred_and_elevated(self):
        types = {row[0]: int(row[1]) for row in self.rows("CustomAction")}
        for action in ("InstallService", "StartService", "StopService", "UninstallService"):
            self.assertEqual(types[action] & (1024 | 2048), 1024 | 2048)

    def test_a_failed_installation_removes_a_service_that_was_not_there(self):
        types = {row[0]: int(row[1]) for row in self.rows("CustomAction")}
        self.assertEqual(types["UndoInstallService"], 3410)
        conditions = {row[0]: row[1] for row in self.rows("InstallExecuteSequence")}
        self.assertIn("NOT SERVICE_PRESENT", conditions["UndoInstallService"])


if __name__ == "__main__":
    unittest.main()
