#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every public function of a thread-bound class has a row in tests/death/threads.test.cpp (use from
another thread during a run terminates), or its header says for it "from any thread". Every
class whose documentation says "thread-bound" is among these classes.
"""
import pathlib
import re
import sys

TABLE = "tests/death/threads.test.cpp"
# Header -> classes whose public functions are thread-bound.
BOUND = {"reactor.hpp": ["Reactor"], "timer.hpp": ["Timers"]}
# "Thread safety:  thread-bound" in the comment of a class.
THREAD_BOUND = re.compile(r"^/// Thread safety: +thread-bound.*\n(?:///.*\n)*(?:template.*\n)?"
                          r"class (?:EVENTP_API )?(\w+)", re.MULTILINE)
BASES = {"ReactorOps"}  # Reactor overrides all functions
ROW = re.compile(r'\{"(\w+::~?\w+)"')
FUNCTION = re.compile(r"([~\w]+)\([^()]*\)?[^;{]*[;{]")
NOT_FUNCTIONS = {"if", "while", "return", "static_assert", "sizeof", "arm", "requires"}


def body_of(text, name):
    """The public part of `class ... name ... {`."""
    start = re.search(rf"class (?:\w+ )*{name}\b[^;{{]*\{{\s*public:", text)
    return re.split(r"\n(?:private|protected):", text[start.end():], maxsplit=1)[0]


def functions(body, name):
    """(function, its comment) for each declaration at the top level of the class."""
    comment, depth = [], 0
    for line in body.splitlines():
        stripped = line.strip()
        if depth == 0 and stripped.startswith("///"):
            comment.append(stripped)
            continue
        indent = len(line) - len(line.lstrip())
        declared = indent == 4 and depth == 0 and re.search(r"(~?\w+)\(", stripped)
        if declared and "= delete" not in stripped and declared[1] not in NOT_FUNCTIONS:
            is_special = declared[1] == name or declared[1] == "operator"
            if not is_special and not re.search(r"\b(friend|static)\b", stripped):
                yield declared[1], " ".join(comment)
        if stripped and not stripped.startswith(("template", "//")):
            comment = []
        depth += stripped.count("{") - stripped.count("}")


def main(root):
    rows = set(ROW.findall((root / TABLE).read_text()))
    bad = []
    for header, classes in BOUND.items():
        text = (root / "include/eventp" / header).read_text()
        for name in classes:
            for function, comment in functions(body_of(text, name), name):
                if f"{name}::{function}" not in rows and "from any thread" not in comment:
                    bad.append(f"{header}: {name}::{function}() has no row in {TABLE}")
    known = BASES | {name for classes in BOUND.values() for name in classes}
    for header in sorted((root / "include/eventp").glob("*.hpp")):
        for name in set(THREAD_BOUND.findall(header.read_text())) - known:
            bad.append(f"{header.name}: {name} is thread-bound and not in BOUND of this check")
    print("\n".join(sorted(set(bad))) or f"threads: {len(rows)} functions in the table")
    return bool(bad)


sys.exit(main(pathlib.Path(sys.argv[1])))
