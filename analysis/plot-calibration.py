#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws how far the cloud's confidence can be believed, and prints its calibration error.

The reliability diagram has the part of the answers that are right over the confidence they were given
with; on the diagonal the two agree, below it the cloud is too sure. The expected calibration error
(ECE) is the mean distance from the diagonal, each bin with the weight of its answers. Answers are
the last one of each image (--of final) or all that were evaluated as fragments arrived (--of all).
In the bars, 95 % Wilson intervals, answers on the same picture are a cluster.
The cloud's rule "that sure is enough" (strategy.stop_confidence) is as good as this plot.
"""

import sys

import numpy as np

from measures import SOURCES, Sources, calibration_error, clustered_share, places, reliability
from plotting import (
    COLOURS, NARROW, WIDTH, BadInput, grid, legend_below, plain, plot_parser, run_plot,
    use_matplotlib,
)


def answers(arguments):
    """Returns the confidence of the answers, 1 or 0: whether they are right, and their pictures."""
    from results import open_results

    if not 1 <= arguments.bins <= 100:
        raise BadInput(f"--bins {arguments.bins}: has to be 1..100")
    results = open_results(arguments)
    columns = ["prediction", "confidence", "correct"]
    table = results.images(*columns)
    if arguments.of == "all":
        images = table[[*results.run_columns, "device", "image", "id", *SOURCES]]
        table = results.fragments(images, *columns).merge(images[["id", *SOURCES]], on="id")
    table = table.dropna(subset=columns)
    if not len(table):
        raise BadInput(f"{arguments.folder}: no answers with a confidence")
    if ((table["confidence"] < 0) | (table["confidence"] > 1)).any():
        raise BadInput(f"{arguments.folder}: a confidence outside 0..1")
    return table["confidence"].to_numpy(), table["correct"].to_numpy(), table[SOURCES]


def summary(arguments):
    """Returns what is printed: (name, value)."""
    confidence, correct, _ = answers(arguments)
    error = calibration_error(confidence, correct, arguments.bins)
    return [
        ("answers", f"{len(correct)}"),
        ("right", f"{100 * np.mean(correct):.1f} %"),
        ("mean confidence", f"{100 * np.mean(confidence):.1f} %"),
        ("expected calibration error", f"{100 * error:.1f} %"),
    ]


def figure(arguments, width=WIDTH):
    """Returns the picture."""
    confidence, correct, sources = answers(arguments)
    bins = arguments.bins
    counted, _, mean = reliability(confidence, correct, bins)
    used = counted > 0
    place = places(confidence, bins)
    share, low, high = np.array([
        clustered_share(correct[place == one], np.ones(counted[one]), Sources.of(sources[place == one]))
        for one in np.flatnonzero(used)
    ]).T
    plt = use_matplotlib()
    picture, (above, below) = plt.subplots(
        2, 1, figsize=(width, 5.0), sharex=True, layout="constrained",
        gridspec_kw={"height_ratios": [3, 1]},
    )
    above.plot(
        [0, 100], [0, 100], color="#777777", linestyle="--", linewidth=1, label="as sure as right"
    )
    above.errorbar(
        100 * mean[used], 100 * share,
        yerr=100 * np.abs([share - low, high - share]), fmt="o-", color=COLOURS[1], capsize=3,
        linewidth=1.5, label="answers, and 95 % intervals",
    )
    error = 100 * calibration_error(confidence, correct, bins)
    above.set_title(
        f"{plain(arguments.title + ': ') if arguments.title else ''}ECE {error:.1f} %", fontsize="medium"
    )
    above.set_ylim(0, 100)
    above.set_ylabel("right (%)")
    below.bar(
        100 * (np.arange(bins) + 0.5) / bins, counted, width=90 / bins, color=COLOURS[5],
        edgecolor="black", linewidth=0.6,
    )
    below.set_ylabel("answers")
    below.set_xlim(0, 100)
    below.set_xlabel("confidence (%)")
    for axes in [above, below]:
        grid(axes)
    legend_below(below, columns=1 if width <= NARROW else 2, below=-0.5, of=above)
    return picture


def parse_arguments(words=None):
    """Reads the command line."""
    from results import add_folder

    parser = plot_parser(__doc__, "calibration.png")
    add_folder(parser)
    parser.add_argument("--of", choices=["final", "all"], default="final", help="which answers (final)")
    parser.add_argument("--bins", type=int, default=10, help="of equal width (default: %(default)s)")
    return parser.parse_args(words)


def main():
    """Runs the program."""
    return run_plot(parse_arguments, figure, summary)


if __name__ == "__main__":
    sys.exit(main())
