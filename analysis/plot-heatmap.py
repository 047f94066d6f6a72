#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws a heat map over two swept keys: the accuracy at a budget, or the mean of a column.

Reads the folder of a sweep (limitnet-sweep). --value accuracy is the part of the images whose answer
is right within --at: so many seconds since capture, bytes received, or joules for encoding and
sending (--against); without --at at the end. --value nodes.COLUMN or images.COLUMN is the mean of
a column over the devices (those with a camera, unless --role says otherwise) or images. --group takes
those of one group. Repetitions, groups, and the values of further keys are taken together, which the
picture says; --where leaves some out.
"""

import sys
import textwrap

import numpy as np

from plotting import AGAINST, AMOUNTS, WIDTH, BadInput, plain, plot_parser, run_plot, use_matplotlib

UNITS = {"time": "s", "bytes": "bytes", "energy": "J"}


def the_keys(arguments, results):
    """Returns the keys of the columns and the rows of the map."""
    free = results.open_keys()
    for key in filter(None, [arguments.x, arguments.y]):
        if key not in results.keys:
            known = ", ".join(results.keys) or "none"
            raise BadInput(f"{key} is not swept; these are: {known}")
    x = arguments.x or next((key for key in free if key != arguments.y), None)
    y = arguments.y or next((key for key in free if key != x), None)
    if x is None or y is None or x == y:
        raise BadInput(f"{arguments.folder}: a map needs two swept keys with several values")
    return x, y


def accuracy_of(arguments, results):
    """Returns a function that gives the value of a set of images, the images, and a label."""
    from budgets import Progress

    progress = Progress(results, arguments.against)
    budget = np.inf if arguments.at is None else arguments.at
    # At the end every image counts, however long it was observed.
    curve_of = progress.curve if arguments.at is not None else progress.curve_to_the_end
    where = "at the end" if arguments.at is None else f"at {arguments.at:g} {UNITS[arguments.against]}"

    def value(rows):
        counted, right = curve_of(rows["id"]).at(np.array([budget]))
        return 100 * right[0] / counted[0] if counted[0] else np.nan

    return value, progress.images, f"top-1 accuracy (%) {where}"


def mean_of(arguments, results):
    """Returns the same for the mean of a column."""
    name = arguments.value
    from results import WORDS

    table, dot, column = name.partition(".")
    if not dot or table not in ("nodes", "images"):
        raise BadInput(f"--value {name}: has to be accuracy, nodes.COLUMN or images.COLUMN")
    if column in WORDS or column in results.run_columns:
        raise BadInput(f"--value {name}: has to be a column of numbers, not of words")
    rows = results.table(f"{table}.csv", column)
    of = "images"
    if table == "nodes":
        of = {"camera": "cameras", "meter": "meters", "all": "devices"}[arguments.role]
        role = rows["role"] if "role" in rows else "camera"
        rows = rows if arguments.role == "all" else rows[role == arguments.role]
        if not len(rows):
            raise BadInput(f"{arguments.folder}: no {of} in nodes.csv")
    return lambda some: some[column].mean(), rows, f"mean of {column} of the {of}"


def of_group(arguments, results, rows):
    """Returns the rows of the group that is asked for."""
    if arguments.group is None:
        return rows
    known = sorted(set(rows["group"]) - {""}) if "group" in rows else []
    if arguments.group not in known:
        raise BadInput(f"--group {arguments.group}: {results.folder} has {', '.join(known) or 'no groups'}")
    return rows[rows["group"] == arguments.group]


def taken_together(arguments, results, rows, x, y):
    """Returns what the values are of beyond their two keys, in words."""
    parts = [
        f"{key} {', '.join(results.values(key))} together" for key in results.open_keys() if key not in (x, y)
    ]
    groups = sorted(set(rows["group"]) - {""}) if "group" in rows else []
    if len(groups) > 1:
        parts.append(f"groups {', '.join(groups)} together")
    elif groups:
        parts.append(f"group {groups[0]}")
    runs = len(results.values("run"))
    parts.append(f"{runs} run{'' if runs == 1 else 's'}{'' if runs == 1 else ' together'}")
    return "; ".join(parts)


def table_of(arguments, results, x, y):
    """Returns the values of the map, by row and column, and what they are."""
    if arguments.value == "accuracy":
        value, rows, label = accuracy_of(arguments, results)
    else:
        value, rows, label = mean_of(arguments, results)
    rows = of_group(arguments, results, rows)
    values = np.full((len(results.values(y)), len(results.values(x))), np.nan)
    for (of_x, of_y), some in rows.groupby([x, y], sort=False):
        values[results.values(y).index(of_y), results.values(x).index(of_x)] = value(some)
    return values, label, taken_together(arguments, results, rows, x, y)


def figure(arguments, width=WIDTH):
    """Returns the picture."""
    from results import open_results

    if arguments.at is not None and not 0 <= arguments.at < np.inf:
        raise BadInput("--at: has to be 0 or more")
    results = open_results(arguments)
    x, y = the_keys(arguments, results)
    values, label, together = table_of(arguments, results, x, y)
    if np.isnan(values).all():
        raise BadInput(f"{arguments.folder}: no values for {arguments.value}")
    plt = use_matplotlib()
    height = 1.6 + max(1.6, 0.5 * len(values))
    picture, axes = plt.subplots(figsize=(width, height), layout="constrained")
    # All accuracies have one scale, so that several maps can be compared.
    limits = {"vmin": 0, "vmax": 100} if arguments.value == "accuracy" else {}
    image = axes.imshow(values, cmap=AMOUNTS, aspect="auto", origin="lower", **limits)
    fits = width / values.shape[1] > 0.4
    digits = ".1f" if arguments.value == "accuracy" else ".3g"
    for row, column in np.argwhere(~np.isnan(values)) if fits else []:
        shade = image.norm(values[row, column])
        axes.text(
            column, row, f"{values[row, column]:{digits}}", ha="center", va="center", fontsize="small",
            color="black" if shade > 0.55 else "white",
        )
    axes.set_xticks(range(values.shape[1]), [plain(text) for text in results.values(x)])
    axes.set_yticks(range(values.shape[0]), [plain(text) for text in results.values(y)])
    axes.set_xlabel(plain(x))
    axes.set_ylabel(plain(y))
    picture.colorbar(image, ax=axes)
    axes.set_title(plain(label), fontsize="medium")
    picture.supxlabel("\n".join(textwrap.wrap(plain(together), int(width * 16))), fontsize=7)
    if arguments.title:
        picture.suptitle(plain(arguments.title))
    return picture


def parse_arguments(words=None):
    """Reads the command line."""
    from results import add_folder

    parser = plot_parser(__doc__, "heatmap.png")
    add_folder(parser, "folder of a sweep")
    parser.add_argument("--x", metavar="KEY", help="key of the columns (default: the first)")
    parser.add_argument("--y", metavar="KEY", help="key of the rows (default: the second)")
    parser.add_argument(
        "--value", default="accuracy", help="accuracy, nodes.COLUMN or images.COLUMN (accuracy)"
    )
    parser.add_argument(
        "--role", choices=["camera", "meter", "all"], default="camera", help="of the devices (camera)"
    )
    parser.add_argument("--group", help="of images or devices (default: all groups together)")
    parser.add_argument("--against", choices=AGAINST, default="time", help="what --at is (time)")
    parser.add_argument("--at", type=float, metavar="BUDGET", help="s, byte or J (default: the end)")
    return parser.parse_args(words)


def main():
    """Runs the program."""
    return run_plot(parse_arguments, figure)


if __name__ == "__main__":
    sys.exit(main())
