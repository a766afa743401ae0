# SPDX-License-Identifier: MIT
"""What the symbol tables of the built library promise.

EVENTP_LIBRARY: libeventp.a. EVENTP_SHARED: libeventp.so. EVENTP_ABI: the inline namespace.
EVENTP_CXX: the compiler.
"""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ABI = os.environ["EVENTP_ABI"]
ABI_MANGLED = f"6eventp{len(ABI)}{ABI}"
OLDEST_GLIBC = (2, 31)
# Functions that are older than their version: glibc 2.32 moved them from libpthread to libc.
MOVED = {"pthread_sigmask"}
# The standard library's own.
STANDARD_LIBRARY = {"__libc_single_threaded"}
# Called only when the C library that the sources are compiled for has them (__GLIBC_PREREQ).
GUARDED = {"epoll_pwait2", "posix_spawn_file_actions_addclosefrom_np"}


def printed(*command, **more):
    return subprocess.run(command, text=True, capture_output=True, check=True, **more).stdout


def symbols(file, *options):
    """(type, mangled name) of each symbol, as nm(1) lists them."""
    return re.findall(r"^[0-9a-f ]* ([A-Za-z]) (\S+)$", printed("nm", *options, file), re.M)


def newer_than_oldest(file):
    """The names of what the file needs of a glibc after OLDEST_GLIBC."""
    listed = printed("objdump", "-T", file)
    needs = re.findall(r"\*UND\*\s.*\(?GLIBC_(\d+)\.(\d+)[\d.]*\)?\s+(\S+)$", listed, re.M)
    return {name for major, minor, name in needs if (int(major), int(minor)) > OLDEST_GLIBC}


class AbiNamespace(unittest.TestCase):
    """Two versions of the library in one process have no symbol in common."""

    def setUp(self):
        self.defined = symbols(os.environ["EVENTP_LIBRARY"], "--defined-only", "--extern-only")

    # [abi.namespace]
    def test_every_strong_symbol_is_in_the_inline_namespace(self):
        strong = [name for kind, name in self.defined if kind in "TDBRG"]
        self.assertGreater(len(strong), 50)
        self.assertEqual([name for name in strong if ABI_MANGLED not in name], [])

    def test_no_symbol_names_eventp_without_the_inline_namespace(self):
        outside = re.compile(f"6eventp(?!{len(ABI)}{ABI})")
        self.assertEqual([name for _, name in self.defined if outside.search(name)], [])


class Shared(unittest.TestCase):
    """The shared library."""

    def test_exports_nothing_of_its_own_outside_the_inline_namespace(self):
        exported = symbols(os.environ["EVENTP_SHARED"], "-D", "--defined-only")
        strong = [name for kind, name in exported if kind in "TDBRG"]
        self.assertGreater(len(strong), 50)
        self.assertEqual([name for name in strong if ABI_MANGLED not in name], [])
        self.assertEqual([name for name in strong if re.search(r"4v\d_\d3sys", name)], [])

    def test_needs_no_function_that_the_oldest_glibc_lacks(self):
        needed = newer_than_oldest(os.environ["EVENTP_SHARED"])
        self.assertEqual(needed - MOVED - STANDARD_LIBRARY - GUARDED, set())
        self.assertTrue(needed & GUARDED, "nothing was found: is the pattern still right?")


class OldestGlibc(unittest.TestCase):
    """src/sys, compiled as for the oldest glibc: its headers are today's, but for the version."""

    def build(self, folder, out, text, *options):
        pathlib.Path(folder, "features.h").write_text(
            "#include_next <features.h>\n#undef __GLIBC_MINOR__\n"
            f"#define __GLIBC_MINOR__ {OLDEST_GLIBC[1]}\n")
        sources = sorted((ROOT / "src/sys").glob("*.cpp"))
        self.assertGreater(len(sources), 3)
        text += "".join(f'#include "{source}"\n' for source in sources)
        printed(os.environ["EVENTP_CXX"], "-std=c++23", *options, "-isystem", folder,
                f"-I{ROOT}/include", f"-I{ROOT}/src", "-pthread", "-x", "c++", "-", "-o", out,
                input=text)
        return out

    def test_needs_nothing_newer(self):
        with tempfile.TemporaryDirectory() as folder:
            out = self.build(folder, f"{folder}/sys.so", "", "-shared", "-fPIC")
            needed = newer_than_oldest(out)
        self.assertEqual(needed - MOVED - STANDARD_LIBRARY, set())

    def test_waits_with_epoll_pwait2_which_can_be_cancelled(self):
        with tempfile.TemporaryDirectory() as folder:
            text = f'#include "{ROOT}/tests/consumer/oldest_glibc.cpp"\n'
            run = self.build(folder, f"{folder}/run", text, "-Wl,--wrap=epoll_wait")
            self.assertEqual(printed(run), "ok\n")


if __name__ == "__main__":
    unittest.main()
