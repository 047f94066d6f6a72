#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds ns3-module/ inside the ns-3 3.37 source tree, as contrib/limitnet, with ns-3's own commands;
# runs its test suites there; and compares the results of one scenario, byte for byte, with those of
# the program built against the installed ns-3.
#
#   tests/in-tree.sh
#
# The tree is Debian's source package ns3. It is kept, with what was built in it, in
# ${XDG_CACHE_HOME:-~/.cache}/limitnet/ns-3.37; remove that folder to begin anew.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/limitnet
tree=$cache/ns-3.37
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
    [[ -f $work/source/ns3-3.37/ns-3.37/ns3 ]] || fail "the source package ns3 is not version 3.37"
    rm -rf -- "$tree"
    mv "$work/source/ns3-3.37/ns-3.37" "$tree"
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

if [[ ! -f $tree/ns3 ]]; then
    step "ns-3's source tree"
    fetch_tree
fi
ln -sfn "$root/ns3-module" "$tree/contrib/limitnet"

step "configure"
# Tests and examples of this module only: ns-3's own are not what is to be shown here.
ns3_in_tree configure --enable-modules=limitnet --enable-examples --enable-tests \
    --filter-module-examples-and-tests=limitnet -- -Dlimitnet_DIR="$root/build" \
    >"$scratch/configure.log" 2>&1 || {
    cat "$scratch/configure.log" >&2
    fail "ns-3's configure failed"
}

step "build"
ns3_in_tree build >"$scratch/build.log" 2>&1 || {
    tail -n 60 "$scratch/build.log" >&2
    fail "the build in ns-3's tree failed"
}

step "test suites"
suites=$(sed -n '/^set(test_suites/,/)/p' "$root/ns3-module/CMakeLists.txt" |
    sed -e 's/set(test_suites//' -e 's/)//')
[[ -n ${suites//[[:space:]]/} ]] || fail "ns3-module/CMakeLists.txt lists no test suite"
for suite in $suites; do
    # test.py exits with 0 also when it found no such suite, so what it says is looked at.
    (cd "$tree" && env USER=limitnet python3 ./test.py -s "$suite") \
        >"$scratch/test.log" 2>&1 || true
    grep -q '^1 of 1 tests passed' "$scratch/test.log" || {
        cat "$scratch/test.log" >&2
        fail "suite $suite failed in ns-3's tree"
    }
    printf '%s passed\n' "$suite"
done

step "the same scenario in both builds"
# Small enough for seconds, with more than one spreading factor and with losses.
scenario="--devices.count=4 --seed=3 --run=2 --cloud.cache=none"
mkdir -p "$scratch/installed" "$scratch/tree"
"$root/ns3" --yes run "limitnet-lora-scenario $scenario --out=$scratch/installed" \
    >"$scratch/run.log" 2>&1 || {
    cat "$scratch/run.log" >&2
    fail "the scenario failed in the build against the installed ns-3"
}
ns3_in_tree run "limitnet-lora-scenario $scenario --out=$scratch/tree" \
    >"$scratch/run.log" 2>&1 || {
    cat "$scratch/run.log" >&2
    fail "the scenario failed in ns-3's tree"
}
count=0
while IFS= read -r file; do
    cmp "$scratch/installed/$file" "$scratch/tree/$file" || fail "$file differs between the builds"
    count=$((count + 1))
done < <(cd "$scratch/installed" && find . -name '*.csv' | sort)
((count >= 4)) || fail "the scenario wrote $count CSV files, not four"
printf '%d CSV files are the same in both builds\n' "$count"
