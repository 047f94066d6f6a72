#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails when a C++ source is not as clang-format and .clang-format have it, or lacks its licence.

Commands of doxygen begin with a backslash, as in ns-3.

  check-format.py ROOT
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from sources import files, finish

# What another release of the program makes of the same rules differs in places.
CLANG_FORMAT = "14"
LICENCE = "// SPDX-License-Identifier: GPL-2.0-only"
OTHER_DIALECT = re.compile(r"@(brief|file|p|param|returns?|throws?|tparam)\b")


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
        where = path.relative_to(root)
        lines = path.read_text(encoding="utf-8").split("\n")
        if lines[0] != LICENCE:
            complaints.append(f"{where}:1: the first line is not {LICENCE}")
        complaints += [f"{where}:{number}: \\{command[1]}, not {command[0]}"
                       for number, line in enumerate(lines, 1)
                       for command in OTHER_DIALECT.finditer(line)]
    if paths:
        style = f"--style=file:{root / '.clang-format'}"
        result = subprocess.run([tool, "--dry-run", "--Werror", style, *map(str, paths)],
                                stderr=subprocess.PIPE, check=False)
        if result.returncode:
            complaints.append(result.stderr.decode().rstrip())
            complaints.append("to put it right: clang-format -i FILE")
    finish(complaints, len(paths), "sources")


main(Path(sys.argv[1]).resolve())
