# SPDX-License-Identifier: MIT
"""The small examples: what they print, and that they end well."""
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest

import served


def run(name, *words):
    return subprocess.run([served.EXAMPLES / name, *words], text=True, capture_output=True,
                          timeout=served.LIMIT_S, check=False)


class Program(unittest.TestCase):
    """Something that runs, and is killed with the test if it still does."""

    def start(self, name, *words):
        process = subprocess.Popen([served.EXAMPLES / name, *words], text=True,
                                   stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def end(self, process):
        """Its exit status, and the lines that it has still said."""
        said, _ = process.communicate(timeout=served.LIMIT_S)
        return process.returncode, said.splitlines()


class Whole(unittest.TestCase):
    """Programs that end by themselves."""

    def test_hello_eventfd_reads_its_counter(self):
        done = run("hello_eventfd")
        self.assertEqual((done.returncode, done.stdout), (0, "the counter was 42\n"))

    def test_timers_end_with_the_idle_timeout(self):
        done = run("timers")
        *ticks, last = done.stdout.splitlines()
        self.assertEqual((done.returncode, last), (0, "nothing has ticked for 25 ms: the end"))
        self.assertGreater(len(ticks), 0)

    def test_remote_counts_what_its_threads_find(self):
        done = run("remote")
        self.assertEqual((done.returncode, done.stdout), (0, "17984 primes below 200000\n"))


class Signals(Program):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.settings = pathlib.Path(folder.name) / "interval"
        self.settings.write_text("1\n")

    def started(self):
        process = self.start("signals", self.settings)
        self.assertEqual(process.stdout.readline(), "working every 1 ms\n")
        return process

    def test_are_reported_with_their_sender_and_terminate_it(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = self.started()
                process.send_signal(number)
                status, said = self.end(process)
                self.assertEqual(status, 0)
                self.assertRegex("".join(said),
                                 rf"^signal {int(number)} from process {os.getpid()}: worked \d+")

    def test_make_it_read_its_settings_again(self):
        process = self.started()
        for interval in (3, 2):
            self.settings.write_text(f"{interval}\n")
            process.send_signal(signal.SIGHUP)
            self.assertEqual(process.stdout.readline(), f"working every {interval} ms\n")

        self.settings.write_text("soon\n")
        process.send_signal(signal.SIGHUP)
        self.assertIn("nothing changes", process.stdout.readline())

    def test_are_not_awaited_without_settings(self):
        self.settings.write_text("soon\n")
        self.assertEqual(run("signals", self.settings).returncode, 1)


class Children(Program):
    def test_are_reported_with_how_they_exited(self):
        done = run("children", "--", "true", "--", "sh", "-c", "exit 3", "--", "sh", "-c",
                   "kill -9 $$", "--", "no such program")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(sorted(done.stdout.splitlines()), [
            "no such program: No such file or directory", "sh: exited with 3",
            "sh: killed by signal 9", "true: exited with 0"])

    def test_that_all_succeed_are_a_success(self):
        done = run("children", "--", "true", "--", "echo", "a  b")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(sorted(done.stdout.splitlines()),
                         ["a  b", "echo: exited with 0", "true: exited with 0"])

    def test_find_no_input(self):
        process = subprocess.run([served.EXAMPLES / "children", "--", "cat"], text=True,
                                 input="ours", capture_output=True, timeout=served.LIMIT_S,
                                 check=False)
        self.assertEqual(process.stdout, "cat: exited with 0\n")

    def test_that_take_too_long_are_terminated(self):
        done = run("children", "--limit", "20", "--grace", "86400000", "--", "sleep", "1000")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "sleep: terminated, killed by signal 15\n")

    def begun(self, *words):
        """With one more child, whose first word is there when this returns."""
        process = self.start("children", *words)
        self.assertEqual(process.stdout.readline(), "here\n")
        return process

    def test_that_ignore_that_are_killed(self):
        process = self.begun("--grace", "20", "--", "sh", "-c",
                             "trap '' TERM; echo here; exec sleep 1000")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(process), (1, ["sh: terminated, killed by signal 9"]))

    def test_end_when_the_program_is_interrupted(self):
        process = self.begun("--grace", "86400000", "--", "sleep", "1000", "--", "sh", "-c",
                             "echo here; exec sleep 1000")
        process.send_signal(signal.SIGINT)
        status, said = self.end(process)
        self.assertEqual(status, 1)
        self.assertEqual(sorted(said), ["sh: terminated, killed by signal 15",
                                        "sleep: terminated, killed by signal 15"])

    def test_are_asked_for_with_words_that_are_understood(self):
        for bad in ([], ["true"], ["--"], ["--limit", "--", "true"], ["--grace", "0", "--", "a"]):
            with self.subTest(bad):
                done = run("children", *bad)
                self.assertEqual(done.returncode, 2)
                self.assertIn("usage: children", done.stderr)


class Reconnecting(Program):
    """The client, and a server on this side."""

    def setUp(self):
        self.listener = socket.socket()
        self.addCleanup(self.listener.close)
        self.listener.settimeout(served.LIMIT_S)
        self.listener.bind(("127.0.0.1", 0))  # not listening yet: connections are refused

    def started(self, *words):
        port = self.listener.getsockname()[1]
        return self.start("reconnecting_client", "--port", str(port), "--delay", "1", *words)

    def accepted(self):
        peer, _ = self.listener.accept()
        self.addCleanup(peer.close)
        peer.settimeout(served.LIMIT_S)
        return peer, peer.makefile("rb")

    def test_client_repeats_the_line_that_did_not_come_back(self):
        self.listener.listen()
        process = self.started("--lines", "3")
        peer, lines = self.accepted()
        self.assertEqual(lines.readline(), b"line 1\n")
        peer.sendall(b"line 1\n")
        self.assertEqual(lines.readline(), b"line 2\n")
        peer.sendall(b"line")
        lines.close()
        peer.close()

        peer, lines = self.accepted()
        for line in (b"line 2\n", b"line 3\n"):
            self.assertEqual(lines.readline(), line)
            peer.sendall(line)

        status, said = self.end(process)
        self.assertEqual(status, 0)
        self.assertEqual(said, [
            "echoed: line 1", "Connection reset by peer: connecting again in 1 ms",
            "echoed: line 2", "echoed: line 3"])

    def test_client_waits_longer_before_each_attempt_until_the_server_answers(self):
        process = self.started("--lines", "1")
        for delay in (1, 2, 4):
            self.assertEqual(process.stdout.readline(),
                             f"Connection refused: connecting again in {delay} ms\n")

        self.listener.listen()
        peer, lines = self.accepted()
        peer.sendall(lines.readline())

        status, said = self.end(process)
        self.assertEqual((status, said[-1]), (0, "echoed: line 1"))

    def test_client_reports_each_delay_from_the_start_after_a_line_came_back(self):
        self.listener.listen()
        process = self.started("--lines", "3")
        for number in (1, 2):
            peer, lines = self.accepted()
            peer.sendall(lines.readline())
            self.assertEqual(lines.readline(), f"line {number + 1}\n".encode())
            lines.close()
            peer.close()
            self.assertEqual(process.stdout.readline(), f"echoed: line {number}\n")
            self.assertIn("connecting again in 1 ms", process.stdout.readline())

        peer, lines = self.accepted()
        peer.sendall(lines.readline())
        self.assertEqual(self.end(process), (0, ["echoed: line 3"]))

    def test_client_needs_a_port(self):
        for bad in ([], ["--port"], ["--port", "0"], ["--port", "1", "--lines", "0"], ["1"]):
            with self.subTest(bad):
                done = run("reconnecting_client", *bad)
                self.assertEqual(done.returncode, 2)
                self.assertIn("usage: reconnecting_client", done.stderr)


if __name__ == "__main__":
    unittest.main()
