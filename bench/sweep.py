#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a sweep of many runs costs beside the runs.

  sweep.py SWEEP_PROGRAM [--runs N]

The runs are those of a made-up program that copies three tables of the size that a small scenario
leaves. Prints the time and the peak of the memory for reading the plan, for all runs, for a call that finds
all of them done, and for one that finds one missing and writes the tables; the number of files; and, where
DuckDB is (`limitnet data fetch duckdb`), what Parquet files of the tables cost.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = """#!/bin/sh
for a; do
    case $a in
    --out=*) out=${a#--out=} ;;
    --scenario.name=*) name=${a#--scenario.name=} ;;
    --run=*) run=${a#--run=} ;;
    esac
done
[ -d "$out/$name" ] || mkdir -p "$out/$name"
cp -r "${0%/*}/results" "$out/$name/.$run"
mv "$out/$name/.$run" "$out/$name/$run"
"""
# Rows and bytes of a row in each table.
TABLES = {"accuracy.csv": (10, 40), "images.csv": (50, 90), "fragments.csv": (440, 70)}


def timed(command, environment):
    """Seconds, those of a processor (with the runs', if any), and the peak of the memory in MiB."""
    begin = time.monotonic()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{output.decode()}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def show(what, command, **environment):
    figures = timed(command, {**os.environ, **environment})
    print("  {:30} {:8.2f} s, {:8.2f} s of processors {:8.1f} MiB".format(what, *figures), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=10000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        results = folder / "bin" / "results"
        results.mkdir(parents=True)
        for name, (rows, width) in TABLES.items():
            row = ",".join(["1.25"] * (width // 5)) + "\n"
            (results / name).write_text(row.replace("1.25", "name") + row * rows)
        (results / "scenario.ini").write_text("[scenario]\n")
        program = folder / "bin" / "limitnet-lora-scenario"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        no_library = str(folder / "cache")  # so that Parquet files are measured on their own
        for what, sweep in (
            ("repetitions of one combination", f"run = 1..{arguments.runs}"),
            ("combinations run once", f"lora.extra_loss = 0..0.5..{0.5 / (arguments.runs - 1):.12g}"),
        ):
            file = folder / "x.ini"
            file.write_text(f"[sweep]\n{sweep}\n")
            out = folder / "out"
            command = [arguments.program, file, "--out", out, "--programs", folder / "bin"]
            print(f"{arguments.runs} {what}")
            show("plan (--check)", [*command, "--check"], XDG_CACHE_HOME=no_library)
            show("all runs", command, XDG_CACHE_HOME=no_library)
            files = sum(len(names) for _, _, names in os.walk(out))
            print(f"  files: {files}; most in one folder: "
                  f"{max(len(n) + len(d) for _, d, n in os.walk(out))}")
            show("again, all done", command, XDG_CACHE_HOME=no_library)
            last = sorted((out / "runs").glob("*/*"))[-1]
            subprocess.run(["rm", "-rf", last], check=True)
            show("one missing, with its tables", command, XDG_CACHE_HOME=no_library)
            limitnet = Path(arguments.program).with_name("limitnet")
            if subprocess.run([limitnet, "data", "check", "duckdb"], capture_output=True, check=False).returncode == 0:
                show("Parquet files of the tables", [limitnet, "parquet", out])
            subprocess.run(["rm", "-rf", out], check=True)


main()
