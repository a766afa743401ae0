#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The system calls that src/sys/ makes, as rows for tests/fault/refusals.test.cpp.

    system_calls.py <src/sys> <output file>

Writes one initialiser per system call: {name, number, index of an argument or -1, value of that
argument}. The argument selects calls of one kind: the others are made by the C library as well.
Fails if src/sys/ calls a function of the C library, or uses an operation of one, that is not known
here: so no call is forgotten.
"""
import pathlib
import re
import sys

# Function of the C library: the system calls that it makes. An architecture has only some of them.
# (system call, argument, pattern): one for each word of src/sys/ that the pattern matches.
# (system call, argument, value, name of the row): one.
FUNCTIONS = {
    "clock_gettime": [("clock_gettime",)],
    "dup3": [("dup3",)],
    "epoll_create1": [("epoll_create1",)],
    "epoll_ctl": [("epoll_ctl", 1, r"EPOLL_CTL_\w+")],
    "epoll_pwait2": [("epoll_pwait2",)],
    "epoll_wait": [("epoll_wait",), ("epoll_pwait",)],
    "eventfd": [("eventfd2",)],
    "fcntl": [("fcntl", 1, r"F_[A-Z]\w+")],
    "getpid": [("getpid",)],
    "kill": [("kill",)],
    "madvise": [("madvise", 2, r"MADV_\w+")],
    "mmap": [("mmap", 1, "2 * ::sysconf(_SC_PAGESIZE)", "mmap")],
    "munmap": [("munmap", 1, "2 * ::sysconf(_SC_PAGESIZE)", "munmap")],
    "poll": [("poll",)],
    "posix_spawnp": [("clone3",), ("clone",), ("vfork",), ("execve",)],
    "posix_spawn_file_actions_addchdir_np": [("chdir",)],
    "posix_spawn_file_actions_addclose": [("close",)],
    "posix_spawn_file_actions_addclosefrom_np": [("close_range",)],
    "posix_spawn_file_actions_adddup2": [("dup2",), ("fcntl", 1, "F_SETFD", "fcntl_F_SETFD")],
    "posix_spawn_file_actions_addopen": [("openat", 2, "O_RDWR", "openat_O_RDWR")],
    "posix_spawnattr_setsigdefault": [("rt_sigaction",)],
    "posix_spawnattr_setsigmask": [("rt_sigprocmask",)],
    "pthread_sigmask": [("rt_sigprocmask",)],
    "signalfd": [("signalfd4",)],
    "timerfd_create": [("timerfd_create",)],
    "timerfd_settime": [("timerfd_settime",)],
    "waitid": [("waitid", 0, "3", "waitid_P_PIDFD"), ("waitid", 0, "P_PID", "waitid_P_PID")],
}
# Those that make none.
WITHOUT = {"posix_spawnattr_destroy", "posix_spawnattr_init", "posix_spawnattr_setflags",
           "posix_spawn_file_actions_destroy", "posix_spawn_file_actions_init", "pthread_atfork",
           "pthread_setcanceltype",
           "syscall", "sysconf"}


def code_of(folder):
    """What the files say, without comments and strings."""
    text = "\n".join(file.read_text() for file in sorted(folder.glob("*.[ch]pp")))
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', " ", text, flags=re.DOTALL)


def rows_of(call, code):
    """(name, system call, argument, value) for one entry of FUNCTIONS."""
    if len(call) == 1:
        return [(call[0], call[0], -1, "0")]
    number, argument, value = call[:3]
    if len(call) == 4:
        return [(call[3], number, argument, value)]
    return [(f"{number}_{word}", number, argument, word)
            for word in sorted(set(re.findall(rf"\b{value}\b", code)))]


def main(folder, output):
    code = code_of(folder)
    called = set(re.findall(r"(?<![\w:])::(\w+)\s*\(", code))
    unknown = called - FUNCTIONS.keys() - WITHOUT
    if unknown:
        print(f"{folder} calls what tools/system_calls.py does not know: {sorted(unknown)}")
        return True
    calls = [call for name in sorted(called & FUNCTIONS.keys()) for call in FUNCTIONS[name]]
    names = {call[0] for call in calls}
    for number in sorted(set(re.findall(r"\bSYS_(\w+)", code)) - names):
        calls += FUNCTIONS.get(number, [(number,)])
    rows = {row[0]: row for call in calls for row in rows_of(call, code)}
    lines = ["// Written by tools/system_calls.py."]
    for name, number, argument, value in sorted(rows.values()):
        lines += [f"#if defined(SYS_{number})",
                  f'{{"{name}", SYS_{number}, {argument}, static_cast<unsigned>({value})}},',
                  "#endif"]
    output.write_text("\n".join(lines) + "\n")
    return False


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
