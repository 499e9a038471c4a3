"""The installed package: its headers, its components and its pkg-config files."""

import os
import re
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from installed import (BUILD, FOLDER, PREFIX, SOURCE, build_setting, command_of, compiler,
                       configure, main, run, try_run)

INCLUDE = PREFIX / "include"
# One folder for each call of find_package(), as its targets are seen in its folder only.
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES C)
{folders}
"""
FOLDER_OF_A_CALL = """find_package(throttle {arguments})
message(STATUS "found: ${{throttle_FOUND}}; ${{throttle_NOT_FOUND_MESSAGE}}")
foreach(room core http uv gate client)
  if(TARGET throttle::${{room}})
    message(STATUS "target: ${{room}}")
  endif()
endforeach()
"""
ALL = {"core", "http", "uv", "gate", "client"}


@dataclass
class Found:
    found: bool
    message: str
    targets: set[str]


@cache
def find(calls: tuple[str, ...], *arguments: str) -> dict[str, Found]:
    """What find_package() with each of these arguments finds."""
    folder = Path(tempfile.mkdtemp(dir=FOLDER))
    (folder / "CMakeLists.txt").write_text(PROJECT.format(folders="\n".join(
        f"message(STATUS next)\nadd_subdirectory(call{n})" for n in range(len(calls)))))
    for number, call in enumerate(calls):
        (folder / f"call{number}").mkdir()
        (folder / f"call{number}" / "CMakeLists.txt").write_text(
            FOLDER_OF_A_CALL.format(arguments=call))
    done = configure(folder, folder / "build", *arguments)
    if done.returncode != 0:
        raise AssertionError(done.stdout)
    outputs = [" ".join(output.split()) for output in done.stdout.split("-- next\n")[1:]]
    return {call: Found("found: TRUE;" in output or "found: 1;" in output, output,
                        set(re.findall(r"-- target: (\w+)", output)))
            for call, output in zip(calls, outputs, strict=True)}


@cache
def machine_with(*available: str) -> tuple[str, ...]:
    """Arguments of cmake for a machine that has only these headers, and the package."""
    machine = Path(tempfile.mkdtemp(dir=FOLDER))
    (machine / "include").mkdir()
    for header in available:
        part = header.split("/")[0]
        (machine / "include" / part).symlink_to(found_in(header) / part)
    return (f"-DCMAKE_PREFIX_PATH={PREFIX};{machine}", "-DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF",
            "-DCMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH=OFF")


def headers() -> list[Path]:
    return sorted(INCLUDE.rglob("*.h"))


class Headers(unittest.TestCase):
    def test_only_rooms_for_others_are_there(self) -> None:
        rooms = {header.parent.name for header in headers()}
        self.assertEqual(rooms, ALL)

    def test_each_compiles_alone(self) -> None:
        def compiled(header: Path) -> str:
            name = header.relative_to(INCLUDE)
            return subprocess.run([*compiler(), "-fsyntax-only", f"-I{INCLUDE}", "-x", "c++", "-"],
                                  input=f'#include "{name}"\n', text=True, check=False,
                                  capture_output=True).stderr

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for header, errors in zip(headers(), pool.map(compiled, headers())):
                with self.subTest(header=header.name):
                    self.assertEqual(errors, "")


class Components(unittest.TestCase):
    """find_package() on a machine that has only some libraries."""

    CALLS = ("COMPONENTS core", "COMPONENTS gate", "COMPONENTS core OPTIONAL_COMPONENTS gate",
             "COMPONENTS cors", "")

    def found(self, call: str) -> Found:
        return find(self.CALLS, *machine_with("tl/expected.hpp"))[call]

    def test_core_needs_only_what_core_needs(self) -> None:
        core = self.found("COMPONENTS core")
        self.assertTrue(core.found, core.message)
        self.assertEqual(core.targets, {"core"})

    def test_a_missing_library_is_named_with_its_packages(self) -> None:
        gate = self.found("COMPONENTS gate")
        self.assertFalse(gate.found)
        self.assertEqual(gate.targets, set())
        self.assertIn("The component gate needs libuv (Debian: libuv1-dev, vcpkg and Homebrew: "
                      "libuv), which was not found", gate.message)

        core = find(("COMPONENTS core",), *machine_with())["COMPONENTS core"]
        self.assertFalse(core.found)
        self.assertIn("The component core needs tl/expected.hpp (Debian: libexpected-dev",
                      core.message)

    def test_an_optional_component_may_be_missing(self) -> None:
        both = self.found("COMPONENTS core OPTIONAL_COMPONENTS gate")
        self.assertTrue(both.found, both.message)
        self.assertEqual(both.targets, {"core"})

    def test_an_unknown_component_is_named_with_those_that_there_are(self) -> None:
        cors = self.found("COMPONENTS cors")
        self.assertFalse(cors.found)
        self.assertIn("There is no component cors. There are: core, http, uv, gate, client",
                      cors.message)

    def test_without_components_all_are_wanted(self) -> None:
        everything = self.found("")
        self.assertFalse(everything.found)
        self.assertIn("The component uv needs libuv", everything.message)
        self.assertIn("Name the components that you use: find_package(throttle COMPONENTS core)",
                      everything.message)

    def test_all_are_found_on_the_machine_of_the_build(self) -> None:
        everything = find(("",), f"-DCMAKE_PREFIX_PATH={PREFIX}")[""]
        self.assertTrue(everything.found, everything.message)
        self.assertEqual(everything.targets, ALL)


def found_in(header: str) -> Path:
    """The include folder in which the build found a header."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    folders = re.findall(r"^THROTTLE_\w+_INCLUDE_DIR:PATH=(.+)$", cache, re.MULTILINE)
    return next(Path(folder) for folder in folders if (Path(folder) / header).exists())


class PkgConfig(unittest.TestCase):
    FOLDERS = f"{PREFIX / build_setting('CMAKE_INSTALL_LIBDIR') / 'pkgconfig'}"

    def flags(self, name: str) -> list[str]:
        return run(command_of("pkg-config"), "--cflags", "--libs", name,
                   PKG_CONFIG_PATH=self.FOLDERS).split()

    def test_a_program_is_built_by_its_flags(self) -> None:
        for name, example in (("core", "memory-budget"), ("gate", "throttled-listener")):
            with self.subTest(name=name):
                program = FOLDER / example
                run(*compiler(), SOURCE / "examples" / example / "main.cc", "-o", program,
                    *self.flags(f"throttle-{name}"))
        self.assertIn("render starts", run(FOLDER / "memory-budget"))

    def test_core_needs_no_libuv(self) -> None:
        self.assertNotIn("-luv", self.flags("throttle-core"))
        self.assertIn("-luv", self.flags("throttle-gate"))

    def test_the_version_is_that_of_the_package(self) -> None:
        version = try_run("pkg-config", "--modversion", "throttle-http",
                          PKG_CONFIG_PATH=self.FOLDERS).stdout.strip()
        self.assertEqual(version, build_setting("CMAKE_PROJECT_VERSION"))


if __name__ == "__main__":
    main()
