#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails on an #include that goes against the architecture's arrows.

  check-includes.py ROOT

 - codec/ includes the C++ standard library and itself, nothing else;
 - a room of limitnet/ includes only the rooms that ALLOWED names;
 - LibTorch, and our headers named *-torch.h, are for the .cc files and the *-torch.h headers of nn/,
   training/ and evaluation/ (and for their tests), and for the .cc files of bench/;
 - OpenCV is Apache-2.0, which a program that links ns-3 may not link: it is for limitnet/cli/, and
   for that room's tests;
 - limitnet/ includes nothing of ns-3;
 - ns3-module/lpwan/ includes ns-3 and nettle, nothing of ours beside itself;
 - ns3-module/limitnet/ includes the library's public headers, but not cli/ and training/;
 - within it, model/ includes model/ only, helper/ these two, and offloading/ all three;
 - ns3-module/ gives no header a name without `lpwan-` in front, since ns-3 puts the headers of all
   modules in one folder.
"""

import re
import sys
from pathlib import Path

from sources import files, finish

TORCH_ROOMS = {"nn", "training", "evaluation"}

# Room: the other rooms that it may include.
ALLOWED = {
    "codec": set(),
    "device": {"codec", "baselines"},
    "data": {"codec"},
    "baselines": {"codec"},
    "scenario": {"codec", "data", "device", "baselines"},
    "sweep": {"codec", "data", "results", "scenario"},
    "results": {"codec", "data"},
    "nn": {"codec"},
    "training": {"codec", "data", "nn"},
    "evaluation": {"codec", "data", "nn", "baselines"},
}
ALLOWED["cli"] = set(ALLOWED)
MODULE_FORBIDDEN = {"cli", "training"}
# Folders of the ns-3 module limitnet; each includes itself and those before it.
MODULE_FOLDERS = ["model", "helper", "offloading"]

STANDARD_HEADERS = set("""
algorithm any array atomic bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes
climits clocale cmath codecvt complex condition_variable csetjmp csignal cstdarg cstddef cstdint
cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception execution filesystem
forward_list fstream functional future initializer_list iomanip ios iosfwd iostream istream
iterator limits list locale map memory memory_resource mutex new numeric optional ostream queue
random ratio regex scoped_allocator set shared_mutex sstream stack stdexcept streambuf string
string_view system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set
utility valarray variant vector
""".split())

# What a compiler brings along for its processor, used under a guard.
PROCESSOR_HEADERS = {"arm_acle.h", "immintrin.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")


def complaint_about(where, is_source, header, module_headers):
    """The rule that `header`, included by the file `where` (relative to the root), breaks.

    `module_headers` are those of the ns-3 module limitnet, with the folder of each.
    """
    part, room = where.parts[0], where.parts[1] if len(where.parts) > 2 else ""
    own = header.split("/")[1] if header.startswith("limitnet/") and header.count("/") > 1 else ""

    if TORCH.match(header) or header.endswith("-torch.h"):
        at_home = part == "bench" or (part in ("limitnet", "tests") and room in TORCH_ROOMS)
        if not (at_home and (is_source or where.name.endswith("-torch.h"))):
            return "LibTorch headers are for .cc files of nn/, training/ and evaluation/"

    if header.startswith("opencv2/") and not (part in ("limitnet", "tests") and room == "cli"):
        return "OpenCV is for limitnet/cli/ and its tests"

    if part == "limitnet":
        if header.startswith("ns3/"):
            return "limitnet/ knows nothing of ns-3"
        if own and own != room and own not in ALLOWED.get(room, ()):
            return f"{room}/ may not include {own}/"
        if room == "codec" and not own and header not in STANDARD_HEADERS | PROCESSOR_HEADERS:
            return "codec/ includes the C++ standard library only"
    elif part == "ns3-module":
        if room == "lpwan" and (own or header.split("/")[-1] in module_headers):
            return "the module lpwan knows nothing of limitnet"
        if own in MODULE_FORBIDDEN:
            return f"the ns-3 module may not include {own}/"
        folder, of = where.parts[2], module_headers.get(header.split("/")[-1])
        if folder in MODULE_FOLDERS and of in MODULE_FOLDERS \
                and MODULE_FOLDERS.index(of) > MODULE_FOLDERS.index(folder):
            return f"{folder}/ of the ns-3 module may not include {of}/"
    return None


def main(root):
    complaints, checked = [], 0
    module_headers = {path.name: path.parent.name for path in files(root, ".h")
                      if path.relative_to(root).parts[:2] == ("ns3-module", "limitnet")}
    for path in files(root, ".h", ".cc"):
        where = path.relative_to(root)
        checked += 1
        if where.parts[0] == "ns3-module" and path.suffix == ".h" and "test" not in where.parts:
            if not path.name.startswith("lpwan-"):
                complaints.append(f"{where}: a header of the ns-3 module is named lpwan-*.h")
        if where.parts[0] == "limitnet" and where.parts[1] not in ALLOWED:
            complaints.append(f"{where}: {where.parts[1]}/ has no rule yet: see ALLOWED in "
                              f"{Path(__file__).name}")
        text = path.read_text(encoding="utf-8")
        for match in INCLUDE.finditer(text):
            wrong = complaint_about(where, path.suffix == ".cc", match.group(2), module_headers)
            if wrong:
                line = text.count("\n", 0, match.start(2)) + 1
                complaints.append(f"{where}:{line}: #include {match.group(2)}: {wrong}")
    finish(complaints, checked, "sources")


main(Path(sys.argv[1]).resolve())
