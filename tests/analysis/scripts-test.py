#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the scripts of analysis/: on a made-up run, and against numbers worked out by hand."""

import csv
import os
import re
import subprocess
import sys
import unittest

import numpy as np

# First: it says where the scripts are.
from script_calls import ANALYSIS, Folder, ROOT, call, call_here, load, write, write_two_images
from example_run import tables_of, write_csv, write_run, write_sweep
from measures import paired_interval
from plotting import BadInput
from results import Results
from settings import SCHEMA

# What draws from a run's folder, and what of a sweep's.
OF_RUNS = [
    ["plot-accuracy.py"], ["plot-accuracy.py", "--against", "bytes"], ["plot-accuracy.py", "--against", "energy"],
    ["plot-airtime.py"], ["plot-airtime.py", "--by", "group"], ["plot-coverage.py"], ["plot-filmstrip.py"],
    ["plot-calibration.py"], ["plot-fairness.py"],
]
OF_SWEEPS = [
    ["plot-sweep.py"], ["plot-sweep.py", "--against", "energy", "--group", "gate"], ["plot-heatmap.py"],
    ["plot-heatmap.py", "--against", "bytes", "--at", "300"], ["plot-heatmap.py", "--value", "nodes.duty_cycle"],
    ["plot-airtime.py"], ["plot-calibration.py", "--of", "all"], ["plot-fairness.py", "--where", "run=1"],
]


class Scripts(Folder):
    def scripts(self):
        found = sorted(path.name for path in ANALYSIS.glob("*.py") if os.access(path, os.X_OK))
        self.assertGreater(len(found), 12)
        return found

    def test_each_has_help(self):
        for script in self.scripts():
            status, out, errors = call(script, "--help")
            self.assertEqual((status, errors), (0, ""), script)
            self.assertIn("usage:", out, script)

    def test_nonsense_is_one_line(self):
        nonsense = {"empty": b"", "binary": bytes(range(256)), "words": b"a,b\n1,2\n"}
        for name, content in nonsense.items():
            folder = self.folder / name
            folder.mkdir()
            for file in ["images", "fragments", "nodes", "accuracy"]:
                (folder / f"{file}.csv").write_bytes(content)
        for script in {words[0] for words in OF_RUNS + OF_SWEEPS} | {"time-to-accuracy.py", "report.py"}:
            for name in ["not-there", *nonsense]:
                self.fails(script, self.folder / name)

    def test_tables_that_are_not_whole(self):
        write_run(self.folder / "run")
        write_sweep(self.folder / "sweep")
        scripts = {"run": ["time-to-accuracy.py", "report.py"], "sweep": ["time-to-accuracy.py", "plot-sweep.py"]}
        for folder, name in [(folder, name) for folder in scripts for name in ["fragments.csv", "images.csv"]]:
            path = self.folder / folder / name
            whole = path.read_bytes()
            lines = whole.splitlines(keepends=True)
            for cut, complaint in [
                (whole[:2000], "cut off"), (whole[:-1], "cut off"), (b"".join(lines[:-3]), ".csv: not whole"),
                (whole[:-1].rpartition(b",")[0] + b"\n", "fields instead of"),
            ]:
                path.write_bytes(cut)
                for script in scripts[folder]:
                    self.assertIn(complaint, self.fails(script, self.folder / folder))
            path.write_bytes(whole)
        for name, script in [("nodes.csv", "plot-fairness.py"), ("accuracy.csv", "plot-accuracy.py")]:
            path = self.folder / "run" / name
            path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
            self.assertIn(f"{name}: not whole", self.fails(script, self.folder / "run"))

    def test_schema(self):
        page = (ROOT / "docs" / "csv.md").read_text(encoding="utf-8")
        self.assertIn(f"Schema version {SCHEMA},", page)
        write_run(self.folder / "run")
        write_sweep(self.folder / "sweep")
        settings = [self.folder / "run" / "scenario.ini", self.folder / "sweep" / "runs" / "0" / "1" / "scenario.ini"]
        for version in [SCHEMA, "99"]:
            for path in settings:
                with path.open("a", encoding="utf-8") as file:
                    file.write(f"\n# Result files: schema version {version} of docs/csv.md\n")
            if version == SCHEMA:
                self.assertEqual(call_here("time-to-accuracy.py", self.folder / "run")[0], 0)
        for script, folder, path in [("plot-accuracy.py", "run", settings[0]), ("plot-sweep.py", "sweep", settings[1]),
                                     ("report.py", "sweep", settings[1])]:
            line = self.fails(script, self.folder / folder)
            self.assertIn(f"{path}: results of schema version 99; this script knows version {SCHEMA}", line)

    def test_folders_without_tables(self):
        sweep = self.folder / "sweep"
        for place in [sweep / "runs" / "0" / "1", sweep / "failed"]:
            place.mkdir(parents=True)
        (sweep / "runs" / "0" / "1" / "scenario.ini").touch()
        (sweep / "sweep.txt").write_text("program 0\nlimitnet-lora-scenario\ngrid\na.b = 1 | 2 | 3\nrun = 1 | 2\nseed = 1\n")
        scripts = ["report.py", "plot-sweep.py", "plot-airtime.py", "plot-accuracy.py"]
        for script in scripts:
            self.assertIn("1 of 6 runs are done; its limitnet-sweep command goes on", self.fails(script, sweep))
        (sweep / "failed" / "1-1.log").touch()
        for script in scripts:
            self.assertIn("1 failed (see ", self.fails(script, sweep))
            self.assertIn("with --retry-failed", self.fails(script, sweep))
        (sweep / "cell.csv").touch()
        for script in scripts:
            self.assertIn("limitnet-lorawan-cell, which have no images", self.fails(script, sweep))

    def test_of_a_run_without_fragments(self):
        write_run(self.folder / "run")
        path = self.folder / "run" / "fragments.csv"
        path.write_text(path.read_text().partition("\n")[0] + "\n")
        path = self.folder / "run" / "images.csv"
        rows = list(csv.DictReader(path.read_text().splitlines()))
        empty = ["first_arrival_s", "last_arrival_s", "prediction", "confidence"]
        rows = [{**row, **dict.fromkeys(["fragments", "fragments_received", "correct"], 0), **dict.fromkeys(empty, "")}
                for row in rows]
        write_csv(path, rows[0], rows)
        for script in ["plot-coverage.py", "plot-airtime.py", "plot-fairness.py", "report.py"]:
            output = self.folder / f"picture{'.html' if script == 'report.py' else '.png'}"
            status, out, errors = call(script, self.folder / "run", "--output", output)
            self.assertEqual((status, errors), (0, ""), script)
            self.assertNotIn("nan", out)

    def test_a_reader_that_has_enough(self):
        write_run(self.folder / "run")
        command = [sys.executable, "-B", ANALYSIS / "time-to-accuracy.py", self.folder / "run"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")

    def test_text_in_a_number(self):
        write_two_images(self.folder / "run")
        path = self.folder / "run" / "fragments.csv"
        path.write_text(path.read_text().replace(",110,", ",soon,"))
        self.assertIn("column arrived_s", self.fails("time-to-accuracy.py", self.folder / "run"))

    def draws(self, folder, commands):
        for number, words in enumerate(commands):
            ending = ["png", "svg", "pdf"][number % 3]
            pictures = [self.folder / f"{number}-{time}.{ending}" for time in (1, 2)]
            for picture, how in zip(pictures, [call, call_here]):
                status, _, errors = how(
                    words[0], folder, *words[1:], "--output", picture, "--title", "a $ <b>"
                )
                self.assertEqual((status, errors), (0, ""), words)
            content = pictures[0].read_bytes()
            self.assertGreater(len(content), 3000, words)
            self.assertEqual(content, pictures[1].read_bytes(), f"{words}: another picture the second time")

    def test_pictures_of_a_run(self):
        write_run(self.folder / "run")
        self.draws(self.folder / "run", OF_RUNS)

    def test_pictures_of_a_sweep(self):
        write_sweep(self.folder / "sweep")
        self.draws(self.folder / "sweep", OF_SWEEPS)
        self.assertIn("choose one, --where", self.fails("plot-coverage.py", self.folder / "sweep"))
        self.assertIn("KEY=VALUE", self.fails("plot-airtime.py", self.folder / "sweep", "--where", "x=1"))
        self.assertIn("0.0, 0.2, 0.5", self.fails(
            "plot-heatmap.py", self.folder / "sweep", "--where", "lora.extra_loss=7"))

    def test_sense_of_options(self):
        write_run(self.folder / "run")
        run = self.folder / "run"
        write_sweep(self.folder / "sweep")
        self.assertIn("not of words", self.fails("plot-heatmap.py", self.folder / "sweep", "--value", "nodes.link"))
        self.assertIn("--at", self.fails("plot-heatmap.py", self.folder / "sweep", "--at=-1"))
        for where, count in [("lora.extra_loss=.20", 144), ("lora.extra_loss=0.0", 144)]:
            for words in [["time-to-accuracy.py"], ["plot-sweep.py", "--output", self.folder / "a.png"]]:
                self.assertEqual(call_here(*words, self.folder / "sweep", "--where", where)[0], 0, where)
            results = Results(str(self.folder / "sweep"))
            results.choose([where])
            self.assertEqual(len(results.images()), count)
        for times in [["nan", "-5"], ["inf"]]:
            self.assertIn("--times", self.fails("compare-runs.py", run, run, "--times", *times))
        self.fails("plot-heatmap.py", run)
        self.fails("plot-sweep.py", run)
        self.fails("plot-airtime.py", run, "--by", "colour")
        self.fails("plot-calibration.py", run, "--bins", 0)
        self.fails("plot-filmstrip.py", run, "--device", 99)
        self.fails("plot-filmstrip.py", run, "--frames", 0)
        self.fails("time-to-accuracy.py", run, "--accuracy", 101)
        self.fails("time-to-accuracy.py", run, "--deadline=-1")
        self.fails("plot-accuracy.py", run, "--output", self.folder / "none" / "a.png")
        self.fails("plot-accuracy.py", run, "--output", self.folder / "a.doc")


class Compare(Folder):
    def compared(self, one, other):
        status, out, errors = call_here("compare-runs.py", self.folder / one, self.folder / other, "--times", 50)
        self.assertEqual((status, errors), (0, ""))
        return list(csv.DictReader(out.splitlines()))[0]

    def test_numbers(self):
        write_run(self.folder / "a", loss=1)
        write_run(self.folder / "b", loss=4)
        row = self.compared("a", "b")
        tables = [tables_of(loss, False)["accuracy.csv"] for loss in (1, 4)]
        right = [next(r["correct"] for r in rows if (r["group"], r["elapsed_s"]) == ("all", 50)) for rows in tables]
        only_a, only_b = int(row["only_a_right"]), int(row["only_b_right"])
        self.assertEqual(right[0] - right[1], only_a - only_b)
        expected = paired_interval(right[0] - only_a, only_a, only_b, 36 - right[0] - only_b)
        self.assertEqual(row["difference"], f"{expected[0]:.4f}")
        # Three images of a camera are no three cameras.
        self.assertLess(float(row["low"]), expected[1])
        self.assertGreater(float(row["high"]), expected[2])
        # All pictures and places twice: the same, from twice as many images.
        for name in ["a", "b"]:
            for file in ["images.csv", "fragments.csv", "accuracy.csv", "nodes.csv"]:
                head, *lines = (self.folder / name / file).read_text().splitlines()
                twice = [f"{run},{line}" for run in (1, 2) for line in lines]
                write(self.folder / f"{name}{name}", file, f"run,{head}", *twice)
        twice = self.compared("aa", "bb")
        self.assertEqual(twice["images"], "72")
        for end in ("low", "high"):
            self.assertAlmostEqual(float(twice[end]), float(row[end]), delta=0.01)

    def test_other_pictures(self):
        for name in ["a", "b"]:
            write_run(self.folder / name)
        path = self.folder / "b" / "images.csv"
        before = path.read_text()
        rows = list(csv.DictReader(before.splitlines()))
        for column in ["dataset_index", "label"]:
            write_csv(path, rows[0], [{**row, column: 77} if number == 4 else row for number, row in enumerate(rows)])
            line = self.fails("compare-runs.py", self.folder / "a", self.folder / "b")
            self.assertIn("are of other pictures: device 1, image 1 is 4 of class 1 there and ", line)
        path.write_text(before)
        for name, dataset in [("a", "cifar10"), ("b", "cifar100")]:
            with (self.folder / name / "scenario.ini").open("a") as file:
                file.write(f"\n[images]\ndataset = {dataset}\n")
        line = self.fails("compare-runs.py", self.folder / "a", self.folder / "b")
        self.assertIn("those of cifar10 there and of cifar100 here", line)


class Groups(Folder):
    def test_a_group_of_all_images_is_left_out(self):
        write(self.folder / "run", "accuracy.csv", "group,elapsed_s,images_counted,accuracy,wilson_low,wilson_high",
              *(f"{group},5,{count},0.5,0.1,0.9" for group, count in [("all", 4), ("sf8", 4), ("gate", 3)]))
        script = load(ANALYSIS / "plot-accuracy.py")
        folder = str(self.folder / "run")
        labels = [label for label, _ in script.collect(script.parse_arguments([folder]))]
        self.assertEqual(labels, ["all images", "gate"])
        labels = [label for label, _ in script.collect(script.parse_arguments([folder, "--groups", "sf8"]))]
        self.assertEqual(labels, ["SF8"])


class Fairness(Folder):
    def test_gateways_of_other_operators_do_not_serve(self):
        folder = self.folder / "run"
        write(folder, "images.csv", "device,link,image,dataset_index", "0,lora,0,0")
        write(folder, "nodes.csv", "device,link,group,x_m,y_m,sf,ce_level", "0,lora,ours,0,0,7,",
              "1,lora,theirs,0,0,7,", "2,nbiot,,0,0,,0")
        write(folder, "gateways.csv", "gateway,link,operator,x_m,y_m", "0,lora,1,30,40", "1,lora,2,0,10",
              "2,nbiot,1,0,1")
        results = Results(str(folder))
        fairness = load(ANALYSIS / "plot-fairness.py")
        with self.assertRaisesRegex(BadInput, "no lora.operator"):
            fairness.distances(results, results.cameras())
        (folder / "scenario.ini").write_text("[lora]\noperator = 1\n\n[group.theirs]\nlora.operator = 2\n")
        self.assertEqual(list(fairness.distances(results, results.cameras())), [50, 10, 1])

    def test_numbers(self):
        # Device 0: 2 of 2 right, 6 of 8 fragments; device 1: 1 of 2 right, 2 of 8.
        folder = self.folder / "run"
        names = "device,link,image,dataset_index,fragments,fragments_received,correct"
        write(
            folder, "images.csv", names, "0,lora,0,0,4,4,1", "0,lora,1,1,4,2,1", "1,lora,0,2,4,2,1", "1,lora,1,3,4,0,0")
        write(folder, "nodes.csv", "device,link,x_m,y_m,sf,ce_level", "0,lora,10,0,7,", "1,lora,0,900,12,")
        status, out, _ = call("plot-fairness.py", folder, "--output", self.folder / "f.png")
        self.assertEqual(status, 0)
        self.assertIn(f"answers right, Jain's index: {1.5 ** 2 / (2 * 1.25):.3f}\n", out)
        self.assertIn("answers right, worst tenth of the devices: 50.0 %\n", out)
        self.assertIn(f"fragments delivered, Jain's index: {1 / (2 * (0.75 ** 2 + 0.25 ** 2)):.3f}\n", out)
        self.assertIn("fragments delivered, worst tenth of the devices: 25.0 %\n", out)


class Places(Folder):
    """A place is a camera where it stands: which images of a sweep share one."""

    def places(self, *nodes):
        """Returns the places of an image of each of these devices: run, device, group, x, y."""
        write(self.folder, "images.csv", "a.key,run,device,image,dataset_index",
              *(f"x,{run},{device},0,{device}" for run, device, *_ in nodes))
        write(self.folder, "nodes.csv", "a.key,run,device,group,x_m,y_m",
              *(f"x,{run},{device},{group},{x},{y}" for run, device, group, x, y in nodes))
        return list(Results(str(self.folder)).images()["place"])

    def test_places(self):
        # Two cameras in two runs: elsewhere each time, and at the same places.
        self.assertEqual(len(set(self.places((1, 0, "", 1, 2), (1, 1, "", 3, 4), (2, 0, "", 5, 2), (2, 1, "", 6, 4)))), 4)
        first, second, again, second_again = self.places(
            (1, 0, "", 1, 2), (1, 1, "", 3, 4), (2, 0, "", 1, 2), (2, 1, "", 3, 4))
        self.assertEqual((first, second), (again, second_again))
        self.assertNotEqual(first, second)
        # Two groups at the same places; two cameras of one group at one place are two.
        places = self.places((1, 0, "p", 1, 2), (1, 1, "p", 1, 2), (1, 2, "q", 1, 2), (1, 3, "q", 1, 2))
        self.assertEqual(places[:2], places[2:])
        self.assertNotEqual(*places[:2])
        # Nobody knows where: a camera in a run.
        self.assertEqual(len(set(self.places((1, 0, "", "", ""), (1, 1, "", "", ""), (2, 0, "", "", "")))), 3)
        (self.folder / "nodes.csv").unlink()
        self.assertEqual(len(set(Results(str(self.folder)).images()["place"])), 3)


class HeatMaps(Folder):
    def values(self, *words):
        """Returns the values of a map, and what is said about them."""
        module = load(ANALYSIS / "plot-heatmap.py")
        arguments = module.parse_arguments([str(self.folder / "sweep"), *words])
        results = Results(str(self.folder / "sweep"))
        return module.table_of(arguments, results, *module.the_keys(arguments, results))

    def test_meters_are_no_cameras(self):
        write_sweep(self.folder / "sweep")
        path = self.folder / "sweep" / "nodes.csv"
        rows = list(csv.DictReader(path.read_text().splitlines()))
        meters = [
            {**row, "device": 90, "role": "meter", "images": 0, "time_on_air_s": 1000} for row in rows
            if row["device"] == "0"
        ]
        write_csv(path, rows[0], rows + meters)
        nodes = tables_of(0, False)["nodes.csv"]
        expected = {
            "camera": np.mean([node["time_on_air_s"] for node in nodes]), "meter": 1000,
            "all": (sum(node["time_on_air_s"] for node in nodes) + 1000) / 13,
        }
        for role, mean in expected.items():
            values, label, together = self.values("--value", "nodes.time_on_air_s", "--role", role)
            self.assertTrue(np.allclose(values, mean), role)
            self.assertIn({"camera": "cameras", "meter": "meters", "all": "devices"}[role], label)
            self.assertIn("2 runs together", together)
        values, label, together = self.values("--value", "nodes.time_on_air_s")
        self.assertTrue(np.allclose(values, expected["camera"]))
        self.assertIn("groups gate, yard together", together)

    def test_groups_and_further_keys_are_said(self):
        write_sweep(self.folder / "sweep")
        for name in ["images.csv", "nodes.csv", "fragments.csv", "accuracy.csv", "gateways.csv"]:
            path = self.folder / "sweep" / name
            lines = path.read_text().splitlines()
            write(self.folder / "sweep", name, f"a.key,{lines[0]}",
                  *(f"{key},{line}" for key in ("x", "y") for line in lines[1:]))
        words = ["--x", "lora.extra_loss", "--y", "codec.map_copies"]
        values, _, together = self.values(*words, "--group", "gate")
        self.assertIn("a.key x, y together; group gate; 2 runs together", together)
        right = [image["correct"] for image in tables_of(2, False)["images.csv"] if image["group"] == "gate"]
        self.assertAlmostEqual(values[0, 1], 100 * np.mean(right))
        self.assertIn("has gate, yard", self.fails("plot-heatmap.py", self.folder / "sweep", *words, "--group", "z"))
        self.assertIn("no meters", self.fails(
            "plot-heatmap.py", self.folder / "sweep", *words, "--value", "nodes.x_m", "--role", "meter"))


class Report(Folder):
    def page(self, folder, *words):
        page = self.folder / "page.html"
        status, _, errors = call("report.py", folder, "--output", page, *words)
        self.assertEqual((status, errors), (0, ""))
        return page.read_text(encoding="utf-8")

    def test_is_whole_and_the_same_each_time(self):
        write_run(self.folder / "run")
        page = self.page(self.folder / "run")
        self.assertEqual(page, self.page(self.folder / "run"))
        with (self.folder / "run" / "images.csv").open(newline="") as stream:
            right = [row["correct"] for row in csv.DictReader(stream)]
        self.assertIn(f"<strong>{100 * right.count('1') / len(right):.1f}\N{NO-BREAK SPACE}%</strong>", page)
        for text in ["0.1.0 (0123456789ab)", "--scenario=scenario.ini", "lora.extra_loss", "Coverage", "Fairness"]:
            self.assertIn(text, page)
        self.assertNotRegex(page, r"(?:src|href|srcset)=\"(?!data:|#)")
        self.assertNotIn("<script", page)
        self.assertNotIn(str(self.folder), page)

    def test_escapes_what_comes_from_files(self):
        evil = "<script>alert(1)</script>&\"'"
        write_run(self.folder / "run", name=evil)
        for name in ["images.csv", "nodes.csv", "accuracy.csv"]:
            path = self.folder / "run" / name
            path.write_text(path.read_text().replace("yard", "<b>x</b>"))
        page = self.page(self.folder / "run")
        self.assertNotIn("<script", page)
        self.assertNotIn("<b>x", page)
        self.assertIn("Run of &lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#x27;", page)

    def test_says_what_it_cannot_show(self):
        write_run(self.folder / "run")
        for name, column in [("images.csv", "encoding_energy_j"), ("images.csv", "group"), ("nodes.csv", "group")]:
            path = self.folder / "run" / name
            path.write_text(path.read_text().replace(column, f"no_{column}", 1))
        page = self.page(self.folder / "run")
        self.assertIn("images.csv: no column encoding_energy_j", page)

    def test_of_a_run_of_which_nothing_arrived(self):
        write_run(self.folder / "run", loss=10)
        page = self.page(self.folder / "run")
        self.assertIn("nothing was predicted from any image", page)
        self.assertIn("none: no device got any", page)
        self.assertNotIn(">nan", page)
        self.assertNotIn(str(self.folder), page)

    def text(self, folder):
        """Returns the page without its pictures."""
        return re.sub(r'"data:[^"]*"', "", self.page(folder))

    def test_numbers_are_by_arm_and_group(self):
        write_run(self.folder / "run")
        # 1 J of sleep a camera for three images, beside what encoding and sending took: in both places.
        page = self.text(self.folder / "run")
        nodes = tables_of(2, False)["nodes.csv"]
        joules = sum(value for node in nodes for name, value in node.items() if name.endswith("_energy_j")) / 36
        self.assertIn(f"<strong>{joules:.3g} J</strong>", page)
        self.assertIn("sleep included", page)
        self.assertEqual(page.count(f">{joules:.3g}</td>"), 2)
        self.assertIn("All groups together.", page)
        write_sweep(self.folder / "sweep")
        page = self.text(self.folder / "sweep")
        # Six arms that differ: no share of right answers of all of them.
        self.assertNotIn("right at the end<strong>", page)
        for loss in [0, 1, 2, 3, 5, 6]:
            images = tables_of(loss, False)["images.csv"]
            for group in ["gate", "yard"]:
                right = [image["correct"] for image in images if image["group"] == group]
                self.assertIn(f">{100 * sum(right) / len(right):.1f}\N{NO-BREAK SPACE}%</td>", page)
        for part in ["plot-calibration", "plot-fairness"]:
            self.assertIn(f"analysis/{part}.py DIR --where=lora.extra_loss=0.0 --where=codec.map_copies=1", page)
        self.assertIn("All 2 runs together.", page)

    def test_of_a_sweep_has_maps_and_its_file(self):
        write_sweep(self.folder / "sweep")
        page = self.page(self.folder / "sweep")
        self.assertIn("Two keys at once", page)
        self.assertIn("[sweep]\nlora.extra_loss = 0.0 | 0.2 | 0.5\n", page)
        self.assertIn("Sweep of made-up-sweep", page)


def write_part(folder, keys, points):
    """Writes a part of the study: two images with three fragments of 100 bytes, sent at 10, 20, 30 s.

    points: (spreading factor, loss, values of the keys, for each image what became of the fragments:
    "1" and "0" a right and a wrong answer, "-" lost).
    """
    lead = ",".join(["lora.sf", "lora.extra_loss", *keys, "run"])
    images, fragments = [], []
    for spreading_factor, loss, values, fates in points:
        point = ",".join([spreading_factor, loss, *values, "1"])
        for device, fate in enumerate(fates):
            images.append(f"{point},{device},0,{device + 7},0")
            for number, what in enumerate(fate):
                arrived = "," if what == "-" else f"{10 * number + 15},{what}"
                fragments.append(f"{point},{device},0,{number},100,{10 * number + 10},{arrived}")
    write(folder, "images.csv", f"{lead},device,image,dataset_index,captured_s", *images)
    write(folder, "fragments.csv", f"{lead},device,image,fragment,bytes,sent_s,arrived_s,correct", *fragments)


class Study(Folder):
    def setUp(self):
        super().setUp()
        levels = [(sf, loss) for sf in ["7", "9", "10", "12"] for loss in ["0", "0.1"]]
        write_part(self.folder / "limitnet", [], [(sf, loss, [], ["011", "-01"]) for sf, loss in levels])
        # The larger size is right from 300 bytes on, the smaller one from 100 on, in one image alone.
        write_part(
            self.folder / "webp", ["codec.side_px", "codec.max_bytes"],
            [(sf, loss, ["32", size], fates) for sf, loss in levels
             for size, fates in [("100", ["1", "0"]), ("300", ["001", "-01"])]],
        )

    def test_numbers(self):
        table = self.folder / "study.csv"
        status, out, errors = call_here(
            "study-codecs.py", self.folder, "--csv", table, "--output", self.folder / "study.png"
        )
        self.assertEqual(status or 0, 0, errors)
        self.assertIn("not shown: starfish, jpeg", errors)
        with open(table, newline="", encoding="utf-8") as file:
            rows = {
                (row["codec"], row["against"], row["budget"]): row for row in csv.DictReader(file)
                if (row["lora.sf"], row["lora.extra_loss"]) == ("10", "0")
            }
        # Sent, not received: the second image's first fragment is lost, and counts as bytes.
        self.assertEqual([rows["LimitNet", "bytes", b]["correct"] for b in ["100", "200", "300"]], ["0", "1", "2"])
        self.assertEqual([rows["WebP 32x32", "bytes", b]["correct"] for b in ["100", "200", "300"]], ["1", "1", "2"])
        self.assertEqual([rows["WebP 32x32", "bytes", b]["setting"] for b in ["100", "300"]], ["32/100", "32/300"])
        self.assertEqual(rows["LimitNet", "time", "30"]["correct"], "1", "the third arrives at 35 s")
        self.assertEqual(rows["WebP 32x32", "bytes", "100"]["limitnet_less_this"], "-0.5000")
        self.assertTrue((self.folder / "study.png").is_file())
        # One of two is right from 200 bytes on, both from 300 on: 40, 50, 60 and 65 %.
        self.assertRegex(out, r"\| LimitNet \| 200 \| 200 \| 300 \| 300 \|")
        # With 100 bytes at most one is; the size of 300 bytes has both.
        self.assertRegex(out, r"\| WebP 32x32 \| 100 \| 100 \| 300 \| 300 \|")

    def test_other_pictures(self):
        path = self.folder / "webp" / "images.csv"
        path.write_text(path.read_text(encoding="utf-8").replace(",8,0\n", ",9,0\n"), encoding="utf-8")
        self.assertIn("its pictures are not those of", self.fails("study-codecs.py", self.folder))

    def test_kept_rows_and_codecs_seen_at_their_end(self):
        table, again = self.folder / "study.csv", self.folder / "again.csv"
        picture = self.folder / "study.png"
        self.assertFalse(call_here("study-codecs.py", self.folder, "--csv", table, "--output", picture)[0])
        # Eight fragments of 100 bytes; the answer comes with the last that arrives.
        part = self.folder / "new"
        keys = ["codec.max_bytes", "strategy.parity_percent"]
        write_part(
            part / "webp-parity" if part.mkdir() is None else part, keys,
            [("10", "0", ["800", parity], fates) for parity, fates in
             [("115", ["-------1", "1111111-"]), ("275", ["-------0", "0000000-"])]],
        )
        status, _, errors = call_here(
            "study-codecs.py", part, "--kept", table, "--csv", again, "--output", picture)
        self.assertFalse(status, errors)
        before, after = table.read_text().splitlines(), again.read_text().splitlines()
        self.assertEqual(after[: len(before)], before)
        new = list(csv.DictReader([before[0], *after[len(before):]]))
        self.assertEqual([(row["codec"], row["against"], row["budget"], row["correct"]) for row in new], [
            ("WebP 32x32, 115 % parity", "bytes", "800", "2"), ("WebP 32x32, 275 % parity", "bytes", "800", "0"),
        ])
        # Both of LimitNet are right: 0 and 1 ahead. Newcombe 1998, table II, of unpaired proportions.
        self.assertEqual([row["limitnet_less_this"] for row in new], ["0.0000", "1.0000"])
        of_counts = load(ANALYSIS / "study-codecs.py").difference_of_counts
        for ours, count, theirs, their_count, low, high in [
            (56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (10, 10, 0, 10, 0.6075, 1.0),
        ]:
            found = of_counts(ours, count, theirs, their_count)
            self.assertAlmostEqual(float(found[1]), low, places=4)
            self.assertAlmostEqual(float(found[2]), high, places=4)

    def test_nothing_there(self):
        self.assertIn("--run makes it", self.fails("study-codecs.py", self.folder / "none"))


if __name__ == "__main__":
    unittest.main()
