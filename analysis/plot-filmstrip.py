#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draws what the cloud sees of one image as its fragments arrive.

Reads the folder pictures/ of a run, images.csv and fragments.csv. First comes the original, then the
reconstruction after some of the fragments, each with the time since capture, the bytes received by
then, and the cloud's answer: "right" in a solid frame, "wrong" in a dashed one.
"""

import glob
import os
import re
import sys

import numpy as np

from plotting import COLOURS, WIDTH, BadInput, panels, plain, plot_parser, run_plot, use_matplotlib

FRAMES = {True: (COLOURS[1], "-"), False: (COLOURS[2], (0, (3, 2)))}


def images_with_pictures(folder):
    """Returns (device, image) of which there are pictures, by number."""
    names = glob.glob(os.path.join(glob.escape(folder), "pictures", "*-original.png"))
    found = [re.fullmatch(r"(\d+)-(\d+)-original\.png", os.path.basename(name)) for name in names]
    return sorted((int(match[1]), int(match[2])) for match in found if match)


def choose_image(arguments):
    """Returns the device and image that the command line asks for, or the first."""
    known = images_with_pictures(arguments.folder)
    if not known:
        raise BadInput(f"{arguments.folder}: no pictures in its folder pictures")
    chosen = [
        (device, image)
        for device, image in known
        if arguments.device in (None, device) and arguments.image in (None, image)
    ]
    if not chosen:
        there = ", ".join(f"{device}-{image}" for device, image in known[:8])
        raise BadInput(f"{arguments.folder}: no pictures of that image; there are {there}")
    return chosen[0]


def read_picture(path):
    """Returns a picture's pixels."""
    try:
        return use_matplotlib().imread(path)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}") from error
    except (SyntaxError, ValueError) as error:
        raise BadInput(f"{path}: not a PNG picture: {error}") from error


def steps_of(arguments, device, image):
    """Returns the image's row, and its fragments with a picture in order of arrival."""
    from results import Results

    results = Results(arguments.folder)
    images = results.images("captured_s", "label")
    images = images[(images["device"] == device) & (images["image"] == image)]
    if not len(images):
        raise BadInput(f"{results.path('images.csv')}: no image {image} of device {device}")
    fragments = results.fragments(images, "bytes", "arrived_s", "prediction", "confidence", "correct")
    fragments = fragments[fragments["arrived_s"].notna()]
    fragments = fragments.sort_values(["arrived_s", "fragment"], kind="stable")
    fragments["received"] = fragments["bytes"].cumsum()
    fragments["path"] = [
        os.path.join(arguments.folder, "pictures", f"{device}-{image}-{int(fragment)}.png")
        for fragment in fragments["fragment"]
    ]
    return images.iloc[0], fragments[[os.path.isfile(path) for path in fragments["path"]]]


def some_of(steps, most):
    """Returns so many steps at the most, evenly chosen, the first and the last among them."""
    if len(steps) <= most:
        return steps
    return steps.iloc[np.unique(np.linspace(0, len(steps) - 1, most).round().astype(int))]


def answer_of(step):
    """Returns a line with the cloud's answer, and whether it is right (None: no answer)."""
    if np.isnan(step["prediction"]):
        return "no answer", None
    right = step["correct"] == 1
    sure = "" if np.isnan(step["confidence"]) else f", {100 * step['confidence']:.0f} % sure"
    mark = "\N{CHECK MARK} right" if right else "\N{BALLOT X} wrong"
    return f"{mark}: {int(step['prediction'])}{sure}", right


def draw_picture(axes, pixels, lines, right=None):
    """Draws a picture with lines above it and a frame that says whether the answer is right."""
    axes.imshow(pixels, cmap="gray", interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title("\n".join(lines), fontsize="small")
    colour, style = FRAMES.get(right, ("#888888", "-"))
    for side in axes.spines.values():
        side.set(color=colour, linestyle=style, linewidth=3 if right is not None else 1)


def figure(arguments, width=WIDTH):
    """Returns the picture."""
    if arguments.frames < 1:
        raise BadInput("--frames: has to be 1 or more")
    device, image = choose_image(arguments)
    row, steps = steps_of(arguments, device, image)
    steps = some_of(steps, arguments.frames)
    picture, all_axes = panels(1 + len(steps), width, each=1.8, height=2.35)
    original = os.path.join(arguments.folder, "pictures", f"{device}-{image}-original.png")
    label = "" if np.isnan(row["label"]) else f"class {int(row['label'])}"
    draw_picture(all_axes[0], read_picture(original), ["original", label, ""])
    for axes, (_, step) in zip(all_axes[1:], steps.iterrows()):
        answer, right = answer_of(step)
        elapsed = step["arrived_s"] - row["captured_s"]
        psnr = step.get("psnr_db", np.nan)
        quality = "" if np.isnan(psnr) else f", {psnr:.1f} dB"
        lines = [f"{elapsed:.4g} s", f"{step['received']:.0f} bytes{quality}", answer]
        draw_picture(axes, read_picture(step["path"]), lines, right)
    picture.suptitle(plain(arguments.title or f"device {device}, image {image}"))
    return picture


def parse_arguments(words=None):
    """Reads the command line."""
    parser = plot_parser(__doc__, "filmstrip.png")
    parser.add_argument("folder", help="folder of a run that has pictures/")
    parser.add_argument("--device", type=int, help="number of the device (default: the first)")
    parser.add_argument("--image", type=int, help="number of its image (default: the first)")
    parser.add_argument(
        "--frames", type=int, default=7, help="reconstructions at the most (default: %(default)s)"
    )
    return parser.parse_args(words)


def main():
    """Runs the program."""
    return run_plot(parse_arguments, figure)


if __name__ == "__main__":
    sys.exit(main())
