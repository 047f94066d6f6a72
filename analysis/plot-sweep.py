#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws accuracy against the time since capture for each value of a swept key.

Reads accuracy.csv of a sweep's folder (limitnet-sweep). The repetitions of each combination are
taken together: images are added up, and the bands are their 95 % Wilson intervals. One swept key
gives the curves of a plot (--by), another one may give plots side by side (--columns); of all
further ones --where has to choose a value.
"""

import argparse
import math
import os
import sys

from plotting import BadInput, read_rows, run, use_matplotlib, write_figure

# Viridis from dark to light: an order that is seen with any colour vision and in grey.
LIGHTEST = 0.85
STYLES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (6, 2, 1, 2))]
COUNTS = ["group", "elapsed_s", "images_counted", "correct"]


def wilson(correct, counted):
    """Returns the ends of the 95 % Wilson score interval."""
    z = 1.959964
    share = correct / counted
    centre = (share + z * z / (2 * counted)) / (1 + z * z / counted)
    half = z / (1 + z * z / counted) * math.sqrt(
        share * (1 - share) / counted + z * z / (4 * counted * counted)
    )
    return max(0, centre - half), min(1, centre + half)


def read_sweep(path):
    """Returns the rows of accuracy.csv and the swept keys, in the sweep's order."""
    if os.path.isdir(path):
        path = os.path.join(path, "accuracy.csv")
    rows = read_rows(path, ["run", *COUNTS], "the accuracy.csv of a sweep")
    if not rows:
        raise BadInput(f"{path}: no rows in it")
    names = list(rows[0])
    return path, rows, names[: names.index("run")]


def values_of(rows, key):
    """Returns the values of a key in the order in which they appear."""
    return list(dict.fromkeys(row[key] for row in rows))


def choose(arguments, path, rows, keys):
    """Returns the rows that --where leaves, and the keys for curves and columns."""
    for condition in arguments.where:
        key, equals, value = condition.partition("=")
        if not equals or key not in keys:
            raise BadInput(f"--where {condition}: has to be KEY=VALUE with one of {', '.join(keys)}")
        if value not in values_of(rows, key):
            raise BadInput(
                f"--where {condition}: {path} has {', '.join(values_of(rows, key))} for {key}"
            )
        rows = [row for row in rows if row[key] == value]
    open_keys = [key for key in keys if len(values_of(rows, key)) > 1]
    for key in [arguments.by, arguments.columns]:
        if key and key not in keys:
            raise BadInput(f"{key} is not swept; these are: {', '.join(keys) or 'none'}")
    by = arguments.by or next((key for key in open_keys if key != arguments.columns), None)
    # A key that follows from another, as with mode = zip, needs no plots of its own.
    free_keys = [
        key
        for key in open_keys
        if by is None or key == by or len({(row[by], row[key]) for row in rows}) > len(values_of(rows, by))
    ]
    open_keys = free_keys if not arguments.columns else open_keys
    columns = arguments.columns or next((key for key in open_keys if key != by), None)
    further = [key for key in open_keys if key not in (by, columns)]
    if further:
        values = values_of(rows, further[0])
        raise BadInput(f"several values of {further[0]}: choose one, --where {further[0]}={values[0]}")
    return rows, by, columns


def pooled(rows, group):
    """Returns (elapsed, accuracy, low, high), the images of all repetitions taken together."""
    sums = {}
    for row in rows:
        if row["group"] != group:
            continue
        try:
            elapsed = float(row["elapsed_s"])
            counted, correct = sums.get(elapsed, (0, 0))
            sums[elapsed] = (counted + int(row["images_counted"]), correct + int(row["correct"]))
        except (TypeError, ValueError) as error:
            raise BadInput(f"accuracy.csv: {error}") from error
    return [
        (elapsed, correct / counted, *wilson(correct, counted))
        for elapsed, (counted, correct) in sorted(sums.items())
        if counted > 0
    ]


def draw(arguments):
    """Draws the sweep into the picture's file."""
    path, rows, keys = read_sweep(arguments.sweep)
    rows, by, columns = choose(arguments, path, rows, keys)
    plt = use_matplotlib()
    panels = values_of(rows, columns) if columns else [None]
    curves = values_of(rows, by) if by else [None]
    figure, all_axes = plt.subplots(
        1,
        len(panels),
        figsize=(max(7.2, 3.6 * len(panels)), 4.4),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    times = []
    for panel, axes in zip(panels, all_axes[0]):
        for index, value in enumerate(curves):
            mine = [
                row
                for row in rows
                if (by is None or row[by] == value) and (columns is None or row[columns] == panel)
            ]
            points = [point for point in pooled(mine, arguments.group) if point[0] > 0]
            if not points:
                continue
            times += [point[0] for point in points]
            colour = plt.get_cmap("viridis")(LIGHTEST * index / max(1, len(curves) - 1))
            axes.step(
                [point[0] for point in points],
                [100 * point[1] for point in points],
                where="post",
                color=colour,
                linestyle=STYLES[index % len(STYLES)],
                linewidth=1.8,
                label=value if by else "all runs",
            )
            if not arguments.no_band:
                axes.fill_between(
                    [point[0] for point in points],
                    [100 * point[2] for point in points],
                    [100 * point[3] for point in points],
                    step="post",
                    color=colour,
                    alpha=0.12,
                    linewidth=0,
                )
        axes.set_ylim(0, 100)
        axes.set_xlabel("time since capture (s)")
        axes.grid(True, color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        if columns:
            axes.set_title(f"{columns} = {panel}", fontsize="medium")
    if not times:
        raise BadInput(f"{path}: no images of the group {arguments.group} at any time above 0")
    logarithmic = max(times) > 100 * min(times)
    for axes in all_axes[0]:
        if logarithmic:
            axes.set_xscale("log")
        axes.set_xlim(min(times), max(times))
    all_axes[0][0].set_ylabel("top-1 accuracy (%)")
    all_axes[0][-1].legend(loc="best", fontsize="small", frameon=True, title=by)
    if arguments.title:
        figure.suptitle(arguments.title)
    if not arguments.no_band:
        figure.supxlabel("bands: 95 % Wilson interval of the images of all repetitions", fontsize=7)
    write_figure(figure, arguments.output)


def parse_arguments():
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sweep", help="folder of a sweep, or its accuracy.csv")
    parser.add_argument(
        "--output", default="sweep.png", help="picture: .png, .pdf, .svg (default: %(default)s)"
    )
    parser.add_argument("--by", metavar="KEY", help="a curve for each value (default: the first key)")
    parser.add_argument("--columns", metavar="KEY", help="a plot for each value (default: the second)")
    parser.add_argument(
        "--where", metavar="KEY=VALUE", action="append", default=[], help="only these runs"
    )
    parser.add_argument("--group", default="all", help="of images, as in accuracy.csv (all)")
    parser.add_argument("--title", default="", help="stands above the plot")
    parser.add_argument("--no-band", action="store_true", help="leave out the confidence bands")
    return parser.parse_args()


def main():
    """Runs the program."""
    arguments = parse_arguments()
    return run(lambda: draw(arguments))


if __name__ == "__main__":
    sys.exit(main())
