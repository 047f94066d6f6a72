#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws bars of the time on air and of what became of the fragments.

One bar for each value of --by: level (spreading factor or level of coverage enhancement of the
device), group (of devices), link, or a swept key. Above: how long a device sends for an image, the
mean over the images. Below: the part of the fragments that each fate in fragments.csv had.
"""

import sys

from plotting import (
    COLOURS, HATCHES, NARROW, WIDTH, BadInput, grid, legend_below, name_of, plain, plot_parser,
    run_plot, use_matplotlib,
)

# In the order of the way from the device to the cloud; each has its look whatever others there are.
FATES = [
    "delivered", "not_needed", "under_sensitivity", "interference", "random_loss", "no_demodulator",
    "gateway_sending", "residual_error", "not_acknowledged", "access_failed", "queue_full",
    "payload_too_long", "expired", "battery_empty", "in_backhaul", "not_sent",
    "device_reboot", "cloud_down",
]
DELIVERED = "#e6e6e6"


def place_of(fate):
    """Returns the place of a fate in the order; one that is not known comes last."""
    return FATES.index(fate) if fate in FATES else len(FATES)


def look_of(fate):
    """Returns the colour and the hatch of a fate."""
    if fate == "delivered":
        return DELIVERED, ""
    place = place_of(fate)
    # Black comes last: in bars it weighs too much.
    colours = COLOURS[1:] + COLOURS[:1]
    hatch = HATCHES[(place + place // len(HATCHES)) % len(HATCHES)]
    return colours[(place - 1) % len(colours)], hatch


def categories(arguments, results):
    """Returns the images and nodes with a column `bar`, and its values in order."""
    from results import level_of, sorted_levels

    by = arguments.by or next(iter(results.open_keys()), "level")
    kinds = ["level", "group", "link", *results.keys]
    if by not in kinds:
        raise BadInput(f"--by {by}: has to be one of {', '.join(kinds)}")
    needed = ["sf", "ce_level", "link"] if by == "level" else [by]
    images = results.images(*needed)
    nodes = results.cameras("images", "time_on_air_s", *needed).copy()
    for table in [images, nodes]:
        table["bar"] = level_of(table) if by == "level" else table[by]
    values = list(dict.fromkeys(images["bar"]))
    if by == "level":
        values = sorted_levels(values)
    if by == "group" and not results.has_groups():
        raise BadInput(f"{arguments.folder}: the devices have no groups")
    return by, images, nodes, values


def draw_airtime(axes, nodes, values):
    """Draws how long a device sends for an image."""
    sums = nodes.groupby("bar")[["time_on_air_s", "images"]].sum()
    seconds = [sums["time_on_air_s"][value] / max(1, sums["images"][value]) for value in values]
    axes.barh(range(len(values)), seconds, color=COLOURS[1], height=0.7)
    for place, second in enumerate(seconds):
        axes.annotate(
            f" {second:.3g}", (second, place), va="center", ha="left", fontsize="small"
        )
    axes.set_xlim(0, 1.18 * max(max(seconds), 1e-9))
    axes.set_xlabel("time on air for an image (s)")


def draw_fates(axes, fragments, values):
    """Draws stacked bars of the fates; returns how many fates there are."""
    counts = fragments.groupby(["bar", "fate"]).size()
    totals = fragments.groupby("bar").size()
    present = sorted(set(fragments["fate"]), key=lambda fate: (place_of(fate), fate))
    left = [0.0] * len(values)
    for fate in present:
        parts = [100 * counts.get((value, fate), 0) / max(1, totals.get(value, 0)) for value in values]
        colour, hatch = look_of(fate)
        axes.barh(
            range(len(values)), parts, left=left, color=colour, hatch=hatch, height=0.7,
            edgecolor="white" if fate != "delivered" else "#888888", linewidth=0.5,
            label=plain(fate.replace("_", " ")),
        )
        left = [start + part for start, part in zip(left, parts)]
    axes.set_xlim(0, 100)
    axes.set_xlabel("fragments (%)")
    return len(present)


def figure(arguments, width=WIDTH):
    """Returns the picture."""
    from results import open_results

    results = open_results(arguments)
    by, images, nodes, values = categories(arguments, results)
    fragments = results.fragments(images, "fate").merge(images[["id", "bar"]], on="id")
    plt = use_matplotlib()
    narrow = width <= NARROW
    each = 0.34 * len(values)
    height = 2 * (0.9 + each) + (1.6 if narrow else 0.7)
    picture, (above, below) = plt.subplots(2, 1, figsize=(width, height), layout="constrained")
    draw_airtime(above, nodes, values)
    draw_fates(below, fragments, values)
    for axes in [above, below]:
        names = [name_of(value) if by == "level" else value or "(none)" for value in values]
        axes.set_yticks(range(len(values)), [plain(name) for name in names])
        axes.invert_yaxis()
        axes.set_ylabel(plain({"level": "", "group": "group", "link": "link"}.get(by, by)))
        grid(axes, "x")
    # The distance of the legend is a part of the axes' height.
    legend_below(below, columns=2 if narrow else 4, below=-0.45 / (0.2 + each))
    if arguments.title:
        picture.suptitle(plain(arguments.title))
    return picture


def parse_arguments(words=None):
    """Reads the command line."""
    from results import add_folder

    parser = plot_parser(__doc__, "airtime.png")
    add_folder(parser)
    parser.add_argument(
        "--by", metavar="KEY", help="level, group, link or a swept key (default: that, or level)"
    )
    return parser.parse_args(words)


def main():
    """Runs the program."""
    return run_plot(parse_arguments, figure)


if __name__ == "__main__":
    sys.exit(main())
