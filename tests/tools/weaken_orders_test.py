# SPDX-License-Identifier: MIT
"""tools/weaken_orders.py finds each memory order, and the ones that are not written."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools"))
import weaken_orders  # noqa: E402


def weakenings(text):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "x.hpp").write_text("std::atomic<int> word_{0};\n" + text)
        before, weaken_orders.ROOT = weaken_orders.ROOT, pathlib.Path(folder)
        try:
            return list(weaken_orders.weakenings("x.hpp"))
        finally:
            weaken_orders.ROOT = before


class WeakenOrdersTest(unittest.TestCase):
    def steps(self, text):
        return [(each.before, each.after) for each in weakenings(text)]

    def test_a_load_is_weakened_to_an_acquire_and_to_a_relaxed_one(self):
        self.assertEqual(self.steps("word_.load(std::memory_order_seq_cst);"),
                         [("seq_cst", "acquire")])
        self.assertEqual(self.steps("word_.load(std::memory_order_acquire);"),
                         [("acquire", "relaxed")])

    def test_an_operation_that_loads_and_stores_loses_each_half(self):
        self.assertEqual(self.steps("word_.exchange(1, std::memory_order_acq_rel);"),
                         [("acq_rel", "acquire"), ("acq_rel", "release")])

    def test_the_second_order_of_a_compare_exchange_is_that_of_a_load(self):
        self.assertEqual(
            self.steps("word_.compare_exchange_weak(a, f(b), std::memory_order_release,\n"
                       "    std::memory_order_acquire);"),
            [("release", "relaxed"), ("acquire", "relaxed")])

    def test_an_order_that_is_not_written_is_sequentially_consistent(self):
        found = weakenings("word_.store(f(1));")
        self.assertEqual([(each.before, each.after) for each in found], [("seq_cst", "release")])
        self.assertIn("word_.store(f(1), std::memory_order_release);", found[0].text)

    def test_what_is_relaxed_or_no_atomic_is_left_alone(self):
        self.assertEqual(self.steps("word_.store(1, std::memory_order_relaxed); text.load();"), [])
