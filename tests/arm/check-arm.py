#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Builds the device's half for Cortex-M, runs it in QEMU and compares it with the host's bytes.

  check-arm.py ROOT HOST_PROGRAM MODEL WORK_FOLDER CPU

CPU is cortex-m7 or cortex-m4. The sources of limitnet/codec that a sender needs are compiled with
Debian's arm-none-eabi toolchain, those of the hot path without exceptions, and linked with
tests/arm/device-main.cc. Prints sizes, instructions for each stage and the peak of the stack. Fails
when a warning comes, a limit on flash or RAM is passed, or a fragment differs from HOST_PROGRAM's.
Ends with 77, which CTest shows as skipped, where the toolchain or QEMU is missing (packages.txt,
group [arm]).
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

CPUS = {
    "cortex-m7": {"fpu": "fpv5-d16", "machine": "mps2-an500"},
    "cortex-m4": {"fpu": "fpv4-sp-d16", "machine": "mps2-an386"},
}
# What runs for each picture needs no exceptions; reading a model and checking options do.
HOT = ["fragment", "importance-order", "int8-encoder", "map-code", "quantiser", "range-coder",
       "saliency-map", "symbol-model"]
SET_UP = ["codec-tables", "fragmenter", "int8-model"]

# Bytes. Code of the codec, without the model and the C and C++ libraries.
MAX_CODE = 32 * 1024
# The model file in flash.
MAX_MODEL = 32 * 1024
# RAM of the encoder alone, beyond the camera's row; and of all the device's state.
MAX_ENCODER = 64 * 1024
MAX_STATE = 80 * 1024


def run(command, **keywords):
    result = subprocess.run(command, text=True, capture_output=True, timeout=240, **keywords)
    if result.returncode != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


def sizes(file):
    """text + data of an object or program, and data + bss."""
    text, data, bss = map(int, run(["arm-none-eabi-size", file]).splitlines()[1].split()[:3])
    return text + data, data + bss


def main(root, host, model, work, cpu):
    missing = [t for t in ("arm-none-eabi-g++", "qemu-system-arm") if not shutil.which(t)]
    if missing:
        print(f"SKIPPED: {' and '.join(missing)} not installed; see [arm] in packages.txt")
        sys.exit(77)
    work = work / cpu
    work.mkdir(parents=True, exist_ok=True)
    target = [f"-mcpu={cpu}", "-mthumb", "-mfloat-abi=hard", f"-mfpu={CPUS[cpu]['fpu']}"]
    common = ["arm-none-eabi-g++", *target, "-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror",
              "-ffunction-sections", "-fdata-sections", "-fno-rtti", "-I", root, "-c"]
    objects, code = [], 0
    for name in HOT + SET_UP:
        flags = ["-fno-exceptions"] if name in HOT else []
        target_file = work / f"{name}.o"
        run([*common, *flags, root / "limitnet" / "codec" / f"{name}.cc", "-o", target_file])
        flash, ram = sizes(target_file)
        print(f"{cpu} {name}: flash {flash} bytes, static RAM {ram} bytes")
        code += flash
        objects.append(target_file)
    for name in ("device-main", "startup"):
        run([*common, f'-DMODEL_FILE="{model}"', root / "tests" / "arm" / f"{name}.cc", "-o",
             work / f"{name}.o"])
        objects.append(work / f"{name}.o")
    program = work / "device.elf"
    run(["arm-none-eabi-g++", *target, "--specs=nano.specs", "--specs=rdimon.specs",
         "-Wl,--gc-sections", "-T", root / "tests" / "arm" / "device.ld", *objects, "-o", program])
    flash, _ = sizes(program)
    model_bytes = model.stat().st_size
    print(f"{cpu} code of the codec: {code} bytes; model: {model_bytes}; whole program with the C "
          f"and C++ libraries: {flash}")

    output = run(["qemu-system-arm", "-M", CPUS[cpu]["machine"], "-nographic", "-semihosting",
                  "-icount", "shift=0", "-kernel", program]).splitlines()
    report = [line for line in output if line.startswith("device ")]
    fragments = [line for line in output if not line.startswith("device ")]
    expected = [line for line in run([host]).splitlines() if not line.startswith("device ")]
    for line in report:
        print(f"{cpu} {line[7:]}")
    memory = re.search(r"memory encoder (\d+) fragmenter (\d+) model (\d+) stack (\d+)",
                       "\n".join(report))
    if not memory:
        sys.exit("the device's program printed no memory figures")
    encoder, fragmenter, tables, stack = map(int, memory.groups())
    print(f"{cpu} RAM: encoder with its stack {encoder + stack}, all state with it "
          f"{encoder + fragmenter + tables + stack} bytes")

    wrong = []
    if len(expected) < 10 or fragments != expected:
        wrong.append(f"{len(fragments)} fragments of the device differ from the host's "
                     f"{len(expected)}")
    for what, value, limit in (("code", code, MAX_CODE), ("model", model_bytes, MAX_MODEL),
                               ("encoder's RAM", encoder + stack, MAX_ENCODER),
                               ("RAM", encoder + fragmenter + tables + stack, MAX_STATE)):
        if value > limit:
            wrong.append(f"{what}: {value} bytes, more than {limit}")
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{cpu}: {len(fragments)} fragments, equal to the host's")


main(*(Path(a).resolve() for a in sys.argv[1:5]), sys.argv[5])
