#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws a map of the devices and gateways of a run.

The marker of a device says its spreading factor or level of coverage enhancement, its fill how many
of its fragments reached the cloud. Gateways are those of gateways.csv; where that is not there, the
first one, which is at 0, 0. Of a sweep --where has to choose one combination and one run.
"""

import os
import sys

import numpy as np

from plotting import (
    AMOUNTS, MARKERS, NARROW, WIDTH, BadInput, grid, legend_below, name_of, plain, plot_parser,
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
    """Returns (link, x, y) of the gateways."""
    if not os.path.isfile(results.path("gateways.csv")):
        return [("lora", 0.0, 0.0)]
    table = results.table("gateways.csv", "link", "x_m", "y_m")
    return list(zip(table["link"], table["x_m"], table["y_m"]))


def draw_devices(axes, nodes, scale):
    """Draws the devices; returns what gives the colour bar."""
    from results import sorted_levels

    points = None
    others = nodes[nodes["role"] != "camera"]
    if len(others):
        axes.scatter(
            others["x_m"] / scale, others["y_m"] / scale, color="#777777", marker="x", s=24,
            linewidths=1.2, label=f"without camera ({len(others)})",
        )
    nodes = nodes[nodes["role"] == "camera"]
    for level in sorted_levels(nodes["level"]):
        mine = nodes[nodes["level"] == level]
        points = axes.scatter(
            mine["x_m"] / scale, mine["y_m"] / scale, c=100 * mine["delivered"], cmap=AMOUNTS,
            vmin=0, vmax=100, marker=LOOKS.get(level, "h"), s=42, edgecolors="black",
            linewidths=0.8, label=plain(f"{name_of(level)} ({len(mine)})"), plotnonfinite=True,
        )
    return points


def draw_gateways(axes, gateways, scale):
    """Draws the gateways above the devices."""
    for link, label, colour in GATEWAYS:
        places = [(x / scale, y / scale) for of_link, x, y in gateways if of_link == link]
        if places:
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
    farthest = np.nanmax([*nodes["x_m"].abs(), *nodes["y_m"].abs(), 0])
    scale, unit = (1000, "km") if farthest >= 2000 else (1, "m")
    plt = use_matplotlib()
    picture, axes = plt.subplots(figsize=(width, min(5.4, 1.35 * width)), layout="constrained")
    points = draw_devices(axes, nodes, scale)
    draw_gateways(axes, gateways, scale)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.06)
    axes.set_xlabel(f"east ({unit})")
    axes.set_ylabel(f"north ({unit})")
    grid(axes)
    below = width <= NARROW
    if points is not None:
        picture.colorbar(
            points, ax=axes, label="fragments delivered (%)",
            location="top" if below else "right", fraction=0.06, pad=0.02,
        )
    # Markers of the legend are hollow: their fill says something else.
    legend_below(axes, columns=2 if below else 4, below=-0.12)
    for handle in axes.get_legend().legendHandles:
        if handle.get_linewidths()[0] < 1:
            handle.set_facecolor("none")
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
