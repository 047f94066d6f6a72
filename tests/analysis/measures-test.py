#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the measures of analysis/: against numbers worked out by hand, and by drawing."""

import unittest

import numpy as np

# First: it says where the scripts are.
import script_calls  # noqa: F401
from measures import (
    Sources, calibration_error, clustered_paired_interval, clustered_share, jain, paired_interval, reliability,
    student, wilson, worst_decile,
)


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


if __name__ == "__main__":
    unittest.main()
