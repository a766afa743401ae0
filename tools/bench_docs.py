#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes docs/benchmarks.md and its plots of what was measured last: `make bench-docs`.

  tools/bench_docs.py BUILD_DIR [FOLDER]

FOLDER is docs/ unless it is given; the page goes there, the plots to plots/ below it.
"""
import json
import pathlib
import sys

import bench_goals
import bench_plot
from bench_names import GROUPS, name_of, order_of, text_of, unit_of

HEAD = """# Benchmarks

<!-- SPDX-License-Identifier: MIT -->
<!-- Made by tools/bench_docs.py of what `make bench` measured. Do not edit. -->

Measured with {run}: {processor}, {cores} cores in use, Linux {kernel}, {compiler}, {flags},
frequency governor: {governor}. `make bench` repeats it on your machine.
[bench/README.md](../bench/README.md) says how it is measured.

## How to read it

- Within a table all peers were measured in one run, interleaved sample by sample. Figures are
  medians. **Read the ratios in parentheses: they are to the bare loop.** The nanoseconds are those
  of one machine.
- *bare epoll loop* is the floor: the loop of epoll(7) with a pointer to {{function, context}} in
  `epoll_event.data`, and no care for what handlers do to it.
- *shape: ...* is no library. It is a way to build a loop, written for this comparison: a hash table
  from tokens to closures, which users of a bare readiness queue keep; and descriptor to id to
  subscriber with SipHash.
- The number of handler calls was equal to the number of fired events, in every sample.

## What it does not show

- Most of an event is the kernel's. `kernel_free` takes the kernel out, and so says nothing about
  what an application gains.
- Handlers here do next to nothing, and everything lies in the caches but for the million of
  `kernel_free`.
- The peers do more than dispatch: portability, priorities, buffers, proactors. They are driven here
  through their readiness interfaces only, which are their fastest for this.
- One machine, one kernel, one compiler.
"""

NOTES = {
    "one_ready": "The same three system calls for all: a write, a wait, a read.",
    "multi_fd": "eventp's objects are a `Device`. The other libraries have no such thing: there "
                "each descriptor is on its own.",
    "dispatch_only": "Asio and sd-event hand out one event for each call into them.",
    "kernel_free": "The largest n is cold: each event meets a subscriber that is in no cache.",
    "churn": "libev and libuv are not here: they tell the kernel when they wait next. Asio calls "
             "the handlers of the removed later, outside of the time measured.",
    "post": "The bare loop, libevent, libev and libuv have a queue with a lock, as their users "
            "write it; the loop is woken only when the queue was empty.",
    "timers": "libev and libuv count from a time that the loop has read earlier, as `at()` does; "
              "`after()` reads the clock.",
    "echo": "Server and client share a core and do not preempt each other.",
    "memory_bytes": "The allocator's chunk and the registry's row are counted. A library's figure "
                    "stands at 0: the value is not in it, and has an allocation of its own.",
}


def run_of(runs):
    """'commit a of d', for those of all groups."""
    return ", ".join(sorted({f"commit {run['commit']} on {run['date']}" for run in runs}))


def table(rows, absent):
    value = {(row["peer"], row["n"]): row["median_ns"] for row in rows}
    points = sorted({row["n"] for row in rows})
    yield "| | " + " | ".join(map(text_of, points)) + " |"
    yield "|---" * (len(points) + 1) + "|"
    for peer in order_of(rows):
        cells = []
        for n in points:
            floor, own = value.get(("raw_epoll", n)), value.get((peer, n))
            cells.append("" if own is None else text_of(own) +
                         (f" ({own / floor:.2f})" if floor else ""))
        name = f"**{name_of(peer)}**" if peer == "eventp" else name_of(peer)
        yield f"| {name} | " + " | ".join(cells) + " |"
    for peer in absent:
        yield f"| {name_of(peer)} | not installed" + " |" * len(points)


def goals(rows):
    yield "| figure | goal | measured | |"
    yield "|---|---|---|---|"
    for text, goal, measured, is_met in bench_goals.check(rows):
        yield f"| {text} | {goal} | {measured} | {'met' if is_met else '**missed**'} |"


def instructions(counts):
    yield "## Instructions"
    yield ""
    yield "User-space instructions with an empty handler, counted by callgrind: per event of a turn"
    yield "with 256, per turn with one, and to add and remove a descriptor (libev and libuv do part"
    yield "of that in the next turn). Exact, so `make bench-instructions` is a test."
    yield ""
    yield "| | per event | per turn | add + remove |"
    yield "|---|---|---|---|"
    for peer, count in sorted(counts["per_event"].items(), key=lambda at: at[1]):
        yield (f"| {name_of(peer)} | {text_of(count)} | {text_of(counts['per_turn'][peer])} | "
               f"{text_of(counts['churn'][peer])} |")
    for peer, loop in counts["loops"].items():
        yield ""
        yield f"{name_of(peer)}, {len(loop)} instructions around the handler:"
        yield ""
        yield "\n".join(["```asm", *loop, "```"])
    yield ""


def main():
    build = pathlib.Path(sys.argv[1])
    docs = pathlib.Path(__file__).resolve().parent.parent / "docs"
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else docs
    folder.mkdir(exist_ok=True)
    rows = json.loads((build / "results.json").read_text())
    machine = json.loads((build / "machine.json").read_text())
    lines = [HEAD.format(run=run_of(machine["runs"].values()), **machine)]
    lines += ["## What it shows", "", *goals(rows), ""]
    counted = build / "instructions.json"
    if counted.exists():
        lines += instructions(json.loads(counted.read_text()))
    for group, (title, over) in GROUPS.items():
        mine = [row for row in rows if row["group"] == group]
        if mine:
            plot = bench_plot.write(rows, group, folder / "plots")
            lines += [f"## {group}: {title}", "", f"{unit_of(group)}; columns: {over}. " +
                      NOTES.get(group, ""), "", *table(mine, machine["absent"]), "",
                      f"![{title}](plots/{plot.name})", ""]
    text = "\n".join(line.rstrip() for line in "\n".join(lines).splitlines())
    (folder / "benchmarks.md").write_text(text.rstrip() + "\n")


if __name__ == "__main__":
    main()
