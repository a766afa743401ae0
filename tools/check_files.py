#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""File rules: the licence first, at most 400 lines of 100 columns, no tabs or trailing blanks,
one newline at the end, #pragma once in headers."""
import pathlib
import sys

LINES_MAX, COLUMNS_MAX = 400, 100
SUFFIXES = {".hpp", ".cpp", ".py", ".sh", ".cmake", ".in"}
NAMES = {"CMakeLists.txt", "Makefile", ".clang-format", ".clang-tidy", ".editorconfig",
         ".gitignore"}
SKIPPED = {".git", ".cache", "build", "__pycache__"}
LICENCE = "SPDX-License-Identifier: MIT"


def ruled(root):
    """The files that the rules are for, below what is not built or fetched."""
    for path in sorted(root.iterdir()):
        if path.is_dir() and not path.is_symlink() and path.name not in SKIPPED:
            yield from ruled(path)
        elif path.is_file() and (path.suffix in SUFFIXES or path.name in NAMES
                                 or path.parent.name == ".ci"):
            yield path


def faults(file):
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines() or [""]
    first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
    if first not in (f"// {LICENCE}", f"# {LICENCE}"):
        yield f"{file}:1: the first line is not '{LICENCE}' in a comment"
    if len(lines) > LINES_MAX:
        yield f"{file}: {len(lines)} lines; the limit is {LINES_MAX}"
    if file.suffix == ".hpp" and "#pragma once" not in lines:
        yield f"{file}: no #pragma once"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield f"{file}:{len(lines)}: does not end with one newline"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield f"{file}:{number}: {len(line)} columns; the limit is {COLUMNS_MAX}"
        if "\t" in line.removeprefix("\t") or line.startswith("\t") and file.name != "Makefile":
            yield f"{file}:{number}: tab"
        if line != line.rstrip():
            yield f"{file}:{number}: trailing blank"


def main(root):
    bad = [fault for file in ruled(root) for fault in faults(file)]
    print("\n".join(bad) or "files: ok")
    return bool(bad)


sys.exit(main(pathlib.Path(sys.argv[1])))
