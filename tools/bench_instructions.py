#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts user-space instructions per event with callgrind: `make bench-instructions`.

  tools/bench_instructions.py BUILD_DIR [--max N] [--max-all N] [--cxx g++]

Each peer runs with two numbers of turns, 256 events in each; the difference has neither its start
nor its end in it. Then tools/dispatch_loop.py shows our loop. Counts are exact, so this is a test:
it fails when there are more than the recorded numbers.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

from bench_names import name_of

TURNS = (4, 12)
EVENTS_PER_TURN = 256
LOOP = pathlib.Path(__file__).resolve().parent / "dispatch_loop.py"


def counted(program, peer, turns):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                           program, peer, str(turns)], capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"bench_instructions: {peer}: {done.stderr.strip()}")
    return int(found[1])


def per_event(program, peer):
    few, many = (counted(program, peer, turns) for turns in TURNS)
    return (many - few) / ((TURNS[1] - TURNS[0]) * EVENTS_PER_TURN)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--max", type=int, default=9, help="around an empty handler")
    parser.add_argument("--max-all", type=float, default=11, help="with handler and turn")
    parser.add_argument("--cxx", default="g++")
    options = parser.parse_args()

    program = options.build.resolve() / "bench/eventp.bench.instructions"
    peers = subprocess.run([program, "list"], capture_output=True, text=True,
                           check=True).stdout.split()
    print("User-space instructions per event (callgrind; an empty handler, and the turn's share "
          f"of {EVENTS_PER_TURN} events, included)\n")
    counts = {}
    for peer in peers:
        counts[peer] = per_event(program, peer)
        print(f"  {name_of(peer):30}{counts[peer]:10.2f}", flush=True)
    print()

    loop = subprocess.run([sys.executable, LOOP, "--max", str(options.max), "--cxx", options.cxx],
                          capture_output=True, text=True, check=False)
    print(loop.stdout, loop.stderr, sep="")
    found = re.search(r"Instructions per event: (\d+)", loop.stdout)
    if not found:
        sys.exit("bench_instructions: tools/dispatch_loop.py told no number")
    (options.build / "instructions.json").write_text(
        json.dumps({"loop": int(found[1]), "per_event": counts}, indent=2) + "\n")
    bad = loop.returncode != 0
    if counts["eventp"] > options.max_all:
        print(f"{counts['eventp']:.2f} instructions per event; {options.max_all} are recorded")
        bad = True
    print(f"instructions per event: {found[1]}")
    sys.exit(bad)


if __name__ == "__main__":
    main()
