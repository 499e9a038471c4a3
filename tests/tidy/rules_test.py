"""Every rule fires where it must and is quiet where it must; no rule goes untested."""

import unittest

import archives
import rules
from source import Source


def findings(rule: str, files: dict[str, str]) -> list[int]:
    """The lines where the rule fires on a tree of these files."""
    tree = {path: Source(path, text) for path, text in files.items()}
    return [finding.line for name, finding in rules.check(tree) if name == rule]


def body(lines: int) -> str:
    return "int f(int x) {\n" + "  x += 1;\n" * (lines - 2) + "}\n"


# For each rule: trees in which it fires, at these lines, and trees in which it does not.
FIRES = {
    "layers": [
        ({"libthrottle/core/a.cc": '\n#include "libthrottle/uv/loop.h"\n'}, [2]),
        ({"libthrottle/http/a.cc": '#include "libthrottle/lease/lease_door.h"\n'}, [1]),
        ({"libthrottle/lease/a.cc": '#include "libthrottle/httpd/server.h"\n'}, [1]),
        ({"libthrottle/config/a.h": '#include "libthrottle/uv/loop.h"\n'}, [1]),
        ({"libthrottle/uv/a.cc": '#include "tests/testing/fake.h"\n'}, [1]),
        ({"libthrottle/attic/a.cc": ""}, [1]),
        ({"tests/core/a.cc": '#include "libthrottle/core/gone.h"\n'}, [1]),
    ],
    "links": [
        ({"libthrottle/lease/CMakeLists.txt":
          "throttle_library(lease\n  SOURCES a.cc\n  DEPENDS throttle::core\n  throttle::uv)\n"},
         [4]),
        ({"libthrottle/core/CMakeLists.txt":
          "throttle_library(core\n  PRIVATE_DEPENDS throttle_dep::uv)\n"}, [2]),
        ({"libthrottle/gate/CMakeLists.txt": "throttle_library(gate DEPENDS throttle::core)\n",
          "libthrottle/gate/a.cc": '#include "libthrottle/uv/loop.h"\n'}, [1]),
    ],
    "installed-headers": [
        ({"libthrottle/gate/CMakeLists.txt": "throttle_library(gate\n  HEADERS a.h\n  DEPENDS x)",
          "libthrottle/gate/a.h": '\n#include "libthrottle/gate/b.h"\n'}, [2]),
    ],
    "purity": [
        ({"libthrottle/core/a.cc": "#include <thread>\n"}, [1]),
        ({"libthrottle/lease/a.h": "#include <uv.h>\n"}, [1]),
    ],
    "time-comes-in": [
        ({"libthrottle/core/a.cc": "auto t = std::chrono::steady_clock::now();\n"}, [1]),
        ({"tests/lease/a_test.cc": "std::this_thread::sleep_for(1s);\n"}, [1]),
    ],
    "platform-files": [
        ({"libthrottle/uv/a.cc": "#ifdef _WIN32\n#endif\n"}, [1]),
        ({"libthrottle/uv/a.h": "#if defined(X)\n#elif defined(__linux__)\n#endif\n"}, [2]),
    ],
    "light-headers": [({"libthrottle/lease/a.h": "#include <nlohmann/json.hpp>\n"}, [1])],
    "line-length": [
        ({"a.cc": "\n" + "x" * 101 + "\n"}, [2]),
        ({"dev": "#!/usr/bin/env bash\n#" + "x" * 100 + "\n"}, [2]),
    ],
    "file-length": [({"a.py": "x = 1\n" * 601}, [1]),
                    ({"libthrottle/core/a.cc": "//\n" * 301}, [1])],
    "function-length": [
        ({"a.cc": body(71)}, [1]),
        ({"a.cc": "namespace {\nclass A {\n" + body(80) + body(3) + "};\n}\n"}, [3]),
        ({"a.cc": body(69).replace("}", "  char c = '}';  // }\n  log(R\"(})\");\n}")}, [1]),
    ],
    "names": [
        ({"a.cc": "class PeerManager;\n"}, [1]),
        ({"a.h": "// A.\n#pragma once\nenum class LogInfo { kA };\n"}, [3]),
        ({"a.py": "class TestHelper:\n    pass\n"}, [1]),
        ({"libthrottle/core/string_util.cc": ""}, [1]),
    ],
    "assertions": [
        ({"libthrottle/uv/CMakeLists.txt": "", "libthrottle/uv/a.cc": "// THROTTLE_CHECK(x)"}, [1]),
    ],
    "openings": [({"a.cc": '#include "a.h"\n'}, [1])],
    "plain-english": [
        ({"a.cc": "// Calls whoever waits.\n"}, [1]),
        ({"a.cc": 'f("The client is told it.");\n'}, [1]),
        ({"a.cc": "// Those that have so\n// many.\n"}, [1]),
        ({"a.cc": 'f("one that stands "\n  "in it");\n'}, [1]),
        ({"a.cc": "\n// Who has left takes no place.\n"}, [2]),
        ({"a.cc": "// Those who wait leave.\n"}, [1]),
        ({"a.py": '"""Begin anew, but for one."""\n'}, [1, 1]),
        ({"dev": "#!/bin/sh\n# Be it of use.\n"}, [2]),
        ({"CMakeLists.txt": "# This hinders.\n"}, [1]),
        ({"a.md": "An answer (404, say) and rates\nby HAProxy.\n"}, [1, 2]),
        ({"a.toml": "# For so long.\n"}, [1]),
    ],
    "opening-words": [({"a.h": "#pragma once\n"}, [1])],
    "pragma-once": [({"a.h": "// A.\n#ifndef A\n#define A\n#endif\n"}, [1])],
    "no-throw": [({"a.cc": "void f() {\n  throw 1;\n}\n"}, [2])],
    "replacing-dumps": [({"libthrottle/lease/a.cc": "auto a = b.dump();\nauto c = d.dump(2);\n"},
                         [1, 2])],
    "named-captures": [
        ({"a.cc": "auto f = [=] { return x; };\n"}, [1]),
        ({"a.cc": "auto f = [=, &y] { return x; };\n"}, [1]),
    ],
    "no-skipped-tests": [
        ({"a.cc": "GTEST_SKIP();\n"}, [1]),
        ({"a.cc": "TEST(A, DISABLED_B) {}\n"}, [1]),
        ({"a.py": "@pytest.mark.skip\n"}, [1]),
        ({"a.py": "absent = pytest.mark.skipif(not here, reason='')\n"}, [1]),
        ({"a.py": "tool = pytest.importorskip('tool')\n"}, [1]),
    ],
    "files-by-name": [({"CMakeLists.txt": "file(GLOB sources *.cc)\n"}, [1])],
    "dead-files": [
        ({"tools/a/main.cc": "", "tools/a/CMakeLists.txt": "add_executable(a other_main.cc)"}, [1]),
        ({"a.h": "", "b.cc": "", "CMakeLists.txt": "add_library(b b.cc)"}, [1]),
        ({"tests/fuzz/a_fuzz.cc": "", "tests/fuzz/CMakeLists.txt": "throttle_fuzz_room(b x)"}, [1]),
    ],
    "nobodys-hosts": [({"dev": "#!/bin/sh\ncurl https:/" "/packages.debian.org/x\n"}, [2])],
    "no-machine-paths": [({"README.md": "Look at /" + "work/main.\n"}, [1])],
    "whitespace": [({"a.py": "x = 1 \n"}, [1]), ({"a.py": "x = 1"}, [1])],
}

QUIET = {
    "layers": [
        {"libthrottle/lease/a.cc": '#include "libthrottle/http/router.h"\n',
         "libthrottle/http/router.h": ""},
        {"libthrottle/app/a.cc": '#include "libthrottle/uv/loop.h"\n',
         "libthrottle/uv/loop.h": ""},
        {"tests/core/a.cc": '#include "libthrottle/uv/loop.h"\n', "libthrottle/uv/loop.h": ""},
        {"tools/a/a.cc": '#include "libthrottle/app/version.h"\n',
         "libthrottle/app/version.h.in": ""},
    ],
    "links": [
        {"libthrottle/lease/CMakeLists.txt":
         "throttle_library(lease  # not throttle::uv\n  DEPENDS throttle::core throttle::http)\n"},
        {"libthrottle/config/CMakeLists.txt": "throttle_library(config DEPENDS throttle::core)\n",
         "libthrottle/config/a.h": '#include "libthrottle/gate/settings.h"\n'},
        {"tests/core/CMakeLists.txt": "throttle_library(fakes DEPENDS throttle::uv)\n"},
    ],
    "installed-headers": [
        {"libthrottle/gate/CMakeLists.txt": "throttle_library(gate HEADERS a.h b.h\n DEPENDS x)",
         "libthrottle/gate/a.h": '#include "libthrottle/gate/b.h"\n',
         "libthrottle/gate/private.h": '#include "libthrottle/gate/state.h"\n'},
    ],
    "purity": [{"libthrottle/uv/a.cc": "#include <uv.h>\n"}],
    "time-comes-in": [
        {"libthrottle/uv/a.cc": "steady_clock::now();\n"},
        {"libthrottle/core/a.cc": "// Unlike steady_clock.\n"},
    ],
    "platform-files": [
        {"libthrottle/uv/a_win32.cc": "#ifdef _WIN32\n#endif\n"},
        {"tests/uv/a_posix_test.cc": "#ifdef __linux__\n#endif\n"},
    ],
    "light-headers": [{"libthrottle/lease/a.cc": "#include <nlohmann/json.hpp>\n"},
                      {"libthrottle/lease/a.h": "#include <nlohmann/json_fwd.hpp>\n"}],
    "line-length": [{"a.cc": "…" * 100 + "\n"}, {"a.md": "x" * 200 + "\n"}],
    "file-length": [{"a.py": "x = 1\n" * 600}, {"libthrottle/core/a.cc": "//\n" * 300}],
    "function-length": [
        {"a.cc": body(70)},
        {"a.cc": "struct A {\n" + "  int x;\n" * 90 + "};\n"},
        {"a.cc": "constexpr int kTable[] = {\n" + "  1,\n" * 90 + "};\n"},
        {"a.cc": body(40) + body(40)},
    ],
    "names": [{"a.cc": "class Database;\nenum class Level { kInfo };\n"}],
    "assertions": [{"libthrottle/gate/CMakeLists.txt": "",
                    "libthrottle/gate/a.cc": "THROTTLE_CHECK(x);\n" * 1000}],
    "openings": [{"a.cc": "// What it is for.\n"}],
    "plain-english": [
        {"a.cc": "// A client who left. Somebody who waits. It shows who waits. Who waits?\n"},
        {"a.cc": "int told = tell(whom);  // as long as it is not for one but for all\n"},
        {"a.cc": 'f("told");  // accepted by HAProxy\'s rule; it stands in front of them\n'},
        {"a.cc": "// so\nint many;  // many, say 100\n"},
        {"a.py": "file.tell()\nprint(f'as {told} now')\n"},
        {"a.md": "It was told so. <!-- tidy-allow: plain-english, a citation -->\n"},
    ],
    "opening-words": [{"a.h": "// What A is for.\n#pragma once\n"}],
    "pragma-once": [{"a.h": "// What A is for.\n/* More. */\n#pragma once\n"}],
    "no-throw": [{"a.cc": "// Does not throw.\nEXPECT_THROW(f(), int);\n"}],
    "replacing-dumps": [
        {"libthrottle/lease/a.cc": "a.dump(-1, ' ', false, json::error_handler_t::replace);\n"},
        {"tests/a.cc": "a.dump();\n"}],
    "named-captures": [{"a.cc": "auto f = [x = y] { return x; };\nint a[] = {1};\n"}],
    "no-skipped-tests": [{"a.cc": "// No GTEST_SKIP here.\n"}],
    "files-by-name": [{"CMakeLists.txt": "# Never file(GLOB …).\n"}],
    "dead-files": [
        {"a.cc": '#include "b.h"\n', "b.h": "", "CMakeLists.txt": "add_library(a\n  a.cc)"},
        {"tests/fuzz/a_fuzz.cc": "", "tests/fuzz/CMakeLists.txt": "throttle_fuzz_room(a x)"},
    ],
    "nobodys-hosts": [{"a.py": "'http://localhost:8000', 'http://127.0.0.1/', 'http://host'\n"},
                      {"a.md": "[RFC](https:/" "/www.rfc-editor.org/rfc/rfc9112)\n"}],
    "no-machine-paths": [{"a.md": "build/tmp/x, ~/work/x, /var/tmp/x, peers/home/x\n"}],
    "whitespace": [{"a.py": ""}, {"a.py": "x = 1\n"}],
}


class RulesTest(unittest.TestCase):
    def test_every_rule_is_shown_firing_and_quiet(self) -> None:
        self.assertEqual(set(rules.RULES), set(FIRES))
        self.assertEqual(set(rules.RULES), set(QUIET))

    def test_fires(self) -> None:
        for rule, cases in FIRES.items():
            for files, lines in cases:
                with self.subTest(rule=rule, files=files):
                    self.assertEqual(findings(rule, files), lines)

    def test_is_quiet(self) -> None:
        for rule, trees in QUIET.items():
            for files in trees:
                with self.subTest(rule=rule, files=files):
                    self.assertEqual(findings(rule, files), [])

    def test_a_line_may_allow_a_rule_with_a_reason(self) -> None:
        for words, lines in [("no-throw, as a test", []), ("no-throw", [1]), ("names, why", [1])]:
            text = f"throw 1;  // tidy-allow: {words}\n"
            self.assertEqual(findings("no-throw", {"a.cc": text}), lines, text)


class ArchivesTest(unittest.TestCase):
    def test_reads_what_an_archive_defines_and_needs(self) -> None:
        listing = ("\nlibthrottle_a.a[a.o]:\nf T 0 1\ng U \nh U \nh W 0 1\n_Z1x V 0 8\n"
                   "local t 0 1\nw w \n")
        self.assertEqual(archives.symbols_of(listing), ({"f", "h", "_Z1x"}, {"g", "w"}))

    def test_a_room_needs_symbols_only_of_rooms_that_it_stands_on(self) -> None:
        symbols = {"core": ({"f"}, {"abort"}), "uv": ({"g"}, {"f", "uv_run"}),
                   "gate": ({"h"}, {"f", "g"})}
        self.assertEqual(list(archives.findings(symbols)), [])
        symbols["core"][1].add("g")
        self.assertEqual(list(archives.findings(symbols)), ["core needs g of uv"])

    def test_a_pure_room_needs_nothing_of_the_system(self) -> None:
        for name in ("uv_run", "socket", "_ZNSt6chrono3_V212steady_clock3nowEv"):
            self.assertEqual(list(archives.findings({"lease": (set(), {name})})),
                             [f"lease is pure, but needs {name}"])


if __name__ == "__main__":
    unittest.main()
