#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sources are listed in CMake by name; none may be forgotten, or a test would never run."""
import pathlib
import re
import sys


def words(file):
    """What a CMakeLists.txt names, comments left out."""
    text = file.read_text() if file.exists() else ""
    return re.sub(r"#.*", "", text)


def names(text, name):
    return re.search(rf"(?<![\w/.-]){re.escape(str(name))}(?![\w/.-])", text) is not None


def main(root):
    bad = []
    library = words(root / "CMakeLists.txt")
    for folder, pattern in (("include", "*.hpp"), ("src", "*.cpp")):
        for file in sorted((root / folder).rglob(pattern)):
            if not names(library, file.relative_to(root)):
                bad.append(f"{file}: not in CMakeLists.txt")
    tests = words(root / "tests/CMakeLists.txt")
    for file in sorted((root / "tests").rglob("*.test.cpp")):
        kind, name = file.parent.name, file.name.removesuffix(".test.cpp")
        if not re.search(rf"eventp_add_test\(\s*{re.escape(kind)}\s+{re.escape(name)}\b", tests):
            bad.append(f"{file}: no eventp_add_test({kind} {name}) in tests/CMakeLists.txt")
    examples = words(root / "examples/CMakeLists.txt")
    for file in sorted((root / "examples").rglob("*.cpp")):
        path = file.relative_to(root / "examples")
        if not names(examples, path) and f"eventp_add_example({path.stem}" not in examples:
            bad.append(f"{file}: not in examples/CMakeLists.txt")
    print("\n".join(bad) or "lists: ok")
    return bool(bad)


sys.exit(main(pathlib.Path(sys.argv[1])))
