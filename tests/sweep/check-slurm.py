#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs sweeps on a real Slurm cluster of one node and compares their files with those of local ones.

  check-slurm.py BIN_FOLDER WORK_FOLDER

BIN_FOLDER has limitnet-sweep and, where the ns-3 module is built, limitnet-lorawan-cell. Tasks are
killed and cancelled in the middle, and the sweep itself is stopped and killed. Ends with 77, which
CTest shows as skipped, where Slurm is missing (packages.txt, group [slurm]).
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PATIENCE_S = 200  # for what has to happen at some time

# Leaves what a scenario program leaves. What else it does, files beside it say: a run that is named
# by hang-POINT-RUN never ends the first time, one named by kill-POINT-RUN ends its task each time.
PROGRAM = """#!/bin/sh
for a; do
    case $a in
    --check) exit 0 ;;
    --out=*) out=${a#--out=} ;;
    --scenario.name=*) name=${a#--scenario.name=} ;;
    --run=*) run=${a#--run=} ;;
    --lora.sf=*) sf=${a#--lora.sf=} ;;
    esac
done
here=${0%/*}
echo "$name-$run" >>"$here/started"
[ -e "$here/fail-$sf" ] && { echo "nothing works"; exit 3; }
[ -e "$here/kill-$name-$run" ] && kill -KILL $PPID && exec sleep 1000
if [ -e "$here/hang-$name-$run" ] && mkdir "$here/hung-$name-$run" 2>/dev/null; then
    echo "$PPID ${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" >"$here/hung-$name-$run/.task"
    mv "$here/hung-$name-$run/.task" "$here/hung-$name-$run/task"
    exec sleep 1000
fi
while [ -e "$here/wait" ]; do sleep 0.1; done
mkdir -p "$out/$name" "$out/$name/.$run"
printf 'sf\\n%s\\n' "$sf" >"$out/$name/.$run/a.csv"
printf 'x,y\\n%s,1\\n%s,"2,5"\\n' "$sf" "$run" >"$out/$name/.$run/b.csv"
touch "$out/$name/.$run/scenario.ini"
mv "$out/$name/.$run" "$out/$name/$run"
"""
CELL = """# limitnet-lorawan-cell
[sweep]
lora.confirmed = true, false
run = 1..6
[devices]
count = 3
"""


def check(condition, words):
    if not condition:
        sys.exit(f"failed: {words}")


def until(condition, words):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        check(time.monotonic() < end, f"still not so: {words}")
        time.sleep(0.1)


def files_of(folder):
    """All results of a sweep: what is in its runs, its tables, and the logs of failures."""
    paths = [*folder.glob("runs/**/*"), *folder.glob("*.csv"), *folder.glob("failed/*")]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths if p.is_file()}


def compare(folder, other, least):
    a, b = files_of(folder), files_of(other)
    check(len(a) >= least, f"{folder}: only {len(a)} files")
    wrong = sorted(n for n in a.keys() | b.keys() if a.get(n) != b.get(n))
    check(not wrong, f"{folder} and {other} differ in {', '.join(wrong[:5])}")


class Sweep:
    """A scenario file, and the sweeps of it in folders of the same name, as records have the name."""

    def __init__(self, work, program, text, own_program):
        self.work, self.program = work, program
        self.bin = work / "bin"
        self.own = own_program
        self.bin.mkdir(parents=True)
        for engine in ("slurm", "local"):
            (work / engine).mkdir()
            (work / engine / "x.ini").write_text(text)
        if own_program:
            self.put("limitnet-lora-scenario", PROGRAM).chmod(0o755)

    def put(self, name, text=""):
        path = self.bin / name
        path.write_text(text)
        return path

    def out(self, engine="slurm"):
        return self.work / engine / "out"

    def started(self):
        path = self.bin / "started"
        return path.read_text().split() if path.exists() else []

    def start(self, engine, *arguments, at="slurm"):
        programs = ["--programs", self.bin] if self.own else []
        return subprocess.Popen(
            [self.program, "x.ini", "--out", "out", "--engine", engine, *programs, *arguments],
            cwd=self.work / at, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, engine, *arguments, at=None, status=0):
        process = self.start(engine, *arguments, at=at or engine)
        return self.end(process, status)

    @staticmethod
    def end(process, status=0):
        output = process.communicate(timeout=PATIENCE_S)[0]
        check(process.returncode == status, f"exit status {process.returncode}:\n{output}")
        return output


def queue():
    return subprocess.run(["squeue", "--noheader"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def real_program(work, sweep_program):
    sweep = Sweep(work, sweep_program, CELL, False)
    output = sweep.run("slurm")
    check("12 runs in 8 tasks" in output, f"an array has 8 tasks at most here:\n{output}")
    sweep.run("local")
    compare(sweep.out(), sweep.out("local"), 12)
    check("job" not in sweep.run("slurm"), "a finished sweep submits nothing")
    print("limitnet-lorawan-cell: as the local engine")


def lost_tasks(work, sweep_program):
    sweep = Sweep(work, sweep_program, "[sweep]\nlora.sf = 7..10\nrun = 1..5\n", True)
    sweep.put("fail-8")
    for name in ("0-2", "3-4"):
        sweep.put(f"hang-{name}")
    process = sweep.start("slurm", "--jobs", "3")
    hung = [sweep.bin / f"hung-{name}" / "task" for name in ("0-2", "3-4")]
    until(lambda: all(h.exists() for h in hung), "two runs hang")
    # As when a node fails; and as an administrator does.
    os.kill(int(hung[0].read_text().split()[0]), signal.SIGKILL)
    subprocess.run(["scancel", hung[1].read_text().split()[1]], check=True)
    output = sweep.end(process, 1)
    check("again what is missing" in output, f"lost runs are submitted again:\n{output}")
    check(output.count("failed: ") == 5, f"five runs fail:\n{output}")
    started = sweep.started()
    twice = {name for name in started if started.count(name) > 1}
    check(len(started) == 22 and twice == {"0-2", "3-4"}, f"only lost runs again: {started}")
    sweep.run("local", status=1)
    compare(sweep.out(), sweep.out("local"), 50)
    check(len(list(sweep.out().glob("failed/*"))) == 5, "five logs of failures")

    (sweep.bin / "fail-8").unlink()
    for engine in ("slurm", "local"):
        sweep.run(engine, "--retry-failed")
    compare(sweep.out(), sweep.out("local"), 62)
    print("killed, cancelled and failed runs: as the local engine")


def stopped(work, sweep_program):
    sweep = Sweep(work, sweep_program, "[sweep]\nlora.sf = 7..9\nrun = 1..4\n", True)
    sweep.put("wait")
    process = sweep.start("slurm")
    until(lambda: len(sweep.started()) == 4, "as many runs as the node has processors")
    process.send_signal(signal.SIGINT)
    output = sweep.end(process, 130)
    check("12 left" in output, output)
    check(queue() == "", f"nothing is left in the queue: {queue()}")
    check(not list(sweep.out().glob("failed/*")), "who was stopped has not failed")

    process = sweep.start("slurm")
    until(lambda: len(sweep.started()) == 8, "four more runs")
    process.kill()
    process.wait()
    process.stdout.close()
    check(queue() != "", "the array goes on alone")
    output = sweep.run("local", at="slurm", status=1)
    check("another process works on this sweep" in output, output)
    process = sweep.start("slurm")
    until(lambda: process.poll() is not None or process.stdout.readline().startswith(
        "waiting for tasks"), "the array is found")
    (sweep.bin / "wait").unlink()
    output = sweep.end(process)
    check("12 runs done" in output and "job" not in output, f"the array did all:\n{output}")
    check(len(sweep.started()) == 4 + 12, f"no run twice: {sweep.started()}")
    sweep.run("local")
    compare(sweep.out(), sweep.out("local"), 38)
    print("stopped and killed sweeps: as the local engine")


def hopeless(work, sweep_program):
    sweep = Sweep(work, sweep_program, "[sweep]\nlora.sf = 7, 8\nrun = 1\n", True)
    output = sweep.run("slurm", "--slurm-options", "--partition=none", status=1)
    check("Invalid partition" in output and output.count("\n") == 1, f"one line:\n{output}")
    sweep.put("kill-1-1")
    output = sweep.run("slurm", status=1)
    check("1 runs are missing after three job arrays" in output, output)
    check(sweep.started().count("1-1") == 4 and sweep.started().count("0-1") == 1,
          f"tried again until three arrays have done nothing: {sweep.started()}")
    print("refused jobs and runs that end their task: said")


def main(binaries, work):
    missing = [t for t in ("sbatch", "slurmctld", "slurmd", "munged")
               if not shutil.which(t, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")]
    if missing:
        print(f"SKIPPED: {', '.join(missing)} not installed; see [slurm] in packages.txt")
        sys.exit(77)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    sweep_program = binaries / "limitnet-sweep"
    node = HERE / "slurm-node.sh"
    # Not in the work folder: the path of a socket may have 108 characters.
    with tempfile.TemporaryDirectory(prefix="limitnet-slurm.") as cluster:
        try:
            subprocess.run([node, "start", cluster, "MaxArraySize=8"], check=True)
            os.environ["SLURM_CONF"] = f"{cluster}/slurm.conf"
            if (binaries / "limitnet-lorawan-cell").exists():
                real_program(work / "real", sweep_program)
            else:
                print("limitnet-lorawan-cell is not built; the made-up program has to do")
            lost_tasks(work / "lost", sweep_program)
            stopped(work / "stopped", sweep_program)
            hopeless(work / "hopeless", sweep_program)
        finally:
            subprocess.run([node, "stop", cluster], check=False)


main(*(Path(a).resolve() for a in sys.argv[1:3]))
