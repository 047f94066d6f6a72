#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of analysis/ have in common: calls of scripts, made-up tables."""

import contextlib
import importlib.util
import io
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ANALYSIS = ROOT / "analysis"
sys.path.insert(0, str(ANALYSIS))



def call(script, *words):
    """Runs a script; returns exit status, output and errors."""
    done = subprocess.run(
        [sys.executable, "-B", ANALYSIS / script, *map(str, words)], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )
    return done.returncode, done.stdout, done.stderr


def load(path):
    """Returns a script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call_here(script, *words):
    """The same as call() inside this process, which spares the time to load pandas again."""
    out, errors = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = [script, *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            status = load(ANALYSIS / script).main()
    finally:
        sys.argv = before
    return status, out.getvalue(), errors.getvalue()


def write(folder, name, *lines):
    """Writes a small CSV file."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_two_images(folder, lead="", values=""):
    """Writes two images whose budgets are worked out in BudgetsByHand."""
    write(
        folder, "images.csv",
        f"{lead}device,link,image,dataset_index,sf,ce_level,captured_s,observed_s,encoding_energy_j",
        f"{values}0,lora,0,8,7,,100,1000,1", f"{values}0,lora,1,9,7,,200,5,1",
    )
    write(
        folder, "fragments.csv",
        f"{lead}device,image,fragment,bytes,sent_s,tx_energy_j,arrived_s,correct",
        f"{values}0,0,0,10,101,0.5,102,0",
        f"{values}0,0,1,20,103,0.5,,",      # lost
        f"{values}0,0,2,30,105,0.25,110,1",  # overtaken by the next one
        f"{values}0,0,3,40,107,0.25,108,",   # not evaluated
        f"{values}0,1,0,10,201,0.5,203,1",
        f"{values}0,1,1,20,202,0.5,204,0",
    )


class Folder(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.folder = Path(kept.name)

    def fails(self, script, *words):
        """Expects one line with an error and returns it."""
        status, out, errors = call_here(script, *words)
        self.assertEqual((status, out), (1, ""), f"{script} {words}: {errors}")
        self.assertRegex(errors, r"\Aerror: [^\n]+\n\Z", f"{script} {words}")
        return errors
