#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares two runs, or two sweeps, image by image.

Both have to be of the same pictures and repetitions: a pair is what one device made of one image in
one run (and one combination of a sweep). For each time since capture the table says how many images
were right in one and wrong in the other, and the difference of the accuracies with its 95 %
interval for paired proportions (Newcombe 1998, method 10), which is narrower than what two curves
apart from each other show. Only images are taken that both observed that long.
"""

import argparse
import os
import sys

from measures import paired_interval
from plotting import BadInput, read_rows, run

IMAGES = ["device", "image", "dataset_index", "captured_s", "observed_s"]
FRAGMENTS = ["device", "image", "arrived_s", "correct"]


def read_images(folder):
    """Returns {pair: (picture, time observed, [(elapsed, right), ...])} of a run or sweep."""
    images = read_rows(os.path.join(folder, "images.csv"), IMAGES, "an images.csv")
    if not images:
        raise BadInput(f"{folder}: no images in it")
    names = list(images[0])
    keys = names[: names.index("device")]  # of a sweep: what was swept, and the run
    known = {}
    try:
        for row in images:
            pair = tuple(row[key] for key in keys) + (row["device"], row["image"])
            known[pair] = (row["dataset_index"], float(row["observed_s"]), float(row["captured_s"]), [])
        path = os.path.join(folder, "fragments.csv")
        for row in read_rows(path, FRAGMENTS, "a fragments.csv"):
            if row["correct"] == "" or row["arrived_s"] == "":
                continue
            pair = tuple(row[key] for key in keys) + (row["device"], row["image"])
            elapsed = float(row["arrived_s"]) - known[pair][2]
            known[pair][3].append((elapsed, row["correct"] == "1"))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{folder}: images.csv and fragments.csv do not fit: {error}") from error
    return {pair: (picture, seen, sorted(moments)) for pair, (picture, seen, _, moments) in known.items()}


def right_at(moments, time):
    """Returns whether the last answer up to a time is right."""
    right = False
    for elapsed, correct in moments:
        if elapsed > time:
            break
        right = correct
    return right


def times_of(folder):
    """Returns the times of the accuracy curve."""
    rows = read_rows(os.path.join(folder, "accuracy.csv"), ["elapsed_s"], "an accuracy.csv")
    return sorted({float(row["elapsed_s"]) for row in rows})


def compare(arguments):
    """Prints the table."""
    first, second = read_images(arguments.a), read_images(arguments.b)
    pairs = [pair for pair in first if pair in second]
    if not pairs:
        raise BadInput(f"{arguments.a} and {arguments.b} have no device, image and run in common")
    for pair in pairs:
        if first[pair][0] != second[pair][0]:
            raise BadInput(
                f"{arguments.a} and {arguments.b} are of other pictures: device {pair[-2]}, "
                f"image {pair[-1]} is {first[pair][0]} there and {second[pair][0]} here"
            )
    times = arguments.times or [t for t in times_of(arguments.a) if t in times_of(arguments.b)]
    if not times:
        raise BadInput("the two have no times in common; name some with --times")
    print("elapsed_s,images,accuracy_a,accuracy_b,only_a_right,only_b_right,difference,low,high")
    for time in times:
        counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
        for pair in pairs:
            if min(first[pair][1], second[pair][1]) >= time:
                counts[right_at(first[pair][2], time), right_at(second[pair][2], time)] += 1
        both, only_a, only_b, neither = counts.values()
        count = sum(counts.values())
        if count == 0:
            continue
        difference, low, high = paired_interval(both, only_a, only_b, neither)
        print(
            f"{time:g},{count},{(both + only_a) / count:.4f},{(both + only_b) / count:.4f},"
            f"{only_a},{only_b},{difference:.4f},{low:.4f},{high:.4f}"
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
