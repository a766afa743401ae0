#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Weakens each memory order of the mailbox and of what is built on it by one step, one at a time,
in a copy of its file, and expects tests/concurrency/relacy to find it.

    tools/weaken_orders.py [--only <text>] [--jobs <n>] [--list]

An order that is not needed is weakened in the source, or it is in NOT_NEEDED with the reason: then
Relacy must not find anything in ten times as many executions.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "tests/concurrency/relacy/reactor.cpp"
FILES = ["src/core/mailbox.hpp", "src/core/remote_channel.hpp", "src/core/remote_channel.cpp",
         "src/remote/remote_endpoint.cpp", "include/eventp/detail/call.hpp",
         "include/eventp/detail/task.hpp", "include/eventp/pending_call.hpp",
         "include/eventp/remote_endpoint.hpp"]
# What one step is, for an operation that loads, that stores, and that does both.
WEAKER = {
    "load": {"seq_cst": ["acquire"], "acquire": ["relaxed"]},
    "store": {"seq_cst": ["release"], "release": ["relaxed"]},
    "both": {"seq_cst": ["acq_rel"], "acq_rel": ["acquire", "release"], "acquire": ["relaxed"],
             "release": ["relaxed"]},
}
NOT_NEEDED = {  # file, operation, from, to -> why
    ("include/eventp/pending_call.hpp", "frame_.store", "seq_cst", "release"):
        "the thread that destroys the awaiting coroutine is the one that may resume it, or is "
        "synchronised with it: the stores of one variable alone decide",
    ("include/eventp/pending_call.hpp", "frame_.exchange", "seq_cst", "acq_rel"):
        "as for the store; the lock of the CallState, or the mailbox, makes the frame visible",
}

OPERATION = re.compile(r"\b(\w+)\.(load|store|exchange|compare_exchange_weak|"
                       r"compare_exchange_strong|fetch_\w+)\(")
ORDER = re.compile(r"std::memory_order_(\w+)")
ATOMIC = re.compile(r"\b[Aa]tomic<[^;]*>\s+(\w+)\s*[{;=]")


class Weakening:
    def __init__(self, file, line, operation, before, after, text):
        self.file, self.line, self.operation = file, line, operation
        self.before, self.after, self.text = before, after, text

    def __str__(self):
        return f"{self.file}:{self.line} {self.operation}: {self.before} -> {self.after}"

    def reason(self):
        return NOT_NEEDED.get((self.file, self.operation, self.before, self.after))


def end_of_arguments(text, start):
    depth = 1
    while depth > 0:
        depth += {"(": 1, ")": -1}.get(text[start], 0)
        start += 1
    return start - 1


def weakenings(file):
    text = (ROOT / file).read_text()
    atomics = set(ATOMIC.findall(text))
    for found in OPERATION.finditer(text):
        name, what = found.groups()
        if name not in atomics:
            continue
        kind = what if what in ("load", "store") else "both"
        end = end_of_arguments(text, found.end())
        line = text.count("\n", 0, found.start()) + 1
        orders = list(ORDER.finditer(text, found.end(), end))
        if not orders:  # sequentially consistent, without saying so
            comma = "" if text[found.end():end].strip() == "" else ", "
            for weaker in WEAKER[kind]["seq_cst"]:
                yield Weakening(file, line, f"{name}.{what}", "seq_cst", weaker,
                                f"{text[:end]}{comma}std::memory_order_{weaker}{text[end:]}")
        for number, order in enumerate(orders):
            # The second order of a compare-exchange is that of the load when it fails.
            for weaker in WEAKER["load" if number else kind].get(order[1], ()):
                yield Weakening(file, line, f"{name}.{what}", order[1], weaker,
                                f"{text[:order.start(1)]}{weaker}{text[order.end(1):]}")


def build(scratch, weakening):
    """The program, with the weakened copy found before the file itself."""
    program = scratch / "program"
    if weakening is not None:
        copy = scratch / weakening.file
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(weakening.text)
    done = subprocess.run([os.environ.get("CXX", "g++"), "-std=c++23", "-O0",
                           f"-I{scratch}/src", f"-I{scratch}/include", f"-I{PROGRAM.parent}",
                           f"-I{ROOT}/src", f"-I{ROOT}/include", "-include", "weak_memory.hpp",
                           PROGRAM, "-o", program],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"does not build:\n{done.stderr}")
    return program


def run(weakening):
    """What was found, and by which scenario; an empty text if nothing."""
    factor = "10" if weakening is not None and weakening.reason() else "1"
    with tempfile.TemporaryDirectory(prefix="eventp-orders-") as scratch:
        program = build(pathlib.Path(scratch), weakening)
        done = subprocess.run([program], capture_output=True, text=True, check=False, timeout=600,
                              env=dict(os.environ, EVENTP_RELACY_FACTOR=factor))
    if done.returncode == 0:
        return ""
    finds = re.findall(r"^== (\w+)\n.*\n([A-Z].*)\niteration: (\d+)$", done.stdout, re.MULTILINE)
    if not finds:
        raise RuntimeError(f"ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr}")
    return "; ".join(f"{what} in {scenario}, execution {number}"
                     for scenario, what, number in finds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="weakenings with this text in their line")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    every = [weakening for file in FILES for weakening in weakenings(file)]
    chosen = [weakening for weakening in every if asked.only in str(weakening)]
    if asked.list:
        print(*chosen, sep="\n")
        return False

    known = {(each.file, each.operation, each.before, each.after) for each in every}
    bad = [f"NOT_NEEDED names what is not there: {key}" for key in NOT_NEEDED.keys() - known]
    if not chosen:
        bad.append(f"there is nothing with '{asked.only}'")
    if found := run(None):
        bad.append(f"the sources as they are: {found}")
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        for weakening, found in zip(chosen, pool.map(run, chosen)):
            reason = weakening.reason()
            if bool(found) == bool(reason):
                bad.append(f"{weakening}: " + ("is found, and listed as not needed" if reason
                                               else "is not found"))
            print(f"{weakening}\n    {found or reason or 'NOT FOUND'}", flush=True)
    print("\n".join(bad) or f"weaken_orders: {len(chosen)} orders, all needed or explained")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
