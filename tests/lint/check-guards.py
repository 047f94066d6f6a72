#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Shows that each check of this folder fails when it should.

  check-guards.py

Makes a small tree in which nothing is wrong, sees every check pass on it, then plants one violation
at a time and sees the right check fail, with the right words.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LICENCE = "// SPDX-License-Identifier: GPL-2.0-only\n"

CLEAN = {
    "limitnet/CMakeLists.txt": "add_library(a codec/a.cc codec/a.h data/d.cc nn/n.cc)\n",
    "limitnet/codec/a.h": LICENCE + "#include <vector>\n",
    "limitnet/codec/a.cc": LICENCE + '#include "limitnet/codec/a.h"\n\n#include <array>\n',
    "limitnet/data/d.cc": LICENCE + '#include "limitnet/codec/a.h"\n\n#include <png.h>\n',
    "limitnet/nn/n-torch.h": LICENCE + "#include <torch/torch.h>\n",
    "limitnet/nn/n.cc": LICENCE + '#include "limitnet/nn/n-torch.h"\n',
    "ns3-module/lpwan/CMakeLists.txt":
        "set(source_files model/lpwan-l.cc)\n"
        "build_lib(LIBNAME lpwan SOURCE_FILES ${source_files}\n"
        "  LIBRARIES_TO_LINK ${libcore} ${NETTLE_LIBRARY})\n",
    "ns3-module/lpwan/model/lpwan-l.cc": LICENCE + '#include "ns3/object.h"\n',
    "ns3-module/limitnet/CMakeLists.txt":
        "set(test_suites lpwan-t)\n"
        "build_lib(LIBNAME limitnet SOURCE_FILES model/lpwan-m.cc HEADER_FILES model/lpwan-m.h\n"
        "  offloading/lpwan-o.h LIBRARIES_TO_LINK ${liblpwan} TEST_SOURCES test/lpwan-t.cc)\n",
    "ns3-module/limitnet/model/lpwan-m.h": LICENCE + '#include "ns3/object.h"\n',
    "ns3-module/limitnet/model/lpwan-m.cc": LICENCE + '#include "limitnet/codec/a.h"\n',
    "ns3-module/limitnet/offloading/lpwan-o.h": LICENCE + '#include "ns3/lpwan-m.h"\n',
    "ns3-module/limitnet/test/lpwan-t.cc": LICENCE + 'static ns3::TestSuite suite("lpwan-t");\n',
    "ns3-module/limitnet/examples/CMakeLists.txt":
        "set(base_examples good)\n"
        "foreach(name ${base_examples})\n"
        "  build_lib_example(NAME ${name} SOURCE_FILES ${name}.cc ../model/lpwan-m.cc)\n"
        "endforeach()\n",
    "ns3-module/limitnet/examples/good.cc": LICENCE + "\n#include <array>\n",
    "ns3-module/limitnet/doc/limitnet.rst":
        "Good\n\n.. quotes good.cc\n\n.. sourcecode:: cpp\n\n  #include <array>\n\nEnd\n",
    "docs/a.md": "# A\n\nShort.\n\n    code " + 30 * "long " + "\n\n| table | " + 30 * "long " + "|\n",
    "tests/CMakeLists.txt": "add_executable(t codec/a-test.cc)\nadd_test(run.sh)\n",
    "tests/run.sh": "#!/bin/sh\necho hello\n",
    "tests/codec/a-test.cc": LICENCE + '#include "limitnet/codec/a.h"\n',
}
# Writes what a run leaves, into the folder of --out; nothing without it (--help).
GOOD = ("#!/bin/sh\n"
        'for a; do case $a in --run=*) run=$a;; --out=*) out="${a#--out=}";; esac; done\n'
        '[ -n "$out" ] && cd "$out" || exit 0\n'
        "touch accuracy.csv fragments.csv gateways.csv nodes.csv scenario.ini\n"
        'printf "image\\n1\\n$run\\n" >images.csv\n')
BAD_FILE = "#!/bin/sh\nfor a; do case $a in --scenario=*) exit 1;; esac; done\n" \
           + GOOD.split("\n", 1)[1]

# Check, file, its text (None: the file is removed), words of the complaint.
VIOLATIONS = [
    ("includes", "ns3-module/limitnet/model/lpwan-m.cc", "#include <torch/torch.h>\n", "LibTorch"),
    ("includes", "ns3-module/limitnet/model/lpwan-m.cc", '#include "limitnet/nn/n-torch.h"\n', "LibTorch"),
    ("includes", "ns3-module/limitnet/model/lpwan-m.cc", '#  include "limitnet/training/t.h"\n', "training/"),
    ("includes", "ns3-module/limitnet/model/other.h", "", "lpwan-*.h"),
    ("includes", "ns3-module/lpwan/model/lpwan-l.cc", '#include "limitnet/codec/a.h"\n',
     "knows nothing of limitnet"),
    ("includes", "ns3-module/lpwan/model/lpwan-l.cc", '#include "ns3/lpwan-m.h"\n',
     "knows nothing of limitnet"),
    ("includes", "ns3-module/limitnet/model/lpwan-m.cc", '#include "ns3/lpwan-o.h"\n',
     "may not include offloading/"),
    ("includes", "limitnet/data/d.cc", "#include <torch/script.h>\n", "LibTorch"),
    ("includes", "limitnet/nn/public.h", "#include <ATen/ATen.h>\n", "LibTorch"),
    ("includes", "limitnet/data/d.cc", '#include "ns3/object.h"\n', "nothing of ns-3"),
    ("includes", "limitnet/data/d.cc", "#include <opencv2/core.hpp>\n", "OpenCV"),
    ("includes", "ns3-module/limitnet/model/lpwan-m.cc", "#include <opencv2/core.hpp>\n", "OpenCV"),
    ("includes", "limitnet/codec/a.cc", "#include <boost/crc.hpp>\n", "standard library only"),
    ("includes", "limitnet/codec/a.cc", '#include "limitnet/data/d.h"\n', "may not include data/"),
    ("includes", "limitnet/data/d.cc", '#include "limitnet/nn/n.h"\n', "may not include nn/"),
    ("includes", "limitnet/nn/n.cc", '#include "limitnet/cli/c.h"\n', "may not include cli/"),
    ("includes", "limitnet/newroom/n.cc", "", "no rule yet"),
    ("registered", "tests/codec/b-test.cc", "", "tests/codec/b-test.cc: named in no"),
    ("registered", "limitnet/codec/b.cc", "", "limitnet/codec/b.cc: named in no"),
    ("registered", "ns3-module/limitnet/examples/b.cc", "", "examples/b.cc: named in no"),
    ("registered", "ns3-module/limitnet/test/lpwan-t.cc", 'TestSuite("lpwan-u")\n', "suite lpwan-u"),
    ("registered", "tests/lint/check-x.py", "", "run by no test"),
    ("bridge", "ns3-module/lpwan/model/lpwan-n.cc", "", "lpwan-n.cc is there and the bridge"),
    ("bridge", "ns3-module/lpwan/helper/lpwan-n.h", "", "lpwan-n.h is there and the bridge"),
    ("bridge", "ns3-module/limitnet/test/lpwan-n.cc", "", "lpwan-n.cc is there and the bridge"),
    ("bridge", "ns3-module/limitnet/examples/n.cc", "", "n.cc is there and the bridge"),
    ("bridge", "ns3-module/lpwan/CMakeLists.txt",
     "build_lib(LIBNAME lpwan SOURCE_FILES model/lpwan-l.cc model/lpwan-o.cc)\n",
     "lpwan-o.cc, which is not there"),
    ("bridge", "ns3-module/lpwan/CMakeLists.txt",
     "build_lib(LIBNAME lpwan SOURCE_FILES model/lpwan-l.cc LIBRARIES_TO_LINK ${ZLIB})\n",
     "library ${ZLIB} is not known"),
    ("bridge", "ns3-module/lpwan/CMakeLists.txt", "file(GLOB x *.cc)\n", "file() is not read"),
    ("bridge", "ns3-module/limitnet/examples/CMakeLists.txt",
     "build_lib_example(NAME good SOURCE_FILES good.cc ../model/n.cc)\n",
     "../model/n.cc, which is not there"),
    ("bridge", "ns3-module/other/CMakeLists.txt", "build_lib(LIBNAME other)\n",
     "wscript-bridge: other is there"),
    ("bridge", "wscript-bridge/lpwan/model", None, "lpwan/model is no link"),
    ("bridge", "wscript-bridge/limitnet/wscript", None, "limitnet/wscript is not there"),
    ("docs", "docs/a.md", "Prose that is " + 30 * "long " + "\n", "docs/a.md:1: more than 100"),
    ("docs", "ns3-module/limitnet/doc/limitnet.rst", "- " + 30 * "long " + "\n", "columns of prose"),
    ("docs", "ns3-module/limitnet/examples/good.cc", LICENCE + "\n#include <vector>\n",
     "does not quote its example"),
    ("docs", "docs/validation.md", "| a | `lpwan-t` |\n| b | `lpwan-u` |\n", "no suite lpwan-u"),
    ("docs", "ns3-module/limitnet/examples/good.cc", None, "does not quote its example"),
    ("format", "limitnet/codec/a.cc", LICENCE + "int  a;\n", "clang-formatted"),
    ("format", "limitnet/codec/a.cc", "int a;\n", "the first line is not"),
    ("format", "limitnet/codec/a.cc", LICENCE + "/** @return one. */\nint a();\n", "\\return, not"),
    ("shell", "tests/run.sh", "#!/bin/bash\nfor name in $names; do echo $name; done\necho `ls`\n",
     "SC2006"),
    ("runs", "bin/good", "#!/bin/sh\nexit 3\n", "exit status 3"),
    ("runs", "ns3-module/limitnet/examples/absent.cc", "", "absent"),
    ("runs", "bin/limitnet-lora-scenario", "#!/bin/sh\n", "did not write accuracy.csv"),
    ("runs", "bin/limitnet-lora-scenario", BAD_FILE, "--scenario=one.ini: exit status 1"),
    ("runs", "bin/limitnet-lora-scenario", GOOD.replace("$run", "$$"), "differs between two runs"),
    ("runs", "bin/limitnet-lora-scenario", GOOD.replace("$run", "2"), "another run number gives"),
    ("runs", "bin/limitnet-lora-scenario", GOOD.replace("1\\n$run", "$run"), "nothing happens in the small"),
    ("runs", "bin/good", "#!/bin/sh\ntouch litter\n", "left litter in the folder"),
    ("runs", "scenarios/two.ini", "# limitnet-no-scenario\n", "which is not there"),
]


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if name.startswith("bin/"):
        path.chmod(0o755)


def make_tree(root, check):
    for name, text in CLEAN.items():
        write(root, name, text)
    shutil.copy(ROOT / ".clang-format", root)
    shutil.copytree(ROOT / "wscript-bridge", root / "wscript-bridge", symlinks=True)
    write(root, "bin/good", GOOD)
    if check == "runs":
        write(root, "ns3-module/limitnet/examples/limitnet-lora-scenario.cc", LICENCE)
        write(root, "bin/limitnet-lora-scenario", GOOD)
        write(root, "scenarios/one.ini", "# a question\n")


def outcome(check, root):
    command = [sys.executable, HERE / f"check-{check}.py", root]
    if check == "runs":
        command.append(root / "bin")
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return result.returncode, result.stdout.decode()


def skipped_is(root, skipped, status):
    """Whether check-skipped.py, which one skipped test is allowed, ends so with that many."""
    write(root, "tests.xml", "<testsuite><testcase name='a' status='run'/>" + skipped * (
        "<testcase name='b' status='notrun'><system-out>[ RUN ]\nno data\n[  SKIPPED ] b\n"
        "</system-out></testcase>") + "</testsuite>\n")
    result = subprocess.run([sys.executable, HERE / "check-skipped.py", root / "tests.xml", "1"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    output = result.stdout.decode()
    if result.returncode != status or output.count("skipped: b: no data\n") != skipped:
        print(f"check-skipped.py ends with {result.returncode}, not {status}, after {skipped} "
              f"skipped tests:\n{output}", file=sys.stderr)
        return False
    return True


def main():
    failures = 0
    for check, name, text, words in VIOLATIONS:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            make_tree(root, check)
            status, output = outcome(check, root)
            if status == 77:
                print(f"check-{check}.py: {output.strip()}")
                continue
            if status != 0:
                print(f"check-{check}.py fails on a clean tree:\n{output}", file=sys.stderr)
                failures += 1
                continue
            if text is None:
                (root / name).unlink()
            else:
                write(root, name, text)
            status, output = outcome(check, root)
            if status == 0 or words not in output:
                print(f"check-{check}.py does not see '{words}' after a change of {name}: "
                      f"exit status {status}\n{output}", file=sys.stderr)
                failures += 1
    for skipped, status in ((1, 0), (2, 1), (0, 0)):
        with tempfile.TemporaryDirectory() as folder:
            failures += not skipped_is(Path(folder), skipped, status)
    with tempfile.TemporaryDirectory() as folder:
        for check in ("docs", "includes", "shell"):
            if outcome(check, Path(folder))[0] == 0:
                print(f"check-{check}.py passes on an empty tree", file=sys.stderr)
                failures += 1
    if failures:
        sys.exit(1)
    print(f"{len(VIOLATIONS)} planted violations found")


main()
