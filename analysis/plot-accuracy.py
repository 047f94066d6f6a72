#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws accuracy against the time since capture, the bytes received, or the energy spent.

Each curve is a step curve with its 95 % interval as a band, which counts pictures and cameras
(docs/analysis.md). One input gives a curve for each group in it (all images, those of each spreading
factor, those of each group of devices); several inputs give one curve each.

Against time, accuracy.csv of each input is drawn. Against bytes and energy, images.csv and
fragments.csv of a run's folder are: the answer at a budget is the cloud's last prediction within it.
Bytes are those of an image's fragments that have arrived; energy is that of encoding the image and
of all that was sent of it by then. Predictions are made at each arrival with cloud.moments = all;
with grid, the default, only where the times of the accuracy curve need them, so that these curves
then lie lower than they could.
"""

import argparse
import os
import sys

from plotting import (
    AGAINST, AXIS_LABELS, COLOURS, DECADES, NARROW, STYLES, WIDTH, BadInput, add_output, grid,
    legend_below, make_logarithmic, name_of, plain, read_accuracy, read_rows, run, use_matplotlib,
    write_figure,
)
from settings import check_folder

FEWEST = 5  # images of a group's curve over bytes or energy
Z = 1.959964
COLUMNS = ["group", "elapsed_s", "images_counted", "accuracy", "wilson_low", "wilson_high"]


def read_curves(path):
    """Returns {group: list of (elapsed, accuracy, low, high, counted)}, in the file's order."""
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        folder, path = path, os.path.join(path, "accuracy.csv")
    check_folder(folder, ["accuracy.csv"])
    curves = {}
    for row in read_accuracy(path, COLUMNS, "an accuracy.csv"):
        if row["accuracy"] == "":
            continue  # no image was observed that long
        try:
            curves.setdefault(row["group"], []).append(
                (
                    float(row["elapsed_s"]),
                    float(row["accuracy"]),
                    float(row["wilson_low"]),
                    float(row["wilson_high"]),
                    int(row["images_counted"]),
                )
            )
        except (TypeError, ValueError) as error:
            raise BadInput(f"{path}: {error}") from error
    if not curves:
        raise BadInput(f"{path}: no rows with images in them")
    images = os.path.join(folder, "images.csv")
    if os.path.isfile(images):
        taken = read_rows(images, ["dataset_index", "device"], "an images.csv")
        alike = any(len({row[of] for row in taken}) < len(taken) for of in ["dataset_index", "device"])
        if alike and all(of_single_images(*row[1:]) for rows in curves.values() for row in rows):
            cluster_bands(folder, curves)
    return curves


def of_single_images(accuracy, low, high, counted):
    """Returns whether an interval is Wilson's, as of images of which none are alike."""
    half = Z * (accuracy * (1 - accuracy) / counted + Z * Z / (4 * counted * counted)) ** 0.5
    ends = [(accuracy + Z * Z / (2 * counted) + sign * half) / (1 + Z * Z / counted) for sign in (-1, 1)]
    return abs(ends[0] - low) + abs(ends[1] - high) < 1e-4


def cluster_bands(folder, curves):
    """Replaces the bands of programs that took images as independent, by those that count pictures
    and cameras."""
    from budgets import Progress
    from results import Results, sets_of_images

    results = Results(folder)
    if results.is_sweep:
        raise BadInput(f"{folder}: the folder of a sweep; plot-sweep.py draws those")
    progress = Progress(results, "time")
    for what, ids in sets_of_images(results, progress.images):
        rows = curves.get(what["group"], [])
        low, high = progress.curve(ids).interval([row[0] for row in rows])
        for place, (elapsed, accuracy, _, _, counted) in enumerate(rows):
            rows[place] = (elapsed, accuracy, low[place], high[place], counted)


def budget_curves(path, against):
    """Returns the same from images.csv and fragments.csv of a run's folder."""
    # Loaded only here: a program that has just run draws its curve over time sooner without pandas.
    from budgets import Progress
    from results import Results, sets_of_images

    results = Results(path)
    if results.is_sweep:
        raise BadInput(f"{path}: the folder of a sweep; plot-sweep.py draws those")
    progress = Progress(results, against)
    curves = {}
    for what, ids in sets_of_images(results, progress.images):
        budgets, accuracy, low, high = progress.curve(ids).points()
        # A curve of so few images jumps too much to say anything, and hides the others.
        if len(ids) >= FEWEST or what["group"] == "all":
            curves[what["group"]] = list(zip(budgets, accuracy, low, high, [len(ids)] * len(budgets)))
    curves = {group: rows for group, rows in curves.items() if rows}
    if not curves:
        raise BadInput(f"{path}: nothing was predicted from any image")
    return curves


def parse_arguments(words=None):
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("input", nargs="+", help="folder of a run, or its accuracy.csv")
    add_output(parser, "accuracy.png")
    parser.add_argument(
        "--against", choices=AGAINST, default="time", help="the horizontal axis (default: time)"
    )
    parser.add_argument("--labels", nargs="+", help="what the legend calls the inputs, when several")
    parser.add_argument(
        "--groups", nargs="+", help="which groups to draw (default: every one; several inputs: all)"
    )
    parser.add_argument(
        "--time-axis",
        choices=["auto", "linear", "log"],
        default="auto",
        help="of any axis; auto: logarithmic when it spans much, 100-fold, or 20-fold of energy",
    )
    parser.add_argument("--no-band", action="store_true", help="leave out the confidence bands")
    return parser.parse_args(words)


def collect(arguments):
    """Returns the curves to draw as a list of (label, rows)."""
    several = len(arguments.input) > 1
    if arguments.labels and len(arguments.labels) != len(arguments.input):
        raise BadInput("--labels: as many labels as inputs are needed")
    chosen = []
    for index, path in enumerate(arguments.input):
        by_time = arguments.against == "time"
        curves = read_curves(path) if by_time else budget_curves(path, arguments.against)
        # A group that all images belong to has the curve of all.
        own = [group for group in curves if group == "all" or curves[group] != curves.get("all")]
        groups = arguments.groups or (["all"] if several else own)
        for group in groups:
            if group not in curves:
                raise BadInput(f"{path}: no group {group}; there are {', '.join(curves)}")
            label = name_of(group)
            if several:
                source = arguments.labels[index] if arguments.labels else path
                label = source if len(groups) == 1 else f"{source}, {label}"
            chosen.append((label, curves[group]))
    return chosen


def draw_curve(axes, index, label, rows, band):
    """Draws a step curve, and its band."""
    budgets = [row[0] for row in rows]
    colour = COLOURS[index % len(COLOURS)]
    most = max(row[4] for row in rows)
    axes.step(
        budgets,
        [100 * row[1] for row in rows],
        where="post",
        color=colour,
        linestyle=STYLES[(index + index // len(COLOURS)) % len(STYLES)],
        linewidth=2.2 if index == 0 else 1.5,
        label=plain(f"{label} ({most} image{'' if most == 1 else 's'})"),
        zorder=3 if index == 0 else 2,
    )
    if band:
        axes.fill_between(
            budgets,
            [100 * row[2] for row in rows],
            [100 * row[3] for row in rows],
            step="post",
            color=colour,
            alpha=0.15,
            linewidth=0,
        )


def figure(arguments, width=WIDTH):
    """Returns the picture."""
    curves = collect(arguments)
    plt = use_matplotlib()
    positive = [row[0] for _, rows in curves for row in rows if row[0] > 0]
    wide = bool(positive) and max(positive) > DECADES[arguments.against] * min(positive)
    logarithmic = arguments.time_axis == "log" or (arguments.time_axis == "auto" and wide)

    # On a telephone the legend goes below, where it covers no curve.
    narrow = width <= NARROW
    height = 3.2 + 0.22 * len(curves) if narrow else 4.4
    picture, axes = plt.subplots(figsize=(width, height), layout="constrained")
    for index, (label, rows) in enumerate(curves):
        if logarithmic:
            rows = [row for row in rows if row[0] > 0]
            if not rows:
                raise BadInput(f"--time-axis=log: {label} has no times above 0")
        # The bands of many small groups would cover each other: only the first one's then.
        band = not arguments.no_band and (index == 0 or len(curves) <= 3)
        draw_curve(axes, index, label, rows, band)
    if logarithmic:
        make_logarithmic(axes, min(positive), max(positive))
    else:
        axes.set_xlim(left=0)
    axes.set_ylim(0, 100)
    axes.set_xlabel(AXIS_LABELS[arguments.against])
    axes.set_ylabel("top-1 accuracy (%)")
    if arguments.title:
        axes.set_title(plain(arguments.title))
    grid(axes)
    if narrow:
        legend_below(axes)
    else:
        axes.legend(loc="best", fontsize="small", frameon=True)
    if not arguments.no_band and not narrow:
        picture.text(0.995, 0.005, "bands: 95 %, of pictures and cameras", ha="right", va="bottom", fontsize=7)
    return picture


def main():
    """Runs the program."""
    arguments = parse_arguments()
    return run(lambda: write_figure(figure(arguments), arguments.output))


if __name__ == "__main__":
    sys.exit(main())
