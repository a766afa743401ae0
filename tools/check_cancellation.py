#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No noexcept function contains a cancellation point: a thread that is cancelled there terminates
the process (pthreads(7)). Cancellation points are the functions of the C library below, and the
functions of src/sys/ that are declared without noexcept. syscall(2) is none.
"""
import pathlib
import re
import sys

C_LIBRARY = """
    accept accept4 clock_nanosleep close connect creat epoll_pwait epoll_pwait2 epoll_wait
    eventfd_read eventfd_write fdatasync fsync lockf msgrcv msgsnd msync nanosleep open
    openat pause poll ppoll pread preadv pselect pthread_cond_timedwait pthread_cond_wait
    pthread_join pthread_testcancel pwrite pwritev read readv recv recvfrom recvmsg select
    sem_timedwait sem_wait send sendmsg sendto sigpause sigsuspend sigtimedwait sigwait
    sigwaitinfo sleep system tcdrain usleep wait wait3 wait4 waitid waitpid write writev
""".split()
NO_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
CONTROL = re.compile(r"\s*(?:else\s+)?(?:if|for|while|switch|catch|do|else|namespace|return)\b")


def code_of(file):
    """The text without comments and strings, line by line as it was."""
    return NO_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), file.read_text())


def waits_of(folder):
    """Functions that the headers of src/sys/ declare without noexcept."""
    declared = re.compile(r"\b(\w+)\(([^;{}()]|\([^;{}()]*\))*\)\s*(noexcept)?\s*;")
    return {found[1] for file in folder.glob("*.hpp") for found in declared.finditer(code_of(file))
            if not found[3]}


def is_noexcept(header):
    """Of the text before a brace: it begins a function that is noexcept, or a destructor."""
    return (not CONTROL.match(header) and "(" in header and
            (re.search(r"\bnoexcept\b(?!\s*\(\s*false)", header) is not None or
             re.search(r"~\w+\(\)", header) is not None))


def calls_in_noexcept(code, call):
    """(line, function) of each call in a function that is noexcept."""
    headers, start, found = [], 0, []
    for token in re.finditer(rf"[;{{}}]|{call}", code):
        if token[0] == "{":
            headers.append(code[start:token.start()])
        elif token[0] == "}":
            del headers[-1:]
        elif token[0] != ";":
            if any(map(is_noexcept, headers)):
                found.append((code.count("\n", 0, token.start()) + 1, token[0].rstrip("( ")))
            continue
        start = token.end()
    return found


def main(root):
    waits = waits_of(root / "src/sys") or {"none"}
    call = rf"(?<![\w:])::(?:{'|'.join(C_LIBRARY)})\s*\(|\bsys::(?:{'|'.join(sorted(waits))})\s*\("
    files = sorted([*(root / "src").rglob("*.[ch]pp"), *(root / "include").rglob("*.hpp")])
    bad = [f"{file}:{line}: {name} is a cancellation point in a noexcept function"
           for file in files for line, name in calls_in_noexcept(code_of(file), call)]
    print("\n".join(bad) or "cancellation: ok")
    return bool(bad)


sys.exit(main(pathlib.Path(sys.argv[1])))
