# SPDX-License-Identifier: GPL-2.0-only
"""A small made-up run, and a sweep of such runs, for tests: every file that a program would leave.

Twelve devices, eight of LoRaWAN and four of NB-IoT, with three images of five fragments each. All
numbers follow from formulas, so that they are the same each time. The columns are those of
docs/csv.md, and, unless only those are asked for, the ones that the analysis can use beside them.
"""

import csv
import math
import struct
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "analysis"))

from measures import Sources, clustered_share  # noqa: E402

PAGE = Path(__file__).resolve().parents[2] / "docs" / "csv.md"
DEVICES, IMAGES, FRAGMENTS = 12, 3, 5
DURATION = 10000
TIMES = [5, 10, 20, 50, 100, 200]
ENCODING_J = 0.25
POWER_W = 0.125  # of a radio that sends
# Beside those of docs/csv.md: (file, column, the one it follows).
FURTHER = [
    ("images.csv", "group", "link"), ("nodes.csv", "group", "link"),
    ("images.csv", "encoding_energy_j", "correct"), ("images.csv", "radio_energy_j", "encoding_energy_j"),
    ("images.csv", "psnr_db", "radio_energy_j"), ("images.csv", "ssim", "psnr_db"),
    ("fragments.csv", "tx_energy_j", "transmissions"), ("fragments.csv", "psnr_db", "correct"),
    ("fragments.csv", "ssim", "psnr_db"),
]
GATEWAYS = ["gateway", "link", "operator", "x_m", "y_m"]


def columns(only_documented):
    """Returns {file: names of the columns}."""
    names, file = {}, None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("# Files of"):
            break
        if line.startswith("## "):
            file = line[3:].strip()
            names[file] = []
        elif line.startswith("| `") and file:
            names[file].append(line.split("`")[1])
    if not only_documented:
        names.setdefault("gateways.csv", GATEWAYS)
        for file, column, after in FURTHER:
            if column not in names[file]:
                names[file].insert(names[file].index(after) + 1, column)
    return names


def device_row(device):
    """Returns what is fixed of a device."""
    nbiot = device >= 8
    angle = 2 * math.pi * device / DEVICES
    return {
        "device": device, "link": "nbiot" if nbiot else "lora", "group": "gate" if device % 3 == 0 else "yard",
        "x_m": round(250 * (device + 1) * math.cos(angle), 3), "y_m": round(250 * (device + 1) * math.sin(angle), 3),
        "sf": "" if nbiot else [7, 9, 12][device % 3], "ce_level": device % 2 if nbiot else "",
    }


def fragment_rows(node, image, captured, loss):
    """Returns the fragments of an image; every so many of them is lost."""
    rows, arrived = [], 0
    slow = 10 if node["link"] == "nbiot" else 2 ** (node["sf"] - 7)
    for fragment in range(FRAGMENTS):
        number = node["device"] * 7 + image * 3 + fragment
        lost = number % 10 < loss
        sent = captured + 0.5 + 3.0 * slow * (fragment + 1)
        row = {
            "device": node["device"], "image": image, "fragment": fragment, "bytes": 40 if fragment == 0 else 200,
            "queued_s": captured + 0.5, "sent_s": sent, "time_on_air_s": 0.05 * slow, "sf": node["sf"],
            "transmissions": 1, "fate": "delivered", "tx_energy_j": 0.05 * slow * POWER_W,
        }
        if lost:
            row["fate"] = "residual_error" if node["link"] == "nbiot" else "random_loss"
        else:
            arrived += 1
            right = arrived >= 2 + number % 3
            row.update(
                arrived_s=sent + 0.05 * slow, gateways=1, snr_db=-3, prediction=1 if right else 2,
                confidence=round(0.3 + 0.12 * arrived, 3), correct=int(right), psnr_db=16 + 2 * arrived,
                ssim=round(0.4 + 0.1 * arrived, 2),
            )
        rows.append(row)
    return rows


def image_row(node, image, captured, fragments):
    """Returns an image's row."""
    got = [row for row in fragments if row["fate"] == "delivered"]
    last = got[-1] if got else {}
    return {
        **{name: node[name] for name in ["device", "link", "group", "sf", "ce_level"]},
        "image": image, "dataset_index": node["device"] * IMAGES + image, "label": 1, "captured_s": captured,
        "encoded_s": captured + 0.5, "observed_s": DURATION - captured, "fragments": FRAGMENTS,
        "bytes": sum(row["bytes"] for row in fragments), "fragments_sent": FRAGMENTS,
        "fragments_received": len(got), "first_arrival_s": got[0]["arrived_s"] if got else "",
        "last_arrival_s": last.get("arrived_s", ""), "prediction": last.get("prediction", ""),
        "confidence": last.get("confidence", ""), "correct": last.get("correct", 0),
        "encoding_energy_j": ENCODING_J, "radio_energy_j": sum(row["tx_energy_j"] for row in fragments),
        "psnr_db": last.get("psnr_db", ""), "ssim": last.get("ssim", ""),
    }


def node_row(node, fragments):
    """Returns a device's row."""
    on_air = sum(row["time_on_air_s"] for row in fragments)
    return {
        **node, "role": "camera", "path_loss_db": 120, "images": IMAGES, "frames_sent": len(fragments),
        "frames_delivered": sum(row["fate"] == "delivered" for row in fragments), "time_on_air_s": on_air,
        "duty_cycle": on_air / DURATION, "signalling_time_on_air_s": 0 if node["link"] == "nbiot" else "",
        "encoding_s": 0.5 * IMAGES, "encoding_energy_j": ENCODING_J * IMAGES,
        "mcu_sleep_energy_j": 1, "radio_tx_energy_j": on_air * POWER_W, "radio_rx_energy_j": 0.01,
        "radio_light_sleep_energy_j": 0, "radio_drx_energy_j": 0, "radio_sleep_energy_j": 0.1,
    }


def right_at(image, fragments, time):
    """Returns whether the last answer up to a time after the capture is right."""
    answers = [
        row["correct"] for row in fragments
        if row["fate"] == "delivered" and row["arrived_s"] - image["captured_s"] <= time + 1e-9
    ]
    return bool(answers) and answers[-1] == 1


def accuracy_rows(images, fragments_of, only_documented):
    """Returns the curve of all images and of each group."""
    groups = {"all": images}
    for sf in [7, 9, 12]:
        groups[f"sf{sf}"] = [image for image in images if image["sf"] == sf]
    for level in [0, 1]:
        groups[f"ce{level}"] = [image for image in images if image["ce_level"] == level]
    if not only_documented:
        for name in ["gate", "yard"]:
            groups[name] = [image for image in images if image["group"] == name]
    for group, members in groups.items():
        for time in TIMES:
            answers = [right_at(image, fragments_of[image["device"], image["image"]], time) for image in members]
            right = sum(answers)
            sources = Sources([image["dataset_index"] for image in members], [image["device"] for image in members])
            _, low, high = clustered_share(answers, [1] * len(members), sources)
            yield {
                "group": group, "elapsed_s": time, "images_counted": len(members), "images_not_observed": 0,
                "correct": right, "accuracy": f"{right / len(members):.6f}", "wilson_low": f"{low:.6f}",
                "wilson_high": f"{high:.6f}",
            }


def write_csv(path, names, rows):
    """Writes rows, with only these columns."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_png(path, shade):
    """Writes a small grey picture."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((shade + 4 * (x + y)) % 256 for x in range(16)) for y in range(16))
    header = struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def write_pictures(folder, fragments):
    """Writes the pictures of the first device's first image."""
    folder.mkdir()
    write_png(folder / "0-0-original.png", 0)
    for row in fragments:
        if row["fate"] == "delivered":
            write_png(folder / f"0-0-{row['fragment']}.png", 30 * row["fragment"])


def tables_of(loss, only_documented):
    """Returns the rows of each file."""
    nodes, images, fragments, fragments_of = [], [], [], {}
    for device in range(DEVICES):
        node, mine = device_row(device), []
        for image in range(IMAGES):
            captured = 100.0 + 2000 * image + 10 * device
            rows = fragment_rows(node, image, captured, loss)
            images.append(image_row(node, image, captured, rows))
            fragments_of[device, image] = rows
            mine += rows
        fragments += mine
        nodes.append(node_row(node, mine))
    return {
        "images.csv": images, "nodes.csv": nodes, "fragments.csv": fragments,
        "accuracy.csv": list(accuracy_rows(images, fragments_of, only_documented)),
        "gateways.csv": [
            {"gateway": 0, "link": "lora", "operator": 1, "x_m": 0, "y_m": 0},
            {"gateway": 1, "link": "nbiot", "operator": 1, "x_m": 500, "y_m": -500},
        ],
    }


def write_scenario(path, name, loss):
    """Writes scenario.ini."""
    path.write_text(
        "# limitnet-lora-scenario 0.1.0 (0123456789ab), seed 1, run 1\n"
        "# Every key as it was used; give this file with --scenario to repeat the run.\n"
        f"seed = 1\nrun = 1\n\n[scenario]\nname = {name}\nduration_s = {DURATION}\n\n"
        f"[devices]\ncount = {DEVICES}\n\n[lora]\nextra_loss = {loss / 10}\n",
        encoding="utf-8",
    )


def write_run(folder, only_documented=False, name="made-up", loss=2):
    """Writes a run into a new folder."""
    folder.mkdir(parents=True)
    tables = tables_of(loss, only_documented)
    for file, names in columns(only_documented).items():
        write_csv(folder / file, names, tables[file])
    write_scenario(folder / "scenario.ini", name, loss)
    if not only_documented:
        write_pictures(folder / "pictures", tables["fragments.csv"][:FRAGMENTS])


def write_sweep(folder):
    """Writes a sweep over two keys, with two repetitions that are alike."""
    folder.mkdir(parents=True)
    merged = {file: [] for file in columns(False)}
    for place, (loss, size) in enumerate([(0, 1), (0, 2), (2, 1), (2, 2), (5, 1), (5, 2)]):
        for repetition in [1, 2]:
            of_run = {"lora.extra_loss": f"0.{loss}", "codec.map_copies": str(size), "run": str(repetition)}
            for file, rows in tables_of(loss + size - 1, False).items():
                merged[file] += [{**of_run, **row} for row in rows]
            run = folder / "runs" / str(place) / str(repetition)
            run.mkdir(parents=True)
            write_scenario(run / "scenario.ini", str(place), loss)
    for file, names in columns(False).items():
        write_csv(folder / file, ["lora.extra_loss", "codec.map_copies", "run", *names], merged[file])
    (folder / "base.ini").write_text("# A sweep\n\n[scenario]\nname = made-up-sweep\n", encoding="utf-8")
    (folder / "sweep.txt").write_text(
        "program 0123\nlimitnet-lora-scenario\ngrid\nlora.extra_loss = 0.0 | 0.2 | 0.5\n"
        "codec.map_copies = 1 | 2\nrun = 1 | 2\nseed = 1\nrun = 1\n",
        encoding="utf-8",
    )
