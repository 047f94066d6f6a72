#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares two runs, or two sweeps, image by image.

Both have to be of the same pictures and repetitions: a pair is what one device made of one image in
one run (and one combination of a sweep). For each time since capture the table says how many images
were right in one and wrong in the other, and the difference of the accuracies with its 95 %
interval for paired proportions (Newcombe 1998, method 10), which is narrower than what two curves
apart from each other show. In it, images of the same picture and of the same camera are no
independent ones (docs/analysis.md). Only images are taken that both observed that long.
"""

import argparse
import math
import sys

from measures import Sources, clustered_paired_interval
from plotting import BadInput, run

PICTURE = ["dataset_index", "label"]


class Answers:
    """What the cloud answered about the images of a run or sweep."""

    def __init__(self, folder):
        from budgets import Progress
        from results import Results

        self.folder = folder
        self.results = Results(folder)
        progress = Progress(self.results, "time")
        self.pair = [*self.results.run_columns, "device", "image"]
        self.results.table("images.csv", "label")
        self.images = progress.images.set_index(self.pair)
        self._steps = progress.steps

    def times(self):
        """Returns the times of the accuracy curve."""
        return sorted(set(self.results.table("accuracy.csv", "elapsed_s")["elapsed_s"]))

    def dataset(self):
        """Returns the dataset's name, where one is known for all runs."""
        return None if "images.dataset" in self.results.keys else self.results.settings()[0].get("images.dataset")

    def right_at(self, images, time):
        """Returns whether the last answer on each of these images up to a time is right, 1 or 0."""
        upto = self._steps[self._steps["cost"] <= time]
        return images["id"].map(upto.groupby("id")["change"].sum()).fillna(0).to_numpy()


def check_pictures(one, other, pairs):
    """Fails unless the pairs are of the same pictures."""
    of_one, of_other = (answers.images.loc[pairs, PICTURE] for answers in (one, other))
    unlike = (of_one.fillna(-1) != of_other.fillna(-1)).any(axis=1).to_numpy()
    if unlike.any():
        pair = pairs[unlike.argmax()]
        first, second = (
            " of class ".join(f"{value:g}" for value in table.loc[pair]) for table in (of_one, of_other)
        )
        raise BadInput(
            f"{one.folder} and {other.folder} are of other pictures: device {pair[-2]}, "
            f"image {pair[-1]} is {first} there and {second} here"
        )
    if None not in (one.dataset(), other.dataset()) and one.dataset() != other.dataset():
        raise BadInput(
            f"{one.folder} and {other.folder} are of other pictures: those of {one.dataset()} there and "
            f"of {other.dataset()} here"
        )


def compare(arguments):
    """Prints the table."""
    if any(not 0 <= time < math.inf for time in arguments.times or []):
        raise BadInput("--times: each has to be 0 or more")
    one, other = Answers(arguments.a), Answers(arguments.b)
    pairs = []
    if one.pair == other.pair:
        pairs = one.images.index[one.images.index.isin(other.images.index)]
    if not len(pairs):
        raise BadInput(f"{arguments.a} and {arguments.b} have no device, image and run in common")
    check_pictures(one, other, pairs)
    times = arguments.times or [time for time in one.times() if time in other.times()]
    if not times:
        raise BadInput("the two have no times in common; name some with --times")
    print("elapsed_s,images,accuracy_a,accuracy_b,only_a_right,only_b_right,difference,low,high")
    of_one, of_other = one.images.loc[pairs], other.images.loc[pairs]
    for time in times:
        seen = ((of_one["observed_s"] >= time) & (of_other["observed_s"] >= time).to_numpy()).to_numpy()
        count = seen.sum()
        if count == 0:
            continue
        a, b = one.right_at(of_one[seen], time), other.right_at(of_other[seen], time)
        difference, low, high = clustered_paired_interval(a, b, Sources.of(of_one[seen]))
        print(
            f"{time:g},{count},{a.mean():.4f},{b.mean():.4f},{(a > b).sum()},{(b > a).sum()},"
            f"{difference:.4f},{low:.4f},{high:.4f}"
        )


def parse_arguments():
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("a", help="folder of a run or sweep")
    parser.add_argument("b", help="folder of the other one")
    parser.add_argument(
        "--times", type=float, nargs="+", metavar="S", help="since capture (default: both curves')"
    )
    return parser.parse_args()


def main():
    """Runs the program."""
    arguments = parse_arguments()
    return run(lambda: compare(arguments))


if __name__ == "__main__":
    sys.exit(main())
