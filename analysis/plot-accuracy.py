#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws accuracy against the time since capture from one or more accuracy.csv files.

Each curve is a step curve with its 95 % Wilson interval as a band. One file gives a curve for each
group in it (all images, and those of each spreading factor); several files give one curve each.
"""

import argparse
import os
import sys

from plotting import BadInput, read_rows, run, use_matplotlib, write_figure

# Okabe and Ito's palette: told apart with any common colour vision; the line styles tell them
# apart without colours.
COLOURS = ["#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999933"]
STYLES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (6, 2, 1, 2))]
COLUMNS = ["group", "elapsed_s", "images_counted", "accuracy", "wilson_low", "wilson_high"]


def read_curves(path):
    """Returns {group: list of (elapsed, accuracy, low, high, counted)}, in the file's order."""
    if os.path.isdir(path):
        path = os.path.join(path, "accuracy.csv")
    curves = {}
    for row in read_rows(path, COLUMNS, "an accuracy.csv"):
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
    return curves


def name_of(group):
    """What the legend calls a group."""
    if group == "all":
        return "all images"
    return group.upper() if group.startswith(("sf", "ce")) else group


def parse_arguments():
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("input", nargs="+", help="accuracy.csv, or the folder of a run with it")
    parser.add_argument(
        "--output", default="accuracy.png", help="picture: .png, .pdf, .svg (default: %(default)s)"
    )
    parser.add_argument("--title", default="", help="stands above the plot")
    parser.add_argument("--labels", nargs="+", help="what the legend calls the inputs, when several")
    parser.add_argument(
        "--groups", nargs="+", help="which groups to draw (default: every one; several inputs: all)"
    )
    parser.add_argument(
        "--time-axis",
        choices=["auto", "linear", "log"],
        default="auto",
        help="auto: logarithmic when the times span more than two decades",
    )
    parser.add_argument("--no-band", action="store_true", help="leave out the confidence bands")
    return parser.parse_args()


def collect(arguments):
    """Returns the curves to draw as a list of (label, rows)."""
    several = len(arguments.input) > 1
    if arguments.labels and len(arguments.labels) != len(arguments.input):
        raise BadInput("--labels: as many labels as inputs are needed")
    chosen = []
    for index, path in enumerate(arguments.input):
        curves = read_curves(path)
        groups = arguments.groups or (["all"] if several else list(curves))
        for group in groups:
            if group not in curves:
                raise BadInput(f"{path}: no group {group}; there are {', '.join(curves)}")
            label = name_of(group)
            if several:
                source = arguments.labels[index] if arguments.labels else path
                label = source if len(groups) == 1 else f"{source}, {label}"
            chosen.append((label, curves[group]))
    return chosen


def draw(arguments, curves):
    """Draws the curves into the picture's file."""
    plt = use_matplotlib()
    positive = [row[0] for _, rows in curves for row in rows if row[0] > 0]
    wide = bool(positive) and max(positive) > 100 * min(positive)
    logarithmic = arguments.time_axis == "log" or (arguments.time_axis == "auto" and wide)

    figure, axes = plt.subplots(figsize=(7.2, 4.4), layout="constrained")
    for index, (label, rows) in enumerate(curves):
        if logarithmic:
            rows = [row for row in rows if row[0] > 0]
            if not rows:
                raise BadInput(f"--time-axis=log: {label} has no times above 0")
        time = [row[0] for row in rows]
        colour = COLOURS[index % len(COLOURS)]
        most = max(row[4] for row in rows)
        axes.step(
            time,
            [100 * row[1] for row in rows],
            where="post",
            color=colour,
            linestyle=STYLES[index % len(STYLES)],
            linewidth=2.2 if index == 0 else 1.5,
            label=f"{label} ({most} image{'' if most == 1 else 's'})",
            zorder=3 if index == 0 else 2,
        )
        # The bands of many small groups would cover each other: only the first one's then.
        if not arguments.no_band and (index == 0 or len(curves) <= 3):
            axes.fill_between(
                time,
                [100 * row[2] for row in rows],
                [100 * row[3] for row in rows],
                step="post",
                color=colour,
                alpha=0.15,
                linewidth=0,
            )
    if logarithmic:
        axes.set_xscale("log")
        axes.set_xlim(min(positive), max(positive))
    else:
        axes.set_xlim(left=0)
    axes.set_ylim(0, 100)
    axes.set_xlabel("time since capture (s)")
    axes.set_ylabel("top-1 accuracy (%)")
    if arguments.title:
        axes.set_title(arguments.title)
    axes.grid(True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(loc="best", fontsize="small", frameon=True)
    if not arguments.no_band:
        figure.text(0.995, 0.005, "bands: 95 % Wilson interval", ha="right", va="bottom", fontsize=7)
    write_figure(figure, arguments.output)


def main():
    """Runs the program."""
    arguments = parse_arguments()
    return run(lambda: draw(arguments, collect(arguments)))


if __name__ == "__main__":
    sys.exit(main())
