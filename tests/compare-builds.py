#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails when two builds of the program give different results.

  compare-builds.py A B

A and B are folders with the results of the same runs. All CSV files have to be the same, byte for
byte, but for columns that a neural network computes, where LibTorch differs (docs/csv.md): those may
differ in their last digit, and a prediction where it is as good as a tie.
"""

import csv
import sys
from pathlib import Path

# Column: by how much its numbers may differ.
TOLERANCE = {"confidence": 1.01e-4, "ssim": 1.01e-4, "psnr_db": 1.01e-3}
# Of these a few may differ, where two classes are as likely.
DISCRETE = ("prediction", "correct")
ALLOWED_SHARE = 0.01


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def compare(name, first, second, complaints):
    """Compares two tables; returns how many cells differ within what is allowed."""
    header = first[0]
    if header != second[0] or len(first) != len(second):
        complaints.append(f"{name}: other columns or another number of rows")
        return 0
    allowed, discrete = 0, 0
    for number, (a, b) in enumerate(zip(first[1:], second[1:]), 2):
        for column, x, y in zip(header, a, b):
            if x == y:
                continue
            if column in TOLERANCE and x and y and abs(float(x) - float(y)) <= TOLERANCE[column]:
                allowed += 1
            elif column in DISCRETE and x and y:
                discrete += 1
            else:
                complaints.append(f"{name}:{number}: {column} is {x!r} and {y!r}")
    if discrete > ALLOWED_SHARE * len(first):
        complaints.append(f"{name}: {discrete} predictions differ")
    return allowed + discrete


def main(one, other):
    complaints, same, near = [], 0, 0
    names = sorted(path.relative_to(one) for path in one.rglob("*.csv"))
    if names != sorted(path.relative_to(other) for path in other.rglob("*.csv")):
        complaints.append("there are other files")
        names = [name for name in names if (other / name).is_file()]
    for name in names:
        if (one / name).read_bytes() == (other / name).read_bytes():
            same += 1
            continue
        cells = compare(name, rows(one / name), rows(other / name), complaints)
        print(f"{name}: {cells} numbers of a network differ by no more than LibTorch's versions do")
        near += 1
    if not names:
        complaints.append("nothing to compare: no CSV files")
    for complaint in complaints[:20]:
        print(complaint, file=sys.stderr)
    if complaints:
        sys.exit(f"error: {len(complaints)} differences")
    print(f"{same} files are the same byte for byte, {near} but for last digits of a network")


main(Path(sys.argv[1]), Path(sys.argv[2]))
