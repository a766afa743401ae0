#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A file includes only its own layer and those below it (docs/architecture.md).

Public headers moreover include nothing but public headers, the standard library and the kernel's.
"""
import pathlib
import re
import sys

# Bottom first. A name stands for include/eventp/<name>.hpp, include/eventp/detail/<name>.hpp,
# src/<name>.{hpp,cpp}, for everything in the folder <name>, and for <name>_<more> beside them; the
# longest name wins.
LAYERS = [
    {"version", "platform"},
    {"detail/contract", "detail/duration", "detail/exceptions", "contract", "aligned_memory",
     "this_thread", "sys"},
    {"result", "fd", "interest", "event", "registration", "to_string"},
    {"handler", "subscriber", "builder", "thin_subscriber", "reactor_ops", "detail", "slot"},
    {"registry", "batch", "quarantine", "wakeup", "fork_guard", "mailbox", "task_memory",
     "generations", "backend"},
    {"reactor", "state", "dispatch", "registering", "removing", "rebuild", "waiting", "forked"},
    {"remote_endpoint", "timer", "timer_handler", "timer_queue", "timer_state", "timer_expiry",
     "signal", "child", "command", "exit_status", "device"},
    {"testing"},
    {"eventp"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
INCLUDE = re.compile(r'\s*#\s*include\s+([<"])([^">]+)[">]')
KERNEL_FOLDERS = {"sys", "linux", "netinet", "arpa", "net", "asm"}


def rank_of(path):
    """The layer of a path below include/eventp or src; None for a stranger."""
    key = str(pathlib.PurePosixPath(path).with_suffix(""))
    while key not in RANK and ("/" in key or "_" in key):
        key = key[:max(key.rfind("/"), key.rfind("_"))]
    return RANK.get(key)


def fault(base, file, quote, name):
    """What is wrong with one include of `file`; None when nothing is."""
    public, inner = base.name == "eventp", file.relative_to(base)
    if quote == "<" and not name.startswith("eventp/"):
        folder = name.split("/")[0] if "/" in name else None
        if public and folder and folder not in KERNEL_FOLDERS and inner.parts[0] != "testing":
            return f"<{name}>: public headers need the standard library and the kernel only"
        return None
    if quote == '"' and public:
        return f'"{name}": public headers include public headers, as <eventp/...>'
    target = name.removeprefix("eventp/")
    mine, theirs = rank_of(inner), rank_of(target)
    if theirs is None:
        return f"{name} is in no layer; add it to tools/check_layers.py"
    if theirs > mine:
        return f"layer {mine + 1} includes {name} of layer {theirs + 1}"
    if theirs == RANK["testing"] != mine:
        return f"{name} needs gmock; only testing/ may include it"
    return None


def main(root):
    bad = []
    for base in (root / "include/eventp", root / "src"):
        for file in sorted(base.rglob("*.[hc]pp")):
            if rank_of(file.relative_to(base)) is None:
                bad.append(f"{file}: in no layer; add it to tools/check_layers.py")
                continue
            for number, line in enumerate(file.read_text().splitlines(), 1):
                found = INCLUDE.match(line)
                why = found and fault(base, file, found[1], found[2])
                if why:
                    bad.append(f"{file}:{number}: {why}")
    print("\n".join(bad) or "layers: ok")
    return bool(bad)


sys.exit(main(pathlib.Path(sys.argv[1])))
