#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws accuracy against time, bytes or energy for each value of a swept key.

Reads the folder of a sweep (limitnet-sweep). The repetitions of each combination are taken
together: images are added up, and the bands are their 95 % intervals, which count pictures, cameras
and runs (docs/analysis.md); they need images.csv and fragments.csv. One swept key gives the curves of
a plot (--by), others may give small plots side by side (--columns) and below each other (--rows); of
all further ones --where has to choose a value.

Against time, accuracy.csv is drawn; against bytes and energy, what images.csv and fragments.csv
say: the answer at a budget is the cloud's last prediction within it. See plot-accuracy.py --help
for what these budgets are.
"""

import argparse
import math
import operator
import os
import sys

from plotting import (
    AGAINST, AXIS_LABELS, DECADES, NARROW, STYLES, WIDTH, BadInput, add_output, grid, legend_below,
    make_logarithmic, name_of, ordered_colour, plain, read_accuracy, run, use_matplotlib,
    write_figure,
)
from settings import check_folder, chosen_values

COUNTS = ["group", "elapsed_s", "images_counted", "correct"]


class BudgetTable:
    """images.csv and fragments.csv of a sweep: a row for each image, and curves from some of them."""

    def __init__(self, path, against):
        from budgets import Progress
        from results import Results, level_of

        results = Results(path)
        if not results.is_sweep:
            raise BadInput(f"{path}: not the folder of a sweep; plot-accuracy.py draws that of a run")
        self.path = path
        self.keys = results.keys
        self.has_bands = True
        self._progress = Progress(results, against)
        images = self._progress.images
        images["level"] = level_of(images)
        if "group" not in images:
            images["group"] = ""
        self.rows = images[[*self.keys, "run", "id", "level", "group"]].to_dict("records")

    def curve(self, rows, group):
        """Returns the curve of a group's images."""
        return self._progress.curve(
            [row["id"] for row in rows if group in ("all", row["level"], row["group"])]
        )

    def points(self, rows, group):
        """Returns (budget, accuracy, low, high)."""
        return list(zip(*self.curve(rows, group).points()))


class TimeTable:
    """accuracy.csv of a sweep, in the same form: a row for each run, group and time."""

    def __init__(self, path):
        folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
        self.path = os.path.join(path, "accuracy.csv") if os.path.isdir(path) else path
        check_folder(folder, ["accuracy.csv"])
        self.rows = read_accuracy(self.path, ["run", *COUNTS], "the accuracy.csv of a sweep")
        if not self.rows:
            raise BadInput(f"{self.path}: no rows in it")
        names = list(self.rows[0])
        self.keys = names[: names.index("run")]
        # Which pictures and cameras the runs share is not in accuracy.csv.
        self.has_bands = os.path.isfile(os.path.join(folder, "images.csv"))
        self._images = BudgetTable(folder, "time") if self.has_bands else None

    def points(self, rows, group):
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
        sums = {elapsed: of for elapsed, of in sorted(sums.items()) if of[0] > 0}
        shares = [correct / counted for counted, correct in sums.values()]
        return list(zip(sums, shares, *self._interval(rows, group, list(sums))))

    def _interval(self, rows, group, times):
        """Returns the ends of the interval at these times."""
        if not self.has_bands:
            return [math.nan] * len(times), [math.nan] * len(times)
        run = operator.itemgetter(*self.keys, "run")
        runs = {run(row) for row in rows}
        mine = [row for row in self._images.rows if run(row) in runs]
        return self._images.curve(mine, group).interval(times)


def values_of(rows, key):
    """Returns the values of a key in the order in which they appear."""
    return list(dict.fromkeys(row[key] for row in rows))


def follows(rows, key, others):
    """Returns whether a key follows from others, as with mode = zip."""
    seen = {tuple(row[name] for name in others) for row in rows}
    return len({tuple(row[name] for name in [*others, key]) for row in rows}) == len(seen)


def choose(arguments, table):
    """Returns the rows that --where leaves, and the keys for curves, columns and rows."""
    rows, keys = table.rows, table.keys
    for condition in arguments.where:
        key, equals, value = condition.partition("=")
        if not equals or key not in keys:
            raise BadInput(f"--where {condition}: has to be KEY=VALUE with one of {', '.join(keys)}")
        values = chosen_values(values_of(rows, key), value)
        if not values:
            raise BadInput(
                f"--where {condition}: {table.path} has {', '.join(values_of(rows, key))} for {key}"
            )
        rows = [row for row in rows if row[key] in values]
    chosen = [arguments.by, arguments.columns, arguments.rows]
    for key in filter(None, chosen):
        if key not in keys:
            raise BadInput(f"{key} is not swept; these are: {', '.join(keys) or 'none'}")
    free = [key for key in keys if len(values_of(rows, key)) > 1 and key not in chosen]
    for place, key in enumerate(chosen):
        # A key that follows from others needs no plots of its own.
        taken = [name for name in chosen if name]
        free = [name for name in free if name not in chosen and not follows(rows, name, taken)]
        if not key and free:
            chosen[place] = free.pop(0)
    taken = [name for name in chosen if name]
    further = [name for name in free if name not in chosen and not follows(rows, name, taken)]
    if further:
        values = values_of(rows, further[0])
        raise BadInput(f"several values of {further[0]}: choose one, --where {further[0]}={values[0]}")
    return rows, *chosen


def draw_panel(axes, table, rows, by, curves, arguments):
    """Draws a curve for each value of a key; returns their budgets."""
    budgets = []
    for index, value in enumerate(curves):
        mine = [row for row in rows if by is None or row[by] == value]
        points = [point for point in table.points(mine, arguments.group) if point[0] > 0]
        if not points:
            continue
        x, share, low, high = zip(*points)
        budgets += x
        colour = ordered_colour(index, len(curves))
        axes.step(
            x,
            [100 * part for part in share],
            where="post",
            color=colour,
            linestyle=STYLES[index % len(STYLES)],
            linewidth=1.8,
            label=plain(value) if by else "all runs",
        )
        if not arguments.no_band:
            axes.fill_between(
                x,
                [100 * part for part in low],
                [100 * part for part in high],
                step="post",
                color=colour,
                alpha=0.12,
                linewidth=0,
            )
    axes.set_ylim(0, 100)
    grid(axes)
    return budgets


def small_plots(down, across, width):
    """Returns a picture with so many plots, below each other where the width is a telephone's."""
    if width <= NARROW:
        down, across, width = down * across, 1, NARROW
    else:
        if down == 1 and across > 4:
            down, across = -(-across // 3), 3
        width = max(width, 3.6 * across)
    height = 4.4 if down == 1 else 3.0 * down
    plt = use_matplotlib()
    return plt.subplots(
        down, across, figsize=(width, height), sharex=True, sharey=True, squeeze=False,
        layout="constrained",
    )


def figure(arguments, width=WIDTH):
    """Returns the picture."""
    by_time = arguments.against == "time"
    table = TimeTable(arguments.sweep) if by_time else BudgetTable(arguments.sweep, arguments.against)
    rows, by, columns, below = choose(arguments, table)
    curves = values_of(rows, by) if by else [None]
    across = values_of(rows, columns) if columns else [None]
    down = values_of(rows, below) if below else [None]
    picture, all_axes = small_plots(len(down), len(across), width)
    budgets = []
    panels = [(lower, right) for lower in down for right in across]
    for unused in all_axes.flat[len(panels):]:
        unused.set_axis_off()
    for (lower, right), axes in zip(panels, all_axes.flat):
        mine = [
            row
            for row in rows
            if (below is None or row[below] == lower) and (columns is None or row[columns] == right)
        ]
        budgets += draw_panel(axes, table, mine, by, curves, arguments)
        names = [f"{key} = {value}" for key, value in [(below, lower), (columns, right)] if key]
        if names:
            axes.set_title(plain(", ".join(names)), fontsize="medium")
    if not budgets:
        raise BadInput(f"{table.path}: no images of the group {arguments.group} at any budget above 0")
    if max(budgets) > DECADES[arguments.against] * min(budgets):
        make_logarithmic(all_axes[0][0], min(budgets), max(budgets))
    else:
        all_axes[0][0].set_xlim(0 if not by_time else min(budgets), max(budgets))
    # Where the last row is not full, the plots above its empty places are the lowest of theirs.
    for axes in list(all_axes.flat)[: len(panels)][-all_axes.shape[1]:]:
        axes.set_xlabel(AXIS_LABELS[arguments.against])
        axes.tick_params(labelbottom=True)
    for axes in all_axes[:, 0]:
        axes.set_ylabel("top-1 accuracy (%)")
    title = plain(by) if by else None
    if width <= NARROW:
        legend_below(all_axes[-1][0], title, columns=min(3, len(curves)))
    else:
        all_axes[0][-1].legend(loc="best", fontsize="small", frameon=True, title=title)
    if arguments.title:
        picture.suptitle(plain(arguments.title))
    if not arguments.no_band and width > NARROW:
        of_group = "" if arguments.group == "all" else f" of {name_of(arguments.group)}"
        bands = f"bands: 95 % interval of the images{of_group}, of pictures, cameras and runs"
        picture.supxlabel(bands if table.has_bands else "no bands: images.csv is not there", fontsize=7)
    return picture


def parse_arguments(words=None):
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sweep", help="folder of a sweep; against time also its accuracy.csv")
    add_output(parser, "sweep.png")
    parser.add_argument(
        "--against", choices=AGAINST, default="time", help="the horizontal axis (default: time)"
    )
    parser.add_argument("--by", metavar="KEY", help="a curve for each value (default: the first key)")
    parser.add_argument("--columns", metavar="KEY", help="a plot for each value (default: the second)")
    parser.add_argument(
        "--rows", metavar="KEY", help="a row of plots for each value (default: the third)"
    )
    parser.add_argument(
        "--where", metavar="KEY=VALUE", action="append", default=[], help="only these runs"
    )
    parser.add_argument("--group", default="all", help="of images, as in accuracy.csv (all)")
    parser.add_argument("--no-band", action="store_true", help="leave out the confidence bands")
    return parser.parse_args(words)


def main():
    """Runs the program."""
    arguments = parse_arguments()
    return run(lambda: write_figure(figure(arguments), arguments.output))


if __name__ == "__main__":
    sys.exit(main())
