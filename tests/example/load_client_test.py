# SPDX-License-Identifier: MIT
"""The load client detects errors, and tools/demo.sh leaves no process running."""
import os
import pathlib
import signal
import socket
import subprocess
import threading
import unittest

import served

DEMO = pathlib.Path(__file__).resolve().parents[2] / "tools/demo.sh"


def load(*options):
    return subprocess.run([served.EXAMPLES / "load_client", *options], text=True,
                          capture_output=True, timeout=served.LIMIT_S, check=False)


class Liar:
    """An echo server of one connection that changes what it sends back."""

    def __init__(self, change):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = str(self.listener.getsockname()[1])
        self.thread = threading.Thread(target=self.serve, args=[change])

    def serve(self, change):
        peer, _ = self.listener.accept()
        with peer:
            while data := peer.recv(1 << 20):
                peer.sendall(change(data))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
        self.listener.close()


class LoadClient(unittest.TestCase):
    def test_succeeds_when_every_byte_comes_back(self):
        with served.Server() as server:
            done = load("--port", str(server.port), "--seconds", "1", "--connections", "8",
                        "--bytes", "100000")
        self.assertEqual(done.returncode, 0, done.stderr)
        for row in ("requests/s", "median", "99th percentile", "events per wait", "bytes checked"):
            self.assertIn(row, done.stdout)

    def test_fails_when_one_byte_is_wrong(self):
        with Liar(lambda data: data[:-1] + bytes([data[-1] ^ 1])) as liar:
            done = load("--port", liar.port, "--seconds", "1", "--connections", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("an answer is not what was sent", done.stderr)

    def test_fails_when_a_connection_is_closed_early(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=lambda: listener.accept()[0].close())
            thread.start()
            done = load("--port", str(listener.getsockname()[1]), "--connections", "1")
            thread.join()
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAILED", done.stderr)

    def test_fails_without_a_listener(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        self.assertEqual(load("--port", str(port)).returncode, 1)

    def test_prints_the_usage_for_bad_options(self):
        for bad in ([], ["--port", "0"], ["--port", "1", "--bytes", "0"], ["--load", "1"]):
            with self.subTest(bad):
                done = load(*bad)
                self.assertEqual(done.returncode, 2)
                self.assertIn("usage: load_client", done.stderr)


class Demo(unittest.TestCase):
    # A leak check has a process of its own, which outlives a server that is killed in it.
    ENVIRONMENT = {**os.environ,
                   "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}

    def start(self, *options):
        return subprocess.Popen([DEMO, served.EXAMPLES.parent, *options], text=True,
                                env=self.ENVIRONMENT, stdout=subprocess.PIPE,
                                start_new_session=True)

    def assert_nobody_is_left(self, demo):
        """Of its process group, which a session of its own keeps apart."""
        with self.assertRaises(ProcessLookupError):
            os.killpg(demo.pid, 0)

    def test_shows_what_it_does_and_succeeds(self):
        with self.start("--seconds", "1") as demo:
            said, _ = demo.communicate(timeout=served.LIMIT_S)
        self.assertEqual(demo.returncode, 0)
        self.assertIn("every byte came back right", said)
        self.assertIn("bytes echoed", said)
        self.assert_nobody_is_left(demo)

    def interrupt(self, send):
        with self.start("--seconds", "1000") as demo:
            while "1 s" not in demo.stdout.readline():
                pass
            send(demo.pid, signal.SIGINT)
            demo.communicate(timeout=served.LIMIT_S)
        self.assertEqual(demo.returncode, 130)
        self.assert_nobody_is_left(demo)

    def test_ends_with_all_it_started_on_ctrl_c(self):
        self.interrupt(os.killpg)

    def test_ends_with_all_it_started_when_it_alone_is_interrupted(self):
        self.interrupt(os.kill)


if __name__ == "__main__":
    unittest.main()
