#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds the modules with waf in the tree of an ns-3 release up to 3.35 and runs the suites there.
#
#   tests/waf-tree.sh DIR [--with-limitnet=PREFIX] [WAF_CONFIGURE_OPTION...]
#
# DIR is an ns-3 tree (or a copy: the links contrib/lpwan and contrib/limitnet and the folder build/
# are made in it). The module lpwan is built and tested; limitnet as well where the library is: in
# this checkout's build/, in /usr or /usr/local, or below PREFIX. $PYTHON names the interpreter,
# python3 otherwise; CXX and CXXFLAGS_EXTRA are waf's. See wscript-bridge/README.md.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)

fail()
{
    printf 'error: %s\n' "$*" >&2
    exit 1
}

[[ $# -ge 1 ]] || fail "usage: tests/waf-tree.sh DIR [WAF_CONFIGURE_OPTION...]"
tree=$1
shift
[[ -f $tree/waf && -f $tree/VERSION ]] || fail "$tree is no tree of ns-3 with waf: up to release 3.35"
tree=$(cd -- "$tree" && pwd -P)
python=${PYTHON:-python3}
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

# What waf takes from Python and newer ones no longer have.
mkdir "$scratch/python"
printf 'from types import ModuleType as new_module\n' >"$scratch/imp"
printf 'from shlex import quote\n' >"$scratch/pipes"
for module in imp pipes; do
    "$python" -W ignore -c "import $module" 2>/dev/null ||
        mv "$scratch/$module" "$scratch/python/$module.py"
done
export PYTHONPATH=$scratch/python${PYTHONPATH:+:$PYTHONPATH}

# waf, in the tree; what it said is shown when it fails.
waf()
{
    (cd "$tree" && nice -n 10 "$python" ./waf "$@") >"$scratch/log" 2>&1 || {
        tail -n 40 "$scratch/log" >&2
        fail "waf $1 failed in ns-3 $(<"$tree/VERSION")"
    }
}

for module in lpwan limitnet; do
    [[ ! -e $tree/contrib/$module || -L $tree/contrib/$module ]] ||
        fail "$tree/contrib/$module is there and no link"
    ln -sfn "$root/wscript-bridge/$module" "$tree/contrib/$module"
done

printf '== ns-3 %s, %s: configure\n' "$(<"$tree/VERSION")" "$("$python" --version)"
waf configure -d optimized --enable-modules=lpwan,limitnet --enable-examples --enable-tests \
    --disable-python --disable-werror "$@"
grep '^ns-3 module' "$scratch/log"
modules=(lpwan)
if grep -q '^ns-3 module limitnet *: enabled' "$scratch/log"; then
    modules+=(limitnet)
fi

printf '== build\n'
waf build -j"$(nproc)"

for module in "${modules[@]}"; do
    suites=$(sed -n '/^set(test_suites/,/)/p' "$root/ns3-module/$module/CMakeLists.txt" |
        sed -e 's/set(test_suites//' -e 's/)//')
    [[ -n ${suites//[[:space:]]/} ]] || fail "ns3-module/$module/CMakeLists.txt lists no test suite"
    for suite in $suites; do
        waf --run "test-runner --suite=$suite --fullness=TAKES_FOREVER --verbose"
        grep -q "^PASS *$suite" "$scratch/log" || {
            cat "$scratch/log" >&2
            fail "suite $suite did not run"
        }
        printf '%s passed\n' "$suite"
    done
done

printf '== an example\n'
waf --run limitnet-lorawan-first
grep -v '^Waf: \|^Build commands\|finished successfully' "$scratch/log" || true
