#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Installs everything into a folder and moves that elsewhere: the programs run from there, with their
# models and scenarios. Builds a copy of ns3-module/ alone against the installed library and the
# installed ns-3. Installs the component lpwan by itself, and builds a stranger's script against it;
# another one against both modules. Looks at the versions of libraries and packages.
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

step "install"
"$root/ns3" --yes packages build installed
"$root/ns3" --yes build
# The data set of the default scenario, where the driver has not got it yet.
quietly "$root/ns3" --yes run "limitnet-lora-scenario --check --devices.count=1"
if [[ -n ${LIMITNET_DATA:-} ]]; then
    LIMITNET_DATA=$(cd -- "$LIMITNET_DATA" && pwd -P)
    export LIMITNET_DATA
fi
quietly cmake --install "$root/build" --prefix "$scratch/first"
mv "$scratch/first" "$scratch/prefix"
# What a user of the library sees is the standard library and our own headers.
if grep -rnE '#include *[<"](torch|ATen|c10|boost|fmt|archive|ns3)' "$scratch/prefix/include/limitnet"; then
    printf 'error: an installed header of the library shows another library\n' >&2
    exit 1
fi

step "the programs where they were moved to"
(
    cd "$scratch" # where there is nothing of the checkout
    quietly prefix/bin/limitnet-lora-scenario --scenario=lora-lossy --devices.count=2 \
        --images.per_device=1 --scenario.duration_s=300 --images.period_s=60 --plot=false \
        --cloud.cache=none --out=moved
    quietly strace -f -e trace=openat -o trace prefix/bin/limitnet-lorawan-cell \
        --scenario=benchmark-lorawan --devices.count=20 --scenario.duration_s=600 --out=moved
    if grep -q "\"$root/" trace; then
        printf 'error: an installed program opens files of the checkout\n' >&2
        exit 1
    fi
    if [[ $(ldd prefix/bin/limitnet-lorawan-cell) == *torch* ]]; then
        printf 'error: limitnet-lorawan-cell loads LibTorch\n' >&2
        exit 1
    fi
)

step "the component lpwan alone"
quietly cmake --install "$root/build" --prefix "$scratch/lpwan" --component lpwan
if find "$scratch/lpwan" -type f |
    grep -v -e lpwan -e 'cmake/.*ns3.cmake$' -e '/bin/limitnet-\(lorawan\|nbiot\)-'; then
    printf 'error: the component lpwan has more than the module\n' >&2
    exit 1
fi

# build_script SOURCE PREFIX LINES...: a project of its own with one source, whose CMakeLists.txt has
# these lines beside the usual ones.
build_script()
{
    local source=$1 prefix=$2 folder
    shift 2
    folder=$(mktemp -d "$scratch/script.XXXXXX")
    cp "$source" "$folder/script.cc"
    {
        printf 'cmake_minimum_required(VERSION 3.21)\nproject(script LANGUAGES CXX)\n'
        printf '%s\n' "$1"
        # shellcheck disable=SC2016 # CMake's own $
        printf 'set(CMAKE_CXX_STANDARD ${LPWAN_NS3_STANDARD})\nadd_executable(script script.cc)\n'
        printf '%s\n' "${@:2}"
    } >"$folder/CMakeLists.txt"
    quietly cmake -S "$folder" -B "$folder/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix"
    quietly cmake --build "$folder/build"
    quietly "$folder/build/script"
    cat "$scratch/log"
}

build_script "$root/tests/in-tree/first-script.cc" "$scratch/lpwan" \
    'find_package(lpwan 1.0 REQUIRED)' 'target_link_libraries(script PRIVATE lpwan::lpwan)'

step "both modules"
build_script "$root/ns3-module/limitnet/examples/limitnet-own-strategy.cc" "$scratch/prefix" \
    'find_package(limitnet 1.0 REQUIRED COMPONENTS ns3)' \
    'target_link_libraries(script PRIVATE limitnet::ns3)'

step "versions"
version=$("$root/ns3" --version)
version=${version##* }
for library in ns3-lpwan ns3-limitnet limitnet limitnet-scenario limitnet-tools; do
    name=$(find "$scratch/prefix" -name "lib$library.so.$version")
    [[ -n $name && $(objdump -p "$name") == *SONAME*"lib$library.so.${version%%.*}"$'\n'* ]] || {
        printf 'error: lib%s.so.%s is not there or has another name inside\n' "$library" "$version" >&2
        exit 1
    }
done
for package in lpwan limitnet; do
    mkdir "$scratch/refused-$package"
    printf 'cmake_minimum_required(VERSION 3.21)\nproject(refused LANGUAGES CXX)\n%s\n' \
        "find_package($package $((${version%%.*} + 1)).0 REQUIRED)" \
        >"$scratch/refused-$package/CMakeLists.txt"
    if cmake -S "$scratch/refused-$package" -B "$scratch/refused-$package/build" -G Ninja \
        -DCMAKE_PREFIX_PATH="$scratch/prefix" >"$scratch/log" 2>&1; then
        printf 'error: the package %s takes itself for the next major version\n' "$package" >&2
        exit 1
    fi
    grep -q "version: $version" "$scratch/log" || {
        cat "$scratch/log" >&2
        printf 'error: the package %s does not say that it has version %s\n' "$package" "$version" >&2
        exit 1
    }
done

step "a script in scratch/"
name=installed-test-$$
trap 'rm -rf -- "$scratch" "$root/scratch/$name.cc"' EXIT
cp "$root/ns3-module/lpwan/examples/limitnet-lorawan-script.cc" "$root/scratch/$name.cc"
quietly "$root/ns3" --yes run "$name --devices=3"
quietly "$root/ns3" --yes run "scratch/$name.cc"
rm "$root/scratch/$name.cc"

step "build a copy of the modules alone"
cp -r "$root/ns3-module" "$scratch/module"
quietly cmake -S "$scratch/module" -B "$scratch/build" -G Ninja \
    -DCMAKE_PREFIX_PATH="$scratch/prefix" -DCMAKE_BUILD_TYPE=Release
grep -q "Library limitnet: $scratch/prefix/" "$scratch/log" || {
    printf 'error: the modules were not built against the installed library\n' >&2
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
printf 'the modules alone work against the installed library\n'
