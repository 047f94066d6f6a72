#! /usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Examples that ns-3's test.py runs: (program with arguments, when to run, when under valgrind).

The scenario programs need a data set, so here they say their keys only.
"""

cpp_examples = [
    ("limitnet-ideal-scenario --help", "True", "False"),
    ("limitnet-lora-scenario --help", "True", "False"),
    ("limitnet-nbiot-scenario --help", "True", "False"),
    ("limitnet-mixed-scenario --help", "True", "False"),
    ("limitnet-lorawan-cell --devices.count=50 --scenario.duration_s=3600"
     " --out=testpy-output/limitnet-lorawan-cell", "True", "True"),
    ("limitnet-image-lorawan --sf=7", "True", "False"),
    ("limitnet-own-codec", "True", "False"),
    ("limitnet-own-strategy", "True", "False"),
]

python_examples = []
