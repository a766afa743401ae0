#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tidy.py BUILD_DIR: clang-tidy 19 over src/ and over the public headers.

The headers are seen through the files that CMake makes to verify them; only BUILD_DIRs of a preset
whose compiler is clang have flags that clang-tidy understands.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

build = pathlib.Path(sys.argv[1]).resolve()
sources = pathlib.Path(__file__).resolve().parent.parent / "src"


def tidy(file):
    done = subprocess.run(["clang-tidy-19", "-p", build, "--quiet", file],
                          capture_output=True, text=True, check=False)
    return file, done.returncode, done.stdout, done.stderr


commands = json.loads((build / "compile_commands.json").read_text())
files = sorted({command["file"] for command in commands
                if pathlib.Path(command["file"]).is_relative_to(sources)
                or command["file"].endswith("/eventp/eventp.hpp.cxx")
                or "_verify_interface_header_sets/eventp/testing/" in command["file"]})
failed = 0
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for file, code, said, trouble in pool.map(tidy, files):
        print(f"{'ok' if code == 0 else 'FAILED'}: {os.path.relpath(file)}", flush=True)
        if code != 0:
            failed += 1
            print(said, trouble, sep="\n", flush=True)
print(f"tidy: {len(files)} files, {failed} failed")
sys.exit(failed != 0 or not files)
