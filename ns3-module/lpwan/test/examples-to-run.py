#! /usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Examples that ns-3's test.py runs: (program with arguments, when to run, when under valgrind)."""

cpp_examples = [
    ("limitnet-lorawan-adr", "True", "True"),
    ("limitnet-lorawan-battery", "True", "True"),
    ("limitnet-lorawan-class-a", "True", "True"),
    ("limitnet-lorawan-class-c", "True", "True"),
    ("limitnet-lorawan-first --devices=100 --hours=1", "True", "True"),
    ("limitnet-lorawan-otaa", "True", "True"),
    ("limitnet-lorawan-script --pcap=limitnet-lorawan-script", "True", "True"),
    ("limitnet-lorawan-two-gateways --pcap=limitnet-lorawan-two-gateways", "True", "True"),
    ("limitnet-nbiot-report --loss=154", "True", "True"),
]

python_examples = []
