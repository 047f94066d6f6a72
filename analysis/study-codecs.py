#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The study of image codecs (docs/study.md): LimitNet, its rivals and its ablations, at equal bytes
and at equal time, over frame loss and spreading factors.

With --run it first runs scenarios/study-codecs-*.ini, each into a folder of its own below DIR; what
is there already is not run again. Then it draws the figure and prints the tables, which `--csv`
also writes.

Bytes are those that a device has sent of an image, lost ones included: what it costs. The answer at
a budget is the cloud's last one when all that the device sent within it has arrived or is lost; an
image without an answer is wrong. A rival that has to be told its size beforehand is shown at each
budget with the size that is best there, and so better than a device could choose it. With erasure
coding the cloud answers when all has been sent, and only that budget is shown.

--kept FILE takes the codecs that DIR has no part of from an earlier --csv, as they stand there. Where
LimitNet is one of those, the others are compared with it as if they were of other pictures, which
makes the intervals wider than they would be.
"""

import argparse
import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from measures import paired_interval, wilson
from plotting import (
    BadInput, COLOURS, MARKERS, STYLES, add_output, grid, make_logarithmic, panels, read_rows, run,
    write_figure,
)
from results import Results
from settings import same_value

ROOT = Path(__file__).resolve().parents[1]
# Label, part (scenarios/study-codecs-PART.ini), which of its points.
CODECS = [
    ("LimitNet", "limitnet", {}),
    ("Starfish-like", "starfish", {}),
    ("WebP 32x32", "webp", {"codec.side_px": "32"}),
    ("JPEG 32x32", "jpeg", {"codec.side_px": "32"}),
    ("JPEG 64x64", "jpeg", {"codec.side_px": "64"}),
    ("JPEG 224x224", "jpeg", {"codec.side_px": "224"}),
    ("progressive JPEG 32x32", "jpeg-progressive", {"codec.side_px": "32"}),
    ("progressive JPEG 64x64", "jpeg-progressive", {"codec.side_px": "64"}),
    ("progressive JPEG 224x224", "jpeg-progressive", {"codec.side_px": "224"}),
    ("WebP 64x64", "webp", {"codec.side_px": "64"}),
    ("WebP 224x224", "webp", {"codec.side_px": "224"}),
    ("raw", "raw", {}),
    ("LimitNet, channel order", "ablations", {"codec.order": "channel"}),
    ("LimitNet, saliency order", "ablations", {"codec.order": "saliency"}),
    ("LimitNet, random order", "ablations", {"codec.order": "random"}),
    ("LimitNet, all or nothing", "whole", {}),
    ("WebP 32x32, 115 % parity", "webp-parity", {"strategy.parity_percent": "115"}),
    ("WebP 32x32, 275 % parity", "webp-parity", {"strategy.parity_percent": "275"}),
    *(
        (f"{name}, {parity} % parity", "limitnet-parity",
         {"codec.order": order, "strategy.parity_percent": parity})
        for name, order in [("LimitNet", "importance"), ("channel order", "channel")]
        for parity in ["115", "275"]
    ),
]
DRAWN = {"LimitNet", "Starfish-like", "WebP 32x32", "JPEG 32x32", "JPEG 224x224",
         "progressive JPEG 224x224", "LimitNet, channel order", "LimitNet, all or nothing",
         "WebP 32x32, 115 % parity", "WebP 32x32, 275 % parity", "LimitNet, 115 % parity"}
PARTS = list(dict.fromkeys(part for _, part, _ in CODECS))
BYTES = [100, 150, 200, 300, 400, 600, 800, 1200]
TIMES_S = [30, 60, 120, 300, 600, 1800, 3600, 7200]
AT_END = {"webp-parity": 800, "limitnet-parity": 800}  # bytes of parts that are seen at their end
BYTES_SF = "10"  # with 51 bytes a frame, so that a curve has many steps
TIMES_LOSS = "0.1"
TIMES_SF = ["7", "9", "10", "12"]
GOALS = [0.4, 0.5, 0.6, 0.65]
COLUMNS = [
    "codec", "lora.sf", "lora.extra_loss", "against", "budget", "setting", "images", "correct", "accuracy",
    "wilson_low", "wilson_high", "limitnet_less_this", "difference_low", "difference_high",
]


class Part:
    """The results of one part of the study."""

    def __init__(self, folder):
        self._folder = folder
        results = Results(folder)
        self._own = [key for key in results.keys if key not in ("lora.sf", "lora.extra_loss")]
        images = results.images("captured_s", "dataset_index")
        fragments = results.fragments(images, "bytes", "sent_s", "arrived_s", "correct")
        fragments = fragments.sort_values(["id", "fragment"], kind="stable")
        fragments = fragments[fragments["sent_s"].notna()].copy()
        by = fragments["id"]
        fragments["sent_bytes"] = fragments["bytes"].groupby(by).cumsum()
        fragments["elapsed"] = fragments["arrived_s"] - by.map(images.set_index("id")["captured_s"])
        self._images = images
        self._arrived = fragments[fragments["correct"].notna()]
        self.pictures = None  # devices and pictures of each setting's images, the same for all
        self.right = {}  # by (sf, loss, setting): {"bytes", "time"}: images x budgets
        self._answers = {}  # likewise: (image, bytes sent, whether right) of each answer
        self._read()

    def _read(self):
        keys = ["lora.sf", "lora.extra_loss", *self._own]
        arrived = dict(tuple(self._arrived.groupby("id")))
        for values, images in self._images.groupby(keys):
            values = tuple(map(str, values))
            images = images.sort_values("device")
            pictures = tuple(zip(images["device"], images["dataset_index"]))
            if pictures != (self.pictures or pictures):
                raise BadInput(f"{self._folder}: its runs are not of the same pictures")
            self.pictures = pictures
            answers = self._arrived[self._arrived["id"].isin(images["id"])]
            self._answers[values] = answers[["id", "sent_bytes", "correct"]], len(images)
            self.right[values] = {
                against: np.array([
                    [_answer(arrived.get(number), column, budget) for budget in budgets]
                    for number in images["id"]
                ])
                for against, column, budgets in [
                    ("bytes", "sent_bytes", BYTES), ("time", "elapsed", TIMES_S)
                ]
            }

    def _fitting(self, spreading_factor, loss, where):
        """Returns the points of the sweep that meet a condition."""
        return [
            values for values in self.right
            if same_value(values[0], spreading_factor) and same_value(values[1], loss)
            and all(same_value(values[2 + self._own.index(key)], value) for key, value in where.items())
        ]

    def first_bytes(self, spreading_factor, loss, where, goals):
        """Returns for each accuracy the bytes sent at which the best setting first has it; nothing
        for one that is never reached."""
        reached = [
            _first_bytes(*self._answers[values], goals)
            for values in self._fitting(spreading_factor, loss, where)
        ]
        return [min((needed for needed in of_goal if needed is not None), default=None)
                for of_goal in zip(*reached)]

    def choose(self, spreading_factor, loss, where, against):
        """Returns images x budgets, whether right, each budget with the setting that is best, and
        these settings; nothing where the part has no such point."""
        fitting = {
            values[2:]: self.right[values][against]
            for values in self._fitting(spreading_factor, loss, where)
        }
        if not fitting:
            return None
        settings = list(fitting)
        means = np.array([fitting[setting].mean(axis=0) for setting in settings])
        best = means.argmax(axis=0)
        columns = [fitting[settings[place]][:, budget] for budget, place in enumerate(best)]
        return np.array(columns).T, [settings[place] for place in best]


def _answer(arrived, column, budget):
    """Returns whether the last answer within a budget is right, as 0 or 1."""
    if arrived is None:
        return 0
    within = arrived[column].to_numpy() <= budget + 1e-9
    return int(arrived["correct"].to_numpy()[within][-1]) if within.any() else 0


def _first_bytes(answers, count, goals):
    """Returns for each accuracy of `count` images the least bytes sent within which the answers
    have it; nothing for one that they never have."""
    right, first = {}, [None] * len(goals)
    for sent, group in answers.groupby("sent_bytes", sort=True):
        right.update(zip(group["id"], group["correct"].astype(int)))
        accuracy = sum(right.values()) / count
        for place, goal in enumerate(goals):
            if first[place] is None and accuracy >= goal - 1e-9:
                first[place] = sent
    return first


def run_parts(folder, jobs, programs):
    """Runs the sweeps that are not done."""
    for part in PARTS:
        command = [
            programs / "limitnet-sweep", ROOT / "scenarios" / f"study-codecs-{part}.ini",
            "--jobs", str(jobs), "--out", folder / part,
        ]
        try:
            done = subprocess.run(command, check=False)
        except OSError as error:
            raise BadInput(f"{command[0]}: {error.strerror}: build it with ./ns3 build") from error
        if done.returncode != 0:
            raise BadInput(f"{part}: limitnet-sweep ended with {done.returncode}")


class Kept:
    """The rows of an earlier CSV file."""

    def __init__(self, path):
        self.rows = {}
        for row in read_rows(path, COLUMNS, "a CSV file of this script") if path else []:
            key = (row["codec"], row["lora.sf"], row["lora.extra_loss"], row["against"], int(row["budget"]))
            self.rows[key] = row


class Study:
    """All parts that there are, and what is kept of others, by codec."""

    def __init__(self, folder, kept=None):
        self.parts = {
            part: Part(folder / part) for part in PARTS if (folder / part / "images.csv").exists()
        }
        self._kept = Kept(kept).rows
        self._codecs = [
            codec for codec in CODECS if codec[1] in self.parts or any(key[0] == codec[0] for key in self._kept)
        ]
        if CODECS[0] not in self._codecs:
            raise BadInput(f"{folder}: no finished part limitnet in it; --run makes it")
        self.missing = [part for part in PARTS if part not in {codec[1] for codec in self._codecs}]
        first = next(iter(self.parts.values()), None)
        for name, part in self.parts.items():
            if part.pictures != first.pictures:
                raise BadInput(f"{folder / name}: its pictures are not those of {folder / next(iter(self.parts))}")

    def codecs(self):
        """Returns label, part, condition of the codecs that there are results of."""
        return self._codecs

    def values(self, key):
        """Returns the values of lora.sf (0) or lora.extra_loss (1), ascending."""
        found = {values[key] for part in self.parts.values() for values in part.right}
        found |= {row_key[1 + key] for row_key in self._kept}
        return sorted({f"{float(value):g}" for value in found}, key=float)

    def first_bytes(self, codec, spreading_factor, loss):
        """Returns for each of GOALS the bytes sent at which a codec first has that accuracy."""
        _, part, where = codec
        if part not in self.parts or part in AT_END:
            return []
        return self.parts[part].first_bytes(spreading_factor, loss, where, GOALS)

    def right(self, codec, spreading_factor, loss, against):
        """Returns images x budgets of a codec, and the settings chosen."""
        _, part, where = codec
        if part not in self.parts or (part in AT_END and against == "time"):
            return None
        return self.parts[part].choose(spreading_factor, loss, where, against)

    def row(self, codec, spreading_factor, loss, against, budget):
        """Returns what the CSV file says of a codec at a budget; nothing where that is not known."""
        label, part, _ = codec
        kept = self._kept.get((label, spreading_factor, loss, against, budget))
        if part not in self.parts:
            return kept
        found = self.right(codec, spreading_factor, loss, against)
        if found is None or (part in AT_END and budget != AT_END[part]):
            return None
        place = (BYTES if against == "bytes" else TIMES_S).index(budget)
        column = found[0][:, place]
        low, high = wilson(column.sum(), len(column))
        ours = self.right(CODECS[0], spreading_factor, loss, against)
        if ours is not None:
            apart = difference(ours[0][:, place] == 1, column == 1)
        else:
            of_kept = self._kept[CODECS[0][0], spreading_factor, loss, against, budget]
            apart = difference_of_counts(int(of_kept["correct"]), int(of_kept["images"]), column.sum(), len(column))
        return dict(zip(COLUMNS, [
            label, spreading_factor, loss, against, str(budget), "/".join(found[1][place]), str(len(column)),
            str(column.sum()), f"{column.mean():.4f}", f"{low:.4f}", f"{high:.4f}",
            *(f"{value:.4f}" for value in apart),
        ]))


def difference(ours, theirs):
    """Returns the paired difference and its interval of two columns of answers."""
    both = int((ours & theirs).sum())
    only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    return paired_interval(both, only_ours, only_theirs, len(ours) - both - only_ours - only_theirs)


def difference_of_counts(ours, count, theirs, their_count):
    """Returns the same of two sets of pictures, of which it is known how many are right: wider than
    of pairs that are alike (Newcombe 1998, the same journal and volume, p. 873, method 10)."""
    a, b = ours / count, theirs / their_count
    (low_a, high_a), (low_b, high_b) = wilson(ours, count), wilson(theirs, their_count)
    return a - b, a - b - np.hypot(a - low_a, high_b - b), a - b + np.hypot(high_a - a, b - low_b)


def write_csv(study, path):
    """Writes every accuracy of the study."""
    try:
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for codec in study.codecs():
                for spreading_factor in study.values(0):
                    for loss in study.values(1):
                        for against, budgets in [("bytes", BYTES), ("time", TIMES_S)]:
                            rows = (study.row(codec, spreading_factor, loss, against, one) for one in budgets)
                            writer.writerows(filter(None, rows))
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error


def print_table(title, head, rows):
    """Prints a table as Markdown."""
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def print_tables(study):
    """Prints what docs/study.md says in numbers."""
    losses = study.values(1)
    shown = [200, 400, 800]
    head = ["codec", *(f"{budget} B, {100 * float(loss):.0f} %" for loss in losses for budget in shown)]
    accuracies, apart = [], []
    for codec in study.codecs():
        row, differences = [codec[0]], [codec[0]]
        for cell in (study.row(codec, BYTES_SF, loss, "bytes", budget) for loss in losses for budget in shown):
            row.append(f"{100 * float(cell['accuracy']):.0f}" if cell else "")
            ends = [100 * float(cell[name]) for name in COLUMNS[-3:]] if cell else []
            differences.append("{:+.0f} ({:+.0f} .. {:+.0f})".format(*ends) if cell else "")
        accuracies.append(row)
        apart.append(differences)
    print_table(f"Accuracy (%) within bytes sent, SF{BYTES_SF}, by frame loss", head, accuracies)
    print_table("LimitNet less the other, points, 95 % interval of paired pictures", head, apart[1:])

    rows = []
    for codec in study.codecs():
        row = [codec[0]]
        for loss in losses:
            needed = study.first_bytes(codec, BYTES_SF, loss)
            row += ["never" if of_goal is None else f"{of_goal:.0f}" for of_goal in needed] or [""] * len(GOALS)
        rows.append(row)
    head = ["codec", *(f"{100 * goal:.0f} %, loss {100 * float(loss):.0f} %" for loss in losses for goal in GOALS)]
    print_table(f"Bytes sent until an accuracy, SF{BYTES_SF}", head, rows)

    rows = []
    shown = [60, 300, 1800]
    for codec in study.codecs():
        row = [codec[0]]
        for spreading_factor in study.values(0):
            for time in shown:
                cell = study.row(codec, spreading_factor, TIMES_LOSS, "time", time)
                row.append(f"{100 * float(cell['accuracy']):.0f}" if cell else "")
        rows.append(row)
    head = ["codec", *(f"SF{sf}, {time} s" for sf in study.values(0) for time in shown)]
    print_table(f"Accuracy (%) after a time, frame loss {100 * float(TIMES_LOSS):.0f} %", head, rows)


def draw(study, output, title):
    """Draws the figure: bytes above, time below."""
    losses = study.values(1)
    figure, axes = panels(len(losses) + len(TIMES_SF), width=14.4, each=3.5, height=3.4)
    panes = [("bytes", BYTES_SF, loss) for loss in losses]
    panes += [("time", spreading_factor, TIMES_LOSS) for spreading_factor in TIMES_SF]
    drawn = [codec for codec in study.codecs() if codec[0] in DRAWN]
    for place, (axis, (against, spreading_factor, loss)) in enumerate(zip(axes, panes)):
        budgets = BYTES if against == "bytes" else TIMES_S
        for codec in drawn:
            # With erasure coding: single marks in the colour of the same codec without.
            bare = codec[0].split(",")[0] if codec[1] in AT_END else codec[0]
            number = [other[0] for other in drawn].index(bare)
            mark, size = (MARKERS[number % len(MARKERS)], 4)
            if codec[1] in AT_END:
                mark, size = ("*" if "115" in codec[0] else "X", 10)
            cells = [study.row(codec, spreading_factor, loss, against, budget) for budget in budgets]
            shares = [100 * float(cell["accuracy"]) if cell else np.nan for cell in cells]
            axis.plot(
                budgets, shares, label=codec[0], color=COLOURS[number % len(COLOURS)],
                linestyle=STYLES[number % len(STYLES)], marker=mark, markersize=size,
                linewidth=2.2 if number == 0 else 1.3,
            )
        axis.set_title(f"SF{spreading_factor}, {100 * float(loss):.0f} % of frames lost", fontsize="medium")
        axis.set_xlabel("bytes sent (byte)" if against == "bytes" else "time since capture (s)")
        make_logarithmic(axis, budgets[0], budgets[-1])
        axis.set_ylim(0, 80)
        if place % 4 == 0:
            axis.set_ylabel("right answers (%)")
        grid(axis)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.get_layout_engine().set(rect=(0, 0.13, 1, 0.87))
    figure.legend(handles, labels, loc="lower center", ncol=4, frameon=False)
    if title:
        figure.suptitle(title)
    write_figure(figure, output)


def study_codecs():
    """Does what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__.replace("%", "%%"), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="results of the study")
    parser.add_argument("--run", action="store_true", help="run what is missing of it first")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once (%(default)s)")
    parser.add_argument(
        "--programs", type=Path, default=ROOT / "build" / "bin", help="where limitnet-sweep is"
    )
    parser.add_argument("--csv", help="write all accuracies there")
    parser.add_argument("--kept", metavar="FILE", help="an earlier --csv, for the codecs that DIR has not")
    add_output(parser, "study-codecs.png")
    arguments = parser.parse_args()
    if arguments.run:
        run_parts(arguments.folder, arguments.jobs, arguments.programs)
    study = Study(arguments.folder, arguments.kept)
    if study.missing:
        print(f"note: not there, and so not shown: {', '.join(study.missing)}", file=sys.stderr)
    if arguments.csv:
        write_csv(study, arguments.csv)
    draw(study, arguments.output, arguments.title)
    print_tables(study)
    print(f"\nwrote {arguments.output}")


def main():
    """Returns the exit status."""
    return run(study_codecs)


if __name__ == "__main__":
    sys.exit(main())
