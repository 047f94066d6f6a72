#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the examples of a module as ns-3's test.py would, from the list that test.py reads.

  run-examples.py MODULE_FOLDER PROGRAM_FOLDER

Each runs in a folder of its own, and those that are done in a second run twice; it fails when a
program ends with an error, prints nothing, or does not print the same twice (those with --out print
how long they took, too, and are not compared). Every example that MODULE_FOLDER has must be in the
list.
"""

import importlib.util
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def listed(module):
    spec = importlib.util.spec_from_file_location(
        "examples_to_run", module / "test" / "examples-to-run.py")
    examples = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(examples)
    return [command for command, *_ in examples.cpp_examples]


def run(command, programs):
    program, *arguments = shlex.split(command)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([programs / program, *arguments], cwd=folder, timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode(errors="replace")
    if done.returncode:
        return text, f"ended with {done.returncode}:\n{text}"
    return text, None if text.strip() else "printed nothing"


def main(module, programs):
    complaints = []
    commands = listed(module)
    names = {command.split()[0] for command in commands}
    for source in sorted((module / "examples").glob("*.cc")):
        if source.stem not in names:
            complaints.append(f"{source.stem} is not in test/examples-to-run.py")
    for command in commands:
        begin = time.monotonic()
        first, problem = run(command, programs)
        if problem is None and "--out" not in command and time.monotonic() - begin < 1:
            again, problem = run(command, programs)
            if problem is None and again != first:
                problem = "did not print the same when it ran again"
        print(f"== {command}\n{first}", end="" if first.endswith("\n") else "\n")
        if problem:
            complaints.append(f"{command}: {problem}")
    for complaint in complaints:
        print(f"error: {complaint}", file=sys.stderr)
    sys.exit(1 if complaints or not commands else 0)


main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
