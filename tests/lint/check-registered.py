#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails when a source, a test or a test suite is there that no target builds or no test runs.

  check-registered.py ROOT

Each .cc file has to be named in the CMakeLists.txt of its own folder or of one above it; headers of
the library and the module too, since installing goes by those lists. Each name of an ns-3 TestSuite
has to be in the module's list of suites. Each script of tests/ has to be named by a CMakeLists.txt,
by .ci/run, by another script of tests/, or, when it is run by hand, by CONTRIBUTING.md.
"""

import re
import sys
from pathlib import Path

from sources import files, finish

SUITE = re.compile(r'\bTestSuite\(\s*"([^"]+)"')


def words(path):
    """Words of a CMakeLists.txt, without its comments."""
    text = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
    return set(re.split(r"[\s()\"]+", text))


def registered(root, path):
    folder = path.parent
    while folder != root:
        lists = folder / "CMakeLists.txt"
        if lists.is_file():
            name = path.relative_to(folder).as_posix()
            # The examples of an ns-3 module are named without .cc.
            names = {name, name[:-3]} if folder.name == "examples" else {name}
            if names & words(lists):
                return True
        folder = folder.parent
    return False


def main(root):
    complaints, checked = [], 0
    for path in files(root, ".cc", ".h"):
        where = path.relative_to(root)
        checked += 1
        header = path.suffix == ".h"
        if header and (where.parts[0] in ("bench", "tests") or path.name.endswith("-torch.h")
                       or where.parts[:2] == ("limitnet", "cli")
                       or where.parts[0] == "ns3-module" and where.parts[2] in ("test", "examples")):
            continue
        if where.parts[:2] == ("tests", "in-tree"):
            continue  # copied elsewhere and built there
        if not registered(root, path):
            complaints.append(f"{where}: named in no CMakeLists.txt")
        if where.parts[0] == "ns3-module" and not header:
            module = root / "ns3-module" / where.parts[1]
            suites = words(module / "CMakeLists.txt")
            for suite in SUITE.findall(path.read_text(encoding="utf-8")):
                if suite not in suites:
                    complaints.append(f"{where}: suite {suite} is not in the module's "
                                      "CMakeLists.txt")

    tests = (root / "tests" / "CMakeLists.txt").read_text(encoding="utf-8")
    callers = [root / ".ci" / "run", root / "CONTRIBUTING.md", *files(root, ".sh")]
    texts = {path: path.read_text(encoding="utf-8") for path in callers if path.is_file()}
    for path in files(root, ".sh", ".py"):
        where = path.relative_to(root)
        if where.parts[0] == "tests" and path.name != "sources.py":
            checked += 1
            called = any(path.name in text for caller, text in texts.items() if caller != path)
            if path.name not in tests and not called:
                complaints.append(f"{where}: run by no test")
    finish(complaints, checked, "files")


main(Path(sys.argv[1]).resolve())
