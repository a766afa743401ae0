#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sources are listed in CMake by name; none may be forgotten, or a test would never run."""
import itertools
import pathlib
import re
import sys


def words(file):
    """What a CMakeLists.txt names, comments left out."""
    text = file.read_text() if file.exists() else ""
    return re.sub(r"#.*", "", text)


def names(text, name):
    return re.search(rf"(?<![\w/.-]){re.escape(str(name))}(?![\w/.-])", text) is not None


def test_files(text):
    """The pairs (kind, file) of the calls of eventp_add_tests: those behind FILES, or the group."""
    for call in re.findall(r"eventp_add_tests\(([^)]*)\)", text):
        kind, group, *rest = call.split()
        files = rest[rest.index("FILES") + 1:] if "FILES" in rest else [group]
        for name in itertools.takewhile(str.islower, files):
            yield kind, name


def main(root):
    bad = []
    library = words(root / "CMakeLists.txt")
    for folder, pattern in (("include", "*.hpp"), ("src", "*.cpp")):
        for file in sorted((root / folder).rglob(pattern)):
            if not names(library, file.relative_to(root)):
                bad.append(f"{file}: not in CMakeLists.txt")
    listed = set(test_files(words(root / "tests/CMakeLists.txt")))
    for file in sorted((root / "tests").rglob("*.test.cpp")):
        kind, name = file.parent.name, file.name.removesuffix(".test.cpp")
        if (kind, name) not in listed:
            bad.append(f"{file}: not among the files of eventp_add_tests({kind} …)")
    examples = words(root / "examples/CMakeLists.txt")
    for file in sorted((root / "examples").rglob("*.cpp")):
        path = file.relative_to(root / "examples")
        if not names(examples, path) and f"eventp_add_example({path.stem}" not in examples:
            bad.append(f"{file}: not in examples/CMakeLists.txt")
    print("\n".join(bad) or "lists: ok")
    return bool(bad)


sys.exit(main(pathlib.Path(sys.argv[1])))
