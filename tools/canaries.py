#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The suite can fail: each bug below is put into a copy of the library, and the named tests must
fail.

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
    "conformance/fork": [],
    "conformance/fork_reentrancy": [],
    "conformance/fork_user_code": [],
    "conformance/ghost": [],
    "conformance/ghost_number": [],
    "conformance/ghost_rebuild_limits": [],
    "conformance/modify": [],
    "conformance/pause": [],
    "conformance/remote_callbacks": [],
    "conformance/subscriber_fd": [],
    "conformance/throws": [],
    "conformance/timer_removal": [],
    "fault/rebuild": ["fault/faults.cpp"],
    "model/random": ["model/world.cpp", "model/world_turn.cpp"],
}

# name, what is wrong, file, (text that is there, what it becomes), tests that must fail
BUGS = [
    ("free_on_failed_del", "a slot is freed although EPOLL_CTL_DEL failed",
     "src/reactor/remove.cpp",
     ("        slot.kernel_may_hold = true;\n", ""),
     ["conformance/ghost", "model/random"]),
    ("free_stale_number", "a slot is freed after EPOLL_CTL_DEL has removed a stale entry",
     "src/reactor/add_modify.cpp",
     # The model does not put the file of a removed subscriber back under its descriptor.
     ("return is_removed && !entry.may_be_stale();", "return is_removed;"),
     ["conformance/ghost_number"]),
    ("refuse_remove", "remove() refuses a subscriber whose EPOLL_CTL_DEL fails",
     "src/reactor/remove.cpp",
     ("    unregister(entry, *slot);\n    if (must_retire",
      "    if (slot->state != SlotState::unwatched && set.remove(slot->fd) < 0) {\n"
      "        return false;\n    }\n    unregister(entry, *slot);\n    if (must_retire"),
     ["conformance/ghost", "model/random"]),
    ("drop_rest", "a handler that throws loses the rest of the batch", "src/reactor/dispatch.cpp",
     ("            state_->phase = Phase::idle;\n",
      "            state_->phase = Phase::idle;\n            state_->batch.reset();\n"),
     ["conformance/throws", "model/random"]),
    ("no_masking", "modify() leaves pending events as they are", "src/reactor/add_modify.cpp",
     ("    if (batch.has_rest()) {\n        batch.mask_pending(", "    if (false) {\n"
      "        batch.mask_pending("),
     ["conformance/modify", "model/random"]),
    ("armed_by_rebuild", "a rebuild arms a fired one-shot subscriber", "src/reactor/rebuild.cpp",
     ("return slot.state == SlotState::fired ? std::uint32_t{EPOLLONESHOT} : slot.live.interest;",
      "return slot.live.interest;"),
     ["model/random"]),
    ("no_spare", "no descriptor is held in reserve", "src/reactor/rebuild.cpp",
     ("    renew_spare();\n    return true;\n", "    spare.close();\n    return true;\n"),
     ["conformance/ghost_rebuild_limits"]),
    ("spare_lost", "a failed rebuild loses the reserve", "src/reactor/rebuild.cpp",
     ("    if (!fill(spare)) {\n        renew_spare();", "    if (!fill(spare)) {\n"
      "        spare.close();"),
     ["fault/rebuild"]),
    ("no_rebuild", "stale entries are tolerated forever", "src/reactor/settle.cpp",
     ("stale_since_rebuild > stale_limit ||", "false ||"),
     ["conformance/ghost"]),
    ("blind_outer_loop", "an outer loop does not watch the rebuilt epoll instance",
     "src/reactor/pollable.cpp",
     ("    is_pollable_stale = pollable.add(set.fd(), EPOLLIN, discard_slot) < 0;", "    return;"),
     ["conformance/ghost_rebuild_limits"]),
    ("early_free", "a failed rebuild frees the quarantine", "src/reactor/rebuild.cpp",
     ("    if (!fill(spare)) {\n", "    if (!fill(spare)) {\n        quarantine.release();\n"),
     ["fault/rebuild"]),
    ("exclusive_returned", "EPOLL_CTL_MOD takes over an entry that came back",
     "src/core/epoll_set.cpp",
     ("    static_cast<void>(sys::epoll_remove(this->fd(), fd));\n"
      "    return sys::epoll_add(", "    return sys::epoll_modify("),
     ["conformance/ghost_number"]),
    ("tasks_in_child", "closures run in a child that one of them forked",
     "src/reactor/special_slots.cpp",
     ("ran < tasks_per_turn_max && !state.is_in_child()", "ran < tasks_per_turn_max"),
     ["conformance/fork_user_code"]),
    ("destroyed_in_child", "a child destroys what its parent removed", "src/reactor/dispatch.cpp",
     ("    while (retired != nullptr && !is_in_child()) {  // a destructor",
      "    while (retired != nullptr) {  // a destructor"),
     ["conformance/fork", "conformance/fork_reentrancy"]),
    ("requeued_in_child", "an event that the parent requeued is dispatched in a child",
     "src/reactor/fork.cpp",
     ("    batch.cancel_all_requeued();\n", ""),
     ["conformance/fork_user_code"]),
    ("resumed_elsewhere", "a subscriber is resumed under another descriptor",
     "src/reactor/add_modify.cpp",
     ("    if (fd != slot.fd || is_own(fd)) {", "    if (is_own(fd)) {"),
     ["conformance/pause"]),
    ("used_while_reading", "fd() of a subscriber may use the reactor", "src/reactor/add_modify.cpp",
     ("        state.gate.set_user(detail::UserGate::reading_fd);\n", ""),
     ["conformance/subscriber_fd"]),
    ("removed_too_late", "what a closure removed is destroyed after the last closure",
     "src/reactor/special_slots.cpp",
     ("            state.destroy_removed();\n", ""),
     ["conformance/remote_callbacks"]),
    ("timers_removed_too_late", "what a timer removed is destroyed after the last timer",
     "src/timers/timer_expiry.cpp",
     ("        reactor.destroy_removed();\n", ""),
     ["conformance/timer_removal"]),
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
        sys.exit(f"canaries: {name}: {path} has changed; update the text to replace")
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
