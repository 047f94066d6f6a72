#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails when a page is hard to read in a terminal, or quotes a program that is another by now.

  check-docs.py ROOT [--quote]

Prose of README.md, CONTRIBUTING.md, docs/, the modules' chapters and the folders' README.md is
wrapped at 100 columns; code, tables, and lines that cannot be broken may be longer. A chapter of a
module quotes an example whole where it says so: a comment `.. quotes NAME.cc` before the block of
code. --quote writes the example into the chapter instead. The suites that docs/validation.md names as
evidence are suites of a module.
"""

import re
import sys
from pathlib import Path

from sources import finish

COLUMNS = 100
# Pages that a program writes from its tables, which say so in their third line.
WRITTEN = "<!-- Written from"
# Not wrapped: formulas in its prose must not be broken.
LONG = {"docs/bitstream.md"}
SUITES = re.compile(r"^set\(test_suites([^)]*)\)", re.MULTILINE)
QUOTES = re.compile(r"^\.\. quotes (\S+)\n\n\.\. sourcecode:: cpp\n\n((?:  .*\n|\n)*)", re.MULTILINE)


def pages(root):
    found = [root / "README.md", root / "CONTRIBUTING.md", *root.glob("docs/*.md"),
             *root.glob("*/README.md"), *root.glob("ns3-module/*/doc/*.rst")]
    return sorted(path for path in found if path.is_file())


def long_lines(path):
    """Numbers of lines of prose that are too long."""
    fenced = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        code = fenced or line.startswith("    ") or path.suffix == ".rst" and line.startswith("  ")
        table = line.lstrip().startswith(("|", "+--"))
        # A span of code or a link is not broken; the mark of a list or a heading is no word.
        words = re.sub(r"`[^`]*`|\[[^]]*\]\([^)]*\)", lambda span: span[0].replace(" ", "_"), line)
        breakable = " " in words.strip().lstrip("*-+>0123456789.#").strip()[:COLUMNS]
        if len(line) > COLUMNS and breakable and not code and not table:
            yield number


def quoted(text):
    """A program from its first #include on, as a block of code in a chapter."""
    body = text[text.index("#include"):]
    return "".join(f"  {line}\n" if line else "\n" for line in body.splitlines())


def main(root, write):
    complaints, checked = [], 0
    for path in pages(root):
        where = path.relative_to(root).as_posix()
        checked += 1
        text = path.read_text(encoding="utf-8")
        if where not in LONG and WRITTEN not in text:
            complaints += [f"{where}:{number}: more than {COLUMNS} columns of prose"
                           for number in long_lines(path)]
        if path.suffix != ".rst":
            continue

        def renewed(match, folder=path.parent.parent / "examples"):
            source = folder / match[1]
            if not source.is_file():
                return match[0] + "(there is no such example)\n"
            program = quoted(source.read_text(encoding="utf-8"))
            return f".. quotes {match[1]}\n\n.. sourcecode:: cpp\n\n{program}\n"

        new = QUOTES.sub(renewed, text)
        if new != text and write:
            path.write_text(new, encoding="utf-8")
        elif new != text:
            complaints.append(f"{where}: does not quote its example word for word; "
                              "tests/lint/check-docs.py . --quote puts it right")
    evidence = root / "docs" / "validation.md"
    if evidence.is_file():
        lists = [path.read_text(encoding="utf-8") for path in root.glob("ns3-module/*/CMakeLists.txt")]
        suites = {name for text in lists for names in SUITES.findall(text) for name in names.split()}
        for name in re.findall(r"`(lpwan-[a-z0-9-]+)`", evidence.read_text(encoding="utf-8")):
            if name not in suites:
                complaints.append(f"docs/validation.md: there is no suite {name}")
    finish(complaints, checked, "pages")


main(Path(sys.argv[1]).resolve(), "--quote" in sys.argv[2:])
