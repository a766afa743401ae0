#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts the functions of an object file in a random order: one layout of a benchmark.

  tools/bench_layout.py OBJECT SEED SCRIPT

Writes SCRIPT, a linker script that places the section of each function of OBJECT
(-ffunction-sections) in an order that depends on SEED only. Code that is rarely executed stays
where the linker puts it.
bench/CMakeLists.txt links the same object with several of these scripts.
"""
import pathlib
import random
import re
import subprocess
import sys

SECTION = re.compile(r"^\s*\d+ (\.text\.(?!unlikely|startup|exit)\S+)", re.MULTILINE)


def main():
    program, seed, script = sys.argv[1:]
    headers = subprocess.run(["objdump", "-h", program], check=True, capture_output=True,
                             text=True).stdout
    sections = SECTION.findall(headers)
    if len(sections) < 10:
        sys.exit(f"bench_layout: {len(sections)} functions of {program} have their own section")
    random.Random(int(seed)).shuffle(sections)
    lines = "\n".join(f"    *({section})" for section in sections)
    pathlib.Path(script).write_text(
        f"SECTIONS {{\n  .text.layout : {{\n{lines}\n  }}\n}}\nINSERT AFTER .text;\n")


if __name__ == "__main__":
    main()
