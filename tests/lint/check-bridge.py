#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails when wscript-bridge/ would not give the modules as CMake gives them.

  check-bridge.py ROOT

Runs the bridge's own reader of the CMakeLists.txt and compares what it finds with the files on disk:
each source, header, test and example of a module once and under its own keyword; a folder of the
bridge for each module, with links to that module's folders; libraries that waf is told of.
"""

import importlib.util
import sys
from pathlib import Path

from sources import files, finish

LINKS = ("examples", "helper", "model", "offloading", "test")


def reader(root):
    path = root / "wscript-bridge" / "lpwan_bridge.py"
    spec = importlib.util.spec_from_file_location("lpwan_bridge", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compare(complaints, where, listed, there):
    for name in sorted(set(there) - set(listed)):
        complaints.append(f"{where}: {name} is there and the bridge does not build it")
    for name in sorted(set(listed) - set(there)):
        complaints.append(f"{where}: the bridge builds {name}, which is not there")
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        complaints.append(f"{where}: {name} is built twice")


def main(root):
    complaints, checked = [], 0
    bridge = reader(root)
    modules = root / "ns3-module"
    there = sorted(path.parent.name for path in modules.glob("*/CMakeLists.txt"))
    compare(complaints, "wscript-bridge", list(bridge.MODULES), there)
    for module in there:
        folder = modules / module
        link = root / "wscript-bridge" / module
        for name in [name for name in LINKS if (folder / name).is_dir()]:
            if not (link / name).exists() or not (link / name).samefile(folder / name):
                complaints.append(f"wscript-bridge/{module}/{name} is no link to "
                                  f"ns3-module/{module}/{name}")
        if not (link / "wscript").is_file():
            complaints.append(f"wscript-bridge/{module}/wscript is not there")
        try:
            lists = bridge.CMakeLists(module, str(root))
        except ValueError as problem:
            complaints.append(str(problem))
            continue

        sources = {path.relative_to(folder).as_posix() for path in files(root, ".cc", ".h")
                   if folder in path.parents}
        checked += len(sources)
        library = lists.library
        where = f"ns3-module/{module}"
        compare(complaints, where, library["SOURCE_FILES"],
                [name for name in sources
                 if name.endswith(".cc") and not name.startswith(("test/", "examples/"))])
        compare(complaints, where, library["HEADER_FILES"],
                [name for name in sources
                 if name.endswith(".h") and not name.startswith(("test/", "examples/"))])
        compare(complaints, where, library["TEST_SOURCES"],
                [name for name in sources if name.endswith(".cc") and name.startswith("test/")])
        # An example may compile sources of its module as well: ../helper/x.cc.
        named = [name for example in lists.examples for name in example["SOURCE_FILES"]]
        compare(complaints, where + "/examples",
                [name for name in named if not name.startswith("../")],
                [name[len("examples/"):] for name in sources
                 if name.endswith(".cc") and name.startswith("examples/")])
        for name in named:
            if name.startswith("../") and name[3:] not in sources:
                complaints.append(f"{where}/examples: the bridge builds {name}, which is not there")
        for example in lists.examples:
            if len(example["NAME"]) != 1:
                complaints.append(f"{where}/examples: an example has no name")
    finish(complaints, checked, "files")


main(Path(sys.argv[1]).resolve())
