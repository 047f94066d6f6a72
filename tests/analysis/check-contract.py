#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails when the result files of a run are not as docs/csv.md says, or contradict each other.

  check-contract.py RUN_FOLDER
  check-contract.py --of PROGRAM [--key=value ...]      runs the program first, into a folder of its own

Names and order of the columns are those of docs/csv.md; whatever is no word has to be a number.
Then laws that hold whatever was simulated: what images.csv and nodes.csv count is what fragments.csv
lists, energies add up, and the accuracy curve follows from the predictions of the fragments.
"""

import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "analysis"))

from measures import Sources, clustered_share  # noqa: E402

PAGE = Path(__file__).resolve().parents[2] / "docs" / "csv.md"
# What the files round to, times the largest number of terms in a sum here.
CLOSE = 1e-5
LAST_DIGIT = 1e-6  # of times, s
FULL_POWER_W = 2  # of a device that encodes and sends; NB-IoT's radio takes most of it


class Checks:
    """Gathers what is wrong."""

    def __init__(self):
        self.complaints = []
        self.count = 0

    def all(self, truths, what):
        """Notes a complaint unless every value is true; says how many are not and the first."""
        self.count += 1
        truths = pd.Series(truths, dtype=bool)
        if not truths.all():
            first = truths.index[~truths][0]
            self.complaints.append(f"{what}: {(~truths).sum()} of {len(truths)} not so, first at {first}")

    def equal(self, one, other, what, close=0.0):
        """The same for two series that have to be equal, by index."""
        one, other = one.align(other, join="outer")
        self.all((one - other).abs() <= close, what)


def documented(page):
    """Returns {file: [(column, type, meaning)]} of a run's files, as the page has them."""
    tables, name = {}, None
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("# Files of"):
            break  # those of other programs
        if line.startswith("## "):
            name = line[3:].strip()
            tables[name] = []
        row = re.match(r"\| `(\w+)` \| ([^|]*) \|[^|]*\| (.*) \|$", line)
        if row and name:
            tables[name].append(row.groups())
    return tables


def read(folder, tables, checks):
    """Returns the tables of a run, after a look at names, order and numbers."""
    found = {}
    for name, columns in tables.items():
        path = folder / name
        if not path.is_file():
            checks.complaints.append(f"{name}: not there")
            continue
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        names = [column for column, _, _ in columns]
        checks.count += 1
        if list(table.columns) != names:
            wrong = [f"{a} instead of {b}" for a, b in zip(table.columns, names) if a != b]
            checks.complaints.append(
                f"{name}: columns are not those of docs/csv.md: {wrong[0] if wrong else 'too many or too few'}"
            )
        for column, kind, _ in columns:
            if column in table and kind != "text":
                table[column] = numbers(table[column], kind, f"{name}, {column}", checks)
        found[name] = table
    return found


def numbers(texts, kind, what, checks):
    """Returns a column as numbers; empty fields as none."""
    values = pd.to_numeric(texts.where(texts != ""), errors="coerce")
    checks.all((texts == "") | values.notna(), f"{what}: a number or nothing")
    if kind == "integer":
        checks.all((texts == "") | texts.str.fullmatch(r"-?\d+"), f"{what}: a whole number or nothing")
    elif kind == "0 or 1":
        checks.all(texts.isin(["", "0", "1"]), f"{what}: 0, 1 or nothing")
    checks.all(~values.isin([math.inf, -math.inf]), f"{what}: finite")
    return values


def check_images(images, fragments, checks):
    """What images.csv says follows from fragments.csv."""
    by = ["device", "image"]
    checks.all(~images.duplicated(by), "images.csv: each image once")
    checks.all(~fragments.duplicated([*by, "fragment"]), "fragments.csv: each fragment once")
    images = images.set_index(by)
    groups = fragments.groupby(by)

    def of_images(series):
        return series.reindex(images.index, fill_value=0)

    checks.equal(images["fragments"], of_images(groups.size()), "images.fragments: as many as rows, by fate")
    checks.equal(images["bytes"], of_images(groups["bytes"].sum()), "images.bytes: sum of the fragments")
    delivered = of_images((fragments["fate"] == "delivered").groupby([fragments[b] for b in by]).sum())
    checks.equal(images["fragments_received"], delivered, "images.fragments_received: those delivered")
    sent = of_images((fragments["transmissions"] > 0).groupby([fragments[b] for b in by]).sum())
    checks.equal(images["fragments_sent"], sent, "images.fragments_sent: those with transmissions")
    checks.equal(
        images["first_arrival_s"].fillna(-1), of_images(groups["arrived_s"].min()).where(delivered > 0, -1),
        "images.first_arrival_s: the first arrived_s", CLOSE,
    )
    checks.equal(
        images["last_arrival_s"].fillna(-1), of_images(groups["arrived_s"].max()).where(delivered > 0, -1),
        "images.last_arrival_s: the last arrived_s", CLOSE,
    )
    for earlier, later in [("captured_s", "encoded_s"), ("encoded_s", "first_arrival_s")]:
        waits = (images[later] - images[earlier]).dropna()
        checks.all(waits >= 0, f"images: {earlier} is not after {later}")


def sends_of_its_own(settings):
    """Tells whether LoRaWAN devices send frames, or parts of them, that no fragment asks for."""
    own = {"lora.activation": "otaa", "lora.confirmed": "true", "lora.adr": "true"}
    # A group may have its own value, as group.NAME.lora.adr.
    return any(key.endswith(name) and settings[key] == value for name, value in own.items() for key in settings)


def air_time(payload, spreading):
    """Returns the time of LoRaWAN frames of 125 kHz and rate 4/5 with payloads, by AN1200.13."""
    low = (spreading >= 11).astype(int)
    blocks = ((8 * (payload + 13) - 4 * spreading + 44) / (4 * (spreading - 2 * low))).apply(math.ceil)
    return (20.25 + 5 * blocks) * 2**spreading / 125000


def check_fragments(fragments, fates, settings, checks):
    """The life of a fragment is in order."""
    checks.all(fragments["fate"].isin(fates), "fragments.fate: one that docs/csv.md names")
    checks.all(
        (fragments["fate"] == "delivered") == fragments["arrived_s"].notna(),
        "fragments: delivered where there is a time of arrival",
    )
    # What a device sends again may arrive at its first attempt, before it is sent for the last time.
    again = settings.get("strategy.max_reports", "0") != "0"
    once = fragments[fragments["transmissions"] <= 1]
    for earlier, later in [("queued_s", "sent_s")] + ([] if again else [("sent_s", "arrived_s")]):
        waits = (once[later] - once[earlier]).dropna()
        checks.all(waits >= -CLOSE, f"fragments: {earlier} is not after {later}")
    # Where the network schedules, the way is in parts; from the base station to the cloud it is one delay.
    parts = fragments[["access_wait_s", "access_s", "scheduling_s", "transmission_s"]].sum(axis=1, skipna=False)
    rest = (fragments["arrived_s"] - fragments["queued_s"] - parts)[fragments["transmissions"] == 1].dropna()
    if len(rest) and not again:
        checks.all(
            (rest >= -CLOSE) & (rest - rest.min() <= CLOSE),
            "fragments: access_wait + access + scheduling + transmission = arrived - queued - one delay",
        )
    repeated = (fragments["transmission_s"] - fragments["retransmission_s"]).dropna()
    checks.all(repeated >= -CLOSE, "fragments.retransmission_s: a part of transmission_s")
    if settings.get("lora.region") == "EU868" and not sends_of_its_own(settings):
        lora = fragments[fragments["sf"].notna() & fragments["time_on_air_s"].notna()]
        checks.equal(
            lora["time_on_air_s"], air_time(lora["bytes"], lora["sf"]),
            "fragments.time_on_air_s: of bytes and 13 of header", CLOSE,
        )
    sure = fragments["confidence"].dropna()
    checks.all((sure >= 0) & (sure <= 1), "fragments.confidence: 0..1")
    checks.all(fragments["correct"].dropna().isin([0, 1]), "fragments.correct: 0 or 1")


def check_nodes(nodes, images, fragments, settings, checks):
    """What nodes.csv counts and adds up follows from the other two."""
    if "role" in nodes:
        nodes = nodes[nodes["role"] == "camera"]  # others have frames that are no fragments
    nodes = nodes.set_index("device")

    def of_nodes(series):
        return series.reindex(nodes.index, fill_value=0)

    device = fragments["device"]
    checks.equal(nodes["images"], of_nodes(images.groupby("device").size()), "nodes.images: rows of images.csv")
    checks.equal(
        nodes["frames_delivered"], of_nodes((fragments["fate"] == "delivered").groupby(device).sum()),
        "nodes.frames_delivered: delivered fragments",
    )
    checks.equal(
        nodes["frames_sent"], of_nodes((fragments["transmissions"] > 0).groupby(device).sum()),
        "nodes.frames_sent: fragments with transmissions",
    )
    # A frame that is sent again is as long again; NB-IoT's time has repeated parts in it.
    scheduled = nodes["link"] == "nbiot"
    frames = fragments["transmissions"].where(device.map(~scheduled), 1)
    on_air = of_nodes((fragments["time_on_air_s"].fillna(0) * frames).groupby(device).sum())
    air = nodes["time_on_air_s"]
    checks.all(air >= on_air - CLOSE, "nodes.time_on_air_s: no less than that of the fragments' frames")
    unended = device[(fragments["transmissions"] == 0) & fragments["sent_s"].notna()]
    plain = ~scheduled & ~nodes.index.isin(unended) & ~nodes["group"].map(lambda group: talks(settings, group))
    checks.equal(air[plain], on_air[plain], "nodes.time_on_air_s: that of the fragments' frames", CLOSE)
    # The network schedules an NB-IoT device; what it sent for no fragment is told.
    signalling = nodes["signalling_time_on_air_s"]
    checks.all(signalling.notna() == scheduled, "nodes.signalling_time_on_air_s: of NB-IoT, and of all that are")
    rounding = CLOSE + LAST_DIGIT * of_nodes(fragments.groupby("device").size())
    told = signalling.notna()
    checks.all(
        ((air - on_air - signalling).abs() <= rounding)[told],
        "nodes.time_on_air_s: that of its fragments and signalling_time_on_air_s",
    )
    if "tx_energy_j" not in fragments:
        return
    # A device that is alone with its fragments on the air used for them what its radio used to send.
    joule = of_nodes(fragments.groupby("device")["tx_energy_j"].sum())
    share = (on_air / air).where(told & (air > 0), 1)
    used = nodes["radio_tx_energy_j"] * share
    checks.all(
        ((used - joule).abs() <= FULL_POWER_W * rounding)[plain | told],
        "nodes.radio_tx_energy_j: that of the fragments, by the time on air",
    )
    if "scenario.duration_s" in settings:
        share = nodes["time_on_air_s"] / float(settings["scenario.duration_s"])
        checks.equal(nodes["duty_cycle"], share, "nodes.duty_cycle: time on air / simulated time", CLOSE)


def check_energy(nodes, images, fragments, settings, checks):
    """Energies are not negative, those of images add up to those of devices, no battery gives more."""
    for name, table in [("nodes", nodes), ("images", images), ("fragments", fragments)]:
        for column in [column for column in table if column.endswith("_energy_j")]:
            checks.all(table[column].dropna() >= 0, f"{name}.{column}: not negative")
    nodes = nodes.set_index("device")
    check_batteries(nodes, settings, checks)
    of_images = images.groupby("device")
    if "encoding_energy_j" in images:
        sums = of_images["encoding_energy_j"].sum().reindex(nodes.index, fill_value=0)
        checks.equal(nodes["encoding_energy_j"], sums, "nodes.encoding_energy_j: sum over its images", CLOSE)
    if "radio_energy_j" in images and "tx_energy_j" in fragments:
        by = ["device", "image"]
        one = images.set_index(by)["radio_energy_j"].fillna(0)
        sums = fragments.groupby(by)["tx_energy_j"].sum().reindex(one.index, fill_value=0)
        checks.equal(one, sums, "images.radio_energy_j: sum of tx_energy_j over its fragments", CLOSE)
        sums = of_images["radio_energy_j"].sum().reindex(nodes.index, fill_value=0)
        checks.all(nodes["radio_tx_energy_j"] >= sums - CLOSE, "nodes.radio_tx_energy_j: no less than its images'")


def check_batteries(nodes, settings, checks):
    """No device uses more than its battery has, not even in the moment that empties it."""
    battery = nodes["group"].map(lambda group: float(of_group(settings, group, "devices.battery_j", "0")))
    base = nodes["group"].map(lambda group: float(of_group(settings, group, "devices.base_power_w", "0")))
    duration = float(settings.get("scenario.duration_s", "0"))
    used = nodes[[column for column in nodes if column.endswith("_energy_j")]].sum(axis=1)
    on = nodes["off_at_s"].fillna(duration) if "off_at_s" in nodes else duration
    full = (battery == 0) | (used + base * on <= battery + CLOSE * (1 + battery))
    checks.all(full, "nodes: no more energy than devices.battery_j")


def of_group(settings, group, key, default=""):
    """Returns a key's value for the devices of a group."""
    return settings.get(f"group.{group}.{key}", settings.get(key, default))


def talks(settings, group):
    """Returns whether devices of a group send frames that are no fragments: joins and answers."""
    return of_group(settings, group, "lora.activation") == "otaa" or "true" in (
        of_group(settings, group, "lora.confirmed"), of_group(settings, group, "lora.adr")
    )


def places_of(images, nodes):
    """Returns the place of each image: a camera's number in its group, and where it stands."""
    group = nodes["group"] if "group" in nodes else pd.Series("", nodes.index)
    number = nodes.groupby(group.fillna("")).cumcount()
    place = dict(zip(nodes["device"], pd.DataFrame([number, nodes["x_m"], nodes["y_m"]]).T.agg(tuple, axis=1)))
    return images["device"].map(place)


def members(images, group):
    """Returns the images of a group of accuracy.csv."""
    if group == "all":
        return images
    level = re.fullmatch(r"(sf|ce)(\d+)", group)
    if level:
        return images[images["sf" if level[1] == "sf" else "ce_level"] == int(level[2])]
    if (images["link"] == group).any():
        return images[images["link"] == group]  # a link of one level, which has its name
    return images[images["group"] == group] if "group" in images else images[:0]


def check_accuracy(accuracy, images, fragments, nodes, checks):
    """The curve follows from the predictions, counted here one image after the other."""
    images = images.assign(place=pd.factorize(places_of(images, nodes))[0])
    moments = {}
    evaluated = fragments[fragments["correct"].notna()].sort_values(["arrived_s", "fragment"])
    for device, image, arrived, correct in evaluated[["device", "image", "arrived_s", "correct"]].values:
        moments.setdefault((device, image), []).append((arrived, correct))
    for group, rows in accuracy.groupby("group", sort=False):
        mine = members(images, group)
        checks.all([len(mine) > 0], f"accuracy.csv: group {group} has images")
        for row in rows.itertuples():
            answers, pictures, places = [], [], []
            for image in mine.itertuples():
                if image.observed_s < row.elapsed_s:
                    continue
                pictures.append(image.dataset_index)
                places.append(image.place)
                upto = [c for at, c in moments.get((image.device, image.image), [])
                        if at - image.captured_s <= row.elapsed_s + 1e-9]
                answers.append(bool(upto) and upto[-1] == 1)
            counted, right = len(answers), sum(answers)
            where = f"accuracy.csv: {group} at {row.elapsed_s:g} s"
            checks.all([row.images_counted == counted], f"{where}: images_counted is {counted}")
            checks.all([row.images_not_observed == len(mine) - counted], f"{where}: images_not_observed")
            checks.all([row.correct == right], f"{where}: correct is {right}")
            if counted:
                low, high = clustered_share(answers, [1] * counted, Sources(pictures, places))[1:]
                near = abs(row.accuracy - right / counted) + abs(row.wilson_low - low) + abs(row.wilson_high - high)
                checks.all([near < CLOSE], f"{where}: accuracy and its interval")
    last = images.set_index(["device", "image"])["correct"]
    final = pd.Series({pair: steps[-1][1] for pair, steps in moments.items()}, dtype=float)
    final.index = pd.MultiIndex.from_tuples(final.index, names=last.index.names) if len(final) else last.index[:0]
    checks.equal(last, final.reindex(last.index, fill_value=0), "images.correct: that of the last prediction")


def settings_of(folder):
    """Returns the keys of scenario.ini."""
    keys, section = {}, ""
    path = folder / "scenario.ini"
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        if line.startswith("["):
            section = line.strip("[]") + "."
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            keys[section + key.strip()] = value.strip()
    return keys


def check_cell(folder, checks):
    """Laws of a run of limitnet-lorawan-cell: frames add up, no battery gives more than it has."""
    cell, devices = (pd.read_csv(folder / f"{name}.csv") for name in ["cell", "devices"])
    settings = settings_of(folder)
    checks.all([cell["frames"].iloc[0] == devices["frames_sent"].sum()], "cell.frames: sum of devices.frames_sent")
    checks.all(devices["frames_received"] <= devices["frames_sent"], "devices.frames_received: of those sent")
    joule = [column for column in devices if column.endswith("_energy_j")]
    checks.all((devices[joule] >= 0).all(axis=1), "devices: energies are not negative")
    battery = float(settings.get("devices.battery_j", "0"))
    on = devices["off_at_s"].fillna(float(settings.get("scenario.duration_s", "0")))
    used = devices[joule].sum(axis=1) + float(settings.get("devices.base_power_w", "0")) * on
    if battery:
        checks.all(used <= battery + CLOSE * (1 + battery), "devices: no more energy than devices.battery_j")
        checks.all(devices["lifetime_days"].notna(), "devices.lifetime_days: there is one with a battery")


def check(folder):
    """Checks a folder; returns what is wrong, and how many things were looked at."""
    checks = Checks()
    if (folder / "cell.csv").is_file():
        check_cell(folder, checks)
        return checks
    tables = documented(PAGE)
    fates = set(re.findall(r"`(\w+)`", {row[0]: row[2] for row in tables["fragments.csv"]}["fate"]))
    found = read(folder, tables, checks)
    if checks.complaints:
        return checks  # the laws need the columns
    images, fragments, nodes = (found[f"{name}.csv"] for name in ["images", "fragments", "nodes"])
    checks.all([len(images) > 0], "images.csv: has images")
    check_images(images, fragments, checks)
    settings = settings_of(folder)
    check_fragments(fragments, fates, settings, checks)
    check_nodes(nodes, images, fragments, settings, checks)
    check_energy(nodes, images, fragments, settings, checks)
    check_accuracy(found["accuracy.csv"], images, fragments, nodes, checks)
    return checks


def run_and_check(command):
    """Runs a program into a folder of its own and checks what it leaves."""
    pictures = [] if Path(command[0]).name == "limitnet-lorawan-cell" else ["--plot=false", "--cloud.cache=none"]
    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run(
            [*command, f"--out={out}", *pictures], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, env={**os.environ, "OMP_WAIT_POLICY": "passive"},
        )
        if done.returncode:
            sys.exit(f"error: {command[0]}: exit status {done.returncode}: {done.stdout.decode()[-500:]}")
        return check(next(Path(out).glob("*/*/scenario.ini")).parent)


def main():
    """Runs the program."""
    words = sys.argv[1:]
    if len(words) >= 2 and words[0] == "--of":
        checks = run_and_check(words[1:])
    elif len(words) == 1 and not words[0].startswith("-"):
        if not Path(words[0]).is_dir():
            sys.exit(f"error: {words[0]}: no such folder")
        checks = check(Path(words[0]))
    else:
        print(__doc__)
        return 0 if words == ["--help"] else 1
    for complaint in checks.complaints:
        print(complaint, file=sys.stderr)
    if not checks.complaints:
        print(f"{checks.count} laws checked")
    return 1 if checks.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
