#! /usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Examples that ns-3's test.py runs: (program with arguments, when to run, when under valgrind)."""

cpp_examples = [
    ("limitnet-lorawan-first --devices=100 --hours=1", "True", "True"),
]

python_examples = []
