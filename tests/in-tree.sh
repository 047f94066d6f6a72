#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds the two modules inside an ns-3 source tree, with this checkout as contrib/limitnet and by
# ns-3's own commands: first without the library limitnet, which gives the module lpwan, then with
# it. Runs the test suites there, a script of a stranger's in scratch/, and compares the results of
# LoRaWAN, NB-IoT and a scenario, byte for byte, with those of the build here.
#
#   tests/in-tree.sh [DIR]
#
# DIR is an ns-3 tree of any release from 3.37 on; contrib/limitnet in it is made, or replaced when
# it is a link. Without DIR the tree is Debian's source package ns3. That one is kept, with what was
# built in it, in ${XDG_CACHE_HOME:-~/.cache}/limitnet/ns-3; remove that folder to begin anew.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/limitnet
tree=${1:-$cache/ns-3}
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

step()
{
    printf '== %s\n' "$*"
}

fail()
{
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Fetches the source package through an apt configuration of our own: the system's package sources
# with deb-src for deb, in both of apt's formats. The system's own configuration stays as it is.
fetch_tree()
{
    local work file
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    # apt's unprivileged user must be able to read it.
    chmod 755 "$work"
    mkdir -p "$work/parts" "$work/lists/partial" \
        "$work/cache/archives/partial" "$work/source"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [[ -f $file ]] || continue
        sed -n 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$file" >"$work/parts/${file##*/}.list"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [[ -f $file ]] || continue
        sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/parts/${file##*/}"
    done
    local -a options=(
        -o Dir::Etc::sourcelist="$work/none"
        -o Dir::Etc::sourceparts="$work/parts"
        -o Dir::State::lists="$work/lists"
        -o Dir::Cache="$work/cache"
        -o APT::Sandbox::User=root
    )
    : >"$work/none"
    # A source without source packages (of a third party, say) is no reason to stop.
    apt-get -qq "${options[@]}" update || true
    (cd "$work/source" && apt-get -qq "${options[@]}" source ns3) >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        rm -rf -- "$work"
        fail "apt-get could not get the source package ns3"
    }
    file=$(find "$work/source" -mindepth 3 -maxdepth 3 -name ns3 -path '*/ns-3*/ns3' | head -n 1)
    [[ -n $file ]] || fail "the source package ns3 has no ns-3 with CMake"
    rm -rf -- "$tree"
    mv "${file%/ns3}" "$tree"
    rm -rf -- "$work"
}

# ns-3's driver refuses to work for a user named root; in a container there is often no other.
ns3_in_tree()
{
    (cd "$tree" && env USER=limitnet ./ns3 "$@")
}

step "packages and the library"
"$root/ns3" --yes packages build tree
"$root/ns3" --yes build

if [[ $# == 0 && ! -f $tree/ns3 ]]; then
    step "ns-3's source tree"
    fetch_tree
fi
tree=$(cd -- "$tree" && pwd -P)
[[ -f $tree/VERSION && -f $tree/ns3 ]] || fail "$tree is no source tree of ns-3 3.37 or later"
release=$(<"$tree/VERSION")
step "ns-3 $release in $tree"
[[ ! -e $tree/contrib/limitnet || -L $tree/contrib/limitnet ]] ||
    fail "$tree/contrib/limitnet is there and no link"
ln -sfn "$root" "$tree/contrib/limitnet"
# ns-3 keeps where a header was when the tree was configured before.
rm -f -- "$tree"/build/include/ns3/lpwan-*.h "$tree"/build/include/ns3/{lpwan,limitnet}-module.h
# The copy in scratch/ goes again: it is no part of the tree.
script=$tree/scratch/limitnet-first-script.cc
trap 'rm -rf -- "$scratch" "$script"' EXIT
cp "$root/tests/in-tree/first-script.cc" "$script"

quietly()
{
    "$@" >"$scratch/log" 2>&1 || {
        tail -n 60 "$scratch/log" >&2
        fail "failed: $*"
    }
}

# run_suites MODULE
run_suites()
{
    local suite suites
    suites=$(sed -n '/^set(test_suites/,/)/p' "$root/ns3-module/$1/CMakeLists.txt" |
        sed -e 's/set(test_suites//' -e 's/)//')
    [[ -n ${suites//[[:space:]]/} ]] || fail "ns3-module/$1/CMakeLists.txt lists no test suite"
    for suite in $suites; do
        # test.py exits with 0 also when it found no such suite, so what it says is looked at.
        (cd "$tree" && env USER=limitnet python3 ./test.py -n -s "$suite") \
            >"$scratch/test.log" 2>&1 || true
        grep -q '^1 of 1 tests passed' "$scratch/test.log" || {
            cat "$scratch/test.log" >&2
            fail "suite $suite failed in ns-3's tree"
        }
        printf '%s passed\n' "$suite"
    done
}

# Tests and examples of these modules only: ns-3's own are not what is to be shown here. The best-known
# other LoRaWAN module has to be able to stand beside them, where the tree has it.
modules=limitnet
if [[ -f $tree/contrib/lorawan/CMakeLists.txt ]]; then
    modules+=';lorawan'
fi
configuration=(--enable-modules="$modules" --enable-examples --enable-tests
    --filter-module-examples-and-tests="lpwan;limitnet")

step "lpwan alone: the library limitnet is not there"
quietly ns3_in_tree configure "${configuration[@]}" -- -DCMAKE_DISABLE_FIND_PACKAGE_limitnet=ON
grep -q "The ns-3 module limitnet is left out" "$scratch/log" ||
    fail "configure does not say that the module limitnet is left out"
quietly ns3_in_tree build -j "$(nproc)"
run_suites lpwan
ns3_in_tree run limitnet-first-script 2>"$scratch/log" | grep '30 of 30 frames received' || {
    cat "$scratch/log" >&2
    fail "the script in scratch/ failed"
}
quietly ns3_in_tree run "limitnet-lorawan-first --devices=50"

step "both modules"
quietly ns3_in_tree configure "${configuration[@]}" -- -DCMAKE_DISABLE_FIND_PACKAGE_limitnet=OFF \
    -Dlimitnet_DIR="$root/build"
quietly ns3_in_tree build -j "$(nproc)"
run_suites limitnet
if [[ $modules == *lorawan ]]; then
    printf 'the module lorawan was built beside them: %s\n' \
        "$(cd "$tree/build/lib" && echo libns3*-lorawan-*.so)"
fi

step "the same results in both builds"
# Small enough for seconds, with more than one spreading factor and with losses.
runs=(
    "limitnet-lora-scenario --devices.count=4 --seed=3 --run=2 --cloud.cache=none --plot=false"
    "limitnet-nbiot-scenario --devices.count=3 --images.per_device=1 --cloud.cache=none --plot=false"
    "limitnet-lorawan-cell --devices.count=100 --lora.adr=true --lora.confirmed=true --frames=true"
)
for run in "${runs[@]}"; do
    mkdir -p "$scratch/installed" "$scratch/tree"
    quietly "$root/ns3" --yes run "$run --out=$scratch/installed"
    quietly ns3_in_tree run "$run --out=$scratch/tree"
done
count=0
while IFS= read -r file; do
    cmp "$scratch/installed/$file" "$scratch/tree/$file" || fail "$file differs between the builds"
    count=$((count + 1))
done < <(cd "$scratch/installed" && find . -name '*.csv' | sort)
((count >= 13)) || fail "the programs wrote $count CSV files, not 13"
printf '%d CSV files are the same in both builds\n' "$count"
