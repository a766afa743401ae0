#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts user-space instructions with callgrind: `make bench-instructions`.

  tools/bench_instructions.py BUILD_DIR [--max N] [--max-turn N] [--max-run N] [--max-jumps N]
                              [--max-churn N]

For each peer: per event of a turn with many, per turn with one, the same inside run(), and per
add + remove. Each program runs twice, for few times and for more; the difference contains neither
its start nor its end. The loop is what was executed at every event, in the function that calls the
handlers: it is shown and counted, and so are the jumps that a turn with one event takes there.
Counts are exact, so this is a test: it fails when there are more than the recorded numbers (those
of GCC 12; another compiler may need others).
"""
import argparse
import collections
import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from bench_names import name_of

MANY = 256
WHAT = (("turns", MANY), ("turns", 1), ("run", 1), ("churn", 0))
TIMES = (40, 48)
MORE = TIMES[1] - TIMES[0]
COST = re.compile(r"(0x[0-9a-f]+|[+-]\d+|\*) \S+ (\d+)$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S.*?)\s*(<.*)?$")


def counted(program, peer, what, ready, times):
    """How often each address of the program was executed."""
    with tempfile.NamedTemporaryFile("r") as out:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--dump-instr=yes", "--compress-pos=no",
             f"--callgrind-out-file={out.name}", program, peer, what, str(ready),
             str(times)],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench_instructions: {peer}: {done.stderr.strip()}")
        counts, is_call = collections.Counter(), False
        for line in out:
            found = COST.match(line)
            if found and not is_call:  # the line after calls= has the cost of the callee
                counts[int(found[1], 16)] += int(found[2])
            is_call = line.startswith("calls=")
    return counts


def difference(program, peer, what, ready):
    few, many = (counted(program, peer, what, ready, times) for times in TIMES)
    many.subtract(few)
    return many


def all_counts(program, peers):
    """(peer, counts of each of WHAT) for each peer, counted on all cores."""
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        running = {peer: [pool.submit(difference, program, peer, *what) for what in WHAT]
                   for peer in peers}
        for peer, futures in running.items():
            yield peer, [future.result() for future in futures]


def dispatching_function(program, counts):
    """(address, text) of each instruction of the function with an indirect call at every event."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "-C", program], check=True,
                          capture_output=True, text=True).stdout
    for function in text.split("\n\n"):
        lines = (INSTRUCTION.match(line) for line in function.splitlines())
        code = [(int(m[1], 16), re.sub(r"\s+", " ", m[2])) for m in lines if m]
        if any(counts[address] >= MORE * MANY and line.startswith("call *")
               for address, line in code):
            return code
    sys.exit("bench_instructions: no indirect call was executed at every event")


def loop_of(code, counts):
    """The instructions that were executed once for each event, as text."""
    return [line for address, line in code if counts[address] >= MORE * MANY]


def jumps_taken(code, counts):
    """In a turn with one event. Code after a jump that was executed less often was jumped over."""
    taken = sum(max(0, counts[address] - counts[following])
                for (address, line), (following, _) in itertools.pairwise(code)
                if line.startswith("j"))
    return taken / MORE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--max", type=float, default=9, help="around a handler")
    parser.add_argument("--max-turn", type=float, default=95, help="in a turn with one event")
    parser.add_argument("--max-run", type=float, default=68, help="in such a turn, in run()")
    parser.add_argument("--max-jumps", type=float, default=0, help="taken in such a turn")
    parser.add_argument("--max-churn", type=float, default=480, help="for add + remove")
    options = parser.parse_args()

    program = options.build.resolve() / "bench/eventp.bench.instructions"
    peers = subprocess.run([program, "list"], capture_output=True, text=True,
                           check=True).stdout.split()
    print("User-space instructions; handlers are empty, those inside run() count\n\n"
          f"{'':30}{'per event':>15}{'per turn':>15}{'per turn':>15}{'add + remove':>15}\n"
          f"{'':30}{f'of {MANY}':>15}{'with one':>15}{'inside run()':>15}\n")
    per_event, per_turn, per_run, churn, loops, jumps = {}, {}, {}, {}, {}, {}
    for peer, (counts, counts_of_one, inside_run, coming) in all_counts(program, peers):
        per_event[peer] = counts.total() / (MORE * MANY)
        per_turn[peer] = counts_of_one.total() / MORE
        per_run[peer] = inside_run.total() / MORE
        churn[peer] = coming.total() / MORE
        if peer in ("raw_epoll", "eventp"):
            code = dispatching_function(program, counts)
            loops[peer] = loop_of(code, counts)
            jumps[peer] = jumps_taken(code, counts_of_one)
        print(f"{name_of(peer):30}{per_event[peer]:15.2f}{per_turn[peer]:15.1f}"
              f"{per_run[peer]:15.1f}{churn[peer]:15.1f}", flush=True)
    for peer, loop in loops.items():
        print(f"\n{name_of(peer)}, {len(loop)} instructions around a handler:\n")
        print("\n".join(f"  {line}" for line in loop))
        print(f"\n{jumps[peer]:g} jumps taken around it in a turn with one event")
    (options.build / "instructions.json").write_text(
        json.dumps({"per_event": per_event, "per_turn": per_turn, "per_run": per_run,
                    "churn": churn, "loops": loops}, indent=2) + "\n")

    found = len(loops["eventp"])
    bad = False
    for what, measured, recorded in (("around a handler", found, options.max),
                                     ("in a turn", per_turn["eventp"], options.max_turn),
                                     ("in a turn inside run()", per_run["eventp"],
                                      options.max_run),
                                     ("for add + remove", churn["eventp"], options.max_churn),
                                     ("jumping in a turn", jumps["eventp"], options.max_jumps)):
        if measured > recorded:
            print(f"\n{measured:g} instructions {what}; {recorded:g} are recorded")
            bad = True
    print(f"\ninstructions per event: {found}")
    sys.exit(bad)


if __name__ == "__main__":
    main()
