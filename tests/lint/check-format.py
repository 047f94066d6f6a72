#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails when a C++ source is not as clang-format and .clang-format have it, or lacks its licence.

  check-format.py ROOT
"""

import shutil
import subprocess
import sys
from pathlib import Path

from sources import files, finish

# What another release of the program makes of the same rules differs in places.
CLANG_FORMAT = "14"
LICENCE = "// SPDX-License-Identifier: GPL-2.0-only"


def main(root):
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if tool is None:
        sys.exit("error: clang-format is missing; ./ns3 packages lint installs it")
    version = subprocess.run([tool, "--version"], stdout=subprocess.PIPE, check=True).stdout.decode()
    if f"version {CLANG_FORMAT}." not in version:
        print(f"not checked: this is{version.split('clang-format')[-1].rstrip()} of clang-format, "
              f"not {CLANG_FORMAT}")
        sys.exit(77)
    paths = files(root, ".h", ".cc")
    complaints = []
    for path in paths:
        with path.open(encoding="utf-8") as stream:
            if stream.readline().rstrip("\n") != LICENCE:
                complaints.append(f"{path.relative_to(root)}:1: the first line is not {LICENCE}")
    if paths:
        style = f"--style=file:{root / '.clang-format'}"
        result = subprocess.run([tool, "--dry-run", "--Werror", style, *map(str, paths)],
                                stderr=subprocess.PIPE, check=False)
        if result.returncode:
            complaints.append(result.stderr.decode().rstrip())
            complaints.append("to put it right: clang-format -i FILE")
    finish(complaints, len(paths), "sources")


main(Path(sys.argv[1]).resolve())
