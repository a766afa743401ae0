#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the layers: a file in src/ includes its own folder and the folders above it in the table
of src/README.md. Public headers include public headers, the standard library and the kernel's
headers only, without a cycle.
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'\s*#\s*include\s+([<"])([^">]+)[">]')
ROW = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)
KERNEL_FOLDERS = {"sys", "linux", "netinet", "arpa", "net", "asm"}


def ranks(root):
    """Folder of src/ -> its row in the table of src/README.md."""
    rows = ROW.findall((root / "src/README.md").read_text())
    return {name: rank for rank, row in enumerate(rows) for name in re.findall(r"\w+", row)}


def includes(file):
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if found := INCLUDE.match(line):
            yield number, found[1], found[2]


def private_fault(rank, folder, quote, name):
    """What is wrong with one include of a file of src/<folder>; None if nothing is."""
    if quote == "<":
        return f"<{name}>: only testing/ needs GoogleMock" if "eventp/testing/" in name else None
    target = name.split("/")[0] if "/" in name else None
    if target not in rank:
        return f'"{name}": write "folder/file.hpp", with a folder of src/README.md'
    if target != folder and rank[target] >= rank[folder]:
        return f"{folder}/ may not include {name}: see src/README.md"
    return None


def public_fault(base, file, quote, name):
    testing = file.relative_to(base).parts[0] == "testing"
    if quote == '"':
        return f'"{name}": public headers include public headers, as <eventp/...>'
    if name.startswith("eventp/"):
        if name.startswith("eventp/testing/") and not testing:
            return f"<{name}>: only testing/ needs GoogleMock"
        return None if (base.parent / name).is_file() else f"<{name}>: no such header"
    folder = name.split("/")[0] if "/" in name else None
    if folder and folder not in KERNEL_FOLDERS and not testing:
        return f"<{name}>: public headers need the standard library and the kernel only"
    return None


def cycle(graph):
    """The headers of one include cycle, or None."""
    done, path = set(), []

    def visit(name):
        if name in path:
            return path[path.index(name):] + [name]
        if name in done or name not in graph:
            return None
        path.append(name)
        for target in graph[name]:
            if found := visit(target):
                return found
        done.add(path.pop())
        return None

    return next((found for name in sorted(graph) if (found := visit(name))), None)


def main(root):
    bad = []
    rank, source, public = ranks(root), root / "src", root / "include/eventp"
    for file in sorted(source.rglob("*.[hc]pp")):
        folder = file.relative_to(source).parts[0]
        if folder not in rank:
            bad.append(f"{file}: not in a folder of the table in src/README.md")
            continue
        for number, quote, name in includes(file):
            if why := private_fault(rank, folder, quote, name):
                bad.append(f"{file}:{number}: {why}")
    graph = {}
    for file in sorted(public.rglob("*.hpp")):
        targets = list(includes(file))
        graph[str(file.relative_to(public.parent))] = [name for _, _, name in targets]
        for number, quote, name in targets:
            if why := public_fault(public, file, quote, name):
                bad.append(f"{file}:{number}: {why}")
    if found := cycle(graph):
        bad.append("include cycle: " + " -> ".join(found))
    print("\n".join(bad) or "layers: ok")
    return bool(bad)


sys.exit(main(pathlib.Path(sys.argv[1])))
