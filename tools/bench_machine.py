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


class Run:
    """One group: what may differ between the groups of one table of results."""

    def __init__(self):
        self.start = time.monotonic()
        self.others_at_start = busy_seconds() - own_seconds()

    def done(self):
        seconds = time.monotonic() - self.start
        others = busy_seconds() - own_seconds() - self.others_at_start
        return {"commit": output_of("git", "describe", "--always", "--dirty"),
                "date": time.strftime("%Y-%m-%d"), "seconds": round(seconds),
                "cores_of_others": max(0, round(others / seconds, 2))}


def busy_seconds():
    """Processor time of the whole machine, that which a hypervisor took included."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    """Of this process and of the children that it has waited for."""
    return sum(os.times()[:4])


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
