#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes docs/benchmarks.md and its plots of the last `make bench`: `make bench-docs`."""
import json
import pathlib
import sys

import bench_goals
import bench_plot
from bench_names import GROUPS, name_of, unit_of, width_of

DOCS = pathlib.Path(__file__).resolve().parent.parent / "docs"

HEAD = """# Benchmarks

<!-- SPDX-License-Identifier: MIT -->
<!-- Made by tools/bench_docs.py of one run of `make bench`. Do not edit. -->

Measured with commit {commit} on {date}: {processor}, {cores} cores in use, Linux {kernel},
{compiler}, {flags}, frequency governor: {governor}. `make bench` repeats it on your machine.

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


def table(group, rows):
    mine = [row for row in rows if row["group"] == group]
    value = {(row["peer"], row["n"]): row["median_ns"] for row in mine}
    points = sorted({row["n"] for row in mine})
    peers = sorted({row["peer"] for row in mine},
                   key=lambda p: sum(value.get((p, n), 1e12) for n in points))
    yield "| | " + " | ".join(f"{n:,}".replace(",", " ") for n in points) + " |"
    yield "|---" * (len(points) + 1) + "|"
    for peer in peers:
        cells = []
        for n in points:
            if (peer, n) not in value:
                cells.append("")
                continue
            floor, own = value.get(("raw_epoll", n)), value[peer, n]
            text = f"{own:,.{width_of(own)}f}".replace(",", " ")
            cells.append(text + (f" ({own / floor:.2f})" if floor else ""))
        name = f"**{name_of(peer)}**" if peer == "eventp" else name_of(peer)
        yield f"| {name} | " + " | ".join(cells) + " |"


def goals(rows):
    yield "| figure | goal | measured | |"
    yield "|---|---|---|---|"
    for text, goal, measured, is_met in bench_goals.check(rows):
        yield f"| {text} | {goal} | {measured} | {'met' if is_met else '**missed**'} |"


def instructions(counts):
    yield "## Instructions per event"
    yield ""
    yield f"{counts['loop']} instructions of the loop lie around a handler; "
    yield "[architecture.md](architecture.md) shows them. User-space instructions per event with an"
    yield "empty handler and the turn's share of 256 events, counted by callgrind "
    yield "(`make bench-instructions`):"
    yield ""
    yield "| | instructions |"
    yield "|---|---|"
    for peer, count in sorted(counts["per_event"].items(), key=lambda at: at[1]):
        yield f"| {name_of(peer)} | {count:,.1f} |".replace(",", " ")
    yield ""


def main():
    build = pathlib.Path(sys.argv[1])
    rows = json.loads((build / "results.json").read_text())
    lines = [HEAD.format(**json.loads((build / "machine.json").read_text()))]
    lines += ["## What it shows", "", *goals(rows), ""]
    counted = build / "instructions.json"
    if counted.exists():
        lines += instructions(json.loads(counted.read_text()))
    for group, (title, over) in GROUPS.items():
        plot = bench_plot.write(rows, group, DOCS / "benchmarks")
        if plot is None:
            continue
        lines += [f"## {group}: {title}", "", f"{unit_of(group)}; columns: {over}", "",
                  *table(group, rows), "", f"![{title}](benchmarks/{plot.name})", ""]
    notes = DOCS.parent / "bench/notes.md"
    if notes.exists():
        lines.append(notes.read_text().split("-->\n", 1)[-1].strip() + "\n")
    text = "\n".join(line.rstrip() for line in "\n".join(lines).splitlines())
    (DOCS / "benchmarks.md").write_text(text.rstrip() + "\n")


if __name__ == "__main__":
    main()
