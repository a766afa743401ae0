#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the benchmarks that were built and prints what they measured: `make bench`.

  tools/bench.py BUILD_DIR [GROUP...] [--budget FACTOR] [--smoke]
  tools/bench.py BUILD_DIR [GROUP...] [--peer NAME]... [--n N]... [--out FILE]

Writes BUILD_DIR/results.json, and machine.json and plots/ beside it, after each group, so that a
run that was stopped can be continued with the groups that are left. Prints a table of each group.
Rows of groups that were not run are kept. A smoke run has tiny inputs and writes to
BUILD_DIR/smoke. A run of some peers or points only is printed, and written to FILE if given.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import bench_goals
import bench_machine
import bench_plot
import bench_samples
from bench_names import GROUPS, name_of, order_of, text_of, unit_of
from bench_rows import Figures

SMOKE_LAYOUTS = 2


def read_json(file, otherwise):
    return json.loads(file.read_text()) if file.exists() else otherwise


def library_sizes(programs):
    """Bytes of the shared objects, stripped: ours is built for this, the peers' are installed."""
    def row(peer, file):
        size = pathlib.Path(file).stat().st_size
        return {"group": "library_bytes", "peer": peer, "n": 1, "median_ns": size,
                "layouts_ns": [size], "samples": 1}

    libraries = {"libevent_core": "libevent", "libev.": "libev", "libuv": "libuv",
                 "libsystemd": "sd_event"}
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / "eventp.so"
        subprocess.run(["strip", "--strip-unneeded", "-o", stripped,
                        programs / "libeventp_bench.so"], check=True)
        rows = [row("eventp", stripped)]
    needed = subprocess.run(["ldd", programs / "eventp.bench.peers"], capture_output=True,
                            text=True, check=True).stdout
    for name, file in re.findall(r"(\S+) => (\S+)", needed):
        rows += [row(peer, pathlib.Path(file).resolve())
                 for begin, peer in libraries.items() if name.startswith(begin)]
    return rows


def measured(folder, group, options):
    if group == "library_bytes":
        return library_sizes(folder)
    name = "eventp.bench.kernel_free" if group == "kernel_free" else "eventp.bench.peers"
    programs = bench_samples.programs_of(folder, name)
    points = [point for point in bench_samples.points_of(programs[0], options.smoke)
              if point[0] == group and (not options.n or point[1] in options.n)]
    if options.smoke:
        programs = programs[:SMOKE_LAYOUTS]
    return bench_samples.measure(programs, points, options.smoke, options.budget, options.peer)


def print_group(group, rows, absent):
    rows = [row for row in rows if row["group"] == group]
    figures, points = Figures(rows), sorted({row["n"] for row in rows})
    layouts = max((len(row["layouts_ns"]) for row in rows), default=0)
    print(f"\n{group}: {GROUPS[group][0]} ({unit_of(group)}; x bare loop, over {layouts} layouts)")
    print(f"{'':30}" + "".join(f"{text_of(n):>31}" for n in points))
    for peer in order_of(rows):
        line = f"{name_of(peer):30}"
        for n in points:
            own, ratio = figures.value(group, peer, n), figures.to_floor(group, peer, n)
            line += f"{text_of(own) if own is not None else '-':>9} {str(ratio or ''):21}"
        print(line.rstrip())
    for peer in absent:
        print(f"{name_of(peer):30}{'skipped: not installed':>18}")


def parsed_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("group", nargs="*", help=f"of: {' '.join(GROUPS)}")
    parser.add_argument("--budget", type=float, default=1.5, help="factor on the time of a point")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--peer", action="append", default=[], help="only this one; repeatable")
    parser.add_argument("--n", action="append", default=[], type=int, help="only this point")
    parser.add_argument("--out", type=pathlib.Path, help="file for the rows of --peer or --n")
    options = parser.parse_args()
    unknown = set(options.group) - GROUPS.keys()
    if unknown:
        parser.error(f"unknown group {', '.join(unknown)}; known groups: {' '.join(GROUPS)}")
    options.group = [group for group in GROUPS if not options.group or group in options.group]
    return options


def run_some(build, options):
    """Some peers or points: the results of whole groups are kept."""
    rows = []
    for group in options.group:
        rows += measured(build / "bench", group, options)
    rows = [row for row in rows if (not options.peer or row["peer"] in options.peer) and
            (not options.n or row["n"] in options.n)]
    if not rows:
        sys.exit("bench: no group has such a peer at such a point")
    for group in sorted({row["group"] for row in rows}, key=list(GROUPS).index):
        print_group(group, rows, absent=())
    if options.out:
        options.out.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")


def run_whole(build, options):
    folder = build / "smoke" if options.smoke else build
    folder.mkdir(exist_ok=True)
    results, machine = folder / "results.json", folder / "machine.json"
    rows, runs = read_json(results, []), read_json(machine, {}).get("runs", {})
    began = time.monotonic()
    for group in options.group:
        rows = [row for row in rows if row["group"] != group]
        run = bench_machine.Run()
        rows += measured(build / "bench", group, options)
        rows.sort(key=lambda row: list(GROUPS).index(row["group"]))
        runs[group] = run.done()
        results.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
        machine.write_text(json.dumps(bench_machine.machine(build) | {"runs": runs}, indent=2) +
                           "\n")
        bench_plot.write(rows, group, folder / "plots")

    for group in options.group:
        print_group(group, rows, bench_machine.absent_peers(build))
    print()
    if not options.smoke:
        bench_goals.show(bench_goals.check([r for r in rows if r["group"] in options.group]))
        for group in options.group:
            if runs[group]["cores_of_others"] > 0.1:
                print(f"disturbed  {group}: other programs used "
                      f"{runs[group]['cores_of_others']:g} cores meanwhile")
    print(f"\n{results}: {len(rows)} rows, {time.monotonic() - began:.0f} s")


def main():
    options = parsed_options()
    build = options.build.resolve()
    if options.peer or options.n:
        run_some(build, options)
    else:
        run_whole(build, options)


if __name__ == "__main__":
    main()
