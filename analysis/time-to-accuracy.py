#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tells what it takes to reach an accuracy, and the accuracy at a deadline.

Of a sweep, each combination of the swept keys has its rows, its repetitions taken together; of a
run, each group of images. For each --accuracy: the time since capture, the bytes received and the
energy spent on an image after which so many images have a right answer for the first time, or
`never`. For each --deadline: how many images are right so long after their capture, with the 95 %
interval, which counts pictures, cameras and runs (docs/analysis.md). See plot-accuracy.py --help for
what the budgets are.

The time is that of the predictions in fragments.csv: of each arrival with cloud.moments = all; with
grid, the default, it may lie later by up to a step of the accuracy curve's times. Times that fewer
than half of the images were observed for are left out.
"""

import argparse
import csv
import sys

import numpy as np

from plotting import AGAINST, BadInput, run

NAMES = {"time": "time_s", "bytes": "bytes", "energy": "energy_j"}


def budgets_of(results, quiet=False):
    """Returns {what: Progress} for what the results have; time always."""
    from budgets import Progress

    progress = {"time": Progress(results, "time")}
    for against in ["bytes", "energy"]:
        try:
            progress[against] = Progress(results, against)
        except BadInput as error:
            if not quiet:
                print(f"note: {error}: no {against}", file=sys.stderr)
    return progress


def written(against, value):
    """Returns a budget as it is written."""
    if value is None:
        return "never"
    return f"{value:.0f}" if against == "bytes" else f"{value:.4g}" if value < 1000 else f"{value:.0f}"


def target_rows(progress, what, ids, accuracies):
    """Returns a row for each accuracy to reach."""
    curves = {against: one.curve(ids) for against, one in progress.items()}
    for accuracy in accuracies:
        row = {**what, "images": len(ids), "question": "reach", "accuracy_percent": f"{accuracy:g}"}
        for against in AGAINST:
            curve = curves.get(against)
            row[NAMES[against]] = written(against, curve.first(accuracy / 100)) if curve else ""
        yield row


def deadline_rows(progress, what, ids, deadlines):
    """Returns a row for each deadline."""
    curve = progress["time"].curve(ids)
    for deadline in deadlines:
        counted, right = (int(part[0]) for part in curve.at(np.array([deadline])))
        row = {**what, "images": counted, "question": "deadline", "time_s": f"{deadline:g}"}
        if counted:
            low, high = (float(end[0]) for end in curve.interval([deadline]))
            row["accuracy_percent"] = f"{100 * right / counted:.1f}"
            row["wilson_low"], row["wilson_high"] = f"{100 * low:.1f}", f"{100 * high:.1f}"
        yield row


def table(arguments, quiet=False):
    """Returns the names of the columns and the rows, as dictionaries."""
    from results import open_results, sets_of_images

    if any(not 0 <= one <= 100 for one in arguments.accuracy):
        raise BadInput("--accuracy: has to be 0..100")
    if any(not one >= 0 for one in arguments.deadline):
        raise BadInput("--deadline: has to be 0 or more")
    results = open_results(arguments)
    progress = budgets_of(results, quiet)
    rows = []
    sets = sets_of_images(results, progress["time"].images)
    for what, ids in sets:
        rows += target_rows(progress, what, ids, arguments.accuracy)
        rows += deadline_rows(progress, what, ids, arguments.deadline)
    names = [*sets[0][0], "images", "question", "accuracy_percent", "wilson_low", "wilson_high"]
    return [*names, *NAMES.values()], rows


def write_csv(path, names, rows):
    """Writes the rows as CSV."""
    try:
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error


def print_aligned(names, rows):
    """Prints the columns that have anything in them, aligned."""
    names = [name for name in names if any(row.get(name) for row in rows)]
    lines = [names] + [[str(row.get(name, "")) or "-" for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(word.rjust(width) for word, width in zip(line, widths)))


def tell(arguments):
    """Prints the table and writes the file."""
    names, rows = table(arguments)
    print_aligned(names, rows)
    if arguments.csv:
        write_csv(arguments.csv, names, rows)


def parse_arguments(words=None):
    """Reads the command line."""
    from results import add_folder

    parser = argparse.ArgumentParser(
        description=__doc__.replace("%", "%%"), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_folder(parser)
    parser.add_argument(
        "--accuracy", type=float, nargs="*", default=[50, 80, 90], metavar="PERCENT",
        help="to reach (default: 50 80 90)",
    )
    parser.add_argument(
        "--deadline", type=float, nargs="*", default=[], metavar="S", help="since capture, in seconds"
    )
    parser.add_argument("--csv", metavar="FILE", help="write the table there as well")
    return parser.parse_args(words)


def main():
    """Runs the program."""
    return run(lambda: tell(parse_arguments()))


if __name__ == "__main__":
    sys.exit(main())
