#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The suite can fail: each bug below is put into a copy of the library, and tests have to notice.

    tools/canaries.py [--only <name>] [<scratch directory>]

Not a part of `make test`: every bug is a build of its own. A survivor is a hole in the tests.
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLAGS = ["-std=c++23", "-O1", "-g", "-pthread", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all", "-D_GLIBCXX_ASSERTIONS"]
WRAP = ["-Wl,--wrap=" + name for name in
        ("epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait2", "eventfd", "dup3")]
TESTS = {  # name -> sources
    "conformance/ghost": [],
    "conformance/ghost_number": [],
    "conformance/ghost_rebuild_limits": [],
    "conformance/modify": [],
    "conformance/throws": [],
    "fault/rebuild": ["fault/faults.cpp"],
    "model/random": ["model/world.cpp", "model/world_turn.cpp"],
}

# name, what is wrong, file, (text that is there, what it becomes), tests that have to fail
BUGS = [
    ("free_on_failed_del", "a slot is freed although DEL failed", "src/reactor/remove.cpp",
     ("        registry.hold(slot.fd);\n", "        slot.presence = Presence::absent;\n"),
     ["conformance/ghost", "model/random"]),
    ("free_held_number", "DEL answers 0 for the entry of a ghost, and the slot is freed",
     "src/reactor/add_modify.cpp",
     ("set.remove(fd) < 0 || registry.may_have_stale_entry(fd)) {", "set.remove(fd) < 0) {"),
     ["conformance/ghost_number", "model/random"]),
    ("modify_held_number", "MOD of a number that the quarantine holds edits the ghost",
     "src/reactor/add_modify.cpp",
     ("return slot.presence == Presence::present && !registry.may_have_stale_entry(slot.fd);",
      "return slot.presence == Presence::present;"),
     ["conformance/ghost_number", "model/random"]),
    ("refuse_remove", "remove() refuses a subscriber whose DEL fails", "src/reactor/remove.cpp",
     ("    unregister(*slot);\n    if (is_to_be_retired",
      "    if (slot->presence != Presence::absent && !remove_from_epoll(*slot, slot->fd)) {\n"
      "        return false;\n    }\n    unregister(*slot);\n    if (is_to_be_retired"),
     ["conformance/ghost", "model/random"]),
    ("drop_tail", "the rest of a batch is lost if a handler throws",
     "src/reactor/dispatch.cpp",
     ("        state_.dispatching = false;\n",
      "        state_.dispatching = false;\n        state_.batch.forget();\n"),
     ["conformance/throws", "model/random"]),
    ("no_narrowing", "modify() leaves pending events as they are", "src/reactor/add_modify.cpp",
     ("    if (batch.has_tail() && &slot != running()) {", "    if (false) {"),
     ["conformance/modify", "model/random"]),
    ("armed_by_rebuild", "a fired one-shot subscriber is armed by a rebuild",
     "src/reactor/rebuild.cpp",
     ("return slot.variant == Variant::dropped ? std::uint32_t{EPOLLONESHOT} "
      ": slot.live.interest;", "return slot.live.interest;"),
     ["model/random"]),
    ("no_spare", "no descriptor number is held in reserve", "src/reactor/rebuild.cpp",
     ("    renew_spare();\n    return true;\n", "    spare.close();\n    return true;\n"),
     ["conformance/ghost_rebuild_limits"]),
    ("spare_lost", "a rebuild that was refused gives the reserve up", "src/reactor/rebuild.cpp",
     ("    if (!fill(spare)) {\n        renew_spare();", "    if (!fill(spare)) {\n"
      "        spare.close();"),
     ["fault/rebuild"]),
    ("no_rebuild", "the epoll instance is never replaced", "src/reactor/rebuild.cpp",
     ("ghosts > 1 + live / 16 ||", "false ||"),
     ["conformance/ghost"]),
    ("blind_facade", "an outer loop does not watch the new instance", "src/reactor/rebuild.cpp",
     ("    pollable_is_stale = pollable.add(set.fd(), EPOLLIN, discard_slot) < 0;", "    return;"),
     ["conformance/ghost_rebuild_limits"]),
    ("early_free", "a refused rebuild frees the quarantine", "src/reactor/rebuild.cpp",
     ("    if (!fill(spare)) {\n", "    if (!fill(spare)) {\n"
      "        quarantine.release(registry);\n"),
     ["fault/rebuild"]),
    ("exclusive_returned", "a returned ghost is taken over by MOD", "src/core/epoll_set.cpp",
     ("    static_cast<void>(sys::epoll_remove(this->fd(), fd));\n"
      "    return sys::epoll_add(", "    return sys::epoll_modify("),
     ["conformance/ghost_number"]),
]


def run(command, **options):
    return subprocess.run([str(word) for word in command], text=True, capture_output=True,
                          check=False, **options)


def build(command):
    done = run(command)
    if done.returncode != 0:
        sys.exit(f"canaries: does not build:\n{done.stderr}")


class Suite:
    """The library and its tests as objects, so that one bug costs one file and some links."""

    def __init__(self, scratch, compiler):
        self.scratch, self.compiler, self.includes = scratch, compiler, []
        self.includes = [f"-I{ROOT}/include", f"-I{ROOT}/src", f"-I{ROOT}/tests"]

    def compile(self, source, to):
        build([self.compiler, *FLAGS, *self.includes, "-c", source, "-o", to])
        return to

    def prepare(self, tests, jobs):
        sources = {ROOT / "tests" / f"{test}.test.cpp" for test in tests}
        sources |= {ROOT / "tests" / extra for test in tests for extra in TESTS[test]}
        sources |= set((ROOT / "src").rglob("*.cpp"))
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda source: self.compile(source, self.object_of(source)), sources))

    def object_of(self, source):
        return self.scratch / (str(source.relative_to(ROOT)).replace("/", ".") + ".o")

    def binary(self, test, replaced, name):
        """Links a test with the library, of which one source may be `replaced`."""
        objects = [self.object_of(ROOT / "tests" / f"{test}.test.cpp")]
        objects += [self.object_of(ROOT / "tests" / extra) for extra in TESTS[test]]
        objects += [replaced.get(source, self.object_of(source))
                    for source in sorted((ROOT / "src").rglob("*.cpp"))]
        out = self.scratch / f"{name}.{test.replace('/', '.')}"
        wrap = WRAP if "fault/faults.cpp" in TESTS[test] else []
        build([self.compiler, *FLAGS, *objects, *wrap, "-lgmock_main", "-lgmock", "-lgtest",
               "-o", out])
        return out

    def fails(self, test, replaced, name):
        binary = self.binary(test, replaced, name)
        environment = dict(os.environ, EVENTP_OPERATIONS="200000")
        try:
            done = run([binary, "--gtest_fail_fast"], env=environment, timeout=120)
            return done.returncode != 0
        except subprocess.TimeoutExpired:
            return True
        finally:
            binary.unlink()


def broken_copy(scratch, name, path, change):
    """A copy of the source with the bug in it."""
    source = ROOT / path
    text = source.read_text()
    if text.count(change[0]) != 1:
        sys.exit(f"canaries: {name}: {path} has changed: update the text to replace")
    copy = scratch / f"{name}.cpp"
    copy.write_text(text.replace(*change))
    return copy


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scratch", nargs="?", type=pathlib.Path)
    parser.add_argument("--only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    bugs = [bug for bug in BUGS if asked.only in (None, bug[0])]
    if not bugs:
        sys.exit(f"canaries: there is no {asked.only}")

    scratch = asked.scratch or pathlib.Path(tempfile.mkdtemp(prefix="eventp-canaries-"))
    scratch.mkdir(parents=True, exist_ok=True)
    suite = Suite(scratch, os.environ.get("CXX", "g++"))
    tests = sorted({test for bug in bugs for test in bug[4]})
    copies = {bug[0]: broken_copy(scratch, bug[0], bug[2], bug[3]) for bug in bugs}
    suite.prepare(tests, asked.jobs)
    bad = [f"{test}: fails without a bug" for test in tests if suite.fails(test, {}, "right")]
    for name, what, path, _, expected in bugs if not bad else ():
        broken = {ROOT / path: suite.compile(copies[name], scratch / f"{name}.o")}
        for test in expected:
            noticed = suite.fails(test, broken, name)
            print(f"{'noticed' if noticed else 'SURVIVES'}  {name:20} {test}", flush=True)
            if not noticed:
                bad.append(f"{test}: does not notice that {what} ({name})")
    if asked.scratch is None:
        shutil.rmtree(scratch)
    print("\n".join(bad) or f"canaries: {len(bugs)} bugs, all noticed")
    return bool(bad)


sys.exit(main())
