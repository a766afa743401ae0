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


class Server:
    """The echo server on a free port. Leaving the `with` kills it if it is still there."""

    def __init__(self, *options, descriptors=None):
        def limit():
            if descriptors is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
        self.process = subprocess.Popen(
            [EXAMPLES / "echo_server", "--port", "0", *options],
            stdout=subprocess.PIPE, text=True, preexec_fn=limit)
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

    def wait_for_naps(self, count):
        """Waits until it has slept `count` more times; a server that spins never does."""
        enough = self.naps() + count
        busy = self.cpu_seconds() + 1
        while self.naps() < enough:
            assert self.cpu_seconds() < busy, "it is busy though nothing happens"
            os.sched_yield()

    def naps(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.MULTILINE)[1])

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")")[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def exchange(peer, data=b"x"):
    """Sends and gets back: the server makes a turn and more."""
    peer.sendall(data)
    got = receive(peer, len(data))
    assert got == data, f"{got!r} came back for {data!r}"


def receive(peer, count):
    """Exactly `count` bytes, or what came before the end."""
    parts = bytearray()
    while len(parts) < count:
        part = peer.recv(min(count - len(parts), 1 << 20))
        if not part:
            break
        parts += part
    return bytes(parts)


def push(peer, data):
    """Sends without waiting; how much was taken."""
    left = memoryview(data)
    peer.setblocking(False)
    try:
        while left:
            left = left[peer.send(left):]
    except BlockingIOError:
        pass
    peer.settimeout(LIMIT_S)
    return len(data) - len(left)


def is_given_up(peer):
    """The other end has let no byte in for so long that the kernel only asks now and then."""
    tcpi_backoff = 4  # struct tcp_info in linux/tcp.h
    return peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[tcpi_backoff] > 0


def fill(peer, data, other):
    """Sends until the server accepts nothing, while it continues to serve `other`.

    How much it and the kernel took, and how many bytes `other` has sent and got back."""
    sent = 0
    echoed = 0
    while sent < len(data) and not is_given_up(peer):
        sent += push(peer, memoryview(data)[sent:])
        exchange(other)
        echoed += 1
    return sent, echoed


def has(tool):
    return any((pathlib.Path(folder) / tool).exists()
               for folder in os.environ["PATH"].split(os.pathsep))
