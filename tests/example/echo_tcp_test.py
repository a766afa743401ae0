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
    BUDGET = 64 * 1024  # what a connection may read in a turn

    def test_a_greedy_peer_has_its_budget_of_a_turn_and_others_are_served_beside_it(self):
        with served.Server() as server:
            greedy = server.connect()
            peers = [server.connect() for _ in range(10)]
            for peer in (greedy, *peers):
                served.exchange(peer)
            # While the server is stopped, megabytes arrive, which it could read without blocking:
            # a server without a budget would read all of them before it serves another peer.
            server.signal(signal.SIGSTOP)
            sent = served.push(greedy, bytes(64 * MIB))
            for peer in peers:
                peer.sendall(b"small")
            server.signal(signal.SIGCONT)
            for peer in peers:
                self.assertEqual(served.receive(peer, 5), b"small")
            self.assertEqual(served.receive(greedy, sent), bytes(sent))
            for peer in (greedy, *peers):
                peer.close()
            server.signal()
            totals = server.totals()
        self.assertGreater(sent, 8 * self.BUDGET)
        self.assertGreaterEqual(totals["turns"], sent / self.BUDGET)

    def test_a_peer_that_does_not_read_is_read_from_until_the_buffer_is_full(self):
        data = bytes(range(256)) * (64 * MIB // 256)
        with served.Server() as server, server.connect() as peer, server.connect() as other:
            sent, _ = served.fill(peer, data, other)  # the other peer is served meanwhile
            self.assertLess(sent, len(data))
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(served.receive(peer, len(data)), data[:sent])


class Shortage(unittest.TestCase):
    def served_of(self, peers):
        """Those of the peers that are answered before the server has nothing more to do."""
        answered = set()
        while ready := select.select(peers - answered, [], [],
                                     0 if answered else served.LIMIT_S)[0]:
            for peer in ready:
                self.assertEqual(served.receive(peer, 5), b"hello")
            answered.update(ready)
            for _ in range(10):  # turns in which it would come to others
                served.exchange(ready[0])
        self.assertGreater(len(answered), 0)
        return answered

    def test_of_descriptors_delays_clients_and_costs_no_time(self):
        clients = 64
        with served.Server(descriptors=32) as server:
            # UBSan opens a pipe at the first virtual call to an object, and takes its failure for a
            # broken object. So the server sees its first refusal, EAGAIN, before the shortage.
            with server.connect() as first:
                served.exchange(first)
            waiting = {server.connect() for _ in range(clients)}
            for peer in waiting:
                self.addCleanup(peer.close)
            for peer in waiting:
                peer.sendall(b"hello")
            # Those that it has descriptors for are served, and keep them: the others wait.
            held = self.served_of(waiting)
            self.assertLess(len(held), 32)
            server.wait_for_naps(3)  # it tries again now and then, and no more than that
            while waiting:
                waiting -= held
                for peer in held:
                    peer.close()
                held = self.served_of(waiting) if waiting else set()
            self.assertEqual(waiting, set())
            server.signal()
            totals = server.totals()
        self.assertEqual(totals["connections"], 1 + clients)
        self.assertGreater(totals["pauses"], 0)
        self.assertLess(totals["turns"], 1000)  # it would be 100 000 and more in a spin


class End(unittest.TestCase):
    def test_comes_at_once_without_connections(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with served.Server("--grace", "3600000") as server:
                server.signal(number)
                self.assertEqual(server.totals()["connections"], 0)

    def test_comes_after_all_that_was_owed_is_sent(self):
        data = bytes(range(256)) * (64 * MIB // 256)
        with served.Server("--grace", "100000") as server:
            with server.connect() as peer, server.connect() as other:
                sent, echoed = served.fill(peer, data, other)
                server.signal()
                self.assertEqual(served.receive(other, 1), b"")  # so that it is leaving by now
                got = served.receive(peer, len(data))
                self.assertEqual(got, data[:len(got)])
            totals = server.totals()
        self.assertLessEqual(len(got), sent)
        self.assertEqual(totals["bytes"], len(got) + echoed)
        self.assertGreater(len(got), 0)
        self.assertEqual(totals["cut"], 0)

    def test_refuses_new_connections_while_the_old_ones_are_served(self):
        with served.Server("--grace", "100000") as server:
            with server.connect() as peer:
                server.signal()
                self.assertEqual(peer.recv(1), b"")  # the server has shut the connection down
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
