# SPDX-License-Identifier: GPL-2.0-only
"""What the plots share: reading CSV files, writing a picture whole, errors of one line."""

import csv
import os
import sys


class BadInput(Exception):
    """Bad input, with a line that says what is wrong."""


def read_rows(path, columns, kind):
    """Returns the rows of a CSV file as dictionaries; kind is what the file should be."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in columns if name not in (reader.fieldnames or [])]
            if missing:
                raise BadInput(f"{path}: no column {missing[0]}: not {kind}")
            return list(reader)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path}: {error}") from error


def use_matplotlib():
    """Returns matplotlib.pyplot, set up to draw into files."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def write_figure(figure, path):
    """Writes the picture beside its place and renames it, so that it appears whole.

    There is no date or version in it, so that the same data give the same file.
    """
    partial = f"{path}.partial"
    ending = os.path.splitext(path)[1].lstrip(".") or "png"
    metadata = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    try:
        figure.savefig(partial, dpi=150, format=ending, metadata=metadata.get(ending))
        os.replace(partial, path)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{path}: {str(error).splitlines()[0]}") from error
    finally:
        if os.path.exists(partial):
            os.remove(partial)


def run(program):
    """Runs a program; returns its exit status."""
    try:
        program()
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ImportError as error:
        print(f"error: {error}; install it (Debian: apt-get install python3-matplotlib)", file=sys.stderr)
        return 1
    return 0
