#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs a scenario program with random values of random keys and looks at what it does with them.

  tests/fuzz/random-scenarios.py PROGRAM [--count N] [--seed N] [--only N] [--bin FOLDER]
                                    [--verbose]

PROGRAM is limitnet-lora-scenario, -nbiot-scenario, -mixed-scenario or limitnet-lorawan-cell, with
three devices at most. Keys, ranges and choices are read from its --help. Either it ends well, and its
result files obey the laws of tests/analysis/check-contract.py, and are the same when it runs again
(one in ten); or it refuses the values with one line that begins with "error: " and names a key, and
leaves nothing behind. Anything else is told with the command that repeats it: a crash, a finding
of a sanitizer (--bin of a build with them), a law that does not hold, half a result.

Exit status: 0; 1 with a finding; 2 on wrong usage.
"""

import argparse
import filecmp
import importlib.util
import math
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Keys that name files and folders of the user, or that say nothing about what is simulated.
LEFT_OUT = {"seed", "out", "data", "plot", "scenario.name", "cloud.cache", "cloud.cache_limit_mib", "images.times"}

# Most that is drawn, where the program would take more than a small machine has time for.
MOST = {
    "accuracy.limit_s": 1e5,
    "devices.count": 3,
    "faults.reboots_per_day": 2000,
    "images.first": 9999,
    "images.per_device": 5,
    "lora.gateways": 5,
    "lora.operators": 4,
    "lora.operator": 4,
    "nbiot.base_stations": 4,
    "scenario.duration_s": 40000,
}
LEAST = {"accuracy.step_s": 10, "images.period_s": 20, "meter.period_s": 5, "traffic.period_s": 2,
         "scenario.duration_s": 100}

# What keys of free text are given: values that are right, and some that are not.
TEXTS = {
    "accuracy.times_s": (["", "10", "60,600,6000"], ["30,10", "x"]),
    "cloud.pictures_of": (["0/0", "0/0; 0/1"], ["7/7", "0-0"]),
    "codec.classifier": (["auto", "cifar100-lossy"], ["nothing"]),
    "codec.model": (["codec-224"], ["nothing"]),
    "devices.positions": (["0,0; 1500,-200", "10,10"], ["nothing.csv", ""]),
    "images.dataset": (["cifar10", "cifar100"], ["nothing"]),
    "lora.gateway_positions": (["", "0,0; 3000,0", "0,0"], ["1"]),
    "lora.gateway_sensitivity": (["", "SX1301", "SX1303", "-120,-123,-126,-129,-132,-134"], ["-1"]),
    "lora.sf_sensitivity": (["", "SX1301"], ["1,2,3,4,5,6"]),
    "nbiot.base_station_positions": (["", "0,0; 3000,0"], ["1"]),
    "strategy.parity_percent": (["", "0", "30", "100,0", "400"], ["401"]),
}
NONSENSE = 0.05  # how often a text is one that is not right, and keys do not go together

# Keys that mean nothing without another one, and a value of that.
NEEDS = [
    ("strategy.fit_deadline", "strategy.deadline_s", "600"),
    ("faults.cloud_down_from_s", "faults.cloud_down_s", "1000"),
]

# Laws that a run may break in which no camera takes a picture: those of the tests have some.
NO_IMAGES = re.compile(r"^images\.csv: has images|^accuracy\.csv: group \S+ has images")


class Key:
    """A key of the program, as --help describes it."""

    def __init__(self, name, values, default):
        self.name, self.values, self.default = name, values, default

    def draw(self, dice):
        """Returns a value."""
        if self.name in TEXTS:
            return dice.choice(TEXTS[self.name][dice.random() < NONSENSE])
        span = re.fullmatch(r"(-?[\d.e+-]+)\.\.(-?[\d.e+-]+)( .*)?", self.values)
        if not span:
            return dice.choice([word for word in self.values.split("|") if word != "trace"])
        low, high = float(span[1]), float(span[2])
        high = min(high, MOST.get(self.name, high))
        low = max(low, LEAST.get(self.name, low))
        whole = "." not in span[1] and "." not in self.default and self.name.split("_")[-1] not in (
            "s", "m", "w", "j", "db", "dbm", "day", "loss", "confidence")
        kind = dice.random()
        if kind < 0.12:
            value = low
        elif kind < 0.24:
            value = high
        else:
            value = self.between(dice, low, high)
        return str(round(value)) if whole else f"{value:.6g}"

    def between(self, dice, low, high):
        """Returns a value within a factor of 30 of the default, or anywhere near zero."""
        try:
            near = float(self.default)
        except ValueError:
            near = 0
        if near > 0 and low >= 0:
            return min(max(near * math.exp(dice.uniform(-3.4, 3.4)), low), high)
        return dice.uniform(max(low, near - 100), min(high, near + 100))


def keys_of(program):
    """Returns the keys of a program."""
    text = subprocess.run([program, "--help"], capture_output=True, check=True).stdout.decode()
    keys = []
    for name, values, default in re.findall(r"^  --([a-z0-9_.]+)=([^\[\n]*?)(?:  \[(.*)\])?$", text, re.MULTILINE):
        drawn = name in TEXTS or ".." in values or "|" in values
        if name not in LEFT_OUT and drawn and not values.startswith("list"):
            keys.append(Key(name, values, default))
        elif name in TEXTS:
            keys.append(Key(name, values, default))
    if len(keys) < 20:
        sys.exit(f"error: {program} --help lists {len(keys)} keys that could be drawn")
    return keys


def draw(keys, number, seed):
    """Returns the arguments of a scenario."""
    dice = random.Random(f"{seed}/{number}")
    chosen = {"devices.count": str(dice.randint(1, 3)), "seed": str(dice.randint(1, 1000000))}
    for key in dice.sample(keys, dice.randint(1, 14)):
        if key.name not in chosen:
            chosen[key.name] = key.draw(dice)
    if "scenario.duration_s" not in chosen:
        chosen["scenario.duration_s"] = "20000"
    if "images.period_s" not in chosen and any(key.name == "images.period_s" for key in keys):
        chosen["images.period_s"] = "5000"
    if dice.random() > NONSENSE:
        go_together(chosen, dice)
    return [f"--{name}={value}" for name, value in sorted(chosen.items())]


def go_together(chosen, dice):
    """Sees to it that keys that hang on others fit them."""
    if chosen.get("devices.positions") or chosen.get("devices.placement") == "list":
        chosen["devices.placement"] = "list"
        chosen.setdefault("devices.positions", "0,0; 1500,-200")
    operators = max(int(chosen.get(f"lora.{key}", "1")) for key in ("operators", "operator"))
    if operators > 1:
        chosen["lora.operators"] = str(operators)
        chosen["lora.gateways"] = str(dice.randint(operators, operators + 2))
        chosen.pop("lora.gateway_positions", None)
    for key, other, value in NEEDS:
        if chosen.get(key, "0") not in ("0", "false"):
            chosen.setdefault(other, value)


def contract():
    """Returns the module check-contract.py."""
    place = ROOT / "tests" / "analysis" / "check-contract.py"
    description = importlib.util.spec_from_file_location("contract", place)
    module = importlib.util.module_from_spec(description)
    description.loader.exec_module(module)
    return module


def run(program, arguments, out):
    """Runs it; returns the exit status and what it wrote to stderr."""
    fixed = [f"--out={out}"]
    if "lorawan-cell" not in program.name:
        fixed += ["--plot=false"]
    # The scenarios are tiny: one that has not ended after ten minutes never will.
    done = subprocess.run([program, *arguments, *fixed], stdin=subprocess.DEVNULL, capture_output=True,
                          check=False, timeout=600, env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    return done.returncode, done.stderr.decode(errors="replace")


def same(one, other):
    """Returns the first result file that differs between two folders, or nothing."""
    for path in sorted(Path(one).rglob("*.csv")):
        twin = Path(other) / path.relative_to(one)
        if not twin.is_file() or not filecmp.cmp(path, twin, shallow=False):
            return str(path.relative_to(one))
    return ""


def look(program, arguments, names, again, laws):
    """Runs a scenario; returns what is wrong with it, and what it was refused with."""
    with tempfile.TemporaryDirectory() as out:
        status, said = run(program, arguments, out)
        files = [path for path in Path(out).rglob("*") if path.is_file()]
        if status == 1:
            lines = [line for line in said.splitlines() if not line.startswith("warning: ")]
            if len(lines) != 1 or not lines[0].startswith("error: "):
                return f"refused with other than one line: {said[-500:]}", said
            if not any(name in lines[0] for name in names):
                return f"refused without a key's name: {said.strip()}", said
            return (f"refused, and left {files[0]}" if files else ""), said
        if status != 0 or "runtime error" in said or "Sanitizer" in said:
            return f"exit status {status}: {said[-1500:]}", ""
        folders = {path.parent for path in files if path.name in ("images.csv", "cell.csv")}
        if len(folders) != 1:
            return f"{len(folders)} folders of results", ""
        checks = laws.check(folders.pop())
        wrong = [text for text in checks.complaints if not NO_IMAGES.search(text)]
        if wrong:
            return "; ".join(wrong[:3]), ""
        if again:
            with tempfile.TemporaryDirectory() as twin:
                run(program, arguments, twin)
                differs = same(out, twin)
                return (f"run again: another {differs}" if differs else ""), ""
        return "", ""


def main():
    """Runs the program."""
    words = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    words.add_argument("program")
    words.add_argument("--count", type=int, default=500)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--only", type=int, help="the number of one scenario, to repeat it")
    words.add_argument("--verbose", action="store_true", help="a line for each scenario")
    words.add_argument("--bin", type=Path, default=ROOT / "build" / "bin")
    given = words.parse_args()
    program = given.bin / given.program
    if not program.is_file():
        print(f"error: {program}: no such program; ./ns3 build {given.program} makes it", file=sys.stderr)
        return 2
    keys, laws = keys_of(program), contract()
    names = [key.name for key in keys]
    numbers = [given.only] if given.only is not None else range(given.count)
    findings = refused = 0
    for number in numbers:
        arguments = draw(keys, number, given.seed)
        try:
            wrong, refusal = look(program, arguments, names, number % 10 == 0, laws)
        except subprocess.TimeoutExpired:
            wrong, refusal = "it does not end", ""
        refused += bool(refusal)
        if given.verbose:
            print(f"{number}: {refusal.strip() or 'ran'}", flush=True)
        if wrong:
            findings += 1
            print(f"{number}: {wrong}\n    {given.program} {shlex.join(arguments)}", flush=True)
    ran = len(numbers) - refused
    print(f"{given.program}: {ran} scenarios ran, {refused} were refused, {findings} findings")
    if ran < len(numbers) / 4 and given.only is None:
        print("error: too few of them ran to say anything", file=sys.stderr)
        return 1
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
