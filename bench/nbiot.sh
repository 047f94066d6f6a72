#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# How fast the NB-IoT model is: transport blocks per second of processor time with 1,000 devices,
# with the same traffic among 1,000 and 20,000 devices, and a day of 50,000 devices that report each
# hour. Medians of three runs. docs/performance.md has the figures.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

for arguments in "1000 1000 1000 300 3000" "1000 100 1000 30 3000" "20000 100 1000 30 3000" \
    "50000 50000 100 3600 86400"; do
    for _ in 1 2 3; do
        # shellcheck disable=SC2086
        build/bin/limitnet-nbiot-cell $arguments
    done | sort -t ';' -k 2 -g | sed -n 2p
done
