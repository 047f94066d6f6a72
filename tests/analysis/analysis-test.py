#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the scripts of analysis/: against numbers worked out by hand, and on a made-up run."""

import contextlib
import csv
import importlib.util
import io
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
ANALYSIS = ROOT / "analysis"
sys.path.insert(0, str(ANALYSIS))

from budgets import Progress  # noqa: E402
from example_run import columns, tables_of, write_csv, write_run, write_sweep  # noqa: E402
from measures import (  # noqa: E402
    Sources, calibration_error, clustered_paired_interval, clustered_share, jain, paired_interval, reliability,
    student, wilson, worst_decile,
)
from plotting import BadInput  # noqa: E402
from results import Results  # noqa: E402
from settings import SCHEMA  # noqa: E402

# What draws from a run's folder, and what of a sweep's.
OF_RUNS = [
    ["plot-accuracy.py"], ["plot-accuracy.py", "--against", "bytes"], ["plot-accuracy.py", "--against", "energy"],
    ["plot-airtime.py"], ["plot-airtime.py", "--by", "group"], ["plot-coverage.py"], ["plot-filmstrip.py"],
    ["plot-calibration.py"], ["plot-fairness.py"],
]
OF_SWEEPS = [
    ["plot-sweep.py"], ["plot-sweep.py", "--against", "energy", "--group", "gate"], ["plot-heatmap.py"],
    ["plot-heatmap.py", "--against", "bytes", "--at", "300"], ["plot-heatmap.py", "--value", "nodes.duty_cycle"],
    ["plot-airtime.py"], ["plot-calibration.py", "--of", "all"], ["plot-fairness.py", "--where", "run=1"],
]


def call(script, *words):
    """Runs a script; returns exit status, output and errors."""
    done = subprocess.run(
        [sys.executable, "-B", ANALYSIS / script, *map(str, words)], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )
    return done.returncode, done.stdout, done.stderr


def load(path):
    """Returns a script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call_here(script, *words):
    """The same as call() inside this process, which spares the time to load pandas again."""
    out, errors = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = [script, *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            status = load(ANALYSIS / script).main()
    finally:
        sys.argv = before
    return status, out.getvalue(), errors.getvalue()


def write(folder, name, *lines):
    """Writes a small CSV file."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_two_images(folder, lead="", values=""):
    """Writes two images whose budgets are worked out in BudgetsByHand."""
    write(
        folder, "images.csv",
        f"{lead}device,link,image,dataset_index,sf,ce_level,captured_s,observed_s,encoding_energy_j",
        f"{values}0,lora,0,8,7,,100,1000,1", f"{values}0,lora,1,9,7,,200,5,1",
    )
    write(
        folder, "fragments.csv",
        f"{lead}device,image,fragment,bytes,sent_s,tx_energy_j,arrived_s,correct",
        f"{values}0,0,0,10,101,0.5,102,0",
        f"{values}0,0,1,20,103,0.5,,",      # lost
        f"{values}0,0,2,30,105,0.25,110,1",  # overtaken by the next one
        f"{values}0,0,3,40,107,0.25,108,",   # not evaluated
        f"{values}0,1,0,10,201,0.5,203,1",
        f"{values}0,1,1,20,202,0.5,204,0",
    )


class Folder(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.folder = Path(kept.name)

    def fails(self, script, *words):
        """Expects one line with an error and returns it."""
        status, out, errors = call_here(script, *words)
        self.assertEqual((status, out), (1, ""), f"{script} {words}: {errors}")
        self.assertRegex(errors, r"\Aerror: [^\n]+\n\Z", f"{script} {words}")
        return errors


class Measures(unittest.TestCase):
    def test_wilson_as_published(self):
        # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
        for right, counted, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
                                          (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]:
            ends = wilson(right, counted)
            self.assertAlmostEqual(float(ends[0]), low, places=4)
            self.assertAlmostEqual(float(ends[1]), high, places=4)
        self.assertTrue(np.isnan(wilson(0, 0)[0]))

    def test_jain(self):
        self.assertEqual(jain([2, 2, 2, 2]), 1)
        self.assertEqual(jain([1, 0, 0, 0]), 0.25)
        self.assertAlmostEqual(jain([1, 2, 3]), 36 / 42)
        self.assertTrue(np.isnan(jain([0, 0])))

    def test_worst_decile(self):
        self.assertEqual(worst_decile(range(20)), 0.5)
        self.assertEqual(worst_decile(range(21)), 1)
        self.assertEqual(worst_decile([0.7, 0.3, 0.9]), 0.3)

    def test_calibration_error(self):
        # Half of the answers: 50 % right at 95 %; the other half: all right at 65 %.
        self.assertAlmostEqual(calibration_error([0.95, 0.95, 0.65, 0.65], [1, 0, 1, 1]), 0.225 + 0.175)
        self.assertEqual(calibration_error([1, 1], [1, 1]), 0)
        counted, right, mean = reliability([0, 0.1, 0.55, 1], [0, 1, 1, 1])
        self.assertEqual(list(counted), [1, 1, 0, 0, 0, 1, 0, 0, 0, 1])
        self.assertEqual(list(right), [0, 1, 0, 0, 0, 1, 0, 0, 0, 1])
        self.assertAlmostEqual(mean[5], 0.55)


class Clusters(unittest.TestCase):
    """Intervals of images of which several are of the same picture, place or run."""

    RIGHT = [1, 1, 1, 0, 1, 1, 1, 1]  # of eight pictures

    def expect(self, right, counted, sources, share, worth, freedom):
        """Expects Wilson's interval of so many observations, with Student's t of these degrees."""
        ends = clustered_share(right, counted, sources)[1:]
        quantile = 1.959964 if freedom is None else float(student(freedom))
        self.assertTrue(np.allclose(ends, wilson(share * worth, worth, quantile), atol=1e-9), (ends, worth))

    def test_student_as_published(self):
        # Fisher and Yates, two-sided 5 %; between whole numbers by numerical integration.
        for freedom, quantile, close in [
            (1, 12.706, 0.0005), (1.5, 6.0167, 0.2), (2, 4.303, 0.002), (2.5, 3.5747, 0.001), (3, 3.182, 0.001),
            (3.3, 3.0249, 0.001), (7, 2.365, 0.001), (24, 2.064, 0.001), (120, 1.980, 0.001), (1e9, 1.960, 0.001),
        ]:
            self.assertAlmostEqual(float(student(freedom)), quantile, delta=close)

    def test_a_picture_and_a_place_each_change_nothing(self):
        for right in [self.RIGHT, [0] * 8, [1] * 8]:
            ends = clustered_share(right, [1] * 8, Sources(range(8), range(8)))[1:]
            self.assertEqual(ends, tuple(map(float, wilson(sum(right), 8))))

    def test_fragments_of_an_image_are_no_independent_ones(self):
        # Four images of five fragments that arrive all or not at all are four observations.
        self.expect([5, 5, 0, 0], [5] * 4, Sources(range(4), range(4)), 0.5, 4, 1.5)
        # 3 of 4, 0 of 2, 5 of 5 with p = 8/11: in elevenths 1, -16, 15, 482 / 121 / 121 is the variance; clusters
        # of 4, 2, 5 are as uncertain as 121/45 of one size. Two kinds that are alike have half the doubt each.
        self.expect([3, 0, 5], [4, 2, 5], Sources(range(3), range(3)), 8 / 11, 24 * 121 / 482, (121 / 45 - 1) / 2)

    def test_repetitions_that_are_alike_say_no_more_than_one(self):
        pictures = list(range(8)) * 10
        sources = Sources(pictures, range(80), np.repeat(range(10), 8))
        self.expect(self.RIGHT * 10, [1] * 80, sources, 7 / 8, 8, 7)
        for right, share in [([0] * 8, 0), ([1] * 8, 1)]:
            self.expect(right * 10, [1] * 80, sources, share, 8, None)

    def test_by_hand(self):
        # Four pictures twice each: right in 2, 1, 1, 0. p = 1/2, sum of squares of 2 - 1, 0, 0, 0 - 1 is 2,
        # variance 2/64, and 1/4 divided by that are 8 images. With 2, 2, 1, 0: p = 5/8, deviations 3/4, 3/4,
        # -1/4, -5/4: 11/4 / 64, and 15/64 divided by that 60/11. It is all the same for places.
        twice = [0, 0, 1, 1, 2, 2, 3, 3]
        for right, share, worth in [([1, 1, 1, 0, 0, 1, 0, 0], 1 / 2, 8), ([1, 1, 1, 1, 1, 0, 0, 0], 5 / 8, 60 / 11)]:
            for sources in Sources(twice, range(8)), Sources(range(8), twice):
                varies = 8 * (share * (1 - share)) / worth
                single = share * (1 - share)
                # Those of their own cannot be less sure than chance.
                self.expect(right, [1] * 8, sources, share, worth if varies > single else 8, 3)
        # Pictures that differ less than chance would have it say no more than single images.
        ends = clustered_share([1, 0, 1, 0, 1, 0, 1, 1], [1] * 8, Sources(twice, range(8)))[1:]
        self.assertLessEqual(ends[0], float(wilson(5, 8)[0]))
        self.assertGreaterEqual(ends[1], float(wilson(5, 8)[1]))

    def test_both_sources_add_up(self):
        # As in accuracy-curve-test.cc: four pictures from four cameras, right two of them from two.
        right = [int(i // 4 < 2 and i % 4 < 2) for i in range(16)]
        sources = Sources([i // 4 for i in range(16)], [i % 4 for i in range(16)])
        self.expect(right, [1] * 16, sources, 1 / 4, 9.6, 25 / (16 / 3 + 16 / 3))

    def test_cameras_heard_or_not(self):
        # Ten runs of five cameras with eight pictures each; heard are three of five, one after the other. The
        # cameras' variance, 3/5 2/5 / 50, is that of 50 images; no run differs from another, and no picture.
        run, camera, picture = (part.ravel() for part in np.meshgrid(range(10), range(5), range(8), indexing="ij"))
        heard = ((camera + run) % 5 < 3).astype(float)
        sources = Sources(camera * 8 + picture, run * 5 + camera, run)
        self.expect(heard, np.ones(400), sources, 0.6, 50, 49)
        # Whole runs are heard or not: ten observations, whatever the cameras say.
        self.expect((run < 6).astype(float), np.ones(400), sources, 0.6, 10, 9)
        # The same five places in each run, three of which are always heard, are five observations.
        fixed = Sources(camera * 8 + picture, camera, run)
        low, high = clustered_share((camera < 3).astype(float), np.ones(400), fixed)[1:]
        self.assertLess(low, float(wilson(3, 5)[0]))
        self.assertGreater(high, float(wilson(3, 5)[1]))

    def test_one_camera_says_nothing_of_others(self):
        self.expect(self.RIGHT, [1] * 8, Sources(range(8), [5] * 8), 7 / 8, 8, None)
        self.expect([1] * 8, [1] * 8, Sources(range(8), [0, 0, 0, 0, 1, 1, 1, 1]), 1, 2, None)

    def test_paired(self):
        a, b = np.array(self.RIGHT), np.array([1, 0, 0, 1, 1, 0, 1, 1])
        once = paired_interval(4, 3, 1, 0)
        own = Sources(range(8), range(8))
        self.assertEqual(clustered_paired_interval(a, b, own), once)
        self.assertEqual(clustered_paired_interval(a, a, own), paired_interval(7, 0, 0, 1))
        # Ten runs that are alike: of as many images as one, with the doubt of eight pictures.
        ten = clustered_paired_interval(
            np.tile(a, 10), np.tile(b, 10), Sources(list(range(8)) * 10, range(80), np.repeat(range(10), 8)))
        self.assertTrue(np.allclose(ten, paired_interval(4, 3, 1, 0, quantile=float(student(7)))))
        # Cameras of two pictures, right in a or in b: the difference is that of four observations.
        a, b = np.array([1, 1, 1, 1, 1, 1, 0, 0]), np.array([0, 0, 0, 0, 0, 0, 1, 1])
        two = clustered_paired_interval(a, b, Sources(range(8), [0, 0, 1, 1, 2, 2, 3, 3]))
        self.assertTrue(np.allclose(two, paired_interval(0, 3, 1, 0, quantile=float(student(3)))))


class Coverage(unittest.TestCase):
    """Of 1,000 made-up sweeps of each shape, the 95 % interval holds the true share in 93 to 97 %."""

    SWEEPS = 1000

    def setUp(self):
        self.chance = np.random.default_rng(20)

    def grid(self, runs, cameras, pictures):
        """Returns run, camera and picture of each image of a sweep."""
        return (part.ravel() for part in np.meshgrid(range(runs), range(cameras), range(pictures), indexing="ij"))

    def edge_of_coverage(self):
        """Ten runs of five cameras with eight pictures each; a camera is heard in a run or not."""
        run, camera, picture = self.grid(10, 5, 8)
        heard = self.chance.random((10, 5)) < 0.6
        easy = self.chance.beta(8, 2, 40)
        picture = 8 * camera + picture
        return heard[run, camera] * easy[picture], Sources(picture, run * 5 + camera, run), 0.6 * 0.8

    def one_run(self):
        """One run of 25 cameras that are near or far, with two pictures each."""
        _, camera, picture = self.grid(1, 25, 2)
        picture = 2 * camera + picture
        right = self.chance.beta(2, 1, 25)[camera] * self.chance.beta(3, 1, 50)[picture]
        return right, Sources(picture, camera), 2 / 3 * 3 / 4

    def hard_pictures(self):
        """Ten runs of 20 cameras with a picture each; a picture is recognised nearly always or hardly."""
        run, camera, _ = self.grid(10, 20, 1)
        easy = np.where(self.chance.random(20) < 0.7, 0.95, 0.05)
        return easy[camera], Sources(camera, run * 20 + camera, run), 0.7 * 0.95 + 0.3 * 0.05

    def same_pictures(self):
        """One run of 15 cameras that all see the same twelve pictures."""
        _, camera, picture = self.grid(1, 15, 12)
        right = self.chance.beta(2, 2, 15)[camera] * self.chance.beta(2, 1, 12)[picture]
        return right, Sources(picture, camera), 1 / 2 * 2 / 3

    def runs_that_differ(self):
        """Twelve runs of ten cameras with three pictures each; a run is crowded or not."""
        run, camera, picture = self.grid(12, 10, 3)
        picture = 3 * camera + picture
        right = (
            self.chance.beta(4, 2, 12)[run] * self.chance.beta(6, 2, 30)[picture]
            * self.chance.beta(4, 1, (12, 10))[run, camera]
        )
        return right, Sources(picture, run * 10 + camera, run), 4 / 6 * 3 / 4 * 4 / 5

    def few_cameras(self):
        """One run of five cameras, heard or not, with eight pictures each."""
        _, camera, picture = self.grid(1, 5, 8)
        heard = self.chance.random(5) < 0.6
        return 0.8 * heard[camera], Sources(8 * camera + picture, camera), 0.6 * 0.8

    def covered(self, shape, interval):
        """Returns how many of a thousand intervals hold the truth."""
        held = 0
        for _ in range(self.SWEEPS):
            right, sources, truth = shape()
            low, high, truth = interval(right, sources, truth)
            held += low <= truth <= high
        return held

    def accuracy(self, right, sources, truth):
        answers = self.chance.random(len(right)) < right
        return *clustered_share(answers, np.ones(len(right)), sources)[1:], truth

    def test_accuracy(self):
        for shape in [
            self.edge_of_coverage, self.one_run, self.hard_pictures, self.same_pictures, self.runs_that_differ
        ]:
            held = self.covered(shape, self.accuracy)
            self.assertTrue(930 <= held <= 970, f"{shape.__name__}: {held}")

    def test_fragments(self):
        def interval(right, sources, truth):
            arrived = self.chance.binomial(12, right)
            return *clustered_share(arrived, np.full(len(right), 12), sources)[1:], truth

        for shape in [self.edge_of_coverage, self.one_run]:
            held = self.covered(shape, interval)
            self.assertTrue(930 <= held <= 970, f"{shape.__name__}: {held}")

    def test_paired_differences(self):
        def interval(right, sources, truth):
            # The other one is right on what this is right on, less a tenth of it, and on a tenth of the rest.
            a = self.chance.random(len(right)) < right
            b = np.where(self.chance.random(len(right)) < 0.1, self.chance.random(len(right)) < 0.5, a)
            return *clustered_paired_interval(a, b, sources)[1:], 0.1 * (truth - 0.5)

        # Newcombe's correction for continuity makes it a little wide, clearly so where there are 50 pairs.
        for shape, most in [(self.edge_of_coverage, 985), (self.one_run, 997)]:
            held = self.covered(shape, interval)
            self.assertTrue(930 <= held <= most, f"{shape.__name__}: {held}")

    def test_few_clusters_are_hard(self):
        # docs/analysis.md says so: five observations that are all or nothing tell little, whatever is made of them.
        held = self.covered(self.few_cameras, self.accuracy)
        self.assertTrue(870 <= held <= 950, held)

    def test_pictures_alone_do_not_cover(self):
        def pictures_alone(right, sources, truth):
            return self.accuracy(right, Sources(sources.kinds["picture"]), truth)

        self.assertLess(self.covered(self.edge_of_coverage, pictures_alone), 800)


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


class Scripts(Folder):
    def scripts(self):
        found = sorted(path.name for path in ANALYSIS.glob("*.py") if os.access(path, os.X_OK))
        self.assertGreater(len(found), 12)
        return found

    def test_each_has_help(self):
        for script in self.scripts():
            status, out, errors = call(script, "--help")
            self.assertEqual((status, errors), (0, ""), script)
            self.assertIn("usage:", out, script)

    def test_nonsense_is_one_line(self):
        nonsense = {"empty": b"", "binary": bytes(range(256)), "words": b"a,b\n1,2\n"}
        for name, content in nonsense.items():
            folder = self.folder / name
            folder.mkdir()
            for file in ["images", "fragments", "nodes", "accuracy"]:
                (folder / f"{file}.csv").write_bytes(content)
        for script in {words[0] for words in OF_RUNS + OF_SWEEPS} | {"time-to-accuracy.py", "report.py"}:
            for name in ["not-there", *nonsense]:
                self.fails(script, self.folder / name)

    def test_tables_that_are_not_whole(self):
        write_run(self.folder / "run")
        write_sweep(self.folder / "sweep")
        scripts = {"run": ["time-to-accuracy.py", "report.py"], "sweep": ["time-to-accuracy.py", "plot-sweep.py"]}
        for folder, name in [(folder, name) for folder in scripts for name in ["fragments.csv", "images.csv"]]:
            path = self.folder / folder / name
            whole = path.read_bytes()
            lines = whole.splitlines(keepends=True)
            for cut, complaint in [
                (whole[:2000], "cut off"), (whole[:-1], "cut off"), (b"".join(lines[:-3]), ".csv: not whole"),
                (whole[:-1].rpartition(b",")[0] + b"\n", "fields instead of"),
            ]:
                path.write_bytes(cut)
                for script in scripts[folder]:
                    self.assertIn(complaint, self.fails(script, self.folder / folder))
            path.write_bytes(whole)
        for name, script in [("nodes.csv", "plot-fairness.py"), ("accuracy.csv", "plot-accuracy.py")]:
            path = self.folder / "run" / name
            path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
            self.assertIn(f"{name}: not whole", self.fails(script, self.folder / "run"))

    def test_schema(self):
        page = (ROOT / "docs" / "csv.md").read_text(encoding="utf-8")
        self.assertIn(f"Schema version {SCHEMA},", page)
        write_run(self.folder / "run")
        write_sweep(self.folder / "sweep")
        settings = [self.folder / "run" / "scenario.ini", self.folder / "sweep" / "runs" / "0" / "1" / "scenario.ini"]
        for version in [SCHEMA, "99"]:
            for path in settings:
                with path.open("a", encoding="utf-8") as file:
                    file.write(f"\n# Result files: schema version {version} of docs/csv.md\n")
            if version == SCHEMA:
                self.assertEqual(call_here("time-to-accuracy.py", self.folder / "run")[0], 0)
        for script, folder, path in [("plot-accuracy.py", "run", settings[0]), ("plot-sweep.py", "sweep", settings[1]),
                                     ("report.py", "sweep", settings[1])]:
            line = self.fails(script, self.folder / folder)
            self.assertIn(f"{path}: results of schema version 99; this script knows version {SCHEMA}", line)

    def test_folders_without_tables(self):
        sweep = self.folder / "sweep"
        for place in [sweep / "runs" / "0" / "1", sweep / "failed"]:
            place.mkdir(parents=True)
        (sweep / "runs" / "0" / "1" / "scenario.ini").touch()
        (sweep / "sweep.txt").write_text("program 0\nlimitnet-lora-scenario\ngrid\na.b = 1 | 2 | 3\nrun = 1 | 2\nseed = 1\n")
        scripts = ["report.py", "plot-sweep.py", "plot-airtime.py", "plot-accuracy.py"]
        for script in scripts:
            self.assertIn("1 of 6 runs are done; its limitnet-sweep command goes on", self.fails(script, sweep))
        (sweep / "failed" / "1-1.log").touch()
        for script in scripts:
            self.assertIn("1 failed (see ", self.fails(script, sweep))
            self.assertIn("with --retry-failed", self.fails(script, sweep))
        (sweep / "cell.csv").touch()
        for script in scripts:
            self.assertIn("limitnet-lorawan-cell, which have no images", self.fails(script, sweep))

    def test_of_a_run_without_fragments(self):
        write_run(self.folder / "run")
        path = self.folder / "run" / "fragments.csv"
        path.write_text(path.read_text().partition("\n")[0] + "\n")
        path = self.folder / "run" / "images.csv"
        rows = list(csv.DictReader(path.read_text().splitlines()))
        empty = ["first_arrival_s", "last_arrival_s", "prediction", "confidence"]
        rows = [{**row, **dict.fromkeys(["fragments", "fragments_received", "correct"], 0), **dict.fromkeys(empty, "")}
                for row in rows]
        write_csv(path, rows[0], rows)
        for script in ["plot-coverage.py", "plot-airtime.py", "plot-fairness.py", "report.py"]:
            output = self.folder / f"picture{'.html' if script == 'report.py' else '.png'}"
            status, out, errors = call(script, self.folder / "run", "--output", output)
            self.assertEqual((status, errors), (0, ""), script)
            self.assertNotIn("nan", out)

    def test_a_reader_that_has_enough(self):
        write_run(self.folder / "run")
        command = [sys.executable, "-B", ANALYSIS / "time-to-accuracy.py", self.folder / "run"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")

    def test_text_in_a_number(self):
        write_two_images(self.folder / "run")
        path = self.folder / "run" / "fragments.csv"
        path.write_text(path.read_text().replace(",110,", ",soon,"))
        self.assertIn("column arrived_s", self.fails("time-to-accuracy.py", self.folder / "run"))

    def draws(self, folder, commands):
        for number, words in enumerate(commands):
            ending = ["png", "svg", "pdf"][number % 3]
            pictures = [self.folder / f"{number}-{time}.{ending}" for time in (1, 2)]
            for picture, how in zip(pictures, [call, call_here]):
                status, _, errors = how(
                    words[0], folder, *words[1:], "--output", picture, "--title", "a $ <b>"
                )
                self.assertEqual((status, errors), (0, ""), words)
            content = pictures[0].read_bytes()
            self.assertGreater(len(content), 3000, words)
            self.assertEqual(content, pictures[1].read_bytes(), f"{words}: another picture the second time")

    def test_pictures_of_a_run(self):
        write_run(self.folder / "run")
        self.draws(self.folder / "run", OF_RUNS)

    def test_pictures_of_a_sweep(self):
        write_sweep(self.folder / "sweep")
        self.draws(self.folder / "sweep", OF_SWEEPS)
        self.assertIn("choose one, --where", self.fails("plot-coverage.py", self.folder / "sweep"))
        self.assertIn("KEY=VALUE", self.fails("plot-airtime.py", self.folder / "sweep", "--where", "x=1"))
        self.assertIn("0.0, 0.2, 0.5", self.fails(
            "plot-heatmap.py", self.folder / "sweep", "--where", "lora.extra_loss=7"))

    def test_sense_of_options(self):
        write_run(self.folder / "run")
        run = self.folder / "run"
        write_sweep(self.folder / "sweep")
        self.assertIn("not of words", self.fails("plot-heatmap.py", self.folder / "sweep", "--value", "nodes.link"))
        self.assertIn("--at", self.fails("plot-heatmap.py", self.folder / "sweep", "--at=-1"))
        for where, count in [("lora.extra_loss=.20", 144), ("lora.extra_loss=0.0", 144)]:
            for words in [["time-to-accuracy.py"], ["plot-sweep.py", "--output", self.folder / "a.png"]]:
                self.assertEqual(call_here(*words, self.folder / "sweep", "--where", where)[0], 0, where)
            results = Results(str(self.folder / "sweep"))
            results.choose([where])
            self.assertEqual(len(results.images()), count)
        for times in [["nan", "-5"], ["inf"]]:
            self.assertIn("--times", self.fails("compare-runs.py", run, run, "--times", *times))
        self.fails("plot-heatmap.py", run)
        self.fails("plot-sweep.py", run)
        self.fails("plot-airtime.py", run, "--by", "colour")
        self.fails("plot-calibration.py", run, "--bins", 0)
        self.fails("plot-filmstrip.py", run, "--device", 99)
        self.fails("plot-filmstrip.py", run, "--frames", 0)
        self.fails("time-to-accuracy.py", run, "--accuracy", 101)
        self.fails("time-to-accuracy.py", run, "--deadline=-1")
        self.fails("plot-accuracy.py", run, "--output", self.folder / "none" / "a.png")
        self.fails("plot-accuracy.py", run, "--output", self.folder / "a.doc")


class Compare(Folder):
    def compared(self, one, other):
        status, out, errors = call_here("compare-runs.py", self.folder / one, self.folder / other, "--times", 50)
        self.assertEqual((status, errors), (0, ""))
        return list(csv.DictReader(out.splitlines()))[0]

    def test_numbers(self):
        write_run(self.folder / "a", loss=1)
        write_run(self.folder / "b", loss=4)
        row = self.compared("a", "b")
        tables = [tables_of(loss, False)["accuracy.csv"] for loss in (1, 4)]
        right = [next(r["correct"] for r in rows if (r["group"], r["elapsed_s"]) == ("all", 50)) for rows in tables]
        only_a, only_b = int(row["only_a_right"]), int(row["only_b_right"])
        self.assertEqual(right[0] - right[1], only_a - only_b)
        expected = paired_interval(right[0] - only_a, only_a, only_b, 36 - right[0] - only_b)
        self.assertEqual(row["difference"], f"{expected[0]:.4f}")
        # Three images of a camera are no three cameras.
        self.assertLess(float(row["low"]), expected[1])
        self.assertGreater(float(row["high"]), expected[2])
        # All pictures and places twice: the same, from twice as many images.
        for name in ["a", "b"]:
            for file in ["images.csv", "fragments.csv", "accuracy.csv", "nodes.csv"]:
                head, *lines = (self.folder / name / file).read_text().splitlines()
                twice = [f"{run},{line}" for run in (1, 2) for line in lines]
                write(self.folder / f"{name}{name}", file, f"run,{head}", *twice)
        twice = self.compared("aa", "bb")
        self.assertEqual(twice["images"], "72")
        for end in ("low", "high"):
            self.assertAlmostEqual(float(twice[end]), float(row[end]), delta=0.01)

    def test_other_pictures(self):
        for name in ["a", "b"]:
            write_run(self.folder / name)
        path = self.folder / "b" / "images.csv"
        before = path.read_text()
        rows = list(csv.DictReader(before.splitlines()))
        for column in ["dataset_index", "label"]:
            write_csv(path, rows[0], [{**row, column: 77} if number == 4 else row for number, row in enumerate(rows)])
            line = self.fails("compare-runs.py", self.folder / "a", self.folder / "b")
            self.assertIn("are of other pictures: device 1, image 1 is 4 of class 1 there and ", line)
        path.write_text(before)
        for name, dataset in [("a", "cifar10"), ("b", "cifar100")]:
            with (self.folder / name / "scenario.ini").open("a") as file:
                file.write(f"\n[images]\ndataset = {dataset}\n")
        line = self.fails("compare-runs.py", self.folder / "a", self.folder / "b")
        self.assertIn("those of cifar10 there and of cifar100 here", line)


class Groups(Folder):
    def test_a_group_of_all_images_is_left_out(self):
        write(self.folder / "run", "accuracy.csv", "group,elapsed_s,images_counted,accuracy,wilson_low,wilson_high",
              *(f"{group},5,{count},0.5,0.1,0.9" for group, count in [("all", 4), ("sf8", 4), ("gate", 3)]))
        script = load(ANALYSIS / "plot-accuracy.py")
        folder = str(self.folder / "run")
        labels = [label for label, _ in script.collect(script.parse_arguments([folder]))]
        self.assertEqual(labels, ["all images", "gate"])
        labels = [label for label, _ in script.collect(script.parse_arguments([folder, "--groups", "sf8"]))]
        self.assertEqual(labels, ["SF8"])


class Fairness(Folder):
    def test_gateways_of_other_operators_do_not_serve(self):
        folder = self.folder / "run"
        write(folder, "images.csv", "device,link,image,dataset_index", "0,lora,0,0")
        write(folder, "nodes.csv", "device,link,group,x_m,y_m,sf,ce_level", "0,lora,ours,0,0,7,",
              "1,lora,theirs,0,0,7,", "2,nbiot,,0,0,,0")
        write(folder, "gateways.csv", "gateway,link,operator,x_m,y_m", "0,lora,1,30,40", "1,lora,2,0,10",
              "2,nbiot,1,0,1")
        results = Results(str(folder))
        fairness = load(ANALYSIS / "plot-fairness.py")
        with self.assertRaisesRegex(BadInput, "no lora.operator"):
            fairness.distances(results, results.cameras())
        (folder / "scenario.ini").write_text("[lora]\noperator = 1\n\n[group.theirs]\nlora.operator = 2\n")
        self.assertEqual(list(fairness.distances(results, results.cameras())), [50, 10, 1])

    def test_numbers(self):
        # Device 0: 2 of 2 right, 6 of 8 fragments; device 1: 1 of 2 right, 2 of 8.
        folder = self.folder / "run"
        names = "device,link,image,dataset_index,fragments,fragments_received,correct"
        write(
            folder, "images.csv", names, "0,lora,0,0,4,4,1", "0,lora,1,1,4,2,1", "1,lora,0,2,4,2,1", "1,lora,1,3,4,0,0")
        write(folder, "nodes.csv", "device,link,x_m,y_m,sf,ce_level", "0,lora,10,0,7,", "1,lora,0,900,12,")
        status, out, _ = call("plot-fairness.py", folder, "--output", self.folder / "f.png")
        self.assertEqual(status, 0)
        self.assertIn(f"answers right, Jain's index: {1.5 ** 2 / (2 * 1.25):.3f}\n", out)
        self.assertIn("answers right, worst tenth of the devices: 50.0 %\n", out)
        self.assertIn(f"fragments delivered, Jain's index: {1 / (2 * (0.75 ** 2 + 0.25 ** 2)):.3f}\n", out)
        self.assertIn("fragments delivered, worst tenth of the devices: 25.0 %\n", out)


class Places(Folder):
    """A place is a camera where it stands: which images of a sweep share one."""

    def places(self, *nodes):
        """Returns the places of an image of each of these devices: run, device, group, x, y."""
        write(self.folder, "images.csv", "a.key,run,device,image,dataset_index",
              *(f"x,{run},{device},0,{device}" for run, device, *_ in nodes))
        write(self.folder, "nodes.csv", "a.key,run,device,group,x_m,y_m",
              *(f"x,{run},{device},{group},{x},{y}" for run, device, group, x, y in nodes))
        return list(Results(str(self.folder)).images()["place"])

    def test_places(self):
        # Two cameras in two runs: elsewhere each time, and at the same places.
        self.assertEqual(len(set(self.places((1, 0, "", 1, 2), (1, 1, "", 3, 4), (2, 0, "", 5, 2), (2, 1, "", 6, 4)))), 4)
        first, second, again, second_again = self.places(
            (1, 0, "", 1, 2), (1, 1, "", 3, 4), (2, 0, "", 1, 2), (2, 1, "", 3, 4))
        self.assertEqual((first, second), (again, second_again))
        self.assertNotEqual(first, second)
        # Two groups at the same places; two cameras of one group at one place are two.
        places = self.places((1, 0, "p", 1, 2), (1, 1, "p", 1, 2), (1, 2, "q", 1, 2), (1, 3, "q", 1, 2))
        self.assertEqual(places[:2], places[2:])
        self.assertNotEqual(*places[:2])
        # Nobody knows where: a camera in a run.
        self.assertEqual(len(set(self.places((1, 0, "", "", ""), (1, 1, "", "", ""), (2, 0, "", "", "")))), 3)
        (self.folder / "nodes.csv").unlink()
        self.assertEqual(len(set(Results(str(self.folder)).images()["place"])), 3)


class HeatMaps(Folder):
    def values(self, *words):
        """Returns the values of a map, and what is said about them."""
        module = load(ANALYSIS / "plot-heatmap.py")
        arguments = module.parse_arguments([str(self.folder / "sweep"), *words])
        results = Results(str(self.folder / "sweep"))
        return module.table_of(arguments, results, *module.the_keys(arguments, results))

    def test_meters_are_no_cameras(self):
        write_sweep(self.folder / "sweep")
        path = self.folder / "sweep" / "nodes.csv"
        rows = list(csv.DictReader(path.read_text().splitlines()))
        meters = [
            {**row, "device": 90, "role": "meter", "images": 0, "time_on_air_s": 1000} for row in rows
            if row["device"] == "0"
        ]
        write_csv(path, rows[0], rows + meters)
        nodes = tables_of(0, False)["nodes.csv"]
        expected = {
            "camera": np.mean([node["time_on_air_s"] for node in nodes]), "meter": 1000,
            "all": (sum(node["time_on_air_s"] for node in nodes) + 1000) / 13,
        }
        for role, mean in expected.items():
            values, label, together = self.values("--value", "nodes.time_on_air_s", "--role", role)
            self.assertTrue(np.allclose(values, mean), role)
            self.assertIn({"camera": "cameras", "meter": "meters", "all": "devices"}[role], label)
            self.assertIn("2 runs together", together)
        values, label, together = self.values("--value", "nodes.time_on_air_s")
        self.assertTrue(np.allclose(values, expected["camera"]))
        self.assertIn("groups gate, yard together", together)

    def test_groups_and_further_keys_are_said(self):
        write_sweep(self.folder / "sweep")
        for name in ["images.csv", "nodes.csv", "fragments.csv", "accuracy.csv", "gateways.csv"]:
            path = self.folder / "sweep" / name
            lines = path.read_text().splitlines()
            write(self.folder / "sweep", name, f"a.key,{lines[0]}",
                  *(f"{key},{line}" for key in ("x", "y") for line in lines[1:]))
        words = ["--x", "lora.extra_loss", "--y", "codec.map_copies"]
        values, _, together = self.values(*words, "--group", "gate")
        self.assertIn("a.key x, y together; group gate; 2 runs together", together)
        right = [image["correct"] for image in tables_of(2, False)["images.csv"] if image["group"] == "gate"]
        self.assertAlmostEqual(values[0, 1], 100 * np.mean(right))
        self.assertIn("has gate, yard", self.fails("plot-heatmap.py", self.folder / "sweep", *words, "--group", "z"))
        self.assertIn("no meters", self.fails(
            "plot-heatmap.py", self.folder / "sweep", *words, "--value", "nodes.x_m", "--role", "meter"))


class Report(Folder):
    def page(self, folder, *words):
        page = self.folder / "page.html"
        status, _, errors = call("report.py", folder, "--output", page, *words)
        self.assertEqual((status, errors), (0, ""))
        return page.read_text(encoding="utf-8")

    def test_is_whole_and_the_same_each_time(self):
        write_run(self.folder / "run")
        page = self.page(self.folder / "run")
        self.assertEqual(page, self.page(self.folder / "run"))
        with (self.folder / "run" / "images.csv").open(newline="") as stream:
            right = [row["correct"] for row in csv.DictReader(stream)]
        self.assertIn(f"<strong>{100 * right.count('1') / len(right):.1f}\N{NO-BREAK SPACE}%</strong>", page)
        for text in ["0.1.0 (0123456789ab)", "--scenario=scenario.ini", "lora.extra_loss", "Coverage", "Fairness"]:
            self.assertIn(text, page)
        self.assertNotRegex(page, r"(?:src|href|srcset)=\"(?!data:|#)")
        self.assertNotIn("<script", page)
        self.assertNotIn(str(self.folder), page)

    def test_escapes_what_comes_from_files(self):
        evil = "<script>alert(1)</script>&\"'"
        write_run(self.folder / "run", name=evil)
        for name in ["images.csv", "nodes.csv", "accuracy.csv"]:
            path = self.folder / "run" / name
            path.write_text(path.read_text().replace("yard", "<b>x</b>"))
        page = self.page(self.folder / "run")
        self.assertNotIn("<script", page)
        self.assertNotIn("<b>x", page)
        self.assertIn("Run of &lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#x27;", page)

    def test_says_what_it_cannot_show(self):
        write_run(self.folder / "run")
        for name, column in [("images.csv", "encoding_energy_j"), ("images.csv", "group"), ("nodes.csv", "group")]:
            path = self.folder / "run" / name
            path.write_text(path.read_text().replace(column, f"no_{column}", 1))
        page = self.page(self.folder / "run")
        self.assertIn("images.csv: no column encoding_energy_j", page)

    def test_of_a_run_of_which_nothing_arrived(self):
        write_run(self.folder / "run", loss=10)
        page = self.page(self.folder / "run")
        self.assertIn("nothing was predicted from any image", page)
        self.assertIn("none: no device got any", page)
        self.assertNotIn(">nan", page)
        self.assertNotIn(str(self.folder), page)

    def text(self, folder):
        """Returns the page without its pictures."""
        return re.sub(r'"data:[^"]*"', "", self.page(folder))

    def test_numbers_are_by_arm_and_group(self):
        write_run(self.folder / "run")
        # 1 J of sleep a camera for three images, beside what encoding and sending took: in both places.
        page = self.text(self.folder / "run")
        nodes = tables_of(2, False)["nodes.csv"]
        joules = sum(value for node in nodes for name, value in node.items() if name.endswith("_energy_j")) / 36
        self.assertIn(f"<strong>{joules:.3g} J</strong>", page)
        self.assertIn("sleep included", page)
        self.assertEqual(page.count(f">{joules:.3g}</td>"), 2)
        self.assertIn("All groups together.", page)
        write_sweep(self.folder / "sweep")
        page = self.text(self.folder / "sweep")
        # Six arms that differ: no share of right answers of all of them.
        self.assertNotIn("right at the end<strong>", page)
        for loss in [0, 1, 2, 3, 5, 6]:
            images = tables_of(loss, False)["images.csv"]
            for group in ["gate", "yard"]:
                right = [image["correct"] for image in images if image["group"] == group]
                self.assertIn(f">{100 * sum(right) / len(right):.1f}\N{NO-BREAK SPACE}%</td>", page)
        for part in ["plot-calibration", "plot-fairness"]:
            self.assertIn(f"analysis/{part}.py DIR --where=lora.extra_loss=0.0 --where=codec.map_copies=1", page)
        self.assertIn("All 2 runs together.", page)

    def test_of_a_sweep_has_maps_and_its_file(self):
        write_sweep(self.folder / "sweep")
        page = self.page(self.folder / "sweep")
        self.assertIn("Two keys at once", page)
        self.assertIn("[sweep]\nlora.extra_loss = 0.0 | 0.2 | 0.5\n", page)
        self.assertIn("Sweep of made-up-sweep", page)


def write_part(folder, keys, points):
    """Writes a part of the study: two images with three fragments of 100 bytes, sent at 10, 20, 30 s.

    points: (spreading factor, loss, values of the keys, for each image what became of the fragments:
    "1" and "0" a right and a wrong answer, "-" lost).
    """
    lead = ",".join(["lora.sf", "lora.extra_loss", *keys, "run"])
    images, fragments = [], []
    for spreading_factor, loss, values, fates in points:
        point = ",".join([spreading_factor, loss, *values, "1"])
        for device, fate in enumerate(fates):
            images.append(f"{point},{device},0,{device + 7},0")
            for number, what in enumerate(fate):
                arrived = "," if what == "-" else f"{10 * number + 15},{what}"
                fragments.append(f"{point},{device},0,{number},100,{10 * number + 10},{arrived}")
    write(folder, "images.csv", f"{lead},device,image,dataset_index,captured_s", *images)
    write(folder, "fragments.csv", f"{lead},device,image,fragment,bytes,sent_s,arrived_s,correct", *fragments)


class Study(Folder):
    def setUp(self):
        super().setUp()
        levels = [(sf, loss) for sf in ["7", "9", "10", "12"] for loss in ["0", "0.1"]]
        write_part(self.folder / "limitnet", [], [(sf, loss, [], ["011", "-01"]) for sf, loss in levels])
        # The larger size is right from 300 bytes on, the smaller one from 100 on, in one image alone.
        write_part(
            self.folder / "webp", ["codec.side_px", "codec.max_bytes"],
            [(sf, loss, ["32", size], fates) for sf, loss in levels
             for size, fates in [("100", ["1", "0"]), ("300", ["001", "-01"])]],
        )

    def test_numbers(self):
        table = self.folder / "study.csv"
        status, out, errors = call_here(
            "study-codecs.py", self.folder, "--csv", table, "--output", self.folder / "study.png"
        )
        self.assertEqual(status or 0, 0, errors)
        self.assertIn("not shown: starfish, jpeg", errors)
        with open(table, newline="", encoding="utf-8") as file:
            rows = {
                (row["codec"], row["against"], row["budget"]): row for row in csv.DictReader(file)
                if (row["lora.sf"], row["lora.extra_loss"]) == ("10", "0")
            }
        # Sent, not received: the second image's first fragment is lost, and counts as bytes.
        self.assertEqual([rows["LimitNet", "bytes", b]["correct"] for b in ["100", "200", "300"]], ["0", "1", "2"])
        self.assertEqual([rows["WebP 32x32", "bytes", b]["correct"] for b in ["100", "200", "300"]], ["1", "1", "2"])
        self.assertEqual([rows["WebP 32x32", "bytes", b]["setting"] for b in ["100", "300"]], ["32/100", "32/300"])
        self.assertEqual(rows["LimitNet", "time", "30"]["correct"], "1", "the third arrives at 35 s")
        self.assertEqual(rows["WebP 32x32", "bytes", "100"]["limitnet_less_this"], "-0.5000")
        self.assertTrue((self.folder / "study.png").is_file())
        # One of two is right from 200 bytes on, both from 300 on: 40, 50, 60 and 65 %.
        self.assertRegex(out, r"\| LimitNet \| 200 \| 200 \| 300 \| 300 \|")
        # With 100 bytes at most one is; the size of 300 bytes has both.
        self.assertRegex(out, r"\| WebP 32x32 \| 100 \| 100 \| 300 \| 300 \|")

    def test_other_pictures(self):
        path = self.folder / "webp" / "images.csv"
        path.write_text(path.read_text(encoding="utf-8").replace(",8,0\n", ",9,0\n"), encoding="utf-8")
        self.assertIn("its pictures are not those of", self.fails("study-codecs.py", self.folder))

    def test_kept_rows_and_codecs_seen_at_their_end(self):
        table, again = self.folder / "study.csv", self.folder / "again.csv"
        picture = self.folder / "study.png"
        self.assertFalse(call_here("study-codecs.py", self.folder, "--csv", table, "--output", picture)[0])
        # Eight fragments of 100 bytes; the answer comes with the last that arrives.
        part = self.folder / "new"
        keys = ["codec.max_bytes", "strategy.parity_percent"]
        write_part(
            part / "webp-parity" if part.mkdir() is None else part, keys,
            [("10", "0", ["800", parity], fates) for parity, fates in
             [("115", ["-------1", "1111111-"]), ("275", ["-------0", "0000000-"])]],
        )
        status, _, errors = call_here(
            "study-codecs.py", part, "--kept", table, "--csv", again, "--output", picture)
        self.assertFalse(status, errors)
        before, after = table.read_text().splitlines(), again.read_text().splitlines()
        self.assertEqual(after[: len(before)], before)
        new = list(csv.DictReader([before[0], *after[len(before):]]))
        self.assertEqual([(row["codec"], row["against"], row["budget"], row["correct"]) for row in new], [
            ("WebP 32x32, 115 % parity", "bytes", "800", "2"), ("WebP 32x32, 275 % parity", "bytes", "800", "0"),
        ])
        # Both of LimitNet are right: 0 and 1 ahead. Newcombe 1998, table II, of unpaired proportions.
        self.assertEqual([row["limitnet_less_this"] for row in new], ["0.0000", "1.0000"])
        of_counts = load(ANALYSIS / "study-codecs.py").difference_of_counts
        for ours, count, theirs, their_count, low, high in [
            (56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (10, 10, 0, 10, 0.6075, 1.0),
        ]:
            found = of_counts(ours, count, theirs, their_count)
            self.assertAlmostEqual(float(found[1]), low, places=4)
            self.assertAlmostEqual(float(found[2]), high, places=4)

    def test_nothing_there(self):
        self.assertIn("--run makes it", self.fails("study-codecs.py", self.folder / "none"))


class Contract(Folder):
    """check-contract.py sees what is wrong."""

    SCRIPT = Path(__file__).with_name("check-contract.py")

    def check(self):
        """Returns the complaints about the run, a line each."""
        return "\n".join(load(self.SCRIPT).check(self.folder / "run").complaints)

    def of(self, *words):
        """Calls the script; returns its exit status and errors."""
        done = subprocess.run(
            [sys.executable, "-B", self.SCRIPT, *words], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr

    def change(self, name, column, value, row=0):
        """Changes one field and expects that this is seen; puts it back."""
        path = self.folder / "run" / name
        before = path.read_text()
        rows = list(csv.reader(before.splitlines()))
        rows[row + 1][rows[0].index(column)] = value
        path.write_text("\n".join(",".join(fields) for fields in rows) + "\n")
        errors = self.check()
        path.write_text(before)
        self.assertTrue(errors, f"{name}, {column} = {value}")
        return errors

    def test_breaches(self):
        write_run(self.folder / "run", only_documented=True)
        self.assertEqual(self.check(), "")
        self.assertEqual(self.of(self.folder / "run"), (0, ""))
        for name, column, value in [
            ("images.csv", "bytes", "841"), ("images.csv", "fragments", "4"), ("images.csv", "fragments_received", "1"),
            ("images.csv", "fragments_sent", "4"), ("images.csv", "last_arrival_s", "107"), ("images.csv", "correct", "0"),
            ("nodes.csv", "frames_delivered", "1"), ("nodes.csv", "frames_sent", "1"), ("nodes.csv", "images", "4"),
            ("nodes.csv", "time_on_air_s", "1.5"), ("nodes.csv", "radio_rx_energy_j", "-0.1"),
            ("nodes.csv", "radio_tx_energy_j", "5"), ("nodes.csv", "signalling_time_on_air_s", "0"),
            ("nodes.csv", "x_m", "east"), ("fragments.csv", "fate", "vanished"), ("fragments.csv", "transmissions", "0"),
            ("fragments.csv", "sent_s", "1"), ("accuracy.csv", "correct", "30"), ("accuracy.csv", "images_counted", "9"),
            ("accuracy.csv", "wilson_high", "0.9"),
        ]:
            errors = self.change(name, column, value)
            self.assertIn(name.split(".")[0], errors)
        if "encoding_energy_j" in columns(True)["images.csv"]:
            self.assertIn("sum over its images", self.change("images.csv", "encoding_energy_j", "9"))

    def test_airtime_of_a_scheduled_device(self):
        write_run(self.folder / "run", only_documented=True)
        path = self.folder / "run" / "nodes.csv"
        row = next(i for i, row in enumerate(csv.DictReader(path.read_text().splitlines())) if row["link"] == "nbiot")
        law = "that of its fragments and signalling_time_on_air_s"
        self.assertIn(law, self.change("nodes.csv", "signalling_time_on_air_s", "0.001", row))
        self.assertIn("and of all that are", self.change("nodes.csv", "signalling_time_on_air_s", "", row))
        self.assertIn("by the time on air", self.change("nodes.csv", "radio_tx_energy_j", "5", row))
        # Signalling is on the air too, and has its part of the energy.
        rows = list(csv.DictReader(path.read_text().splitlines()))
        on_air = float(rows[row]["time_on_air_s"]) + 1
        joule = float(rows[row]["radio_tx_energy_j"]) * on_air / (on_air - 1)
        rows[row].update(
            time_on_air_s=on_air, duty_cycle=on_air / 10000, signalling_time_on_air_s=1, radio_tx_energy_j=joule
        )
        write_csv(path, rows[0], rows)
        self.assertEqual(self.check(), "")

    def test_frames_of_a_group_that_answers(self):
        write_run(self.folder / "run", only_documented=True)
        settings = self.folder / "run" / "scenario.ini"
        settings.write_text(settings.read_text() + "\n[group.gate]\nlora.adr = true\n")
        path = self.folder / "run" / "nodes.csv"
        rows = list(csv.DictReader(path.read_text().splitlines()))
        for row, complaints in [(0, 0), (1, 1)]:  # of the group gate, and of yard
            self.assertEqual(rows[row]["group"], ["gate", "yard"][row])
            on_air = float(rows[row]["time_on_air_s"]) + 1
            rows[row].update(time_on_air_s=on_air, duty_cycle=on_air / 10000)
            write_csv(path, rows[0], rows)
            self.assertEqual(self.check().count("that of the fragments' frames"), complaints)

    def test_batteries(self):
        write_run(self.folder / "run", only_documented=True)
        settings = self.folder / "run" / "scenario.ini"
        text = settings.read_text()
        # 10000 s at a milliwatt are 10 J, and the devices' own energies less than 5 J.
        for battery, complaints in [(15, 0), (5, 1), (0, 0)]:
            settings.write_text(text.replace("[devices]", f"[devices]\nbattery_j = {battery}\nbase_power_w = 0.001"))
            self.assertEqual(self.check().count("no more energy than devices.battery_j"), complaints)
        settings.write_text(text + "\n[group.gate]\ndevices.battery_j = 5\ndevices.base_power_w = 0.001\n")
        self.assertIn("no more energy than devices.battery_j: 4 of 12 not so", self.check())

    def test_runs_a_program_first(self):
        program = self.folder / "program"
        program.write_text(
            f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\n"
            f"sys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom example_run import write_run\n"
            "out = [word[6:] for word in sys.argv if word.startswith('--out=')][0]\n"
            "write_run(Path(out) / 'made-up' / '1', only_documented=True)\n")
        program.chmod(0o755)
        self.assertEqual(self.of("--of", program), (0, ""))
        program.write_text("#!/bin/sh\necho gone\nexit 3\n")
        status, errors = self.of("--of", program)
        self.assertEqual(status, 1)
        self.assertIn("exit status 3: gone", errors)

    def test_columns(self):
        write_run(self.folder / "run", only_documented=True)
        path = self.folder / "run" / "nodes.csv"
        path.write_text(path.read_text().replace("x_m,y_m", "y_m,x_m"))
        self.assertIn("nodes.csv: columns are not those", self.check())
        path.unlink()
        self.assertIn("nodes.csv: not there", self.check())


if __name__ == "__main__":
    unittest.main()
