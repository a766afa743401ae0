# SPDX-License-Identifier: MIT
"""The echo server as a process, driven over TCP: bytes, fairness, shortage, its end."""
import os
import pathlib
import select
import signal
import socket
import subprocess
import tempfile
import unittest

import served

MIB = 1 << 20


def run(command):
    """Begins a shell pipeline whose status is that of its worst part."""
    return subprocess.Popen(["bash", "-o", "pipefail", "-c", command])


class Bytes(unittest.TestCase):
    """4 MiB of random bytes come back identical, to clients that this project did not write."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "random"
        self.file.write_bytes(os.urandom(4 * MIB))

    def exchange(self, clients, command):
        with served.Server() as server:
            both = command.format(port=server.port) + f" <{self.file} | cmp - {self.file}"
            started = [run(both) for _ in range(clients)]
            statuses = [client.wait(timeout=served.LIMIT_S) for client in started]
            server.signal()
            totals = server.totals()
        self.assertEqual(statuses, [0] * clients)
        self.assertEqual(totals["connections"], clients)
        self.assertEqual(totals["bytes"], clients * 4 * MIB)

    @unittest.skipUnless(served.has("socat"), "socat is not installed")
    def test_come_back_to_one_socat(self):
        self.exchange(1, "socat -t 100 -b 65536 - TCP:127.0.0.1:{port}")

    @unittest.skipUnless(served.has("socat"), "socat is not installed")
    def test_come_back_to_200_socats_at_once(self):
        self.exchange(200, "socat -t 100 -b 65536 - TCP:127.0.0.1:{port}")

    @unittest.skipUnless(served.has("nc"), "nc is not installed")
    def test_come_back_to_one_netcat(self):
        self.exchange(1, "nc -N 127.0.0.1 {port}")


class Fairness(unittest.TestCase):
    @unittest.skipUnless(served.has("socat"), "socat is not installed")
    def test_small_peers_are_served_beside_a_greedy_one(self):
        with served.Server() as server:
            greedy = subprocess.Popen(["socat", "-b", str(MIB), "/dev/zero!!/dev/null",
                                       f"TCP:127.0.0.1:{server.port}"])
            try:
                peers = [server.connect() for _ in range(10)]
                for round_ in range(200):
                    for peer in peers:
                        peer.sendall(b"%08d" % round_)
                    for peer in peers:
                        self.assertEqual(served.receive(peer, 8), b"%08d" % round_)
                for peer in peers:
                    peer.close()
            finally:
                greedy.kill()
                greedy.wait()
            server.signal()
            self.assertGreater(server.totals()["bytes"], 10 * 200 * 8)

    def test_a_peer_that_does_not_read_is_not_read_from_for_ever(self):
        data = bytes(range(256)) * (64 * MIB // 256)
        with served.Server() as server, server.connect() as peer:
            sent = served.fill(peer, data)
            self.assertLess(sent, len(data))

            with server.connect() as other:  # it bothers nobody else meanwhile
                other.sendall(b"hello")
                self.assertEqual(served.receive(other, 5), b"hello")
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(served.receive(peer, len(data)), data[:sent])


class Shortage(unittest.TestCase):
    def served_of(self, peers, patience, at_least=1000):
        """Those that are answered, `at_least` so many if it does not take too long."""
        answered = set()
        while len(answered) < at_least:
            ready = select.select(peers - answered, [], [], patience)[0]
            if not ready:
                break
            for peer in ready:
                self.assertEqual(served.receive(peer, 5), b"hello")
            answered.update(ready)
        return answered

    def test_of_descriptors_delays_clients_and_costs_no_time(self):
        clients = 64
        with served.Server(descriptors=32) as server:
            waiting = {server.connect() for _ in range(clients)}
            for peer in waiting:
                self.addCleanup(peer.close)
            for peer in waiting:
                peer.sendall(b"hello")
            # Those that it has descriptors for are served, and keep them: the others wait.
            before = server.cpu_seconds()
            held = self.served_of(waiting, patience=1)
            self.assertGreater(len(held), 0)
            self.assertLess(len(held), 32)
            self.assertLess(server.cpu_seconds() - before, 0.3)

            while held:
                waiting -= held
                for peer in held:
                    peer.close()
                held = self.served_of(waiting, patience=served.LIMIT_S,
                                      at_least=min(1, len(waiting)))
            self.assertEqual(waiting, set())
            server.signal()
            totals = server.totals()
        self.assertEqual(totals["connections"], clients)
        self.assertGreater(totals["pauses"], 0)
        self.assertLess(totals["turns"], 1000)  # it would be 100 000 and more in a spin


class End(unittest.TestCase):
    def test_comes_at_once_when_nobody_is_there(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with served.Server("--grace", "3600000") as server:
                server.signal(number)
                self.assertEqual(server.totals()["connections"], 0)

    def test_comes_after_all_that_was_owed_is_sent(self):
        data = bytes(range(256)) * (64 * MIB // 256)
        with served.Server("--grace", "100000") as server:
            with server.connect() as peer:
                sent = served.fill(peer, data)
                server.signal()
                got = served.receive(peer, len(data))
                self.assertEqual(got, data[:len(got)])
            totals = server.totals()
        self.assertLessEqual(len(got), sent)
        self.assertEqual(totals["bytes"], len(got))
        self.assertGreater(len(got), 0)
        self.assertEqual(totals["cut"], 0)

    def test_refuses_new_connections_while_the_old_ones_are_served(self):
        with served.Server("--grace", "100000") as server:
            with server.connect() as peer:
                server.signal()
                self.assertEqual(peer.recv(1), b"")  # told that no more comes
                self.assertRaises(ConnectionRefusedError, server.connect)
            self.assertEqual(server.totals()["cut"], 0)

    def test_does_not_wait_longer_than_its_grace(self):
        with served.Server("--grace", "50") as server, server.connect() as peer:
            peer.sendall(b"x")
            self.assertEqual(served.receive(peer, 1), b"x")
            server.signal()
            self.assertEqual(server.totals()["cut"], 1)

    def test_comes_at_once_when_asked_twice(self):
        with served.Server("--grace", "3600000") as server, server.connect() as peer:
            server.signal()
            self.assertEqual(peer.recv(1), b"")
            server.signal()
            self.assertEqual(server.totals()["cut"], 1)


class Options(unittest.TestCase):
    def start(self, *options):
        return subprocess.run([served.EXAMPLES / "echo_server", *options], text=True,
                              capture_output=True, timeout=served.LIMIT_S, check=False)

    def test_that_are_bad_are_answered_with_the_usage(self):
        for bad in (["--port"], ["--port", "65536"], ["--port", "-1"], ["--port", "1x"],
                    ["--port", ""], ["--host"], ["--grace", "soon"], ["--prot", "1"], ["3000"]):
            with self.subTest(bad):
                done = self.start(*bad)
                self.assertEqual(done.returncode, 2)
                self.assertIn("usage: echo_server", done.stderr)
                self.assertEqual(done.stdout, "")

    def test_ask_for_help(self):
        done = self.start("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("usage: echo_server", done.stdout)

    def test_name_a_port_that_is_taken(self):
        with served.Server() as server:
            done = self.start("--port", str(server.port))
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot listen", done.stderr)

    def test_name_a_host_that_is_not_here(self):
        self.assertEqual(self.start("--host", "192.0.2.1").returncode, 1)


if __name__ == "__main__":
    unittest.main()
