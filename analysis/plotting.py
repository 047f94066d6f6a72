# SPDX-License-Identifier: GPL-2.0-only
"""What the plots share: reading CSV files, one style, writing a picture whole, errors of one line."""

import argparse
import csv
import os
import sys

# Okabe and Ito's palette: told apart with any common colour vision; line styles, markers and
# hatches tell apart without colours.
COLOURS = ["#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999933"]
STYLES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (6, 2, 1, 2))]
MARKERS = ["o", "s", "^", "D", "v", "p", "P", "X", "*"]
HATCHES = ["", "///", "\\\\\\", "...", "xxx", "---", "++", "oo"]
# Amounts: dark to light in an order that is seen with any colour vision and in grey.
AMOUNTS = "cividis"
# Ordered values, such as those of a swept key, are colours of viridis up to here: yellow on white
# is hardly seen.
LIGHTEST = 0.85
WIDTH = 7.2  # inches; a page's or a screen's
NARROW = 3.6  # inches; a telephone's

AGAINST = ["time", "bytes", "energy"]
AXIS_LABELS = {
    "time": "time since capture (s)",
    "bytes": "bytes received (byte)",
    "energy": "energy for encoding and sending (J)",
}
# An axis is logarithmic when its largest value is more than so many times its smallest.
DECADES = {"time": 100, "bytes": 100, "energy": 20}


class BadInput(Exception):
    """Bad input, with a line that says what is wrong."""


def check_rows(path):
    """Fails unless each row of a CSV file has all fields and its end."""
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    raise BadInput(f"{path}: ends within a row: it was cut off")
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            names = next(reader, [])
            for row in reader:
                if row and len(row) != len(names):
                    raise BadInput(
                        f"{path}: line {reader.line_num} has {len(row)} fields instead of {len(names)}"
                    )
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path}: {error}") from error


def read_rows(path, columns, kind):
    """Returns the rows of a CSV file as dictionaries; kind is what the file should be."""
    check_rows(path)
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


def read_accuracy(path, columns, kind):
    """Returns the rows of an accuracy.csv; in each run all groups have the same times."""
    rows = read_rows(path, columns, kind)
    times = {}
    for row in rows:
        names = list(row)
        run = tuple(row[name] for name in names[: names.index("group")])
        times.setdefault(run, {}).setdefault(row["group"], []).append(row["elapsed_s"])
    for groups in times.values():
        first = next(iter(groups.values()))
        for group, mine in groups.items():
            if mine != first:
                raise BadInput(f"{path}: not whole: group {group} has {len(mine)} times instead of {len(first)}")
    return rows


def use_matplotlib():
    """Returns matplotlib.pyplot, set up to draw into files."""
    import matplotlib

    matplotlib.use("Agg")
    # Names inside an SVG follow from what is drawn, so that the same data give the same file.
    matplotlib.rcParams["svg.hashsalt"] = "limitnet"
    import matplotlib.pyplot as plt

    return plt


def panels(count, width=WIDTH, each=3.6, height=3.2):
    """Returns a figure and its axes, as many as asked for, in rows that fit the width."""
    plt = use_matplotlib()
    columns = max(1, min(count, int(width / each + 0.01)))
    rows = -(-count // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(max(width, 1), height * rows), layout="constrained", squeeze=False
    )
    axes = list(axes.flat)
    for unused in axes[count:]:
        unused.set_axis_off()
    return figure, axes[:count]


def grid(axes, which="both"):
    """Puts a light grid behind what is drawn."""
    axes.grid(True, axis=which, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def make_logarithmic(axes, low, high):
    """Makes the horizontal axis logarithmic, with numbers written out."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.set_xlim(low, high)
    steps = (1, 2, 5) if high < 300 * low else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def legend_below(axes, title=None, columns=1, below=-0.17, of=None):
    """Puts the legend, of these or of other axes, below the axes and their label, where it covers
    nothing."""
    axes.legend(
        *(of or axes).get_legend_handles_labels(), loc="upper center", bbox_to_anchor=(0.5, below), fontsize="small", frameon=False,
        title=title, ncol=columns,
    )


def ordered_colour(index, count):
    """Returns the colour of the value number index of so many ordered ones."""
    colours = use_matplotlib().get_cmap("viridis")
    return colours(LIGHTEST * index / max(1, count - 1))


def name_of(group):
    """What a legend calls a group of images."""
    if group == "all":
        return "all images"
    level = group[:2] in ("sf", "ce") and group[2:].isdigit()
    return group.upper() if level else group


def plain(text):
    """Returns a text from a file for use in a picture: a $ in it begins no formula."""
    return str(text).replace("$", r"\$")


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
        use_matplotlib().close(figure)
        if os.path.exists(partial):
            os.remove(partial)


def add_output(parser, name):
    """Adds the options that all plots have."""
    parser.add_argument(
        "--output", default=name, help="picture: .png, .pdf, .svg (default: %(default)s)"
    )
    parser.add_argument("--title", default="", help="stands above the plot")


def plot_parser(description, name):
    """Returns a parser with the options that all plots have."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_output(parser, name)
    return parser


def run_plot(parse_arguments, figure, summary=None):
    """Draws what the command line asks for, and prints what the summary has; returns the exit status."""

    def program():
        arguments = parse_arguments()
        write_figure(figure(arguments), arguments.output)
        for name, value in summary(arguments) if summary else []:
            print(f"{name}: {value}")

    return run(program)


def run(program):
    """Runs a program; returns its exit status."""
    try:
        program()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has had enough; what is left must not fail once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ImportError as error:
        print(
            f"error: {error}; install it (Debian: apt-get install python3-matplotlib python3-pandas)",
            file=sys.stderr,
        )
        return 1
    return 0
