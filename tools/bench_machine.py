# SPDX-License-Identifier: MIT
"""Where, when and of what a figure was measured: without that it means nothing."""
import os
import pathlib
import platform
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True,
                              cwd=ROOT).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def cached(build, name):
    found = re.search(rf"^{name}:\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE)
    return found[1] if found else ""


def absent_peers(build):
    """The peers that the build did not find."""
    return [peer for peer in cached(build, "EVENTP_BENCH_ABSENT").split(";") if peer]


def run():
    """What may differ between the groups of one table of results."""
    return {"commit": output_of("git", "describe", "--always", "--dirty"),
            "date": time.strftime("%Y-%m-%d")}


def machine(build):
    processor = re.search(r"^model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text(),
                          re.MULTILINE)
    governor = pathlib.Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    compiler = cached(build, "CMAKE_CXX_COMPILER") or "c++"
    return {
        "processor": processor[1] if processor else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "compiler": output_of(compiler, "--version").split("\n", maxsplit=1)[0],
        "flags": "-O3 -flto",
        "governor": governor.read_text().strip() if governor.exists() else "unknown",
        "absent": absent_peers(build),
    }
