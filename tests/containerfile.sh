#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the steps of the Containerfile without a container engine: its RUN lines, after the first,
# which tests/debian-root.sh does, in a new root of the Debian release that its FROM line names.
#
#   tests/containerfile.sh
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

suite=$(sed -n 's/^FROM .*debian:\([a-z]*\)$/\1/p' Containerfile)
mapfile -t steps < <(sed -n 's/^RUN //p' Containerfile | tail -n +2)
if [[ -z $suite ]] || ((${#steps[@]} != 2)); then
    echo "error: the Containerfile is not as this script expects it" >&2
    exit 1
fi
script='set -e'
for step in "${steps[@]}"; do
    script+=$'\n'"echo 'RUN $step'; SECONDS=0; $step; echo \"-- \$SECONDS s\""
done
exec tests/debian-root.sh "$suite" bash -c "$script"
