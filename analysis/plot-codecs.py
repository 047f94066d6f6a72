#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws what `limitnet eval --codec` measured: top-1 against size, a panel for each loss.

Without a classifier it is PSNR against size, of points of which every picture was decoded: the mean
of the others would be that of the pictures that are easy. Each codec has a colour, each share of
parity a style of line; sizes are those of all that is sent. Bands are 95 % Wilson intervals.
"""

import argparse
import sys

from plotting import (
    COLOURS, MARKERS, STYLES, BadInput, grid, legend_below, panels, read_rows, run, write_figure,
)

COLUMNS = [
    "codec", "limit_bytes", "parity_percent", "loss", "mean_burst", "images", "images_decoded",
    "mean_size_bytes", "mean_psnr_db", "top1", "top1_wilson_low", "top1_wilson_high",
]


def read_measured(path):
    """Returns the rows of a file of limitnet eval --codec; None where there is no number."""
    rows = read_rows(path, COLUMNS, "a file of limitnet eval --codec")
    if not rows:
        raise BadInput(f"{path}: no rows")
    try:
        numbers = [
            {name: row[name] if name == "codec" else float(row[name]) if row[name] else None for name in COLUMNS}
            for row in rows
        ]
    except (TypeError, ValueError) as error:
        raise BadInput(f"{path}: {error}") from error
    for row in numbers:
        row["parity_percent"] = row["parity_percent"] or 0  # none: the codec has chosen its own
    return numbers


def distinct(rows, name):
    """Returns the values of a column, each once, in their order."""
    return list(dict.fromkeys(row[name] for row in rows))


def name_of(codec, parity):
    """Returns what the legend calls a curve."""
    return codec if not parity else f"{codec}, {parity:g} % parity"


def draw_panel(axes, rows, codecs, parities, with_accuracy):
    """Draws the curves of one loss."""
    for codec in codecs:
        for parity in parities:
            mine = [row for row in rows if row["codec"] == codec and row["parity_percent"] == parity]
            mine = sorted((row for row in mine if row["mean_size_bytes"] is not None), key=lambda r: r["mean_size_bytes"])
            column = "top1" if with_accuracy else "mean_psnr_db"
            mine = [row for row in mine if row[column] is not None]
            if not with_accuracy:
                mine = [row for row in mine if row["images_decoded"] == row["images"]]
            if not mine:
                continue
            size = [row["mean_size_bytes"] for row in mine]
            scale = 100 if with_accuracy else 1
            index = codecs.index(codec)
            colour = COLOURS[index % len(COLOURS)]
            axes.plot(
                size, [scale * row[column] for row in mine], color=colour, marker=MARKERS[index % len(MARKERS)],
                linestyle=STYLES[parities.index(parity) % len(STYLES)], markersize=4, label=name_of(codec, parity),
            )
            if with_accuracy:
                axes.fill_between(
                    size, [100 * row["top1_wilson_low"] for row in mine],
                    [100 * row["top1_wilson_high"] for row in mine], color=colour, alpha=0.1, linewidth=0,
                )
    axes.set_xlabel("size (byte)")
    axes.set_xlim(left=0)
    axes.set_ylabel("top-1 accuracy (%)" if with_accuracy else "PSNR (dB)")
    grid(axes)


def draw(arguments):
    """Draws the curves into the picture's file."""
    rows = read_measured(arguments.input)
    with_accuracy = any(row["top1"] is not None for row in rows)
    losses = distinct(rows, "loss")
    codecs, parities = distinct(rows, "codec"), distinct(rows, "parity_percent")
    figure, all_axes = panels(len(losses))
    for axes, loss in zip(all_axes, losses):
        draw_panel(axes, [row for row in rows if row["loss"] == loss], codecs, parities, with_accuracy)
        burst = rows[0]["mean_burst"]
        runs = f", in runs of {burst:g}" if burst and loss else ""
        axes.set_title(f"{100 * loss:g} % of the fragments lost{runs}", fontsize="medium")
    # The same scale in all panels, so that what a loss costs is seen.
    top = max(axes.get_ylim()[1] for axes in all_axes)
    low = 0 if with_accuracy else min(axes.get_ylim()[0] for axes in all_axes)
    for axes in all_axes:
        axes.set_ylim(low, top)
    legend_below(all_axes[0], columns=1 if len(losses) == 1 else 2)
    if arguments.title:
        figure.suptitle(arguments.title)
    write_figure(figure, arguments.output)


def main():
    """Runs the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", help="CSV file of limitnet eval --codec")
    parser.add_argument("--output", default="codecs.png", help="picture: .png, .pdf, .svg (default: %(default)s)")
    parser.add_argument("--title", default="", help="stands above the plot")
    return run(lambda: draw(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
