#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Code that README.md and docs/ quote is code that is compiled.

A line `<!-- quotes examples/x.cpp -->` right before a code block says that the block is that file,
its licence line left out. README.md quotes examples/hello_eventfd.cpp.
"""
import difflib
import pathlib
import re
import sys

QUOTE = re.compile(r"^<!-- quotes (\S+) -->\n+```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^<!-- quotes (\S+) -->$", re.MULTILINE)
README_QUOTES = "examples/hello_eventfd.cpp"


def compare(root, page, source, block):
    if not (root / source).is_file():
        return [f"{page}: quotes {source}, which does not exist"]
    lines = (root / source).read_text().splitlines()
    wanted = "\n".join(lines[1:] if "SPDX-License-Identifier" in lines[0] else lines).strip("\n")
    if block.rstrip("\n") == wanted:
        return []
    diff = difflib.unified_diff(wanted.splitlines(), block.splitlines(), source, str(page),
                                lineterm="")
    return [f"{page}: its quotation of {source} differs", *diff]


def main(root):
    bad, quoted = [], set()
    for page in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        text = page.read_text() if page.exists() else ""
        blocks = QUOTE.findall(text)
        for source in MARK.findall(text)[len(blocks):]:
            bad.append(f"{page}: a mark for {source} or another has no code block after it")
        for source, block in blocks:
            quoted.add((page.name, source))
            bad += compare(root, page, source, block)
    if ("README.md", README_QUOTES) not in quoted:
        bad.append(f"{root / 'README.md'}: does not quote {README_QUOTES}")
    print("\n".join(bad) or "readme: ok")
    return bool(bad)


sys.exit(main(pathlib.Path(sys.argv[1])))
