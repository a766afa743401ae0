#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes docs/benchmarks.md and its plots from what was measured last: `make bench-docs`.

  tools/bench_docs.py BUILD_DIR [FOLDER]

FOLDER is docs/ unless it is given; the page goes there, the plots to plots/ below it.
"""
import json
import pathlib
import sys

import bench_goals
import bench_plot
from bench_names import GROUPS, name_of, order_of, text_of, unit_of
from bench_rows import Figures

HEAD = """# Benchmarks

<!-- SPDX-License-Identifier: MIT -->
<!-- Made by tools/bench_docs.py from what `make bench` measured. Do not edit. -->

Measured with {run}: {processor}, {cores} cores in use, Linux {kernel}, {compiler}, {flags},
frequency governor: {governor}. Other programs used {others:g} cores meanwhile, on average.
`make bench` repeats it on your machine. [bench/README.md](../bench/README.md) describes the method.

## How to read it

- All peers of a table were measured in one run, interleaved sample by sample, in {layouts} layouts:
  the same code, linked several times with its functions in a random order. The order moves a
  figure, so no figure here comes from one link.
- **Read the ratios in parentheses: they are to the bare loop.** The nanoseconds are those of one
  machine. A figure is the median over the layouts, a ratio is that of two such medians. The range
  after it is that of the ratios within each layout: peers whose ranges overlap cannot be
  distinguished.
- *bare epoll loop* is the floor: the loop of epoll(7) with a pointer to {{function, context}} in
  `epoll_event.data`, and no protection against what handlers do to it.
- *inside run()*: the sample is one call of the loop's run(), and a handler makes the next event.
  All other rows take single turns. The ratio is to the bare loop's row of the same kind.
- *design: ...* is no library. It is a way to build a loop, written for this comparison: a hash
  table from tokens to closures, which users of a bare readiness queue keep; and descriptor to id to
  subscriber with SipHash.
- In every sample, the number of handler calls was equal to the number of fired events.

## What it does not show

- Most of the time of an event is spent in the kernel. `kernel_free` excludes the kernel, so it does
  not say what an application gains.
- The handlers do next to nothing, and everything is in the caches except for the million of
  `kernel_free`.
- The peers do more than dispatch: portability, priorities, buffers, proactors. They are driven here
  through their readiness interfaces only, which are their fastest for this.
- The libraries are taken as they are installed, so their functions have one order. Where a library
  is loaded, and where the heap and the stack are, differs in each of the processes.
- One machine, one kernel, one compiler.
"""

NOTES = {
    "one_ready": "All peers make the same three system calls: a write, a wait, a read.",
    "multi_fd": "eventp's objects are a `Device`. The other libraries have no equivalent: there, "
                "each descriptor is registered separately.",
    "dispatch_only": "Asio and sd-event dispatch one event for each call into them.",
    "kernel_free": "The largest n is cold: the subscriber of each event is in no cache.",
    "churn": "libev and libuv are left out: they call epoll_ctl(2) before they wait next. Asio "
             "calls the handlers of removed descriptors later, outside of the time measured.",
    "post": "The bare loop, libevent, libev and libuv have a queue with a lock, as their users "
            "write it; the loop is woken only when the queue was empty.",
    "timers": "libev and libuv count from a time that the loop has read earlier, as `at()` does; "
              "`after()` reads the clock.",
    "echo": "Server and client share a core and do not preempt each other.",
    "memory_bytes": "The allocator's chunk and the registry's row are counted. A library's figure "
                    "is at 0: it does not contain the value, which needs an allocation of its own.",
}


def run_of(runs):
    """'commit a on d' of each group, once."""
    return ", ".join(sorted({f"commit {run['commit']} on {run['date']}" for run in runs}))


def table(group, rows, absent):
    figures, points = Figures(rows), sorted({row["n"] for row in rows})
    yield "| | " + " | ".join(map(text_of, points)) + " |"
    yield "|---" * (len(points) + 1) + "|"
    for peer in order_of(rows):
        cells = []
        for n in points:
            own, ratio = figures.value(group, peer, n), figures.to_floor(group, peer, n)
            cells.append("" if own is None else text_of(own) + (f" ({ratio.short()})" if ratio
                                                                else ""))
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
    yield "User-space instructions, counted by callgrind: per event of a turn with 256, per turn"
    yield "with one, and to add and remove a descriptor (libev and libuv do part of that in the"
    yield "next turn). Handlers are empty; those inside run() count their calls, to stop it. The"
    yield "counts are exact, so `make bench-instructions` is a test."
    yield ""
    yield "| | per event | per turn | per turn inside run() | add + remove |"
    yield "|---|---|---|---|---|"
    for peer, count in sorted(counts["per_event"].items(), key=lambda at: at[1]):
        cells = [count] + [counts[what][peer] for what in ("per_turn", "per_run", "churn")]
        yield f"| {name_of(peer)} | " + " | ".join(map(text_of, cells)) + " |"
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
    layouts = max(len(row["layouts_ns"]) for row in rows)
    runs = machine["runs"].values()
    others = (sum(run["cores_of_others"] * run["seconds"] for run in runs) /
              max(1, sum(run["seconds"] for run in runs)))
    lines = [HEAD.format(run=run_of(runs), layouts=layouts, others=round(others, 2), **machine)]
    lines += ["## What it shows", "", *goals(rows), ""]
    counted = build / "instructions.json"
    if counted.exists():
        lines += instructions(json.loads(counted.read_text()))
    for group, (title, over) in GROUPS.items():
        mine = [row for row in rows if row["group"] == group]
        if mine:
            plot = bench_plot.write(rows, group, folder / "plots")
            lines += [f"## {group}: {title}", "", f"{unit_of(group)}; columns: {over}. " +
                      NOTES.get(group, ""), "", *table(group, mine, machine["absent"]), "",
                      f"![{title}](plots/{plot.name})", ""]
    text = "\n".join(line.rstrip() for line in "\n".join(lines).splitlines())
    (folder / "benchmarks.md").write_text(text.rstrip() + "\n")


if __name__ == "__main__":
    main()
