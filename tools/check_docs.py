#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the documents refer to exists: links and their headings, and files of the tree that a text
names. The diagram of the states of a slot is the same in the header and in docs/internals/.
"""
import os
import pathlib
import re
import sys
import textwrap

SKIPPED = {".git", ".cache", "build", "__pycache__"}
SOURCES = {".hpp", ".cpp", ".py", ".cmake"}
BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
FOLDERS = "bench|cmake|docs|examples|include|src|tests|tools"
FILE = re.compile(rf"(?<![\w/.<-])((?:{FOLDERS})/[\w./-]+\.(?:cmake|cpp|hpp|md|py|sh|svg))\b")
PAGE = re.compile(r"(?<![\w/.<-])(docs/[\w./-]+\.md)\b")
PLACEHOLDER = "x"  # examples/x.cpp is any file
DIAGRAM = ("include/eventp/detail/slot.hpp", "docs/internals/states.md")


def files(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in sorted(names):
            yield pathlib.Path(folder, name)


def anchors(page):
    """The headings of a page, as links name them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
            for heading in HEADING.findall(BLOCK.sub("", page.read_text()))}


def link_faults(page):
    for link in LINK.findall(BLOCK.sub("", page.read_text())):
        if re.match(r"\w+:", link):
            continue
        target, _, anchor = link.partition("#")
        file = page.parent / target if target else page
        if not file.exists():
            yield f"{page}: links to {link}, which does not exist"
        elif anchor and anchor not in anchors(file):
            yield f"{page}: links to {link}, and there is no such heading"


def name_faults(root, file, named):
    for name in named.findall(file.read_text(errors="replace")):
        if not (root / name).exists() and pathlib.Path(name).stem != PLACEHOLDER:
            yield f"{file}: names {name}, which does not exist"


def diagram(text, mark):
    """The lines of the state diagram, from the first '(no memory)' to 'quarantined'."""
    lines = [line.removeprefix(mark).rstrip() for line in text.splitlines()]
    start = next((i for i, line in enumerate(lines) if "(no memory)" in line), 0)
    end = next((i for i, line in enumerate(lines[start:], start) if "|  quarantined" in line), 0)
    return textwrap.dedent("\n".join(lines[start:end + 2]))


def diagram_faults(root):
    header, page = (root / name for name in DIAGRAM)
    if header.exists() and page.exists():
        if diagram(header.read_text(), "///") != diagram(page.read_text(), "\0"):
            yield f"{page}: the diagram differs from that of {header}"


def main(root):
    bad = list(diagram_faults(root))
    for file in files(root):
        if file.suffix == ".md":
            bad += [*link_faults(file), *name_faults(root, file, FILE)]
        elif file.suffix in SOURCES and "tests/tools" not in file.as_posix():
            bad += name_faults(root, file, PAGE)
    print("\n".join(bad) or "docs: ok")
    return bool(bad)


sys.exit(main(pathlib.Path(sys.argv[1])))
