#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws how evenly the devices are served, and prints Jain's index and the worst tenth of them.

Three plots: the final accuracy and the delivered part of the fragments by distance to the nearest
gateway of the device's operator (as many devices in each bin), the same by spreading factor or level
of coverage enhancement, and the accuracies and delivered parts of all devices, sorted. Bars are 95 %
intervals that count pictures and cameras (docs/analysis.md). Jain's index is 1 when all devices get
the same, 1/n when one gets everything. Of a sweep, all runs that --where leaves are taken together.
"""

import os
import sys

import numpy as np

from measures import Sources, clustered_share, jain, worst_decile
from plotting import (
    COLOURS, WIDTH, BadInput, grid, legend_below, name_of, panels, plain, plot_parser, run_plot,
)

MEASURES = [("correct", "images", "answers right", "o", "-"),
            ("fragments_received", "fragments", "fragments delivered", "s", "--")]


def distances(results, nodes):
    """Returns the distance of each device to the nearest gateway that serves it, in metres."""
    nearest = np.hypot(nodes["x_m"], nodes["y_m"])
    if not os.path.isfile(results.path("gateways.csv")):
        return nearest
    gateways = results.table("gateways.csv", "link", "operator", "x_m", "y_m")
    gateways["operator"] = gateways["operator"].astype(int)
    by = [*results.run_columns, "link", "operator"]
    places = nodes.assign(operator=results.operators(nodes)).reset_index()[["index", *by, "x_m", "y_m"]]
    pairs = places.merge(gateways, on=by, suffixes=("", "_gateway"))
    pairs["distance"] = np.hypot(
        pairs["x_m"] - pairs["x_m_gateway"], pairs["y_m"] - pairs["y_m_gateway"]
    )
    return pairs.groupby("index")["distance"].min().reindex(nodes.index)


def read(arguments):
    """Returns the images, and a row for each device: its sums over them, its distance and its level."""
    from results import level_of, open_results

    results = open_results(arguments)
    images = results.images("fragments", "fragments_received", "correct")
    images["images"] = 1
    by = [*results.run_columns, "device"]
    sums = images.groupby(by, sort=False)[["images", "correct", "fragments", "fragments_received"]].sum()
    nodes = results.cameras("link", "x_m", "y_m", "sf", "ce_level").copy()
    nodes["level"] = level_of(nodes)
    nodes["distance"] = distances(results, nodes)
    devices = nodes[[*by, "level", "distance"]].merge(sums.reset_index(), on=by)
    devices["which"] = range(len(devices))
    if not len(devices):
        raise BadInput(f"{results.folder}: no device captured an image")
    return images.merge(devices[[*by, "level", "which"]], on=by), devices


def parts_of(devices, top, bottom):
    """Returns the part that each device got, of those that had any."""
    some = devices[devices[bottom] > 0]
    return (some[top] / some[bottom]).to_numpy(dtype=float)


def summary(arguments):
    """Returns what is printed: (name, value)."""
    _, devices = read(arguments)
    lines = [("devices", f"{len(devices)}")]
    for top, bottom, name, _, _ in MEASURES:
        parts = parts_of(devices, top, bottom)
        index = jain(parts)
        index = "none: no device got any" if np.isnan(index) else f"{index:.3f}"
        lines.append((f"{name}, Jain's index", index))
        mean = f"{100 * np.mean(parts):.1f} %" if len(parts) else "none"
        lines.append((f"{name}, mean of the devices", mean))
        worst = f"{100 * worst_decile(parts):.1f} %" if len(parts) else "none"
        lines.append((f"{name}, worst tenth of the devices", worst))
    return lines


def draw_shares(axes, places, groups):
    """Draws both measures for the images of each group of devices, at its place."""
    for shift, (index, (top, bottom, label, marker, style)) in zip([-1, 1], enumerate(MEASURES, 1)):
        some = [group[bottom].sum() > 0 for group in groups]
        if not any(some):
            continue
        share, low, high = np.array([
            clustered_share(group[top], group[bottom], Sources.of(group))
            for group, drawn in zip(groups, some) if drawn
        ]).T
        at = np.array(places)[some]
        offset = shift * 0.04 * (1 if len(places) < 2 else min(np.diff(places)))
        axes.errorbar(
            at + offset, 100 * share, yerr=100 * np.abs([share - low, high - share]),
            marker=marker, linestyle=style, color=COLOURS[index], capsize=2, linewidth=1.2,
            markersize=4, label=label,
        )
    axes.set_ylim(0, 105)
    axes.set_ylabel("part (%)")
    grid(axes)


def by_distance(axes, images, devices):
    """Draws both measures over the distance, in bins with as many devices each."""
    ordered = devices.sort_values("distance", kind="stable")
    bins = min(8, max(1, len(ordered) // 3))
    groups = [ordered.iloc[part] for part in np.array_split(np.arange(len(ordered)), bins)]
    draw_shares(
        axes, [group["distance"].mean() for group in groups],
        [images[images["which"].isin(group["which"])] for group in groups],
    )
    axes.set_xlim(left=0)
    axes.set_xlabel("distance to gateway (m)")


def by_level(axes, images):
    """Draws both measures for each level."""
    from results import sorted_levels

    levels = sorted_levels(images["level"])
    draw_shares(axes, range(len(levels)), [images[images["level"] == level] for level in levels])
    turned = {"rotation": 90} if len(levels) > 4 else {}
    axes.set_xticks(range(len(levels)), [plain(name_of(level)) for level in levels], **turned)
    axes.set_xlim(-0.5, len(levels) - 0.5)
    axes.set_xlabel("SF or coverage level")


def by_device(axes, devices):
    """Draws both measures of all devices, each sorted."""
    for index, (top, bottom, label, _, style) in enumerate(MEASURES, 1):
        parts = np.sort(parts_of(devices, top, bottom))
        if not len(parts):
            continue
        place = 100 * np.arange(len(parts) + 1) / len(parts)
        axes.step(
            place, 100 * np.append(parts, parts[-1]), where="post", color=COLOURS[index],
            linestyle=style, linewidth=1.8,
            label="none" if np.isnan(jain(parts)) else f"Jain {jain(parts):.2f}",
        )
    axes.axvspan(0, 10, color="#000000", alpha=0.08, linewidth=0, label="worst tenth")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 105)
    axes.set_xlabel("devices, worst first (%)")
    axes.set_ylabel("part (%)")
    grid(axes)


def figure(arguments, width=WIDTH):
    """Returns the picture."""
    images, devices = read(arguments)
    picture, all_axes = panels(3, width, each=2.4, height=3.4)
    by_distance(all_axes[0], images, devices)
    by_level(all_axes[1], images)
    by_device(all_axes[2], devices)
    for axes in all_axes[0], all_axes[2]:
        legend_below(axes, below=-0.22)
    if arguments.title:
        picture.suptitle(plain(arguments.title))
    return picture


def parse_arguments(words=None):
    """Reads the command line."""
    from results import add_folder

    parser = plot_parser(__doc__, "fairness.png")
    add_folder(parser)
    return parser.parse_args(words)


def main():
    """Runs the program."""
    return run_plot(parse_arguments, figure, summary)


if __name__ == "__main__":
    sys.exit(main())
