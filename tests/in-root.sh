#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What tests/debian.sh runs, here and in a root of another Debian release: builds the programs, there
# everything, and leaves what some runs print and write.
#
#   tests/in-root.sh OUT [--suites]      --suites: builds and runs the module's test suites, too
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

out=$1
programs=(bin/limitnet-lora-scenario bin/limitnet-nbiot-scenario bin/limitnet-mixed-scenario
    bin/limitnet-lorawan-cell)
if [[ ${2:-} == --suites ]]; then
    SECONDS=0
    ./ns3 --yes packages build
    echo "packages: $SECONDS s"
    SECONDS=0
    # All of it, tests too: newer compilers warn of what older ones let pass.
    ./ns3 --yes build
    echo "build: $SECONDS s"
    ctest --test-dir build --output-on-failure --no-tests=error -R '^ns3\.'
    build/bin/limitnet-lorawan-first --devices=200
else
    ./ns3 --yes build "${programs[@]}"
fi

# Without neural networks: LoRaWAN with joining, ADR, confirmed frames, class C, US915, batteries and
# interference between operators; and the links below pictures.
cell()
{
    build/bin/limitnet-lorawan-cell --out="$out" "$@" >/dev/null
}
cell --scenario.name=cell-eu868 --devices.count=200 --lora.adr=true --lora.confirmed=true --frames=true \
    --lora.activation=otaa --devices.battery_j=2000 --scenario.duration_s=40000
cell --scenario.name=cell-us915 --devices.count=40 --lora.region=US915 --lora.class=C --traffic.payload_bytes=10 \
    --lora.confirmed=true --frames=true --scenario.duration_s=20000
cell --scenario.name=cell-operators --devices.count=300 --lora.gateways=3 --lora.operators=2 --frames=true \
    --lora.shadowing_sigma_db=6 --scenario.duration_s=20000
# The default classifier's data set is fetched, or found in LIMITNET_DATA.
common=(--out="$out" --plot=false --cloud.cache=none)
./ns3 --yes run limitnet-lora-scenario -- "${common[@]}" --scenario.name=lora \
    --devices.count=6 --seed=3 >/dev/null
./ns3 --yes run limitnet-nbiot-scenario -- "${common[@]}" --scenario.name=nbiot \
    --devices.count=4 --images.per_device=2 >/dev/null
./ns3 --yes run limitnet-mixed-scenario -- "${common[@]}" --scenario.name=mixed \
    --scenario=scenarios/mixed.ini --cloud.quality=true >/dev/null
