#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# How fast the LoRaWAN model is: frames per second of processor time in scenarios/benchmark-lorawan.ini
# for networks of several sizes, medians of three runs, and peak memory. docs/performance.md has the
# figures. The times are chosen so that each size has about two million frames; 100,000 devices run
# for the whole day.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

out=$(mktemp -d)
trap 'rm -rf -- "$out"' EXIT
for devices in 100 1000 5000 20000 100000; do
    duration=$((1200000000 / devices))
    ((devices < 100000)) || duration=86400
    for _ in 1 2 3; do
        build/bin/limitnet-lorawan-cell --scenario=scenarios/benchmark-lorawan.ini --out="$out" \
            --devices.count="$devices" --scenario.duration_s="$duration" 2>&1 >/dev/null
    done | sort -k 7 -n | sed -n "2s/^/$devices devices, $duration s: /p"
done
build/bin/limitnet-lorawan-memory
