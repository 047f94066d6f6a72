#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds and tests what is committed on another Debian release, in a new root with bash, git and apt,
# and compares the results of some runs with those of the build here (tests/compare-builds.py).
#
#   tests/debian.sh SUITE                SUITE: bookworm, trixie, unstable
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

((EUID == 0)) || {
    echo "error: tests/debian.sh needs root, for a root of its own" >&2
    exit 1
}
suite=${1:?usage: tests/debian.sh SUITE}
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
mkdir "$scratch/here" "$scratch/there"

echo "== here"
tests/in-root.sh "$scratch/here"
echo "== Debian $suite"
SHARE_DATASETS=yes OUT=$scratch/there tests/debian-root.sh "$suite" bash tests/in-root.sh /out --suites
echo "== the same results"
python3 -B tests/compare-builds.py "$scratch/here" "$scratch/there"
