#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the benchmarks that were built and says what they found: `make bench`.

  tools/bench.py BUILD_DIR [--group NAME]... [--budget FACTOR]

Writes BUILD_DIR/results.json, and machine.json and plots/ beside it; prints a table of each group.
Rows of groups that were not run are kept from the last time.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time

import bench_goals
import bench_plot
from bench_names import GROUPS, absent_peers, name_of, unit_of, width_of

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ("eventp.bench.peers", "eventp.bench.kernel_free")
NOT_HERE = 3  # what a program answers that has none of the wanted groups


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True,
                              cwd=ROOT).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def machine(build):
    """What a figure is worth nothing without."""
    processor = re.search(r"^model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text(),
                          re.MULTILINE)
    governor = pathlib.Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    compiler = re.search(r"CMAKE_CXX_COMPILER:\w+=(.*)", (build / "CMakeCache.txt").read_text())
    return {
        "commit": output_of("git", "describe", "--always", "--dirty"),
        "date": time.strftime("%Y-%m-%d"),
        "processor": processor[1] if processor else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "compiler": output_of(compiler[1] if compiler else "c++", "--version").split("\n")[0],
        "flags": "-O3 -flto",
        "governor": governor.read_text().strip() if governor.exists() else "not told",
    }


def library_sizes(build):
    """Bytes of the shared objects, stripped: ours is built for this, the peers' are installed."""
    def row(peer, file):
        return {"group": "library_bytes", "peer": peer, "n": 1, "median_ns": file.stat().st_size,
                "min_ns": file.stat().st_size, "samples": 1}

    libraries = {"libevent_core": "libevent", "libev.": "libev", "libuv": "libuv",
                 "libsystemd": "sd_event"}
    ours = build / "bench/libeventp_bench.so"
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / "eventp.so"
        subprocess.run(["strip", "--strip-unneeded", "-o", stripped, ours], check=True)
        rows = [row("eventp", stripped)]
    needed = output_of("ldd", build / "bench" / PROGRAMS[0])
    for name, file in re.findall(r"(\S+) => (\S+)", needed):
        for begin, peer in libraries.items():
            if name.startswith(begin):
                rows.append(row(peer, pathlib.Path(file).resolve()))
    return rows


def run(build, groups, budget):
    rows = []
    for program in PROGRAMS:
        with tempfile.NamedTemporaryFile(suffix=".json") as out:
            done = subprocess.run([build / "bench" / program, "--out", out.name, "--budget",
                                   str(budget), *groups], check=False)
            if done.returncode == 0:
                rows += json.loads(pathlib.Path(out.name).read_text())
            elif done.returncode != NOT_HERE:
                sys.exit(f"bench: {program} failed")
    if not groups or "library_bytes" in groups:
        rows += library_sizes(build)
    return rows


def print_group(group, rows):
    mine = [row for row in rows if row["group"] == group]
    points = sorted({row["n"] for row in mine})
    floor = {row["n"]: row["median_ns"] for row in mine if row["peer"] == "raw_epoll"}
    title, _ = GROUPS.get(group, (group, ""))
    print(f"\n{group}: {title} ({unit_of(group)}; x raw_epoll)")
    print(f"{'':30}" + "".join(f"{n:>18,}".replace(",", " ") for n in points))
    peers = list(dict.fromkeys(row["peer"] for row in mine))
    peers.sort(key=lambda peer: min(r["median_ns"] for r in mine if r["peer"] == peer))
    for peer in peers:
        line = f"{name_of(peer):30}"
        for n in points:
            found = next((r for r in mine if r["peer"] == peer and r["n"] == n), None)
            if found is None:
                line += f"{'-':>18}"
                continue
            value = found["median_ns"]
            ratio = f" {value / floor[n]:6.2f}x" if floor.get(n) else " " * 8
            line += f"{value:>10,.{width_of(value)}f}".replace(",", " ") + ratio
        print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--group", action="append", default=[], choices=GROUPS)
    parser.add_argument("--budget", type=float, default=2)
    options = parser.parse_args()

    build = options.build.resolve()
    results = build / "results.json"
    began = time.monotonic()
    rows = run(build, options.group, options.budget)
    measured = {row["group"] for row in rows}
    if results.exists() and options.group:
        rows += [r for r in json.loads(results.read_text()) if r["group"] not in measured]
    rows.sort(key=lambda row: list(GROUPS).index(row["group"]))
    results.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    (build / "machine.json").write_text(json.dumps(machine(build), indent=2) + "\n")
    for group in GROUPS:
        if group in measured:
            print_group(group, rows)
            bench_plot.write(rows, group, build / "plots")
    for peer in absent_peers(build):
        print(f"skipped: {name_of(peer)} is not installed")
    print()
    bench_goals.show(bench_goals.check([row for row in rows if row["group"] in measured]))
    print(f"\n{results}: {len(rows)} rows, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
