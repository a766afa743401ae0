# SPDX-License-Identifier: MIT
"""What users may expect of every public header, wherever they include it.

EVENTP_CXX: the compiler. EVENTP_FLAGS: its flags, without the standard.
"""
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent.parent / "include"
COMPILE = [os.environ["EVENTP_CXX"], *shlex.split(os.environ["EVENTP_FLAGS"]), "-x", "c++",
           f"-I{INCLUDE}"]
HEADERS = sorted(str(file.relative_to(INCLUDE)) for file in INCLUDE.rglob("*.hpp"))
# Headers that define many macros; those that are not installed are left out.
SYSTEM = ["complex.h", "curses.h", "linux/fs.h", "linux/kernel.h", "linux/socket.h", "netdb.h",
          "net/if.h", "sys/param.h", "sys/stat.h", "sys/sysmacros.h", "sys/ucontext.h", "syslog.h",
          "term.h", "termios.h", "X11/Xlib.h", "X11/Xutil.h"]
PLAIN = [name for name in HEADERS if "/testing/" not in name]  # those without GoogleMock


def foreign_headers():
    """What the public headers include besides each other."""
    names = {name for header in HEADERS
             for name in re.findall(r"^#include <([^>]+)>", (INCLUDE / header).read_text(), re.M)}
    return sorted(name for name in names if not name.startswith(("eventp/", "eventp-needs")))


def include(names):
    return "".join(f"#if __has_include(<{name}>)\n#include <{name}>\n#endif\n" for name in names)


def compile_text(text, *options):
    return subprocess.run([*COMPILE, *options, "-"], input=text, text=True, capture_output=True,
                          check=False)


def syntax_errors(text):
    return compile_text(text, "-std=c++23", "-fsyntax-only").stderr


class Standard(unittest.TestCase):
    """An older standard is refused before the code is."""

    def refused(self, header, *options):
        done = compile_text(include([header]), *options)
        errors = re.findall(r"error: .*", done.stderr)
        self.assertIn("compile with -std=c++23", (errors or ["none"])[0])
        self.assertLessEqual(len(errors), 3)

    # [header.standard]
    def test_the_first_error_says_what_is_missing_and_few_follow(self):
        for standard in ("c++20", "gnu++17", "c++14", "c++11"):
            with self.subTest(standard):
                self.refused("eventp/eventp.hpp", f"-std={standard}", "-fsyntax-only")

    def test_every_header_looks_first(self):
        for header in HEADERS:
            if header not in ("eventp/version.hpp", "eventp/detail/link_check.hpp"):
                with self.subTest(header):
                    self.refused(header, "-std=c++20", "-E")


class Macros(unittest.TestCase):
    """Other libraries define macros whose names are common words."""

    # [header.macros]
    def test_every_header_compiles_after_macros_of_other_libraries(self):
        self.assertEqual(syntax_errors(include(foreign_headers())
                                       + f'#include "{HERE}/hostile_macros.hpp"\n'
                                       + include(HEADERS)), "")

    # [header.macros]
    def test_every_header_compiles_after_headers_of_the_system(self):
        self.assertEqual(syntax_errors(include(SYSTEM) + include(PLAIN)), "")

    # [header.csignal]
    def test_signal_hpp_brings_csignal(self):
        use = "static_assert(SIGTERM > 0);\nint (*function)(int) = &std::raise;\n"
        self.assertEqual(syntax_errors(include(["eventp/signal.hpp"]) + use), "")


class Objects(unittest.TestCase):
    """What an object file of a user contains."""

    # [header.static]
    def test_no_header_has_a_static_initialiser(self):
        with tempfile.TemporaryDirectory() as folder:
            out = f"{folder}/every_header.o"
            done = compile_text(include(PLAIN), "-std=c++23", "-c", "-o", out)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            listed = subprocess.run(["objdump", "-h", "-t", out], text=True, capture_output=True,
                                    check=True).stdout
        self.assertNotRegex(listed, r"_GLOBAL__sub_I|\.init_array|\.ctors")
        self.assertIn("link_check", listed)

    def test_every_header_names_the_inline_namespace(self):
        done = compile_text(include(HEADERS), "-std=c++23", "-E")
        self.assertEqual(done.returncode, 0, done.stderr)
        opened = set(re.findall(r"namespace eventp\b[^{\n]*\{", done.stdout))
        self.assertTrue(opened)
        self.assertEqual([line for line in opened
                          if not re.match(r"namespace eventp::inline v\d+_\d+\b", line)], [])


if __name__ == "__main__":
    unittest.main()
