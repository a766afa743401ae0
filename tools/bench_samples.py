# SPDX-License-Identifier: MIT
"""Takes the samples of a benchmark in all layouts of its program.

A program is linked in several layouts (bench/CMakeLists.txt). Each is started once for a group and
waits for commands. A round takes one sample of every peer in every layout, in a random order and
one at a time, so that drift of the machine hits all of them alike. A peer's figure at a point is
the median over the layouts of the median of its samples in each layout.
"""
import collections
import functools
import itertools
import random
import statistics
import subprocess
import sys
import time

SAMPLES_MIN = 3  # of each peer in each layout
ROUNDS_MAX = 1000


class Layout:
    """One layout of a program, which takes a sample whenever it is asked for one."""

    def __init__(self, program, is_smoke):
        self.name = program.name
        self.process = subprocess.Popen([program] + ["--smoke"] * is_smoke + ["serve"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"bench: {self.name} ended at '{command}'")
        return line.split()

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            sys.exit(f"bench: {self.name} failed")


def programs_of(folder, name):
    """The layouts of a program; the program itself where the build has none."""
    return sorted(folder.glob(f"{name}.layout?")) or [folder / name]


@functools.cache
def points_of(program, is_smoke):
    """[(group, n, seconds)], without those for which the process cannot open enough files."""
    lines = subprocess.run([program] + ["--smoke"] * is_smoke + ["list"], text=True, check=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    return [(group, int(n), float(seconds)) for group, n, seconds in map(str.split, lines)]


def show_progress(title, done, rounds):
    """'one_ready 1000  [######      ]  52 rounds', over itself on a terminal."""
    if done >= 1 or sys.stderr.isatty():
        bar = "#" * min(30, int(30 * done))
        print(f"\r{title:26} [{bar:30}] {rounds:4} rounds", file=sys.stderr, flush=True,
              end="\n" if done >= 1 else "")


def take_rounds(title, layouts, peers, seconds, needed):
    """{(layout, peer): samples}"""
    order = list(itertools.product(layouts, peers))
    samples, spent = collections.defaultdict(list), collections.Counter()
    for rounds in range(1, ROUNDS_MAX + 1):
        # A peer that is slow to measure rests when it has enough samples: it gets at most twice the
        # time of the median peer, and takes none from the others.
        median = statistics.median(spent[peer] for peer in peers)
        resting = {peer for peer in peers if spent[peer] > 2 * median and
                   len(samples[layouts[0], peer]) >= needed}
        random.shuffle(order)
        for layout, peer in order:
            if peer not in resting:
                start = time.monotonic()
                samples[layout, peer].append(float(layout.ask(f"sample {peer}")[0]))
                spent[peer] += time.monotonic() - start
        enough = min(map(len, samples.values())) / needed
        typical = statistics.median(spent[peer] for peer in peers) * len(peers)
        done = enough if seconds == 0 else min(typical / seconds, enough)
        done = 1 if rounds == ROUNDS_MAX else done
        show_progress(title, done, rounds)
        if done >= 1:
            break
    return samples


def measure(programs, points, is_smoke, budget, wanted=()):
    """Rows of the points, which are those of one group: of all peers, or the wanted ones."""
    layouts = [Layout(program, is_smoke) for program in programs]
    rows = []
    for group, n, seconds in points:
        peers = [layout.ask(f"point {group} {n}") for layout in layouts][0]
        peers = [peer for peer in peers if not wanted or peer in wanted]
        if not peers:
            continue
        is_single = is_smoke or seconds == 0
        samples = take_rounds(f"{group} {n}", layouts, peers, 0 if is_single else seconds * budget,
                              1 if is_single else SAMPLES_MIN)
        for peer in peers:
            medians = [statistics.median(samples[layout, peer]) for layout in layouts]
            rows.append({"group": group, "peer": peer, "n": n,
                         "median_ns": round(statistics.median(medians), 4),
                         "layouts_ns": [round(median, 4) for median in medians],
                         "samples": sum(len(samples[layout, peer]) for layout in layouts)})
    for layout in layouts:
        layout.close()
    return rows
