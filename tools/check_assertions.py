#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""src/core and src/reactor have at least one EVENTP_ASSERT for each 60 lines of code, and
may_become() knows each state of a slot."""
import pathlib
import re
import sys

FOLDERS = ("src/core", "src/reactor")
LINES_PER_ASSERTION = 60
STATES = re.compile(r"enum class SlotState[^{]*\{(.*?)\};", re.DOTALL)


def code_lines(text):
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("//")]


def main(root):
    lines = [line for folder in FOLDERS for file in sorted((root / folder).glob("*.[hc]pp"))
             for line in code_lines(file.read_text())]
    assertions = sum("EVENTP_ASSERT" in line for line in lines)
    bad = []
    if assertions * LINES_PER_ASSERTION < len(lines):
        bad.append(f"{assertions} assertions in {len(lines)} lines of code: fewer than one in "
                   f"{LINES_PER_ASSERTION}")
    enum = STATES.search((root / "include/eventp/detail/slot.hpp").read_text())[1]
    checks = (root / "src/core/slot_state.hpp").read_text()
    for state in re.findall(r"^\s*(\w+),", enum, re.MULTILINE):
        if f"case SlotState::{state}:" not in checks:
            bad.append(f"may_become() in src/core/slot_state.hpp has no case for {state}")
    print("\n".join(bad) or f"assertions: {assertions} in {len(lines)} lines of code")
    return bool(bad)


sys.exit(main(pathlib.Path(sys.argv[1])))
