# SPDX-License-Identifier: MIT
"""The example programs as their users see them, for the tests beside this file."""
import os
import pathlib
import re
import resource
import select
import signal
import socket
import subprocess

# What only a broken test reaches.
LIMIT_S = 120

EXAMPLES = pathlib.Path(os.environ["EVENTP_EXAMPLES"])


def without_vptr_checks():
    """UBSan's check of virtual calls opens a pipe, and takes its failure for a broken object."""
    suppressions = pathlib.Path(__file__).with_name("descriptors.ubsan").resolve()
    options = f"{os.environ.get('UBSAN_OPTIONS', '')}:suppressions={suppressions}"
    return {**os.environ, "UBSAN_OPTIONS": options.lstrip(":")}


class Server:
    """The echo server on a free port. Leaving the `with` kills it if it is still there."""

    def __init__(self, *options, descriptors=None):
        def limit():
            if descriptors is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
        self.process = subprocess.Popen(
            [EXAMPLES / "echo_server", "--port", "0", *options],
            stdout=subprocess.PIPE, text=True, preexec_fn=limit,
            env=None if descriptors is None else without_vptr_checks())
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
        assert found, f"the first line was {line!r}"
        self.port = int(found[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT_S)

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def totals(self):
        """Waits for its end, which has to be a clean one; its last line as numbers by name."""
        said, _ = self.process.communicate(timeout=LIMIT_S)
        assert self.process.returncode == 0, f"exit status {self.process.returncode}"
        return {name: float(number) for number, name in re.findall(r"([\d.]+) (\w+)", said)}

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")")[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def receive(peer, count):
    """Exactly `count` bytes, or what came before the end."""
    parts = bytearray()
    while len(parts) < count:
        part = peer.recv(min(count - len(parts), 1 << 20))
        if not part:
            break
        parts += part
    return bytes(parts)


def fill(peer, data):
    """Sends until nothing is taken for a second; how much was."""
    peer.setblocking(False)
    sent = 0
    while sent < len(data) and select.select([], [peer], [], 1)[1]:
        sent += peer.send(data[sent:sent + (1 << 20)])
    peer.settimeout(LIMIT_S)
    return sent


def has(tool):
    return any((pathlib.Path(folder) / tool).exists()
               for folder in os.environ["PATH"].split(os.pathsep))
