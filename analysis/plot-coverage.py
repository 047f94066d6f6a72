#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws a map of the devices and gateways of a run.

The marker of a device says its spreading factor or level of coverage enhancement, its fill how many
of its fragments reached the cloud; it is empty where a device made none. Where several operators have
gateways, the edge of a device has the colour of those that serve it. Gateways are those of
gateways.csv; where that is not there, the first one, which is at 0, 0. Of a sweep --where has to choose one combination and one run.
"""

import os
import sys

import numpy as np

from plotting import (
    AMOUNTS, COLOURS, MARKERS, NARROW, WIDTH, BadInput, grid, legend_below, name_of, plain, plot_parser,
    run_plot, use_matplotlib,
)

# A level has the same marker on every map.
LOOKS = dict(zip([f"sf{sf}" for sf in range(7, 13)] + ["ce0", "ce1", "ce2"], MARKERS))
GATEWAYS = [("lora", "LoRa gateway", "#D55E00"), ("nbiot", "NB-IoT base station", "#CC79A7")]


def one_run(results):
    """Fails when several runs are left, whose devices stand at different places."""
    for key in results.run_columns:
        values = results.values(key)
        if len(values) > 1:
            raise BadInput(f"several values of {key}: choose one, --where {key}={values[0]}")


def delivered_part(results, nodes):
    """Returns the part of each device's fragments that reached the cloud."""
    images = results.images("fragments", "fragments_received")
    sums = images.groupby("device")[["fragments", "fragments_received"]].sum()
    part = sums["fragments_received"] / sums["fragments"].where(sums["fragments"] > 0)
    return nodes["device"].map(part)


def gateways_of(results):
    """Returns (link, operator, x, y) of the gateways."""
    if not os.path.isfile(results.path("gateways.csv")):
        return [("lora", 1, 0.0, 0.0)]
    table = results.table("gateways.csv", "link", "operator", "x_m", "y_m")
    return list(zip(table["link"], table["operator"].astype(int), table["x_m"], table["y_m"]))


def colour_of(operator):
    """Returns the colour of an operator's gateways, and of the edges of its devices."""
    return COLOURS[2:][(operator - 1) % len(COLOURS[2:])]


def draw_devices(axes, nodes, scale):
    """Draws the devices."""
    from results import sorted_levels

    fills = use_matplotlib().get_cmap(AMOUNTS)
    others = nodes[nodes["role"] != "camera"]
    if len(others):
        axes.scatter(
            others["x_m"] / scale, others["y_m"] / scale, color="#777777", marker="x", s=24,
            linewidths=1.2, label=f"without camera ({len(others)})",
        )
    nodes = nodes[nodes["role"] == "camera"]
    for level in sorted_levels(nodes["level"]):
        mine = nodes[nodes["level"] == level]
        look = {"marker": LOOKS.get(level, "h"), "s": 42}
        axes.scatter(
            mine["x_m"] / scale, mine["y_m"] / scale, facecolors=fills(mine["delivered"].to_numpy()),
            edgecolors=mine["edge"], linewidths=np.where(mine["edge"] == "black", 0.8, 1.8), **look,
        )
        # Of the legend: hollow, since the fill says something else.
        label = plain(f"{name_of(level)} ({len(mine)})")
        axes.scatter([], [], facecolors="none", edgecolors="black", linewidths=0.8, label=label, **look)


def draw_gateways(axes, gateways, scale, several):
    """Draws the gateways above the devices; those of several operators apart."""
    kinds = {(link, operator if several else None) for link, operator, _, _ in gateways}
    for link, name, colour in GATEWAYS:
        for operator in sorted(operator for of_link, operator in kinds if of_link == link):
            places = [
                (x / scale, y / scale) for of_link, of, x, y in gateways
                if of_link == link and operator in (None, of)
            ]
            label = f"{name}, operator {operator}" if several else name
            colour = colour_of(operator) if several else colour
            axes.scatter(
                *zip(*places), marker="1" if link == "lora" else "2", s=220, color="white",
                linewidths=5, zorder=4,
            )
            axes.scatter(
                *zip(*places), marker="1" if link == "lora" else "2", s=180, color=colour,
                linewidths=2.5, zorder=5, label=f"{label} ({len(places)})",
            )


def figure(arguments, width=WIDTH):
    """Returns the picture."""
    from results import level_of, open_results

    results = open_results(arguments)
    one_run(results)
    nodes = results.table("nodes.csv", "device", "link", "x_m", "y_m", "sf", "ce_level")
    nodes["level"] = level_of(nodes)
    if "role" not in nodes:
        nodes["role"] = "camera"
    nodes["delivered"] = delivered_part(results, nodes)
    gateways = gateways_of(results)
    nodes["edge"] = "black"
    several = len({operator for _, operator, _, _ in gateways}) > 1
    if several:
        nodes["edge"] = results.operators(nodes).map(colour_of)
    farthest = np.nanmax([*nodes["x_m"].abs(), *nodes["y_m"].abs(), 0])
    scale, unit = (1000, "km") if farthest >= 2000 else (1, "m")
    plt = use_matplotlib()
    picture, axes = plt.subplots(figsize=(width, min(5.4, 1.35 * width)), layout="constrained")
    draw_devices(axes, nodes, scale)
    draw_gateways(axes, gateways, scale, several)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.06)
    axes.set_xlabel(f"east ({unit})")
    axes.set_ylabel(f"north ({unit})")
    grid(axes)
    below = width <= NARROW
    if (nodes["role"] == "camera").any():
        picture.colorbar(
            plt.cm.ScalarMappable(plt.Normalize(0, 100), AMOUNTS), ax=axes, label="fragments delivered (%)",
            location="top" if below else "right", fraction=0.06, pad=0.02,
        )
    columns = (2 if below else 4) - several
    legend_below(axes, columns=columns, below=-0.12)
    if arguments.title:
        axes.set_title(plain(arguments.title))
    return picture


def parse_arguments(words=None):
    """Reads the command line."""
    from results import add_folder

    parser = plot_parser(__doc__, "coverage.png")
    add_folder(parser)
    return parser.parse_args(words)


def main():
    """Runs the program."""
    return run_plot(parse_arguments, figure)


if __name__ == "__main__":
    sys.exit(main())
