#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes each table NAME.csv of a folder as NAME.parquet too.

Whole numbers become Int64, also where some fields are empty; other numbers float64; true and false
boolean; all else text. An empty field is a missing value. A table whose Parquet file is not older than
itself is left alone. Needs pandas and pyarrow or fastparquet; ends with 3 where they are not there.
"""

import argparse
import importlib.util
import os
import re
import sys
from pathlib import Path

NO_LIBRARY = 3
ROWS_AT_ONCE = 100_000
# From the narrowest to the widest: a column has the first that all its fields fit. Digits with a zero in
# front are no number, as identifiers look so, nor are more than 15: pandas reads columns with gaps by
# way of float64.
TYPES = {
    "Int64": re.compile(r"-?(0|[1-9]\d{0,14})"),
    "float64": re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?([eE][-+]?\d+)?|-?inf|nan"),
    "boolean": re.compile(r"true|false"),
    "string": re.compile(r".*", re.DOTALL),
}


def engine():
    """Returns pandas' name for the library that there is, or None."""
    if importlib.util.find_spec("pandas"):
        for name in ("pyarrow", "fastparquet"):
            if importlib.util.find_spec(name):
                return name
    return None


def fits(pattern, values):
    return all(not value or pattern.fullmatch(value) for value in values)


def types_of(pandas, path):
    """Returns the type of each column; parts of the table are looked at one after the other."""
    possible = {}
    # dtype=str and no words for missing values: "NA" in a table is a text.
    parts = pandas.read_csv(path, dtype=str, keep_default_na=False, chunksize=ROWS_AT_ONCE)
    for part in parts:
        for name in part.columns:
            values = part[name].unique()
            possible[name] = [t for t in possible.get(name, TYPES) if fits(TYPES[t], values)]
    return {name: types[0] for name, types in possible.items()}


def write(pandas, library, path):
    """Writes one table; the Parquet file appears whole or not at all."""
    types = types_of(pandas, path)
    table = pandas.read_csv(path, dtype=types, keep_default_na=False, na_values=[""])
    target = path.with_suffix(".parquet")
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        table.to_parquet(partial, engine=library, index=False)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    tables = sorted(folder.glob("*.csv"))
    if not tables:
        sys.exit(f"error: {folder}: no tables (*.csv) in it")
    library = engine()
    if library is None:
        print("no Parquet files: they need Python's pandas and pyarrow (or fastparquet)",
              file=sys.stderr)
        sys.exit(NO_LIBRARY)
    import pandas  # takes a while

    for path in tables:
        target = path.with_suffix(".parquet")
        if target.exists() and target.stat().st_mtime_ns >= path.stat().st_mtime_ns:
            continue
        try:
            write(pandas, library, path)
        except ImportError as error:  # one that is too old for this pandas, or broken
            print(f"no Parquet files: {' '.join(str(error).split())}", file=sys.stderr)
            sys.exit(NO_LIBRARY)


if __name__ == "__main__":
    main()
