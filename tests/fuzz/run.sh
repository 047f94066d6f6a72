#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds the fuzzers with clang, AddressSanitizer and UndefinedBehaviorSanitizer, and runs each:
#   tests/fuzz/run.sh [SECONDS]          (60 when not given)
# What was interesting is kept in build-fuzz/corpus and is where the next run starts. A finding is
# left in build-fuzz/findings and ends the script with status 1; to look at it again:
#   build-fuzz/bin/limitnet-reassembler-fuzzer build-fuzz/findings/FILE
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

seconds=${1:-60}
if ! [[ $seconds =~ ^[1-9][0-9]*$ ]]; then
    echo "error: '$seconds' is not a number of seconds" >&2
    exit 1
fi
command -v clang++ >/dev/null || {
    echo "error: no clang++; ./ns3 packages fuzz installs it" >&2
    exit 1
}

# Comparisons are not traced: sorting 9,408 places traces so many that the inputs come four times
# slower, and the mutator has real headers to start from.
build="build-fuzz"
mkdir -p "$build"
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER=clang++ \
    -DLIMITNET_BUILD_FUZZER=ON -DLIMITNET_BUILD_TESTS=OFF -DLIMITNET_BUILD_MODULE=OFF \
    -DLIMITNET_BUILD_BENCH=OFF \
    -DLIMITNET_SANITIZE=address,undefined,fuzzer-no-link \
    -DCMAKE_CXX_FLAGS=-fno-sanitize-coverage=trace-cmp >"$build/configure.log" 2>&1 || {
    cat "$build/configure.log" >&2
    exit 1
}
ninja -C "$build" limitnet-reassembler-fuzzer >&2
mkdir -p "$build/corpus/reassembler" "$build/findings"
"$build/bin/limitnet-reassembler-fuzzer" "$build/corpus/reassembler" \
    -max_total_time="$seconds" -max_len=16384 -len_control=0 -timeout=20 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="$build/findings/reassembler-" || exit 1
echo "no findings in $seconds s"
