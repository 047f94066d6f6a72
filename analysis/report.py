#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes one web page about a run or a sweep: the numbers, all plots that the data allow, and how to
repeat it.

The page is one file without scripts and needs no network. It can be read on a telephone and printed.
The same results give the same bytes. What the data do not allow is listed at its end, with the
reason.
"""

import argparse
import importlib.util
import os
import re
import shlex
import sys

import numpy as np
import pandas as pd

import page
from plotting import BadInput, name_of, run
from settings import same_value

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(HERE, "..", "docs")
# Say where and which, not what was simulated.
PLACES = ["seed", "run", "out", "data", "plot", "scenario.name"]
BUDGETS = [("time", "time_s", "s"), ("bytes", "bytes", "bytes"), ("energy", "energy_j", "J")]
FILMSTRIPS = 3
FEWEST = 5  # images of a group in a table
MOST_ROWS = 40  # of a table: more are for a CSV file


def tool(name):
    """Returns the script of this folder with that name, as a module."""
    path = os.path.join(HERE, f"{name}.py")
    spec = importlib.util.spec_from_file_location(name.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Report:
    """Gathers the parts of the page, and what had to be left out."""

    def __init__(self, folder):
        from results import Results

        self.results = Results(folder)
        self.left_out = []
        # Of keys beyond the two that a picture shows well, the first values.
        self.fixed = [f"{key}={self.results.values(key)[0]}" for key in self.results.open_keys()[2:]]
        self.where = [f"--where={condition}" for condition in self.fixed]
        self.for_which = f" For {', '.join(self.fixed)}." if self.fixed else ""
        # What is drawn of one arm is drawn of the first.
        arms = self.results.points() if self.results.open_keys() else []
        first = [f"{key}={arms[0][key]}" for key in self.results.open_keys()] if arms else []
        self.first_arm = [f"--where={condition}" for condition in first]
        self.for_first_arm = f" For {', '.join(first)}." if first else ""
        groups = "All groups together." if self.results.has_groups() else ""
        runs = len(self.results.values("run")) if self.results.is_sweep else 1
        self.of_all = " ".join(filter(None, [groups, f"All {runs} runs together." if runs > 1 else ""]))
        self.of_all = f" {self.of_all}" if self.of_all else ""

    def figure(self, script, words, caption):
        """Returns a figure of a script, or nothing when the data do not allow it."""
        try:
            module = tool(script)
            arguments = module.parse_arguments([self.results.folder, *words])
            shown = " ".join([f"analysis/{script}.py", "DIR", *map(shlex.quote, words)])
            return page.figure(lambda width: module.figure(arguments, width), caption, shown)
        except BadInput as error:
            self.leave_out(caption, error)
            return ""

    def leave_out(self, what, error):
        """Notes what is not on the page, and why."""
        reason = re.sub(re.escape(self.results.folder.rstrip("/")) + "(/|: )", "", str(error))
        self.left_out.append((what, reason))


def percent(share):
    """Returns a share as a percentage."""
    return "-" if np.isnan(share) else f"{100 * share:.1f} %"


def number(value, unit=""):
    """Returns a number with its unit."""
    if np.isnan(value):
        return "-"
    return f"{value:.3g} {unit}".strip() if abs(value) < 1000 else f"{value:.0f} {unit}".strip()


def energy_of(nodes):
    """Returns the joules that all devices together have spent, by what for."""
    ending = "_energy_j"
    return {name[: -len(ending)]: nodes[name].sum() for name in nodes if name.endswith(ending)}


def headline(report):
    """Returns the large numbers at the top."""
    from budgets import Progress

    results = report.results
    images = results.images("correct", "fragments", "fragments_received")
    nodes = results.cameras("images", "time_on_air_s")
    progress = Progress(results, "time")
    if results.open_keys():
        # What different arms have in common is their number.
        figures = [("arms", f"{len(results.points())}", f"combinations of {', '.join(results.open_keys())}")]
        runs = len(images[results.run_columns].drop_duplicates())
        figures.append(("runs", f"{runs}", f"{len(nodes)} cameras in all, {len(images)} images"))
        return page.headline(figures) + arms_table(report, images, nodes, progress)
    curve = progress.curve(images["id"])
    right, count = int(images["correct"].sum()), len(images)
    low, high = progress.curve_to_the_end(images["id"]).interval([np.inf])
    captured = max(1, nodes["images"].sum())
    spent = energy_of(nodes)
    active = sum(spent.get(kind, 0) for kind in ["encoding", "radio_tx", "radio_rx"])
    figures = [
        (
            "right at the end", percent(right / count),
            f"{right} of {count} images; 95 %: {percent(low[0])} to {percent(high[0])}",
        ),
    ]
    for accuracy in [0.5, 0.8]:
        time = curve.first(accuracy)
        reached = "never" if time is None else number(time, "s")
        figures.append((f"until {100 * accuracy:.0f} % are right", reached, "since capture"))
    delivered = images["fragments_received"].sum() / max(1, images["fragments"].sum())
    figures += [
        ("fragments delivered", percent(delivered), f"of {images['fragments'].sum():.0f}"),
        ("time on air", number(nodes["time_on_air_s"].sum() / captured, "s"), "for an image, mean"),
        (
            "energy", number(sum(spent.values()) / captured, "J"),
            "for an image, mean: all that a camera used, sleep included; "
            f"{number(active / captured, 'J')} for encoding, sending, listening",
        ),
    ]
    if results.is_sweep:
        runs = len(images[results.run_columns].drop_duplicates())
        figures.append(("runs", f"{runs}", f"{len(nodes)} cameras in all, {count} images"))
    else:
        figures.append(("cameras", f"{len(nodes)}", f"{captured:.0f} images captured"))
    note = f'<p class="note">{page.escape(report.of_all.strip())}</p>\n' if report.of_all else ""
    table = arms_table(report, images, nodes, progress) if results.has_groups() else ""
    return page.headline(figures) + note + table


def parts_of(report, images, nodes):
    """Returns (cells that say which, images, cameras) of each arm and group."""
    from results import sets_of_images

    results = report.results
    parts = []
    for what, ids in sets_of_images(results, images):
        of_keys = {key: value for key, value in what.items() if key in results.keys}
        name = what.get("group", "all")
        if not results.keys and name != "all" and name not in set(images.get("group", [])):
            continue  # a spreading factor or level, which is no group
        mine = nodes
        for key, value in of_keys.items():
            mine = mine[mine[key] == value]
        mine = mine if name == "all" else mine[mine["group"] == name]
        cells = [of_keys[key] for key in results.open_keys()]
        parts.append(([*cells, *([name_of(name)] if results.has_groups() else [])], ids, mine))
    return parts


def heads_of(report):
    """Returns the heads of the cells that say which arm and group."""
    return [*report.results.open_keys(), *(["group"] if report.results.has_groups() else [])]


def arms_table(report, images, nodes, progress):
    """Returns the main numbers of each arm and group."""
    rows = []
    for cells, ids, cameras in parts_of(report, images, nodes):
        mine = images[images["id"].isin(ids)]
        low, high = progress.curve_to_the_end(ids).interval([np.inf])
        captured = max(1, cameras["images"].sum())
        delivered = mine["fragments_received"].sum() / max(1, mine["fragments"].sum())
        rows.append([
            *cells, len(mine), percent(mine["correct"].mean()), f"{percent(low[0])} to {percent(high[0])}",
            percent(delivered), number(cameras["time_on_air_s"].sum() / captured),
            number(sum(energy_of(cameras).values()) / captured),
        ])
    note = f'<p class="note">The first {MOST_ROWS} of {len(rows)} rows.</p>\n' if len(rows) > MOST_ROWS else ""
    heads = [
        *heads_of(report), "images", "right at the end", "95 % interval", "fragments delivered",
        "s on air for an image", "J for an image, with sleep",
    ]
    return page.table(heads, rows[:MOST_ROWS]) + note


def accuracy_part(report):
    """Returns the curves over time, bytes and energy."""
    script, where = ("plot-sweep", report.where) if report.results.is_sweep else ("plot-accuracy", [])
    captions = {
        "time": "How many images the cloud gets right, against the time since their capture.",
        "bytes": "The same against the bytes of an image that have arrived.",
        "energy": "The same against the energy that encoding an image and sending it have taken by then.",
    }
    return "".join(
        report.figure(
            script, [*([] if against == "time" else ["--against", against]), *where],
            caption + (report.for_which if where else "") + (report.of_all if report.results.is_sweep else ""),
        )
        for against, caption in captions.items()
    )


def reach_part(report):
    """Returns the table of what it takes to reach accuracies."""
    module = tool("time-to-accuracy")
    names, rows = module.table(module.parse_arguments([report.results.folder]), quiet=True)
    keys = names[: names.index("images")]
    accuracies = list(dict.fromkeys(row["accuracy_percent"] for row in rows))
    cells = {}
    for row in rows:
        what = tuple(row[key] for key in keys)
        if row["images"] >= FEWEST or what == ("all",):
            cells.setdefault((*what, row["images"]), []).append(cost_of(row))
    shown = [[*named(keys, what[:-1]), what[-1], *costs] for what, costs in cells.items()]
    note = ""
    if len(shown) > MOST_ROWS:
        note = f'<p class="note">The first {MOST_ROWS} of {len(shown)} rows.</p>\n'
    heads = keys if len(keys) < 3 else ["of which"]
    heads = [*heads, "images", *(f"{accuracy} % right" for accuracy in accuracies)]
    return (
        "<p>What an image has cost when so many of all are right for the first time: time since its "
        "capture, bytes received, energy for encoding and sending; "
        '"never" where that was not reached.</p>\n'
        + page.table(heads, shown[:MOST_ROWS])
        + note
        + '<p class="note"><code>analysis/time-to-accuracy.py DIR --csv FILE</code></p>\n'
    )


def named(keys, values):
    """Returns the cells that say what a row is of: a group, or the values of swept keys."""
    if keys == ["group"]:
        return [name_of(values[0])]
    if len(keys) < 3:
        return values
    return [", ".join(f"{key} = {value}" for key, value in zip(keys, values))]


def cost_of(row):
    """Returns the budgets of a row in one cell."""
    costs = [
        (name, row[column], unit)
        for name, column, unit in BUDGETS
        if row[column]
    ]
    if all(cost == "never" for _, cost, _ in costs):
        return "never"
    return ", ".join(
        f"{name} never" if cost == "never" else f"{cost}\N{NO-BREAK SPACE}{unit}"
        for name, cost, unit in costs
    )


def map_part(report):
    """Returns heat maps, of a sweep over two keys or more."""
    keys = report.results.open_keys()[:2]
    images = report.results.images()
    if len(keys) < 2 or 2 * len(images[keys].drop_duplicates()) < np.prod(images[keys].nunique()):
        return ""  # with mode = zip a map would be empty but for its diagonal
    times = report.results.table("accuracy.csv", "elapsed_s")["elapsed_s"].unique()
    middle = f"{np.sort(times)[len(times) // 2]:g}"
    more = report.for_which
    return (
        report.figure("plot-heatmap", report.where, f"Images that are right at the end.{more}{report.of_all}")
        + report.figure(
            "plot-heatmap", ["--at", middle, *report.where],
            f"Images that are right {middle} s after their capture.{more}{report.of_all}",
        )
        + report.figure(
            "plot-heatmap", ["--value", "nodes.time_on_air_s", *report.where],
            f"Time that a camera sends, mean of the cameras (s).{more}{report.of_all}",
        )
    )


def air_part(report):
    """Returns airtime, losses and energies."""
    results = report.results
    text = ""
    bars = results.open_keys()[:2]
    if "lora.sf" not in bars:
        bars.append("level")
    if results.has_groups():
        bars.append("group")
    for by in bars:
        by_name = {"level": "SF or coverage level", "group": "group of devices"}.get(by, by)
        caption = f"Time on air for an image of the cameras, and what became of the fragments, by {by_name}."
        others = [key for key in results.open_keys() if key != by]
        caption += f" All values of {', '.join(others)} together." if others else ""
        text += report.figure("plot-airtime", ["--by", by], caption)
    return text + energy_table(report) + lifetime_text(results)


def energy_table(report):
    """Returns what the cameras' energy was for, of each arm and group where there are several."""
    nodes = report.results.cameras("images")
    if not heads_of(report):
        captured = max(1, nodes["images"].sum())
        spent = energy_of(nodes)
        spent["all of it"] = sum(spent.values())
        rows = [
            (kind.replace("_", " "), number(joules / captured), number(joules / max(1, len(nodes))))
            for kind, joules in spent.items()
        ]
        return "<p>Energy of the cameras by what it was for:</p>\n" + page.table(
            ["energy", "J for an image", "J for a camera"], rows
        )
    rows, heads = [], []
    for cells, _, cameras in parts_of(report, report.results.images(), nodes):
        captured = max(1, cameras["images"].sum())
        spent = energy_of(cameras)
        heads = [kind.replace("_", " ") for kind in spent]
        rows.append([*cells, *(number(joules / captured) for joules in [*spent.values(), sum(spent.values())])])
    return (
        "<p>Energy of the cameras for an image (J) by what it was for:</p>\n"
        + page.table([*heads_of(report), *heads, "all of it"], rows[:MOST_ROWS])
        + (f'<p class="note">The first {MOST_ROWS} of {len(rows)} rows.</p>\n' if len(rows) > MOST_ROWS else "")
    )


def lifetime_text(results):
    """Returns what the energy of a day is made of, and so a lifetime, for each role and group."""
    settings = results.settings()[0]
    nodes = results.table("nodes.csv", "device")
    key, duration = "devices.base_power_w", float(settings.get("scenario.duration_s", "nan"))
    groups = nodes["group"] if "group" in nodes else pd.Series("", nodes.index)
    role = nodes["role"] if "role" in nodes else "camera"
    base = nodes.get(key, groups.map(lambda name: settings.get(f"group.{name}.{key}", settings.get(key, "0"))))
    off = pd.to_numeric(nodes["off_at_s"]) if "off_at_s" in nodes else pd.Series(np.nan, nodes.index)
    columns = [name for name in nodes if name.endswith("_energy_j")]
    spent = nodes[columns].apply(pd.to_numeric)
    spent["on"] = off.fillna(pd.to_numeric(nodes.get("scenario.duration_s", pd.Series(duration, nodes.index))))
    spent["base_power_energy_j"] = pd.to_numeric(base) * spent["on"]
    text = ""
    for name, rows in spent.groupby(role + groups.map(lambda group: f" of group {group}" if group else "")):
        joules = energy_of(rows)
        day, whole = 86400 / rows["on"].sum(), sum(joules.values())
        lines = [
            (kind.replace("_", " "), number(joule * day), percent(joule / whole))
            for kind, joule in sorted(joules.items(), key=lambda item: -item[1]) if joule > 0
        ]
        text += f"<p>What a {page.escape(name)} uses in a day, {number(whole * day, 'J')}, and so its lifetime:</p>\n"
        text += page.table(["energy", "J a day", "share"], lines)
    return text


def coverage_part(report):
    """Returns the map; of a sweep, of its first run."""
    words, of_which = [], ""
    if report.results.is_sweep:
        first = [f"{key}={report.results.values(key)[0]}" for key in report.results.run_columns]
        words = [f"--where={condition}" for condition in first]
        of_which = f" ({', '.join(first)})"
    caption = f"Devices and gateways{of_which}; the fill is the part of the fragments that arrived."
    return report.figure("plot-coverage", words, caption)


def film_part(report):
    """Returns the life of some images, where pictures were kept."""
    script = tool("plot-filmstrip")
    folder = report.results.run_folder()
    images = script.images_with_pictures(folder)
    if not images:
        report.leave_out("What the cloud sees of an image.", "no folder pictures with pictures in it")
    text = ""
    for device, image in images[:FILMSTRIPS]:
        words = ["--device", str(device), "--image", str(image)]
        arguments = script.parse_arguments([folder, *words])
        caption = f"What the cloud sees of image {image} of device {device}, and what it makes of it."
        command = " ".join(["analysis/plot-filmstrip.py", "DIR", *words])
        try:
            text += page.figure(lambda width: script.figure(arguments, width), caption, command)
        except BadInput as error:
            report.leave_out(caption, error)
    return text


def numbers_of(report, script):
    """Returns the numbers that a script prints, as a table."""
    try:
        module = tool(script)
        arguments = module.parse_arguments([report.results.folder, *report.first_arm])
        return page.table(["", ""], module.summary(arguments))
    except BadInput:
        return ""  # the figure of the same script says why


def trust_part(report):
    """Returns calibration."""
    caption = "How often the last answers are right, against the confidence that the cloud gives them."
    caption += report.for_first_arm + report.of_all
    return report.figure("plot-calibration", report.first_arm, caption) + numbers_of(report, "plot-calibration")


def fairness_part(report):
    """Returns fairness."""
    caption = "Right answers and delivered fragments of the cameras: who gets how much."
    caption += report.for_first_arm + report.of_all
    return report.figure("plot-fairness", report.first_arm, caption) + numbers_of(report, "plot-fairness")


def defaults_of(program):
    """Returns {key: default} from the pages about the programs, as far as they can be told."""
    pages = {"limitnet-lora-scenario": ["scenario.md"], "limitnet-nbiot-scenario": ["nbiot-scenario.md"]}
    known = {}
    for name in pages.get(program, ["scenario.md", "nbiot-scenario.md"]):
        try:
            with open(os.path.join(DOCS, name), encoding="utf-8") as file:
                text = file.read()
        except OSError:
            continue
        for line in text.splitlines():
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
            if len(cells) == 8 and re.fullmatch(r"`[\w.]+`", cells[1]):
                key, default = cells[1].strip("`"), cells[5].strip("`").replace("\\|", "|")
                # Where the two programs differ, a third one's default is not known.
                known[key] = default if known.get(key, default) == default else None
    return known


def parameters_part(report):
    """Returns what was set, as far as that differs from the defaults."""
    results = report.results
    settings, comments = results.settings()
    if not settings:
        report.leave_out("Parameters.", "no scenario.ini")
        return ""
    defaults = defaults_of(program_of(comments)[0])
    rows, unknown = [], 0
    for key, value in settings.items():
        if key in results.keys:
            rows.append((key, ", ".join(results.values(key)), "swept"))
        elif key.startswith("group."):
            general = settings.get(key.split(".", 2)[-1], "")
            rows.append((key, value, f"of the others: {general}" if general else ""))
        elif key in PLACES:
            continue
        elif key not in defaults:
            unknown += 1
        elif defaults[key] is None or not same_value(value, defaults[key]):
            rows.append((key, value, "differs by program" if defaults[key] is None else defaults[key]))
    text = "<p>Everything else is as the program has it by default"
    text += f", or one of {unknown} keys whose default is not known here:</p>\n" if unknown else ":</p>\n"
    text += page.table(["key", "value", "default"], rows, words=True) if rows else ""
    everything = page.table(["key", "value"], list(settings.items()), words=True)
    return text + f"<details><summary>All {len(settings)} keys</summary>\n{everything}</details>\n"


def program_of(comments):
    """Returns program, version and the rest of the first line of scenario.ini."""
    match = re.match(r"(\S+) (\S+ \([^)]*\)|\S+?),? *(.*)", comments[0]) if comments else None
    return match.groups() if match else ("", "", "")


def read_text(path):
    """Returns a file's text, or nothing."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def repeat_part(report):
    """Returns program, version, seed and the command that repeats the results."""
    results = report.results
    settings, comments = results.settings()
    program, version, _ = program_of(comments)
    if results.is_sweep and not program:
        program = read_text(results.path("sweep.txt")).partition("\n")[2].partition("\n")[0]
    rows = [
        ("program", program or "not known"), ("version", version.rstrip(",") or "not known"),
        ("seed", settings.get("seed", "not known")),
    ]
    if results.is_sweep:
        text = sweep_scenario(results, program)
        rows.append(("runs", ", ".join(results.values("run"))))
        command = "limitnet-sweep sweep.ini --out DIR"
        kept = f"<p>sweep.ini is:</p><pre>{page.escape(text)}</pre>" if text else ""
    else:
        rows.append(("run", settings.get("run", "not known")))
        command = f"{program or 'PROGRAM'} --scenario=scenario.ini --out=DIR"
        kept = ""
        text = read_text(results.path("scenario.ini"))
        if text:
            kept = f"<details><summary>scenario.ini</summary><pre>{page.escape(text)}</pre></details>"
    return (
        page.table(["", ""], rows, words=True)
        + "<p>The same version repeats the results byte for byte:</p>"
        + f"<pre>{page.escape(command)}</pre>\n{kept}\n"
    )


def sweep_scenario(results, program):
    """Returns the file that the sweep was made from, as far as its folder tells."""
    plan, base = read_text(results.path("sweep.txt")), read_text(results.path("base.ini"))
    lines, keys = [], set()
    for line in plan.splitlines():
        key = line.partition("=")[0].strip()
        if line == "zip":
            lines.append("mode = zip")
        if key in results.run_columns and key not in keys and "=" in line:
            keys.add(key)
            lines.append(line)
    if not lines or not base:
        return ""
    settings = re.sub(r"\A(#.*\n|\s*\n)*", "", base)
    return "\n".join([f"# {program}", "[sweep]", *lines, "", settings])


def left_out_part(report):
    """Returns what is not on the page."""
    return page.table(["what", "why"], report.left_out, words=True) if report.left_out else ""


def write(arguments):
    """Writes the page."""
    report = Report(arguments.folder)
    _, comments = report.results.settings()
    program, version, _ = program_of(comments)
    kind = "Sweep" if report.results.is_sweep else "Run"
    title = arguments.title or f"{kind} of {report.results.name()}"
    parts = [
        ("summary", "Summary", f"<p>{page.escape(f'{program} {version}')}</p>\n{headline(report)}"),
        ("accuracy", "Accuracy", accuracy_part(report)),
        ("reach", "What an accuracy takes", reach_part(report)),
        ("maps", "Two keys at once", map_part(report)),
        ("air", "Air, losses and energy", air_part(report)),
        ("coverage", "Coverage", coverage_part(report)),
        ("film", "The life of an image", film_part(report)),
        ("trust", "Can the confidence be believed?", trust_part(report)),
        ("fairness", "Fairness", fairness_part(report)),
        ("parameters", "Parameters", parameters_part(report)),
        ("repeat", "How to repeat it", repeat_part(report)),
    ]
    parts.append(("left-out", "Not on this page", left_out_part(report)))
    output = arguments.output or os.path.join(arguments.folder, "report.html")
    page.write(output, page.whole(title, parts))


def parse_arguments(words=None):
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", help="folder of a run or of a sweep")
    parser.add_argument("--output", metavar="FILE", help="the page (default: report.html in the folder)")
    parser.add_argument("--title", default="", help="of the page (default: the scenario's name)")
    return parser.parse_args(words)


def main():
    """Runs the program."""
    arguments = parse_arguments()
    return run(lambda: write(arguments))


if __name__ == "__main__":
    sys.exit(main())
