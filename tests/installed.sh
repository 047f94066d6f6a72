#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Installs the library into a folder of its own, builds a copy of ns3-module/ alone against it and
# the installed ns-3, and runs the test suites and one scenario there.
#
#   tests/installed.sh
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

step()
{
    printf '== %s\n' "$*"
}

quietly()
{
    "$@" >"$scratch/log" 2>&1 || {
        tail -n 60 "$scratch/log" >&2
        printf 'error: failed: %s\n' "$*" >&2
        exit 1
    }
}

step "install the library"
"$root/ns3" --yes build
quietly cmake --install "$root/build" --prefix "$scratch/prefix"
# What a user of the library sees is the standard library and our own headers.
if grep -rnE '#include *[<"](torch|ATen|c10|boost|fmt|archive|ns3)' "$scratch/prefix/include/limitnet"; then
    printf 'error: an installed header of the library shows another library\n' >&2
    exit 1
fi

step "build a copy of the module alone"
cp -r "$root/ns3-module" "$scratch/module"
quietly cmake -S "$scratch/module" -B "$scratch/build" -G Ninja \
    -DCMAKE_PREFIX_PATH="$scratch/prefix" -DCMAKE_BUILD_TYPE=Release
grep -q "Library limitnet: $scratch/prefix/" "$scratch/log" || {
    printf 'error: the module was not built against the installed library\n' >&2
    exit 1
}
quietly cmake --build "$scratch/build" --parallel 2

step "run its tests and a scenario"
quietly ctest --test-dir "$scratch/build" --output-on-failure --no-tests=error
quietly "$scratch/build/bin/limitnet-lora-scenario" --devices.count=2 --images.per_device=1 \
    --scenario.duration_s=300 --images.period_s=60 --plot=false --cloud.cache=none \
    --out="$scratch/results"
[[ -n $(find "$scratch/results" -name accuracy.csv) ]] || {
    printf 'error: the scenario wrote no accuracy.csv\n' >&2
    exit 1
}
printf 'the module alone works against the installed library\n'
