#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws the log of a training run: the loss, and what was measured on held-out pictures.

The columns of the log are told apart by their endings: _psnr_db, _iou, _top1_percent. Each kind
that the log has gets a panel of its own.
"""

import argparse
import sys

from plotting import BadInput, read_rows, run, use_matplotlib, write_figure

PANELS = [
    ("_psnr_db", "PSNR (dB)"),
    ("_iou", "saliency, IoU"),
    ("_top1_percent", "top-1 accuracy (%)"),
]


def read_log(path):
    """Returns the columns of a log, by step."""
    rows = read_rows(path, ["step", "loss"], "a log of limitnet train")
    if not rows:
        raise BadInput(f"{path}: no rows")
    try:
        return {name: [float(row[name]) for row in rows] for name in rows[0]}
    except (TypeError, ValueError) as error:
        raise BadInput(f"{path}: {error}") from error


def parse_arguments():
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("input", help="log of limitnet train or train-classifier, OUTPUT.csv")
    parser.add_argument(
        "--output", default="training.png", help="picture: .png, .pdf, .svg (default: %(default)s)"
    )
    parser.add_argument("--title", default="", help="stands above the plot")
    return parser.parse_args()


def draw(arguments):
    """Draws the curves into the picture's file."""
    log = read_log(arguments.input)
    panels = [("loss", ["loss"], "")]
    for ending, label in PANELS:
        names = [name for name in log if name.endswith(ending)]
        if not names:
            continue
        # One panel for each kind of picture, where the names begin with it.
        kinds = sorted({name.split("_")[0] for name in names}) if ending == "_psnr_db" else [""]
        for kind in kinds:
            panels.append(
                (f"{label} {kind}".strip(), [n for n in names if n.startswith(kind)], ending)
            )
    plt = use_matplotlib()
    figure, all_axes = plt.subplots(
        1, len(panels), figsize=(1 + 3.8 * len(panels), 4.6), layout="constrained", squeeze=False
    )
    marker = "o" if len(log["step"]) < 40 else ""
    for axes, (label, names, ending) in zip(all_axes[0], panels):
        colours = plt.get_cmap("viridis")
        for index, name in enumerate(names):
            colour = "#000000" if ending == "" else colours(index / max(1, len(names) - 0.5))
            # Parts of the importance order dashed, first channels and the rest in one line.
            of_order = "_p0" in name
            axes.plot(
                log["step"], log[name], marker=marker, color=colour, markersize=3, linewidth=1.2,
                linestyle="--" if of_order else "-",
                label=name[: len(name) - len(ending)] if ending else None,
            )
        axes.set_xlabel("step")
        axes.set_ylabel(label)
        axes.set_xlim(left=0)
        axes.grid(True, color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        if ending:
            axes.legend(
                loc="upper center", bbox_to_anchor=(0.5, -0.14), ncol=3, fontsize="x-small",
                frameon=False,
            )
    if arguments.title:
        figure.suptitle(arguments.title)
    write_figure(figure, arguments.output)


def main():
    """Runs the program."""
    arguments = parse_arguments()
    return run(lambda: draw(arguments))


if __name__ == "__main__":
    sys.exit(main())
