#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails when more tests were skipped than are known to be.

  ctest --output-junit FILE ...
  check-skipped.py FILE MOST

A test that lacks what it needs (a data set, a program) says so and is skipped, which CTest takes for
a success: so a fault in what fetches it would take tests away without a word. Prints each skipped or
disabled test with what it said.
"""

import sys
import xml.etree.ElementTree


def reason(case):
    """The last line a test wrote before it was skipped, GoogleTest's own lines left out."""
    lines = [line.strip() for line in (case.findtext("system-out") or "").splitlines()]
    lines = [line for line in lines if line and not line.startswith(("[", "Note: Google", "Running "))]
    return lines[-1] if lines else "no reason given"


def main(path, most):
    try:
        suite = xml.etree.ElementTree.parse(path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError) as problem:
        sys.exit(f"error: {path}: {problem}; ctest writes it with --output-junit")
    cases = suite.findall("testcase")
    if not cases:
        sys.exit(f"error: {path} has no tests")
    skipped = [case for case in cases if case.get("status") in ("notrun", "disabled")]
    for case in skipped:
        print(f"skipped: {case.get('name')}: {reason(case)}")
    print(f"{len(skipped)} of {len(cases)} tests skipped, {most} may be")
    if len(skipped) > most:
        sys.exit(f"error: {len(skipped)} tests were skipped, {most} are known to be; see above")


main(sys.argv[1], int(sys.argv[2]))
