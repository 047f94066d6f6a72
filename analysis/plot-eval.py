#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws what `limitnet eval` measured: top-1 against size, and PSNR against size.

Sizes are those of all that is sent. Where the paper's figure has results for the data set
(published-results.csv, read off the figure), they are drawn beside, as published: their sizes leave
out the saliency map and all headers, and their accuracy is that of another classifier and of fully
trained networks. Several files give one curve each.
"""

import argparse
import os
import sys

from plotting import BadInput, read_rows, run, use_matplotlib, write_figure

# Okabe and Ito's palette: told apart with any common colour vision.
COLOURS = ["#000000", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
PUBLISHED_COLOUR = "#D55E00"
PUBLISHED_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "published-results.csv")
COLUMNS = [
    "p_percent", "images", "mean_size_bytes", "mean_psnr_db", "published_with_map_size_bytes",
    "published_psnr_db", "top1", "top1_wilson_low", "top1_wilson_high",
]


def read_measured(path):
    """Returns the columns of a file of limitnet eval, by size; None where there is no number."""
    rows = read_rows(path, COLUMNS, "a file of limitnet eval")
    if not rows:
        raise BadInput(f"{path}: no rows")
    try:
        rows = [
            {name: float(row[name]) if row[name] else None for name in COLUMNS} for row in rows
        ]
    except (TypeError, ValueError) as error:
        raise BadInput(f"{path}: {error}") from error
    rows.sort(key=lambda row: row["mean_size_bytes"] or 0)
    return {name: [row[name] for row in rows] for name in COLUMNS}


def read_published(dataset):
    """Returns the published (size in KiB, top-1 in %) for a data set; empty when there are none."""
    columns = ["dataset", "size_kib", "top1_percent"]
    rows = read_rows(PUBLISHED_FILE, columns, "a list of published results")
    return [
        (float(row["size_kib"]), float(row["top1_percent"]))
        for row in rows
        if row["dataset"] == dataset
    ]


def parse_arguments():
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("input", nargs="+", help="CSV file of limitnet eval")
    parser.add_argument(
        "--output", default="eval.png", help="picture: .png, .pdf, .svg (default: %(default)s)"
    )
    parser.add_argument("--title", default="", help="stands above the plot")
    parser.add_argument("--labels", nargs="+", help="what the legend calls the inputs, when several")
    parser.add_argument("--dataset", default="", help="whose published results to draw beside")
    return parser.parse_args()


def kib(sizes):
    """Bytes to KiB."""
    return [None if size is None else size / 1024 for size in sizes]


def known(*columns):
    """The columns without the rows that lack a number in one of them."""
    rows = [row for row in zip(*columns) if None not in row]
    return [list(column) for column in zip(*rows)] if rows else [[] for _ in columns]


def draw_accuracy(axes, curves, published):
    """Top-1 against size."""
    for index, (label, curve) in enumerate(curves):
        size, top1, low, high = known(
            kib(curve["mean_size_bytes"]), curve["top1"], curve["top1_wilson_low"],
            curve["top1_wilson_high"],
        )
        colour = COLOURS[index % len(COLOURS)]
        percent = [100 * value for value in top1]
        axes.plot(size, percent, "o-", color=colour, label=label, markersize=4, zorder=3)
        axes.fill_between(
            size, [100 * value for value in low], [100 * value for value in high], color=colour,
            alpha=0.15, linewidth=0,
        )
    if published:
        axes.plot(
            *zip(*published), "s--", color=PUBLISHED_COLOUR, markersize=4, markerfacecolor="white",
            label="LimitNet, published figure\n(without map and headers)",
        )
    axes.set_ylabel("top-1 accuracy (%)")


def draw_quality(axes, curves):
    """PSNR against size."""
    for index, (label, curve) in enumerate(curves):
        colour = COLOURS[index % len(COLOURS)]
        size, psnr = known(kib(curve["mean_size_bytes"]), curve["mean_psnr_db"])
        axes.plot(size, psnr, "o-", color=colour, label=label, markersize=4, zorder=3)
        size, psnr = known(kib(curve["published_with_map_size_bytes"]), curve["published_psnr_db"])
        if size:
            axes.plot(
                size, psnr, "^:", color=colour, markersize=4, markerfacecolor="white",
                label=("same networks" if len(curves) == 1 else label)
                + ", published quantiser\nand Huffman code (with map)",
            )
    axes.set_ylabel("PSNR (dB)")


def draw(arguments):
    """Draws the curves into the picture's file."""
    if arguments.labels and len(arguments.labels) != len(arguments.input):
        raise BadInput("--labels: as many labels as inputs are needed")
    labels = arguments.labels or (["this codec"] if len(arguments.input) == 1 else arguments.input)
    curves = [(label, read_measured(path)) for label, path in zip(labels, arguments.input)]
    published = read_published(arguments.dataset)
    plt = use_matplotlib()
    with_accuracy = any(value is not None for _, curve in curves for value in curve["top1"])
    figure, all_axes = plt.subplots(
        1, 2 if with_accuracy else 1, figsize=(9.6 if with_accuracy else 5.6, 4.2),
        layout="constrained", squeeze=False,
    )
    all_axes = list(all_axes[0])
    if with_accuracy:
        draw_accuracy(all_axes[0], curves, published)
    draw_quality(all_axes[-1], curves)
    for axes in all_axes:
        axes.set_xlabel("size (KiB)")
        axes.set_xlim(left=0)
        axes.grid(True, color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(loc="lower right", fontsize="small", frameon=True)
    if arguments.title:
        figure.suptitle(arguments.title)
    if with_accuracy:
        figure.text(0.005, 0.005, "bands: 95 % Wilson interval", ha="left", va="bottom", fontsize=7)
    write_figure(figure, arguments.output)


def main():
    """Runs the program."""
    arguments = parse_arguments()
    return run(lambda: draw(arguments))


if __name__ == "__main__":
    sys.exit(main())
