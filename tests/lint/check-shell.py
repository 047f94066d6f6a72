#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails when shellcheck finds fault with a shell script: the driver, CI, and all named *.sh.

  check-shell.py ROOT
"""

import shutil
import subprocess
import sys
from pathlib import Path

from sources import files, finish


def main(root):
    if shutil.which("shellcheck") is None:
        sys.exit("error: shellcheck is missing; ./ns3 packages lint installs it")
    scripts = [path for path in (root / "ns3", root / ".ci" / "run") if path.is_file()]
    scripts += files(root, ".sh")
    complaints = []
    if scripts:
        result = subprocess.run(["shellcheck", "--external-sources", *map(str, scripts)],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if result.returncode:
            complaints.append(result.stdout.decode(errors="replace").rstrip())
    finish(complaints, len(scripts), "scripts")


main(Path(sys.argv[1]).resolve())
