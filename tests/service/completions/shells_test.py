"""bash, zsh and fish complete what the tools' own --help all lists, and nothing else.

THROTTLE_COMPLETIONS is the folder of the scripts, THROTTLE_BIN that of the tools.
"""

import os
import re
import subprocess
import unittest
from pathlib import Path

from shells import Bash, Fish, LIMIT_S, Zsh

SCRIPTS = Path(os.environ["THROTTLE_COMPLETIONS"])
BIN = Path(os.environ["THROTTLE_BIN"])
SHELLS = {"bash": Bash, "zsh": Zsh, "fish": Fish}


def help_of(tool: str, *command: str) -> str:
    return subprocess.run([BIN / tool, *command, "--help", "all"], check=True, capture_output=True,
                          text=True, timeout=LIMIT_S).stdout


def options_of(tool: str, *command: str) -> set[str]:
    return set(re.findall(r"^  (?:-\w \[ )?(--[\w-]+)", help_of(tool, *command), re.MULTILINE))


def commands_of(tool: str, heading: str) -> set[str]:
    listed = help_of(tool).partition(f"\n{heading}:\n")[2].partition("\n\n")[0]
    return set(re.findall(r"^  (\w[\w-]*)", listed, re.MULTILINE))


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shells = {name: shell(SCRIPTS) for name, shell in SHELLS.items()}

    @classmethod
    def tearDownClass(cls):
        for shell in cls.shells.values():
            shell.close()

    def assert_completes(self, line: str, expected: set[str]) -> None:
        for name, shell in self.shells.items():
            with self.subTest(shell=name, line=line):
                self.assertEqual(shell.complete(line), expected)

    def test_the_options_of_a_tool(self):
        for tool in ("throttle-server", "throttle-proxy", "throttle-inspect"):
            options = options_of(tool)
            self.assertIn("--help", options)
            self.assert_completes(f"{tool} --", options)

    def test_the_commands_of_throttle_inspect(self):
        commands = commands_of("throttle-inspect", "Commands")
        self.assertIn("kick", commands)
        self.assert_completes("throttle-inspect ", commands)
        self.assert_completes("throttle-inspect -S http://127.0.0.1:1 ki", {"kick"})
        self.assert_completes("throttle-inspect --utc whi", set())

    def test_the_options_of_each_command(self):
        for command in sorted(commands_of("throttle-inspect", "Commands")):
            self.assert_completes(f"throttle-inspect {command} --",
                                  options_of("throttle-inspect", command))

    def test_the_verbs_of_throttle_service(self):
        verbs = commands_of("throttle-service", "Verbs")
        self.assertIn("run", verbs)
        self.assert_completes("throttle-service ", verbs)
        self.assert_completes("throttle-service --", {"--help", "--version"})
        for verb in sorted(verbs):
            self.assert_completes(f"throttle-service {verb} --",
                                  options_of("throttle-service", verb))

    def test_the_values_of_an_option(self):
        self.assert_completes("throttle-inspect --color ", {"auto", "always", "never"})
        self.assert_completes("throttle-inspect usage --by w", {"weekday-hour"})
        self.assert_completes("throttle-proxy --queue-order l", {"lifo"})
        self.assert_completes("throttle-service run --role p", {"proxy"})
        self.assert_completes("throttle-server --port ", set())
        for name, shell in self.shells.items():  # which differ in whether the option is repeated
            with self.subTest(shell=name):
                words = shell.complete("throttle-inspect usage --by=w")
                self.assertEqual({word.removeprefix("--by=") for word in words}, {"weekday-hour"})

    def test_a_file_is_completed_where_one_is_expected(self):
        for name, shell in self.shells.items():
            home = Path(shell.home.name)
            (home / "one-file.toml").touch()
            with self.subTest(shell=name):
                self.assertEqual(shell.complete("throttle-server -c one"), {"one-file.toml"})
                self.assertEqual(shell.complete("throttle-inspect export --to one"),
                                 {"one-file.toml"})
                self.assertEqual(shell.complete("throttle-server one"), set())


if __name__ == "__main__":
    unittest.main()
