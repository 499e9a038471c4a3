"""PowerShell's completions are PowerShell, and have a row for each option of the tools.

THROTTLE_COMPLETION is throttle-completion.ps1, THROTTLE_BIN the folder of the tools for this
machine. Whether PowerShell itself completes with it can only be seen on Windows. Run it by the
script venv.
"""

import os
import re
import subprocess
import unittest
from pathlib import Path

import tree_sitter
import tree_sitter_powershell

SCRIPT = Path(os.environ["THROTTLE_COMPLETION"]).read_bytes()
BIN = Path(os.environ["THROTTLE_BIN"])
ROW = re.compile(r"@\('((?:[^']|'')*)', '(--(?:[^']|'')*)'")


def options_of(tool: str, *command: str) -> set[str]:
    text = subprocess.run([BIN / tool, *command, "--help"], check=True, capture_output=True,
                          text=True, timeout=60).stdout
    return set(re.findall(r"^  (?:-\w \[ )?(--[\w-]+)", text, re.MULTILINE))


class PowerShell(unittest.TestCase):
    def test_it_is_well_formed(self):
        language = tree_sitter.Language(tree_sitter_powershell.language())
        tree = tree_sitter.Parser(language).parse(SCRIPT)
        wrong = [node for node in self.nodes(tree.root_node) if node.is_error or node.is_missing]
        self.assertEqual([(node.start_point, node.text[:80]) for node in wrong], [])
        names = [node.text for node in self.nodes(tree.root_node) if node.type == "command_name"]
        self.assertEqual(names.count(b"Register-ArgumentCompleter"), 4)

    def nodes(self, node):
        yield node
        for child in node.children:
            yield from self.nodes(child)

    def rows(self, tool: str) -> dict[str, set[str]]:
        """The options of each command."""
        part = SCRIPT.decode().partition(f"-CommandName '{tool}',")[2]
        part = part.partition("Register-ArgumentCompleter")[0]
        rows = {}
        for command, option in ROW.findall(part):
            rows.setdefault(command, set()).add(option)
        return rows

    def test_it_has_every_option(self):
        for tool in ("throttle-server", "throttle-proxy"):
            self.assertEqual(self.rows(tool)["*"], options_of(tool))
        inspect = self.rows("throttle-inspect")
        self.assertEqual(inspect["*"], options_of("throttle-inspect"))
        self.assertEqual(inspect["*"] | inspect["kick"], options_of("throttle-inspect", "kick"))

    def test_it_has_the_verbs_of_a_windows_service(self):
        rows = self.rows("throttle-service")
        self.assertIn("--scm", rows["run"])
        self.assertNotIn("--daemonize", rows["run"])
        self.assertIn("--password-from", rows["install"])
        self.assertIn("--purge", rows["uninstall"])


if __name__ == "__main__":
    unittest.main()
