#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows the instructions that dispatch spends on one event, and checks what the loop must not do.

Compiles src/reactor/dispatch.cpp with -O2, finds the loop around the call of a handler in
Reactor::State::run_once() and counts its instructions. Fails when there are more than
allowed, or when the loop has another call, a division or an atomic instruction.

  tools/dispatch_loop.py [--max N] [--update docs/internals/architecture.md] [--cxx g++]
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S.*?)\s*$")
BEGIN, END = "<!-- dispatch loop: made by tools/dispatch_loop.py -->", "<!-- end -->"


def disassemble(cxx, folder):
    """The instructions of run_once(), as (address, text)."""
    out = pathlib.Path(folder) / "dispatch.o"
    flags = ["-std=c++23", "-O2", "-DNDEBUG", "-fvisibility=hidden",
             "-I", ROOT / "include", "-I", ROOT / "src"]
    source = ROOT / "src/reactor/dispatch.cpp"
    subprocess.run([cxx, *flags, "-c", source, "-o", out], check=True)
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "-C", out], check=True,
                          capture_output=True, text=True).stdout
    body = re.search(r"<eventp::v\d+_\d+::Reactor::State::run_once\(long\)>:\n((?:.+\n)+)", text)
    if not body:
        sys.exit("dispatch_loop: no run_once() in the object file")
    found = (INSTRUCTION.match(line) for line in body[1].splitlines())
    return [(int(m[1], 16), re.sub(r"\s+", " ", m[2])) for m in found if m]


def loop_of(code):
    """From the target of the jump after the indirect call, up to that jump."""
    # Through the first member of the operations; a destructor is called through the second one.
    calls = [i for i, (_, text) in enumerate(code) if re.match(r"call \*\(", text)]
    if len(calls) != 1:
        sys.exit(f"dispatch_loop: {len(calls)} calls of a handler in run_once(), not one")
    for i in range(calls[0], len(code)):
        jump = re.match(r"j\w+ ([0-9a-f]+)", code[i][1])
        if jump and int(jump[1], 16) <= code[calls[0]][0]:
            start = int(jump[1], 16)
            return [(a, t) for a, t in code[:i + 1] if a >= start]
    sys.exit("dispatch_loop: no loop around the indirect call")


def faults(loop, most):
    texts = [text for _, text in loop]
    if len(texts) > most:
        yield f"{len(texts)} instructions per event; at most {most} are allowed"
    if sum(text.startswith("call") for text in texts) != 1:
        yield "a call beside the handler's"
    if any(re.match(r"i?div|lock|xchg|cmpxchg", text) for text in texts):
        yield "a division or an atomic instruction"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--max", type=int, default=9)
    parser.add_argument("--update", type=pathlib.Path, help="writes the listing into this page")
    parser.add_argument("--compare", type=pathlib.Path,
                        help="fails if this page has another listing of the same compiler")
    parser.add_argument("--cxx", default="g++")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        loop = loop_of(disassemble(options.cxx, folder))
    compiler = subprocess.run([options.cxx, "--version"], capture_output=True, text=True,
                              check=True).stdout.splitlines()[0]
    listing = "\n".join(re.sub(r" <.*", "", text) for _, text in loop)
    report = f"```asm\n; {compiler}, -O2\n{listing}\n```\n\nInstructions per event: {len(loop)}\n"
    print(report)
    if options.update:
        page = options.update.read_text()
        before, rest = page.split(BEGIN)
        options.update.write_text(before + BEGIN + "\n" + report + END + rest.split(END)[1])
    bad = list(faults(loop, options.max))
    if options.compare:
        text = options.compare.read_text()
        if compiler in text and report not in text:
            bad.append(f"{options.compare} has another listing: run with --update")
    print("\n".join(bad) or "dispatch loop: ok")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
