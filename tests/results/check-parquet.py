#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Has `limitnet parquet` write tables and reads them back with hyparquet, a reader in JavaScript that
has no code in common with DuckDB, which wrote them: types, values, nulls, order of rows and columns.

Ends with 77 where DuckDB, node or hyparquet is not there, and says how to get it.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77
READER = "1.33.0"

# Writes {columns: [[name, physical type, converted type]], rows: [...]} of a file.
SCRIPT = """
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
const file = await asyncBufferFromFile(process.argv[2])
const metadata = await parquetMetadataAsync(file)
const columns = metadata.schema.slice(1).map(c => [c.name, c.type, c.converted_type ?? null])
const rows = await parquetReadObjects({ file })
const plain = (_, v) => typeof v === 'bigint' ? { integer: String(v) }
  : typeof v === 'number' && !Number.isFinite(v) ? { number: String(v) } : v
console.log(JSON.stringify({ columns, rows: rows.map(Object.values) }, plain))
"""

INTEGER, REAL = ("INT64", "INT_64"), ("DOUBLE", None)
TRUTH, TEXT = ("BOOLEAN", None), ("BYTE_ARRAY", "UTF8")


def integer(value):
    return {"integer": str(value)}


# Of each column: name, type in the file, fields in the table, values that are read back.
COLUMNS = [
    ("count", INTEGER, ["1", "2", "-3"], [integer(1), integer(2), integer(-3)]),
    ("with gaps", INTEGER, ["5", "", "999999999999999999"], [integer(5), None, integer(999999999999999999)]),
    ("beyond 2^53", INTEGER, ["9007199254740993", "", "1"], [integer(9007199254740993), None, integer(1)]),
    ("real", REAL, ["0.5", "", "1e-3"], [0.5, None, 0.001]),
    ("whole and real", REAL, ["1", "2.5", "3"], [1, 2.5, 3]),
    ("not finite", REAL, ["inf", "-inf", "nan"], [{"number": "Infinity"}, {"number": "-Infinity"}, {"number": "NaN"}]),
    ("flag", TRUTH, ["true", "false", ""], [True, False, None]),
    ("word", TEXT, ["NA", '"x,y"', '"say ""a\nb"""'], ["NA", "x,y", 'say "a\nb"']),
    ("address", TEXT, ["0012", "0034", "0056"], ["0012", "0034", "0056"]),
    ("flag or number", TEXT, ["true", "1", ""], ["true", "1", None]),
    ("too long", TEXT, ["1234567890123456789", "1", ""], ["1234567890123456789", "1", None]),
    ("long and real", TEXT, ["9007199254740993", "0.5", ""], ["9007199254740993", "0.5", None]),
    ("date", TEXT, ["2026-01-01", "", ""], ["2026-01-01", None, None]),
    ("größe, µs", TEXT, ["ä", "µ", "日"], ["ä", "µ", "日"]),
    ("none", INTEGER, ["", "", ""], [None, None, None]),
]


def quoted(text):
    return f'"{text}"' if "," in text else text


def read(path, packages):
    """Returns what hyparquet finds in a file."""
    script = packages / "read.mjs"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(["node", script, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(program, packages, folder):
    """Writes and compares."""
    rows = zip(*(fields for _, _, fields, _ in COLUMNS))
    head = ",".join(quoted(name) for name, _, _, _ in COLUMNS)
    table = folder / "kinds.csv"
    table.write_text("\n".join([head, *map(",".join, rows)]) + "\n", encoding="utf-8")
    (folder / "empty.csv").write_text("a,b\n", encoding="utf-8")
    # Columns of docs/csv.md have their types, whatever stands in this file; swept keys (and a value that
    # does not fit) the narrowest.
    (folder / "accuracy.csv").write_text(
        "lora.sf,group,elapsed_s,correct,wilson_low,accuracy\n7,,10,,,ten\n12,7,20,3,0.5,\n", encoding="utf-8"
    )
    # More rows than are looked at or written at once; the last one decides the type.
    count = 300_000
    many = [f"{i},{i / 8},{i}" for i in range(count - 1)] + [f"{count - 1},0.5,last"]
    (folder / "many.csv").write_text("\n".join(["i,eighth,word", *many]) + "\n", encoding="utf-8")

    done = subprocess.run([program, "parquet", folder], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done
    found = sorted(path.name for path in folder.iterdir())
    assert found == sorted(f"{name}.{end}" for name in ["accuracy", "empty", "kinds", "many"] for end in ["csv", "parquet"]), found

    result = read(folder / "kinds.parquet", packages)
    for place, (name, kind, _, values) in enumerate(COLUMNS):
        assert result["columns"][place] == [name, *kind], (name, kind, result["columns"][place])
        got = [row[place] for row in result["rows"]]
        assert got == values, (name, values, got)
    assert len(result["columns"]) == len(COLUMNS)

    result = read(folder / "empty.parquet", packages)
    assert result == {"columns": [["a", *INTEGER], ["b", *INTEGER]], "rows": []}, result

    result = read(folder / "accuracy.parquet", packages)
    assert result["columns"] == [
        ["lora.sf", *INTEGER], ["group", *TEXT], ["elapsed_s", *REAL], ["correct", *INTEGER], ["wilson_low", *REAL],
        ["accuracy", *TEXT],
    ], result["columns"]
    assert result["rows"] == [
        [integer(7), None, 10, None, None, "ten"], [integer(12), "7", 20, integer(3), 0.5, None]
    ], result["rows"]

    result = read(folder / "many.parquet", packages)
    assert result["columns"] == [["i", *INTEGER], ["eighth", *REAL], ["word", *TEXT]], result["columns"]
    assert len(result["rows"]) == count
    for i, row in enumerate(result["rows"][:-1]):
        assert row == [integer(i), i / 8, str(i)], (i, row)
    assert result["rows"][-1] == [integer(count - 1), 0.5, "last"]


def main():
    program, packages = sys.argv[1], Path(sys.argv[2])
    checked = subprocess.run([program, "data", "check", "duckdb"], capture_output=True, text=True, check=False)
    if checked.returncode != 0:
        print(checked.stderr.strip())
        return SKIP
    if not shutil.which("node") or not (packages / "node_modules" / "hyparquet").is_dir():
        print("no reader of Parquet files; get it with: "
              f"npm install --prefix {packages} --no-save --ignore-scripts hyparquet@{READER}")
        return SKIP
    with tempfile.TemporaryDirectory(prefix="limitnet-parquet-") as folder:
        check(program, packages, Path(folder))
    print(f"{len(COLUMNS)} kinds of columns and 300,000 rows are read back as written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
