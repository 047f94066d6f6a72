# SPDX-License-Identifier: GPL-2.0-only
"""What the folder of a run or a sweep says beside its tables: settings, schema, runs that are done."""

import glob
import math
import os
import re

from plotting import BadInput

SCHEMA = "2"  # of docs/csv.md
PROGRAMS = "limitnet-lora-scenario, limitnet-nbiot-scenario and limitnet-mixed-scenario"


def read_settings(path):
    """Returns the keys of a scenario file in its order, and its comments; nothing where it is not."""
    keys, comments, section = {}, [], ""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError):
        return {}, []
    for line in lines:
        key, equals, value = line.partition("=")
        if line.startswith("#"):
            comments.append(line.lstrip("# "))
        elif line.startswith("["):
            section = line.strip("[] ") + "."
        elif equals:
            keys[section + key.strip()] = value.strip()
    return keys, comments


def runs_of(folder):
    """Returns the folders of a sweep's runs, in its order."""
    runs = glob.glob(os.path.join(glob.escape(folder), "runs", "*", "*", "scenario.ini"))
    numbers = {run: [int(n) for n in re.findall(r"\d+", os.path.relpath(run, folder))] for run in runs}
    return [os.path.dirname(run) for run in sorted(runs, key=numbers.get)]


def check_folder(folder, tables=("images.csv",)):
    """Fails unless the folder has these tables, in the schema that the scripts know."""
    if not os.path.isdir(folder):
        raise BadInput(f"{folder}: no such folder")
    runs = runs_of(folder)
    # A sweep is of one build, and so of one schema.
    _check_schema(os.path.join(runs[0] if runs else folder, "scenario.ini"))
    if all(os.path.isfile(os.path.join(folder, name)) for name in tables):
        return
    if any(os.path.isfile(os.path.join(place, "cell.csv")) for place in [folder, *runs[:1]]):
        raise BadInput(
            f"{folder}: results of limitnet-lorawan-cell, which have no images; this reads those of {PROGRAMS}"
        )
    if os.path.isfile(os.path.join(folder, "sweep.txt")):
        raise BadInput(_unfinished(folder, len(runs)))


def same_value(one, other):
    """Returns whether two values of a key are the same, as numbers where they are."""
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other


def chosen_values(known, value):
    """Returns those of the known values that one of the command line means."""
    return [value] if value in known else [one for one in known if same_value(one, value)]


def _check_schema(path):
    for comment in read_settings(path)[1]:
        match = re.search(r"schema version (\S+)", comment)
        if match and match[1] != SCHEMA:
            raise BadInput(f"{path}: results of schema version {match[1]}; this script knows version {SCHEMA}")


def _unfinished(folder, done):
    """Returns what is said about a sweep without tables."""
    failed = len(glob.glob(os.path.join(glob.escape(folder), "failed", "*.log")))
    total = _planned_runs(os.path.join(folder, "sweep.txt"))
    text = f"{folder}: a sweep that has no tables yet: {done} of {total} runs are done"
    again = ""
    if failed:
        text += f", {failed} failed (see {os.path.join(folder, 'failed')})"
        again = " with --retry-failed"
    return f"{text}; its limitnet-sweep command{again} goes on with it"


def _planned_runs(path):
    """Returns how many runs a sweep.txt is about: program, its name, grid or zip, keys, and run."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error
    counts = []
    for line in lines[3:]:
        counts.append(line.count(" | ") + 1)
        if line.startswith("run = "):
            break
    *points, runs = counts or [1]
    return runs * (max(points, default=1) if lines[2:3] == ["zip"] else math.prod(points))
