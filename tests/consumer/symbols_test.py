# SPDX-License-Identifier: MIT
"""What the symbol tables of the built library promise.

EVENTP_LIBRARY: libeventp.a. EVENTP_ABI: the name of the inline namespace.
"""
import os
import re
import subprocess
import unittest

ABI = os.environ["EVENTP_ABI"]
ABI_MANGLED = f"6eventp{len(ABI)}{ABI}"


def symbols(file, *options):
    """(type, mangled name) of each symbol, as nm(1) lists them."""
    listed = subprocess.run(["nm", *options, file], text=True, capture_output=True, check=True)
    return re.findall(r"^[0-9a-f ]* ([A-Za-z]) (\S+)$", listed.stdout, re.MULTILINE)


class AbiNamespace(unittest.TestCase):
    """Two versions of the library in one process have no symbol in common."""

    def setUp(self):
        self.defined = symbols(os.environ["EVENTP_LIBRARY"], "--defined-only", "--extern-only")

    def test_every_strong_symbol_is_in_the_inline_namespace(self):
        strong = [name for kind, name in self.defined if kind in "TDBRG"]
        self.assertGreater(len(strong), 50)
        self.assertEqual([name for name in strong if ABI_MANGLED not in name], [])

    def test_no_symbol_names_eventp_without_the_inline_namespace(self):
        outside = re.compile(f"6eventp(?!{len(ABI)}{ABI})")
        self.assertEqual([name for _, name in self.defined if outside.search(name)], [])


if __name__ == "__main__":
    unittest.main()
