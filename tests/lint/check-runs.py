#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails when an example program or a scenario file does not run.

  check-runs.py ROOT BIN

Every ns3-module/*/examples/*.cc is a program in BIN: it has to print its help and to run, once
without a file and once with every file of scenarios/ that is for it. Those in PROGRAMS are run with
few devices for a short time, and have to leave their result files. The same
scenario has to give the same bytes twice, and others with another run number. A scenario file is for
limitnet-lora-scenario unless its first line is a comment that names another program.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

# Options for a short run, the files it has to leave, and the one that shows whether anything happened.
OFFLOADING = ["--devices.count=2", "--images.per_device=1", "--scenario.duration_s=300",
              "--images.period_s=60", "--devices.radius_m=500", "--images.dataset=cifar10",
              "--codec.classifier=auto", "--accuracy.times_s=60,200", "--plot=false",
              "--cloud.cache=none"]
OFFLOADING_FILES = ["accuracy.csv", "fragments.csv", "gateways.csv", "images.csv", "nodes.csv",
                    "scenario.ini"]
PROGRAMS = {
    "limitnet-ideal-scenario": ([*OFFLOADING, "--ideal.bit_rate_bps=100"],
                                OFFLOADING_FILES, "images.csv"),
    "limitnet-lora-scenario": ([*OFFLOADING, "--lora.sf=7"], OFFLOADING_FILES, "images.csv"),
    "limitnet-nbiot-scenario": (OFFLOADING, OFFLOADING_FILES, "images.csv"),
    "limitnet-mixed-scenario": ([*OFFLOADING, "--lora.sf=7"],
                                OFFLOADING_FILES, "images.csv"),
    "limitnet-lorawan-cell": (
        ["--devices.count=20", "--scenario.duration_s=3600"],
        ["cell.csv", "devices.csv", "scenario.ini"],
        "devices.csv"),
}


def run(command):
    """The last lines of output when the command fails, otherwise nothing.

    It runs in an empty folder, in which it must not leave anything.
    """
    with tempfile.TemporaryDirectory() as here:
        try:
            result = subprocess.run([str(word) for word in command], cwd=here, check=False,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT)
        except OSError as error:
            return str(error)
        left = sorted(path.name for path in Path(here).iterdir())
    if left:
        return f"left {', '.join(left)} in the folder it was started in"
    if result.returncode == 0:
        return ""
    tail = "\n".join(result.stdout.decode(errors="replace").splitlines()[-5:])
    return f"exit status {result.returncode}\n{tail}"


def results(folder):
    """The bytes of the CSV files below a folder, by name."""
    return {path.name: path.read_bytes() for path in Path(folder).rglob("*.csv")}


def complaints_about_repeating(program):
    """The same seed and run give the same bytes, another run gives others."""
    small, _, shown = PROGRAMS[program.name]
    outcomes = []
    for number in (1, 1, 2):
        with tempfile.TemporaryDirectory() as out:
            wrong = run([program, f"--out={out}", *small, f"--run={number}"])
            if wrong:
                return [f"{program.name} --run={number}: {wrong}"]
            outcomes.append(results(out))
    first, again, other = outcomes
    complaints = [f"{program.name}: {name} differs between two runs of one scenario"
                  for name in first if first[name] != again.get(name)]
    if first == other:
        complaints.append(f"{program.name}: another run number gives the same results")
    if first.get(shown, b"").count(b"\n") < 3:
        complaints.append(f"{program.name}: nothing happens in the small scenario")
    return complaints


def program_of(scenario):
    first = scenario.read_text(encoding="utf-8").split("\n", 1)[0]
    named = re.search(r"\blimitnet-[a-z-]+\b", first) if first[:1] in "#;" else None
    return named.group(0) if named else "limitnet-lora-scenario"


def is_sweep(scenario):
    return re.search(r"^\[sweep\]", scenario.read_text(encoding="utf-8"), re.M) is not None


def main(root, programs):
    complaints, checked, skipped = [], 0, 0
    examples = sorted(path.stem for path in (root / "ns3-module").glob("*/examples/*.cc"))
    scenarios = sorted((root / "scenarios").glob("**/*.ini"))
    for scenario in scenarios:
        if program_of(scenario) not in examples:
            complaints.append(f"{scenario.name}: for {program_of(scenario)}, which is not there")
    for example in examples:
        wrong = run([programs / example, "--help"])
        if wrong:
            complaints.append(f"{example} --help: {wrong}")
        small, files = [], []
        mine = [scenario for scenario in scenarios if program_of(scenario) == example]
        for scenario in filter(is_sweep, mine):
            checked += 1
            wrong = run([programs / "limitnet-sweep", scenario, "--check"])
            if wrong and "dataset cifar100 not found" in wrong:
                print(f"{scenario.name} is not checked: CIFAR-100 is not there; `limitnet data fetch cifar100`, "
                      "or name its folder with LIMITNET_DATA")
                skipped += 1
            elif wrong:
                complaints.append(f"limitnet-sweep {scenario.name} --check: {wrong}")
        runs = [None] + [scenario for scenario in mine if not is_sweep(scenario)]
        if example in PROGRAMS:
            small, files, _ = PROGRAMS[example]
            complaints += complaints_about_repeating(programs / example)
        for scenario in runs:
            checked += 1
            what = example if scenario is None else f"{example} --scenario={scenario.name}"
            with tempfile.TemporaryDirectory() as out:
                command = [programs / example]
                if files:
                    command += [f"--out={out}", *small]
                if scenario is not None:
                    command.append(f"--scenario={scenario}")
                wrong = run(command)
                if wrong:
                    complaints.append(f"{what}: {wrong}")
                    continue
                written = {path.name for path in Path(out).rglob("*")}
                missing = [name for name in files if name not in written]
                if missing:
                    complaints.append(f"{what}: did not write {', '.join(missing)}")
    if not checked:
        complaints.append("nothing to check: no example program found")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if complaints:
        sys.exit(1)
    print(f"{checked - skipped} runs checked")
    if skipped:
        sys.exit(77)


main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
