#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of how analysis/ counts time, bytes and energy: against numbers worked out by hand."""

import csv
import unittest

import numpy as np

# First: it says where the scripts are.
from script_calls import Folder, call, call_here, write, write_two_images
from budgets import Progress
from measures import student, wilson
from results import Results


class BudgetsByHand(Folder):
    """Image 0 is wrong after 2 s, right after 10 s; image 1 right after 3 s, wrong after 4 s, and
    observed for 5 s."""

    def curve(self, against):
        write_two_images(self.folder / "run")
        progress = Progress(Results(str(self.folder / "run")), against)
        return progress.curve(progress.images["id"])

    def expect(self, curve, budgets, counted, right):
        seen = curve.at(np.array(budgets))
        self.assertEqual((list(seen[0]), list(seen[1])), (counted, right))

    def test_time(self):
        curve = self.curve("time")
        self.expect(curve, [0, 2, 2.9, 3, 4, 5, 6, 9, 10], [2, 2, 2, 2, 2, 2, 1, 1, 1], [0, 0, 0, 1, 0, 0, 0, 0, 1])
        self.assertEqual(curve.first(0.5), 3)
        self.assertEqual(curve.first(0.51), 10)

    def test_bytes_are_those_that_arrived_in_their_order(self):
        curve = self.curve("bytes")
        self.expect(curve, [9, 10, 29, 30, 79, 80], [2] * 6, [0, 1, 1, 0, 0, 1])
        self.assertEqual(curve.first(0.5), 10)
        self.assertIsNone(curve.first(0.51))

    def test_energy_counts_lost_fragments_and_encoding(self):
        # 1 J for encoding; right when all four had been sent: 0.5 + 0.5 + 0.25 + 0.25 J.
        curve = self.curve("energy")
        self.expect(curve, [1, 1.5, 1.9, 2, 2.4, 2.5], [2] * 6, [0, 1, 1, 0, 0, 1])
        budgets, accuracy, low, high = curve.points()
        self.assertEqual(list(budgets), [1.5, 2, 2.5])
        self.assertEqual(list(accuracy), [0.5, 0, 0.5])
        self.assertTrue(np.allclose([low[0], high[0]], wilson(1, 2)))

    def test_table(self):
        write_two_images(self.folder / "run")
        file = self.folder / "t.csv"
        status, out, errors = call(
            "time-to-accuracy.py", self.folder / "run", "--accuracy", 50, 100, "--deadline", 3, 7, "--csv", file)
        self.assertEqual((status, errors), (0, ""))
        self.assertIn("never", out)
        with file.open(newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row["group"] == "all"]
        self.assertEqual([row["time_s"] for row in rows], ["3", "10", "3", "7"])
        self.assertEqual([row["bytes"] for row in rows], ["10", "never", "", ""])
        self.assertEqual([row["energy_j"] for row in rows], ["1.5", "never", "", ""])
        self.assertEqual([row["images"] for row in rows], ["2", "2", "2", "1"])
        self.assertEqual([row["accuracy_percent"] for row in rows], ["50", "100", "50.0", "0.0"])

    def test_sweep_adds_up_repetitions(self):
        folder = self.folder / "sweep"
        write_two_images(folder, "a.key,run,", "x,1,")
        for name in ["images.csv", "fragments.csv"]:
            lines = (folder / name).read_text().splitlines()
            again = [line.replace("x,1,", "x,2,", 1) for line in lines[1:]]
            write(folder, name, *lines, *again)
        status, out, _ = call("time-to-accuracy.py", folder, "--accuracy", 50)
        self.assertEqual(status, 0)
        table = self.folder / "t.csv"
        self.assertEqual(call_here("time-to-accuracy.py", folder, "--deadline", 3, "--csv", table)[0], 0)
        row = list(csv.DictReader(table.read_text().splitlines()))[-1]
        # Right in one of two pictures, however often.
        ends = [f"{100 * float(end):.1f}" for end in wilson(1, 2, float(student(1)))]
        self.assertEqual([row["images"], row["wilson_low"], row["wilson_high"]], ["4", *ends])
        for against in ["time", "bytes", "energy"]:
            progress = Progress(Results(str(folder)), against)
            curve = progress.curve(progress.images["id"])
            alone = progress.curve(progress.images["id"][:2])
            budgets = [0, 3, 5, 6, 10, 80, 1001, 2000]
            counted, right = curve.at(np.array(budgets))
            self.assertTrue(np.array_equal(counted, 2 * alone.at(np.array(budgets))[0]), against)
            low, high = curve.interval(budgets)
            seen = counted > 0
            # Never surer than of independent images.
            self.assertTrue((low[seen] <= wilson(right, counted)[0][seen] + 1e-9).all(), against)
            self.assertTrue((high[seen] >= wilson(right, counted)[1][seen] - 1e-9).all(), against)
            self.assertTrue(np.isnan(curve.interval([2000])).all() or against != "time")
        self.assertEqual(out.split(), "a.key images question accuracy_percent time_s bytes energy_j "
                                      "x 4 reach 50 3 10 1.5".split())

    def test_says_which_column_is_missing(self):
        write_two_images(self.folder / "run")
        path = self.folder / "run" / "fragments.csv"
        path.write_text(path.read_text().replace("tx_energy_j", "other"))
        line = self.fails("plot-accuracy.py", self.folder / "run", "--against", "energy")
        self.assertIn("fragments.csv: no column tx_energy_j", line)
        status, out, errors = call("time-to-accuracy.py", self.folder / "run")
        self.assertEqual(status, 0)
        self.assertIn("no column tx_energy_j", errors)
        self.assertNotIn("energy_j", out)


if __name__ == "__main__":
    unittest.main()
