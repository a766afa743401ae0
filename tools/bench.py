#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the benchmarks that were built and says what they found: `make bench`.

  tools/bench.py BUILD_DIR [GROUP...] [--budget FACTOR] [--smoke]

Writes BUILD_DIR/results.json, and machine.json and plots/ beside it, after each group, so that a
run that is stopped can be taken up with the groups that are left. Prints a table of each group.
Rows of groups that were not run are kept from the last time. A smoke run has tiny inputs and writes
to BUILD_DIR/smoke.
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
from bench_names import GROUPS, name_of, order_of, text_of, unit_of

KERNEL_FREE = "kernel_free"


def read_json(file, otherwise):
    return json.loads(file.read_text()) if file.exists() else otherwise


def library_sizes(programs):
    """Bytes of the shared objects, stripped: ours is built for this, the peers' are installed."""
    def row(peer, file):
        size = pathlib.Path(file).stat().st_size
        return {"group": "library_bytes", "peer": peer, "n": 1, "median_ns": size, "min_ns": size,
                "samples": 1}

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


def measured(programs, group, options):
    if group == "library_bytes":
        return library_sizes(programs)
    program = "eventp.bench.kernel_free" if group == KERNEL_FREE else "eventp.bench.peers"
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [programs / program, group, "--out", out.name, "--budget", str(options.budget)]
        if subprocess.run(command + ["--smoke"] * options.smoke, check=False).returncode != 0:
            sys.exit(f"bench: {group} failed")
        return json.loads(pathlib.Path(out.name).read_text())


def print_group(group, rows, absent):
    rows = [row for row in rows if row["group"] == group]
    points = sorted({row["n"] for row in rows})
    value = {(row["peer"], row["n"]): row["median_ns"] for row in rows}
    print(f"\n{group}: {GROUPS[group][0]} ({unit_of(group)}; x raw_epoll)")
    print(f"{'':30}" + "".join(f"{text_of(n):>18}" for n in points))
    for peer in order_of(rows):
        line = f"{name_of(peer):30}"
        for n in points:
            own, floor = value.get((peer, n)), value.get(("raw_epoll", n))
            line += f"{text_of(own) if own is not None else '-':>10}"
            line += f" {own / floor:6.3f}x" if own is not None and floor else " " * 8
        print(line)
    for peer in absent:
        print(f"{name_of(peer):30}{'skipped: not installed':>18}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("group", nargs="*", help=f"of: {' '.join(GROUPS)}")
    parser.add_argument("--budget", type=float, default=1.5, help="factor on the time of a point")
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    unknown = set(options.group) - GROUPS.keys()
    if unknown:
        parser.error(f"no group {', '.join(unknown)}; there are: {' '.join(GROUPS)}")

    build = options.build.resolve()
    folder = build / "smoke" if options.smoke else build
    folder.mkdir(exist_ok=True)
    results, machine = folder / "results.json", folder / "machine.json"
    rows, runs = read_json(results, []), read_json(machine, {}).get("runs", {})
    began = time.monotonic()
    groups = [group for group in GROUPS if not options.group or group in options.group]
    for group in groups:
        rows = [row for row in rows if row["group"] != group]
        rows += measured(build / "bench", group, options)
        rows.sort(key=lambda row: list(GROUPS).index(row["group"]))
        runs[group] = bench_machine.run()
        results.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
        machine.write_text(json.dumps(bench_machine.machine(build) | {"runs": runs}, indent=2) +
                           "\n")
        bench_plot.write(rows, group, folder / "plots")

    absent = bench_machine.absent_peers(build)
    for group in groups:
        print_group(group, rows, absent)
    print()
    if not options.smoke:
        bench_goals.show(bench_goals.check([row for row in rows if row["group"] in groups]))
    print(f"\n{results}: {len(rows)} rows, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
