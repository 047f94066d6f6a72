#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests of check-contract.py: it finds what a program should not write."""

import csv
import subprocess
import sys
import unittest
from pathlib import Path

# First: it says where the scripts are.
from script_calls import Folder, load
from example_run import columns, write_csv, write_run


class Contract(Folder):
    """check-contract.py sees what is wrong."""

    SCRIPT = Path(__file__).with_name("check-contract.py")

    def check(self):
        """Returns the complaints about the run, a line each."""
        return "\n".join(load(self.SCRIPT).check(self.folder / "run").complaints)

    def of(self, *words):
        """Calls the script; returns its exit status and errors."""
        done = subprocess.run(
            [sys.executable, "-B", self.SCRIPT, *words], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr

    def change(self, name, column, value, row=0):
        """Changes one field and expects that this is seen; puts it back."""
        path = self.folder / "run" / name
        before = path.read_text()
        rows = list(csv.reader(before.splitlines()))
        rows[row + 1][rows[0].index(column)] = value
        path.write_text("\n".join(",".join(fields) for fields in rows) + "\n")
        errors = self.check()
        path.write_text(before)
        self.assertTrue(errors, f"{name}, {column} = {value}")
        return errors

    def test_breaches(self):
        write_run(self.folder / "run", only_documented=True)
        self.assertEqual(self.check(), "")
        self.assertEqual(self.of(self.folder / "run"), (0, ""))
        for name, column, value in [
            ("images.csv", "bytes", "841"), ("images.csv", "fragments", "4"), ("images.csv", "fragments_received", "1"),
            ("images.csv", "fragments_sent", "4"), ("images.csv", "last_arrival_s", "107"), ("images.csv", "correct", "0"),
            ("nodes.csv", "frames_delivered", "1"), ("nodes.csv", "frames_sent", "1"), ("nodes.csv", "images", "4"),
            ("nodes.csv", "time_on_air_s", "1.5"), ("nodes.csv", "radio_rx_energy_j", "-0.1"),
            ("nodes.csv", "radio_tx_energy_j", "5"), ("nodes.csv", "signalling_time_on_air_s", "0"),
            ("nodes.csv", "x_m", "east"), ("fragments.csv", "fate", "vanished"), ("fragments.csv", "transmissions", "0"),
            ("fragments.csv", "sent_s", "1"), ("accuracy.csv", "correct", "30"), ("accuracy.csv", "images_counted", "9"),
            ("accuracy.csv", "wilson_high", "0.9"),
        ]:
            errors = self.change(name, column, value)
            self.assertIn(name.split(".")[0], errors)
        if "encoding_energy_j" in columns(True)["images.csv"]:
            self.assertIn("sum over its images", self.change("images.csv", "encoding_energy_j", "9"))

    def test_airtime_of_a_scheduled_device(self):
        write_run(self.folder / "run", only_documented=True)
        path = self.folder / "run" / "nodes.csv"
        row = next(i for i, row in enumerate(csv.DictReader(path.read_text().splitlines())) if row["link"] == "nbiot")
        law = "that of its fragments and signalling_time_on_air_s"
        self.assertIn(law, self.change("nodes.csv", "signalling_time_on_air_s", "0.001", row))
        self.assertIn("and of all that are", self.change("nodes.csv", "signalling_time_on_air_s", "", row))
        self.assertIn("by the time on air", self.change("nodes.csv", "radio_tx_energy_j", "5", row))
        # Signalling is on the air too, and has its part of the energy.
        rows = list(csv.DictReader(path.read_text().splitlines()))
        on_air = float(rows[row]["time_on_air_s"]) + 1
        joule = float(rows[row]["radio_tx_energy_j"]) * on_air / (on_air - 1)
        rows[row].update(
            time_on_air_s=on_air, duty_cycle=on_air / 10000, signalling_time_on_air_s=1, radio_tx_energy_j=joule
        )
        write_csv(path, rows[0], rows)
        self.assertEqual(self.check(), "")

    def test_frames_of_a_group_that_answers(self):
        write_run(self.folder / "run", only_documented=True)
        settings = self.folder / "run" / "scenario.ini"
        settings.write_text(settings.read_text() + "\n[group.gate]\nlora.adr = true\n")
        path = self.folder / "run" / "nodes.csv"
        rows = list(csv.DictReader(path.read_text().splitlines()))
        for row, complaints in [(0, 0), (1, 1)]:  # of the group gate, and of yard
            self.assertEqual(rows[row]["group"], ["gate", "yard"][row])
            on_air = float(rows[row]["time_on_air_s"]) + 1
            rows[row].update(time_on_air_s=on_air, duty_cycle=on_air / 10000)
            write_csv(path, rows[0], rows)
            self.assertEqual(self.check().count("that of the fragments' frames"), complaints)

    def test_batteries(self):
        write_run(self.folder / "run", only_documented=True)
        settings = self.folder / "run" / "scenario.ini"
        text = settings.read_text()
        # 10000 s at a milliwatt are 10 J, and the devices' own energies less than 5 J.
        for battery, complaints in [(15, 0), (5, 1), (0, 0)]:
            settings.write_text(text.replace("[devices]", f"[devices]\nbattery_j = {battery}\nbase_power_w = 0.001"))
            self.assertEqual(self.check().count("no more energy than devices.battery_j"), complaints)
        settings.write_text(text + "\n[group.gate]\ndevices.battery_j = 5\ndevices.base_power_w = 0.001\n")
        self.assertIn("no more energy than devices.battery_j: 4 of 12 not so", self.check())

    def test_runs_a_program_first(self):
        program = self.folder / "program"
        program.write_text(
            f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\n"
            f"sys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom example_run import write_run\n"
            "out = [word[6:] for word in sys.argv if word.startswith('--out=')][0]\n"
            "write_run(Path(out) / 'made-up' / '1', only_documented=True)\n")
        program.chmod(0o755)
        self.assertEqual(self.of("--of", program), (0, ""))
        program.write_text("#!/bin/sh\necho gone\nexit 3\n")
        status, errors = self.of("--of", program)
        self.assertEqual(status, 1)
        self.assertIn("exit status 3: gone", errors)

    def test_columns(self):
        write_run(self.folder / "run", only_documented=True)
        path = self.folder / "run" / "nodes.csv"
        path.write_text(path.read_text().replace("x_m,y_m", "y_m,x_m"))
        self.assertIn("nodes.csv: columns are not those", self.check())
        path.unlink()
        self.assertIn("nodes.csv: not there", self.check())


if __name__ == "__main__":
    unittest.main()
