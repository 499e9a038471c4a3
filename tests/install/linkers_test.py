"""An archive that was built with link-time optimisation can be read by any linker.

The release preset optimises so. GCC's objects then hold no machine code by default, and only
GCC's own plug-in can read them. The smallest room is built that way and linked by others, without
the sanitizers of this build: what one of them puts into an archive needs that compiler's library.
"""

import shlex
import unittest

from installed import (BUILD, FOLDER, PREFIX, SOURCE, build_setting, command_of, configure, main,
                       run)

FLAGS = [flag for flag in shlex.split(build_setting("CMAKE_CXX_FLAGS"))
         if not flag.startswith(("-fsanitize", "-fno-sanitize"))]
COMPILER = [build_setting("CMAKE_CXX_COMPILER"), *FLAGS, "-std=c++20"]
EXAMPLE = SOURCE / "examples/memory-budget/main.cc"
LAUNCHER = "CMAKE_CXX_COMPILER_LAUNCHER"
# Stays for the next run, which finds most of it done.
OPTIMISED = BUILD / "tests/install/optimised"


class Linkers(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        done = configure(SOURCE, OPTIMISED, "-DCMAKE_BUILD_TYPE=Release",
                         "-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON", "-DTHROTTLE_BUILD_TESTS=OFF",
                         f"-DCMAKE_CXX_FLAGS={shlex.join(FLAGS)}",
                         f"-D{LAUNCHER}={build_setting(LAUNCHER)}")
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        run("cmake", "--build", OPTIMISED, "--target", "throttle_core")

    def link(self, *command: str) -> str:
        """What the example prints when this command has linked it."""
        program = FOLDER / self.id()
        run(*command, f"-I{PREFIX / 'include'}", EXAMPLE,
            OPTIMISED / "libthrottle/core/libthrottle_core.a", "-o", program)
        return run(program)

    def test_the_compiler_that_built_it(self) -> None:
        self.assertIn("render starts", self.link(*COMPILER))

    def test_without_the_plug_in_of_the_compiler(self) -> None:
        # clang has no such plug-in, and would warn that it ignores the word.
        words = ("-fno-use-linker-plugin", "-Wno-ignored-optimization-argument")
        self.assertIn("render starts", self.link(*COMPILER, *words))

    def test_clang_with_lld(self) -> None:
        command_of("ld.lld-14", "ld.lld")
        clang = command_of("clang++-14", "clang++")
        self.assertIn("render starts", self.link(clang, "-std=c++20", "-fuse-ld=lld"))


if __name__ == "__main__":
    main()
