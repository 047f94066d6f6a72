#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Changes the link models one operator or constant at a time and asks whether a test suite sees it.

  tests/mutation.py [--seed N] [--count N] [--minutes M] [--units PATTERN,...]
                    [--most-survivors N] [--jobs N] [--build DIR] [--list] [--self-test]

A change that no suite notices (a survivor) names a line whose result nothing checks. The module
lpwan is built alone in a folder of its own, build-mutation/; a change is made in a copy of its unit
there, that unit is compiled, the module's library linked, and the suites run until one fails.
Changes that do not compile, or that compile to the same code, are not counted.

Which changes are tried follows from the seed and the text of the lines alone, so that a change
elsewhere in a file does not choose others. A line is taken once before any is taken twice: long
tables do not push out the rest. Not changed are comments, texts, logs, assertions, NS_ABORT_MSG_IF
with its condition (ns-3 has no tests of a program that ends), includes, arguments of reserve(), and
constants that only say how close is close enough.

Exit status: 0; 1 with more survivors than --most-survivors; 2 when nothing could be tried.
"""

import argparse
import bisect
import fnmatch
import hashlib
import json
import os
import queue
import re
import resource
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE = ROOT / "ns3-module" / "lpwan"

# Where the replaced text begins and ends, and what takes its place.
Change = namedtuple("Change", "unit line begin end new")

# --- where a source can be changed ----------------------------------------------------------------

COMMENT_OR_TEXT = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'',
    re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
# Calls that no test is meant to see, or can see: a condition that aborts less often is not missed
# by any test that ends, and one that aborts more often is seen by all.
UNSEEN_CALL = re.compile(
    r"\b(?:NS_LOG_\w+|NS_ASSERT\w*|NS_ABORT_MSG\w*|NS_FATAL_ERROR|static_assert|reserve)\s*(?=\()")


def blank(text, begin, end):
    """The text with spaces in place of a part of it, lines kept."""
    return text[:begin] + re.sub(r"[^\n]", " ", text[begin:end]) + text[end:]


def end_of_call(text, begin):
    """From the opening parenthesis to after the closing one."""
    depth = 0
    for index in range(begin, len(text)):
        if text[index] in "([{":
            depth += 1
        elif text[index] in ")]}":
            depth -= 1
            if depth == 0:
                return index + 1
    return len(text)


def code_only(text):
    """The text of the same length in which everything that is not to be changed is blank."""
    def cover(match):
        # A digit separator is no character: 868'100'000.
        before = text[match.start() - 1:match.start()]
        if match.group(0)[0] == "'" and before.isalnum():
            return match.group(0)
        return re.sub(r"[^\n]", " ", match.group(0))

    code = COMMENT_OR_TEXT.sub(cover, text)
    code = DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), code)
    for call in UNSEEN_CALL.finditer(code):
        code = blank(code, call.start(), end_of_call(code, call.end()))
    return code


# The sources are formatted: a binary operator has a space on both sides, what opens or closes a
# template's arguments, a pointer or a reference has not.
OPERATOR = re.compile(r"(?<=\s)(<=|>=|==|!=|&&|\|\||\+=|-=|\*=|/=|<<|>>|[-<>+*/%&|])(?=\s)")
NEGATION = re.compile(r"!(?=[\w(])")
NUMBER = re.compile(r"(?<![\w.])(0[xX][\da-fA-F']+|\d[\d']*(?:\.[\d']*)?(?:[eE][-+]?\d+)?)"
                    r"[uUlLfF]*(?![\w.>])")
WORD = re.compile(r"\b(?:true|false|min|max|min_element|max_element|floor|ceil)\b(?=\s*[\W(])")

OTHER = {
    "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"],
    "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["/"], "&": ["|"], "|": ["&"],
    "+=": ["-="], "-=": ["+="], "*=": ["/="], "/=": ["*="], "<<": [">>"], ">>": ["<<"],
    "true": ["false"], "false": ["true"], "min": ["max"], "max": ["min"],
    "min_element": ["max_element"], "max_element": ["min_element"],
    "floor": ["ceil"], "ceil": ["floor"],
}
REVERSED = {"<": ">=", ">": "<=", "<=": ">", ">=": "<"}
BOUND = {"<": "<=", ">": ">=", "<=": "<", ">=": ">"}


def other_numbers(text, number):
    """Near a small whole number, a tenth off a large one, a quarter off a fraction."""
    plain = number.replace("'", "")
    if plain[:2] in ("0x", "0X"):
        return [hex(int(plain, 16) ^ 1)]
    if re.fullmatch(r"\d+", plain):
        value = int(plain)
        if value >= 100:
            return [str(value + value // 10)]
        return [str(value + 1)] + ([str(value - 1)] if value > 0 else [])
    value = float(plain)
    if value == 0:
        return ["1.0"]
    # A tolerance: nothing that a test could see hangs on it.
    return [] if value <= 1e-6 else [repr(value * 1.25)]


def changes_of(unit, text):
    """All changes of one source."""
    code = code_only(text)
    starts = [0] + [match.end() for match in re.finditer("\n", text)]
    found = []

    def add(begin, end, new):
        found.append(Change(unit, bisect.bisect_right(starts, begin), begin, end, new))

    for match in OPERATOR.finditer(code):
        old = match.group(1)
        line = code[code.rfind("\n", 0, match.start()) + 1:match.start()]
        if old in ("<<", ">>") and not re.match(r"\s*[\w(]", code[match.end():]):
            continue # into a stream, of a text that is blank here
        for new in OTHER.get(old, []):
            add(match.start(), match.end(), new)
        if old in REVERSED:
            add(match.start(), match.end(), REVERSED[old])
            # Where times or powers are compared, both sides are equal by design or never; that a
            # bound belongs to it is seen where something is counted. `x <= 0 ? 0 : x` has none.
            after = code[match.end():].split("\n", 1)[0]
            if re.match(r"\s*(?:\d+\b(?![.?]| \?)|[\w.>-]*\bsize\(\))", after) or re.search(
                    r"\bsize\(\)\s*$", line):
                add(match.start(), match.end(), BOUND[old])
    for match in NEGATION.finditer(code):
        add(match.start(), match.end(), "")
    for match in NUMBER.finditer(code):
        for new in other_numbers(text, match.group(1)):
            add(match.start(1), match.end(1), new)
    for match in WORD.finditer(code):
        for new in OTHER[match.group(0)]:
            add(match.start(), match.end(), new)
    return found


def in_order(changes, texts, seed):
    """The changes in the order in which this seed tries them."""
    lines, rank = {}, {}

    def key(change):
        text = texts[change.unit]
        begin = text.rfind("\n", 0, change.begin) + 1
        end = text.find("\n", change.end)
        line = text[begin:end if end >= 0 else len(text)].strip()
        told = (seed, change.unit, line, text[change.begin:change.end], change.new)
        # Lines alike (a closing `return 0;`) are told apart by their number among those.
        alike = lines.setdefault(told, [])
        alike.append(change)
        column = change.begin - begin
        words = "|".join(str(word) for word in told + (len(alike), column))
        return hashlib.sha256(words.encode()).hexdigest()

    ordered = sorted(((key(change), change) for change in changes))
    by_line = []
    for digest, change in ordered:
        place = (change.unit, change.line)
        rank[place] = rank.get(place, 0) + 1
        by_line.append((rank[place], digest, change))
    return [change for _, _, change in sorted(by_line)]


def shown(change, text):
    """UNIT:LINE: the line, with `old -> new` where it changes."""
    begin = text.rfind("\n", 0, change.begin) + 1
    end = text.find("\n", change.end)
    old, new = text[change.begin:change.end], change.new or "nothing"
    line = f"{text[begin:change.begin]}[{old} -> {new}]{text[change.end:end]}".strip()
    return f"{change.unit}:{change.line}: {line}"


# --- building and running -------------------------------------------------------------------------


class Failure(Exception):
    """Ends the program with one line."""


def run(command, cwd, limit_s=None, env=None):
    """Exit status and output. The limit is one of processor time, so that it means the same on a
    busy machine; a program that waits without end is stopped much later."""
    def confine():
        resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s))
        # A changed loop may ask for memory without end.
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    with subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          preexec_fn=confine if limit_s else None,
                          start_new_session=bool(limit_s)) as process:
        try:
            output = process.communicate(timeout=60 + 30 * limit_s if limit_s else None)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return None, b""
    return process.returncode, output


class Build:
    """The module, built in a folder of its own, and how each unit of it is compiled."""

    def __init__(self, folder, jobs):
        self.folder = folder
        configure = ["cmake", "-S", MODULE, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None",
                     "-DCMAKE_CXX_FLAGS=-O1 -D_GLIBCXX_ASSERTIONS",
                     "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"]
        if shutil.which("ccache"):
            configure.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
        for step in (configure, ["ninja", "-C", folder, f"-j{jobs}", "liblpwan",
                                 "lpwan-test-runner"]):
            status, output = run(step, ROOT)
            if status != 0:
                sys.stderr.write(output.decode(errors="replace")[-4000:])
                raise Failure(f"{step[0]} failed")
        self.runner = folder / "bin" / "lpwan-test-runner"
        commands = json.loads((folder / "compile_commands.json").read_text(encoding="utf-8"))
        self.compile, self.objects = {}, {}
        for entry in commands:
            source = Path(entry["file"])
            if source.parent == MODULE / "model":
                words = shlex.split(entry["command"])
                if os.path.basename(words[0]) == "ccache":
                    words = words[1:]
                self.objects[source.stem] = words[words.index("-o") + 1]
                for option in ("-o", "-c"):
                    where = words.index(option)
                    del words[where:where + 2]
                self.compile[source.stem] = words
        listed = run(["ninja", "-C", folder, "-t", "commands", "liblpwan"], ROOT)[1].decode()
        # Linked by its full name, loaded by the one with the major version alone.
        found = re.search(r"^.* -Wl,-soname,(\S+) -o (lib/libns3-lpwan\.so\S*) .*$", listed,
                          re.MULTILINE)
        if not found:
            raise Failure("ninja does not say how lib/libns3-lpwan.so is linked")
        self.link, self.loaded_name, self.linked_name = found[0], found[1], found[2]

    def suites(self):
        text = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")
        listed = re.search(r"^set\(test_suites([^)]*)\)", text, re.MULTILINE)
        return listed.group(1).split()


class Worker:
    """Compiles and tests one change at a time, in a folder of its own."""

    def __init__(self, build, number):
        self.build = build
        self.folder = build.folder / "mutants" / str(number)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.environment = dict(os.environ, LD_LIBRARY_PATH=str(self.folder))
        self.environment.pop("NS_LOG", None)
        self.library = self.folder / build.loaded_name
        self.unchanged = {}

    def compiled(self, unit, text):
        """The unit's object, or nothing. Compiled in this folder under its bare name, so that the
        same code is the same object."""
        source = self.folder / f"{unit}.cc"
        source.write_text(text, encoding="utf-8")
        target = self.folder / f"{unit}.o"
        status, _ = run(self.build.compile[unit] +
                        ["-w", "-iquote", str(MODULE / "model"), "-c", source.name, "-o",
                         target.name], self.folder)
        return target.read_bytes() if status == 0 else None

    def linked(self, unit):
        command = self.build.link.replace(f"{self.build.linked_name} ", f"{self.library} ", 1)
        command = command.replace(f" {self.build.objects[unit]} ",
                                  f" {self.folder / unit}.o ", 1)
        status, output = run(["sh", "-c", command], self.build.folder)
        if status != 0:
            sys.stderr.write(output.decode(errors="replace")[-2000:])
            raise Failure("the library could not be linked")

    def loads_changed_library(self):
        # glibc's way to say which files a program would load.
        listed = run(["ldd", self.build.runner], self.folder, env=self.environment)[1].decode()
        return str(self.library) in listed

    def passes(self, suite, limit_s):
        command = [self.build.runner, f"--suite={suite}", "--fullness=TAKES_FOREVER",
                   "--stop-on-failure"]
        return run(command, self.folder, limit_s, self.environment)[0] == 0

    def outcome(self, change, text, suites, limits_s):
        """`invalid`, `same`, `survivor`, or the suite that saw it."""
        unit = change.unit
        if unit not in self.unchanged:
            self.unchanged[unit] = self.compiled(unit, text)
        changed = self.compiled(unit, text[:change.begin] + change.new + text[change.end:])
        if changed is None:
            return "invalid"
        if changed == self.unchanged[unit]:
            return "same"
        self.linked(unit)
        for suite in suites:
            if not self.passes(suite, limits_s[suite]):
                return suite
        return "survivor"


def try_changes(build, changes, texts, options):
    """Yields changes and their outcomes, until count or time is used up."""
    suites = build.suites()
    limits_s = {}
    first = Worker(build, 0)
    unit = changes[0].unit
    if first.compiled(unit, texts[unit]) is None:
        raise Failure(f"{unit}.cc does not compile as it is")
    first.linked(unit)
    if not first.loads_changed_library():
        raise Failure("the test program does not load the changed library")
    for suite in suites:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        if not first.passes(suite, 600):
            raise Failure(f"suite {suite} fails without any change")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        # More is a loop without end, which a test sees too.
        limits_s[suite] = 10 + int(6 * taken_s)
        print(f"suite {suite}: {taken_s:.1f} s of processor time", flush=True)

    waiting, done = queue.Queue(), queue.Queue()
    for change in changes:
        waiting.put(change)
    until = time.monotonic() + options.minutes * 60 if options.minutes else None
    lock = threading.Lock()
    # Changes begun that may still count.
    counted = {"open": 0, "valid": 0}
    # The suite that saw the last change of a unit comes first for its next.
    order = {}

    def work(worker):
        try:
            while True:
                with lock:
                    full = options.count and counted["open"] + counted["valid"] >= options.count
                    if full and counted["valid"] >= options.count:
                        break
                    if until and time.monotonic() >= until:
                        break
                    if not full:
                        try:
                            change = waiting.get_nowait()
                        except queue.Empty:
                            break
                        counted["open"] += 1
                        likely = order.setdefault(change.unit, sorted(
                            suites, key=lambda suite: (
                                ("nbiot" in suite) != ("nbiot" in change.unit), limits_s[suite])))
                        likely = list(likely)
                if full:
                    time.sleep(0.1) # one under way may turn out not to count
                    continue
                begin = time.monotonic()
                result = worker.outcome(change, texts[change.unit], likely, limits_s)
                with lock:
                    counted["open"] -= 1
                    counted["valid"] += result not in ("invalid", "same")
                    if result in suites:
                        order[change.unit].remove(result)
                        order[change.unit].insert(0, result)
                done.put((change, result, time.monotonic() - begin))
        except Exception as problem: # pylint: disable=broad-except
            done.put((None, problem, 0))
        done.put(None)

    workers = [first] + [Worker(build, number) for number in range(1, options.jobs)]
    threads = [threading.Thread(target=work, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    ended = 0
    while ended < len(threads):
        item = done.get()
        if item is None:
            ended += 1
        elif item[0] is None:
            raise item[1]
        else:
            yield item


# --- the program ----------------------------------------------------------------------------------

SELF_TEST = '''// 1 + 2
#include "a-1.h"
#define TWO \\
    2
int a = 0x0F + 868'100'000; /* 3 */
std::vector<std::array<int, 4>> v{'5', '"', "6 < 7"};
bool f(const int& x) { NS_LOG_LOGIC("x" << x - 8); return !x && x < 9; }
NS_ABORT_MSG_IF(g(x, 10) > y, "not " << 11 + x);
v.reserve(12 * n); double d = 1e-9 * 1.5;
for (std::size_t i = 0; i < v.size(); ++i) { w = std::max(w, 1u << i); }
'''
SELF_TEST_CHANGES = {
    5: ["0x0F>0xe", "+>-", "868'100'000>954910000"],
    7: ["!>", "&&>||", "<>>=", "<><=", "9>10", "9>8"],
    9: ["*>/", "1.5>1.875"],
    10: ["0>1", "<>>=", "<><=", "max>min", "1>2", "1>0", "<<>>>"],
}


def self_test():
    found = {}
    for change in changes_of("unit", SELF_TEST):
        found.setdefault(change.line, []).append(
            f"{SELF_TEST[change.begin:change.end]}>{change.new}")
    problems = []
    for line in sorted(set(found) | set(SELF_TEST_CHANGES)):
        have, want = sorted(found.get(line, [])), sorted(SELF_TEST_CHANGES.get(line, []))
        if have != want:
            problems.append(f"line {line}: {have}, not {want}")
    texts = {"unit": SELF_TEST}
    before = in_order(changes_of("unit", SELF_TEST), texts, 1)
    longer = "int more;\n" + SELF_TEST
    after = in_order(changes_of("unit", longer), {"unit": longer}, 1)
    if [shown(change, SELF_TEST).split(": ", 1)[1] for change in before] != [
            shown(change, longer).split(": ", 1)[1] for change in after]:
        problems.append("a line more gives another order")
    if len({change.line for change in before[:4]}) != 4:
        problems.append("a line is taken twice before each was taken once")
    if before == in_order(changes_of("unit", SELF_TEST), texts, 2):
        problems.append("another seed gives the same order")
    sources = sorted((MODULE / "model").glob("*.cc"))
    if not sources:
        problems.append("no sources found")
    # Some do nothing but hand on.
    for source in sources:
        text = source.read_text(encoding="utf-8")
        if not changes_of(source.stem, text) and OPERATOR.search(code_only(text)):
            problems.append(f"{source.name}: nothing to change")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 2 if problems else 0


def positive(text):
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("more than 0 is needed")
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=0,
                        help="as many changes that count (default: all, until time is up)")
    parser.add_argument("--minutes", type=positive,
                        help="begin no change after that time, from the first one on")
    parser.add_argument("--units", default="*",
                        help="names or patterns of units, lpwan- and .cc left out: lora-*,nbiot-ue")
    parser.add_argument("--most-survivors", type=int,
                        help="exit status 1 when there are more")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--build", type=Path, default=ROOT / "build-mutation")
    parser.add_argument("--list", action="store_true", help="list the changes and try none")
    parser.add_argument("--self-test", action="store_true", help="check how changes are found")
    options = parser.parse_args()
    if options.self_test:
        return self_test()

    patterns = options.units.split(",")
    texts = {}
    for source in sorted((MODULE / "model").glob("*.cc")):
        name = source.stem[len("lpwan-"):]
        if any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
            texts[source.stem] = source.read_text(encoding="utf-8")
    unmatched = [pattern for pattern in patterns if not any(
        fnmatch.fnmatch(unit[len("lpwan-"):], pattern) for unit in texts)]
    if unmatched:
        raise Failure(f"no unit of ns3-module/lpwan/model is named {unmatched[0]}")
    changes = [change for unit, text in texts.items() for change in changes_of(unit, text)]
    changes = in_order(changes, texts, options.seed)
    if options.list:
        for change in changes[:options.count or None]:
            print(shown(change, texts[change.unit]))
        print(f"{len(changes)} changes in {len(texts)} units")
        return 0

    begin = time.monotonic()
    build = Build(options.build.resolve(), options.jobs)
    print(f"built in {time.monotonic() - begin:.0f} s; {len(changes)} changes in {len(texts)} units")
    begin = time.monotonic()
    results, survivors = {}, []
    for change, result, taken_s in try_changes(build, changes, texts, options):
        results[result] = results.get(result, 0) + 1
        if result == "survivor":
            survivors.append(change)
            print(f"survives ({taken_s:.0f} s): {shown(change, texts[change.unit])}", flush=True)
        elif sys.stdout.isatty():
            print(f"{result} ({taken_s:.0f} s): {shown(change, texts[change.unit])}")
    uncounted = results.pop("invalid", 0), results.pop("same", 0)
    valid = sum(results.values())
    seen = ", ".join(f"{suite} {count}" for suite, count in sorted(results.items())
                     if suite != "survivor")
    print(f"seed {options.seed}: {len(survivors)} of {valid} changes survived in "
          f"{time.monotonic() - begin:.0f} s (seen by {seen or 'none'}; not counted: {uncounted[0]} "
          f"do not compile, {uncounted[1]} are the same code)")
    if not valid:
        raise Failure("no change could be tried")
    if options.most_survivors is not None and len(survivors) > options.most_survivors:
        print(f"error: more than {options.most_survivors} survived: a test has to see the lines "
              "above", file=sys.stderr)
        return 1
    return 0


try:
    sys.exit(main())
except Failure as failure:
    print(f"error: {failure}", file=sys.stderr)
    sys.exit(2)
