#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that operations cost the same beside 10, 1000 and 10 000 others: `make bench-growth`.

  tools/bench_growth.py BUILD_DIR [ROW...]

Counts user-space instructions and system calls for each operation with callgrind; both are exact,
so this is a test. It fails when one of them grows, when a public header has a complexity of O(1)
for an operation without a row here, and when a row that is listed as growing does not.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZES = (10, 1000, 10_000)
GROWTH_MAX, INSTRUCTIONS_MAX = 1.05, 20  # 5 %, and what an allocation may differ by


class Row(NamedTuple):
    """What one row of growth.bench.cpp measures, and by how much it may grow all the same."""
    operation: str
    instructions: int = 0
    calls: float = 0


ROWS = {
    "add": Row("ReactorOps::add"),
    "remove": Row("ReactorOps::remove"),
    "remove_now": Row("ReactorOps::remove_now"),
    "remove_in_handler": Row("ReactorOps::remove"),
    "remove_now_in_handler": Row("ReactorOps::remove_now"),
    # A replaced epoll instance gets each registration once, after at least as many removals.
    "remove_after_close": Row("ReactorOps::remove", instructions=100, calls=1),
    "extract": Row("ReactorOps::extract"),
    "contains": Row("ReactorOps::contains"),
    "modify": Row("ReactorOps::modify"),
    "modify_by_descriptor": Row("ReactorOps::modify"),
    "modify_in_handler": Row("ReactorOps::modify"),
    "modify_after_close": Row("ReactorOps::modify"),
    "pause_and_resume": Row("ReactorOps::modify"),
    "requeue_all": Row("ReactorOps::requeue"),
    "feed_event_to_all": Row("ReactorOps::feed_event"),
    "turn_with_one_ready": Row("Reactor::run_once"),
    "timer_after": Row("Timers::after"),
    "timer_at": Row("Timers::at"),
    "timer_every": Row("Timers::every"),
    "timer_cancel": Row("Timers::cancel"),
    "timer_reschedule": Row("Timers::reschedule"),
    "post": Row("RemoteEndpoint::post"),
    "post_and_run": Row("RemoteEndpoint::post"),
}

# Rows that are known to grow, with the reason. A row that no longer grows must leave the list.
KNOWN: dict[str, str] = {}

# Calls of the allocator, which depend on its state, and of clocks, which are system calls under
# valgrind only.
NOT_COUNTED = {"brk", "mmap", "munmap", "mremap", "madvise", "clock_gettime"}
SYSTEM_CALL = re.compile(r"SYSCALL\[\d+,\d+\]\(\s*\d+\) sys_(\w+)")


class Cost(NamedTuple):
    """Of one operation."""
    instructions: float
    calls: float


def system_calls(trace):
    """Those between the two getppid(2) that the program makes around what is measured."""
    names = SYSTEM_CALL.findall(trace)
    marks = [i for i, name in enumerate(names) if name == "getppid"]
    if len(marks) != 2:
        sys.exit(f"bench_growth: {len(marks)} marks among the system calls, not 2")
    return [name for name in names[marks[0] + 1:marks[1]] if name not in NOT_COUNTED]


def cost_of(program, row, n):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--trace-syscalls=yes",
         "--toggle-collect=eventp_bench_measured*", program, row, str(n)],
        capture_output=True, text=True, check=False)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not collected:
        sys.exit(f"bench_growth: {row} {n}: {done.stderr[-2000:].strip()}")
    operations = int(done.stdout)
    return Cost(int(collected[1]) / operations, len(system_calls(done.stderr)) / operations)


def grows(row, costs):
    """Whether one of the larger n costs more than the smallest."""
    first = costs[0]
    allowed = ROWS[row]
    limit = first.instructions * GROWTH_MAX + INSTRUCTIONS_MAX + allowed.instructions
    return any(cost.instructions > limit or cost.calls > first.calls + allowed.calls
               for cost in costs[1:])


def constant_operations(text):
    """'Class::function' of each declaration whose comment has a complexity of O(1)."""
    found, owner, is_constant = set(), "", False
    for line in text.splitlines():
        if line.lstrip().startswith("///"):
            is_constant = is_constant or re.search(r"Complexity:.*O\(1\)", line) is not None
            continue
        opened = re.match(r"(?:class|struct) (?:\[\[\w+\]\] )?(?:EVENTP_API )?(\w+).*\{$", line)
        owner = opened[1] if opened else owner
        declared = re.search(r"\b(?!requires|decltype|noexcept)(\w+)\(", line)
        if is_constant and declared:
            found.add(f"{owner}::{declared[1]}")
        if declared or not line.strip():
            is_constant = False
    return found


def forgotten_operations():
    measured = {row.operation for row in ROWS.values()}
    headers = sorted((ROOT / "include").rglob("*.hpp"))
    promised = set().union(*(constant_operations(file.read_text()) for file in headers))
    if not promised:
        sys.exit("bench_growth: no public header has a complexity of O(1)")
    return sorted(promised - measured)


def text_of(cost):
    return f"{cost.instructions:12,.1f}{cost.calls:10.2f}".replace(",", " ")


def faults(costs):
    for row, measured in costs.items():
        if grows(row, measured) and row not in KNOWN:
            yield f"{row} grows with the number of others"
        if not grows(row, measured) and row in KNOWN:
            yield f"{row} no longer grows: take it from KNOWN"
    for operation in forgotten_operations():
        yield f"{operation} is O(1) by its header and has no row here"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("row", nargs="*", help=f"of: {' '.join(ROWS)}")
    options = parser.parse_args()
    unknown = set(options.row) - ROWS.keys()
    if unknown:
        parser.error(f"unknown row {', '.join(unknown)}; known rows: {' '.join(ROWS)}")

    program = options.build.resolve() / "bench/eventp.bench.growth"
    listed = subprocess.run([program, "list"], capture_output=True, text=True,
                            check=True).stdout.split()
    if set(listed) != ROWS.keys():
        sys.exit(f"bench_growth: rows of one side only: {set(listed) ^ ROWS.keys()}")
    rows = options.row or listed
    print("For one operation beside n others: user-space instructions, system calls\n")
    print(f"{'':24}" + "".join(f"{f'n = {n:,}'.replace(',', ' '):>22}" for n in SIZES))
    costs = {}
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        running = {row: [pool.submit(cost_of, program, row, n) for n in SIZES] for row in rows}
        for row, futures in running.items():
            costs[row] = [future.result() for future in futures]
            mark = "  grows" if grows(row, costs[row]) else ""
            reason = f" (known): {KNOWN[row]}" if row in KNOWN else ""
            print(f"{row:24}" + "".join(map(text_of, costs[row])) + mark + reason, flush=True)
    bad = list(faults(costs))
    print("\n" + ("\n".join(bad) or "growth: ok"))
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
