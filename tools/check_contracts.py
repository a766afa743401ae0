#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every [contract.label] in a public header is cited by a test, and no test cites an unknown one.

A label stands in a comment: [noun.case] or [noun]. A test cites it in a comment too. Tests are in
C++, or in Python: tests/<kind>/<name>_test.py.
"""
import pathlib
import re
import sys

# Not `rows[number]`, `[[nodiscard]]` or a link `[text](...)`.
LABEL = re.compile(r"(?<![\w\[\]])\[([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)\](?![\](])")
TEST = re.compile(r"^\s*(?:TYPED_)?TEST(?:_F|_P)?\(|^// Expect: |^    def test_", re.MULTILINE)
COMMENT = {".py": re.compile(r"#(.*)"), ".hpp": re.compile(r"(?<!:)//(.*)")}


def labels(files):
    """label -> first place where a comment names it"""
    found = {}
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            comment = COMMENT[".py" if file.suffix == ".py" else ".hpp"].search(line)
            for label in LABEL.findall(comment[1]) if comment else ():
                found.setdefault(label, f"{file}:{number}")
    return found


def main(root):
    tests = sorted((root / "tests").rglob("*.[hc]pp"))
    tests += sorted(file for file in (root / "tests").rglob("*_test.py")
                    if file.parent.name != "tools")  # these quote labels of no contract
    promised = labels(sorted((root / "include").rglob("*.hpp")))
    tested = labels(file for file in tests if TEST.search(file.read_text()))
    cited = labels(tests)
    bad = [f"{promised[label]}: [{label}] is promised and no test cites it"
           for label in sorted(promised.keys() - tested.keys())]
    bad += [f"{cited[label]}: [{label}] is cited and no public header promises it"
            for label in sorted(cited.keys() - promised.keys())]
    print("\n".join(bad) or f"contracts: {len(promised)} labels, all tested")
    return bool(bad)


sys.exit(main(pathlib.Path(sys.argv[1])))
