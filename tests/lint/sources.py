# SPDX-License-Identifier: GPL-2.0-only
"""What the checks of this folder share: where to look, and how to report."""

import subprocess
import sys
from pathlib import Path

# Folders with sources of the project. Others (build trees, results, data) are not looked at.
ROOMS = ("bench", "limitnet", "ns3-module", "tests")


def files(root, *suffixes):
    """All files of the project's source folders with one of these suffixes, sorted.

    Where git knows the folder, its list is taken: tracked files, and new ones that it does not
    ignore; so a test fails before a commit, not after it.
    """
    root = Path(root)
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={root}", "-C", str(root), "ls-files", "-z", "--cached",
         "--others", "--exclude-standard", "--", *ROOMS],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if listed.returncode == 0 and listed.stdout:
        found = {root / name for name in listed.stdout.decode().split("\0") if name}
        found = {path for path in found if path.is_file()}
    else:
        found = {path for room in ROOMS for path in (root / room).rglob("*") if path.is_file()}
    return sorted(path for path in found if path.name.endswith(suffixes))


def finish(complaints, checked, what):
    """Prints what was found and ends the program: status 1 when there is any complaint.

    A check that looked at nothing fails as well: it would pass for ever after a folder is renamed.
    """
    if not checked:
        complaints = [f"nothing to check: no {what} found"]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if complaints:
        sys.exit(1)
    print(f"{checked} {what} checked")
