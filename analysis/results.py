# SPDX-License-Identifier: GPL-2.0-only
"""The tables of a run's or a sweep's folder, read with pandas."""

import os

import numpy as np
import pandas as pd

from plotting import BadInput, check_rows
from settings import check_folder, chosen_values, read_settings, runs_of

# The columns that hold words; whatever else is named has to hold numbers.
WORDS = {"link", "group", "role", "fate", "operator"}
IMAGE = ["device", "image"]


class Results:
    """A folder with results; tables are read when they are asked for."""

    def __init__(self, folder):
        self.folder = folder
        self.run_columns = []
        self._conditions = []
        self._tables = {}
        check_folder(folder)
        header = self._read("images.csv", 0)
        self.is_sweep = "run" in header.columns
        names = list(header.columns)
        self.keys = names[: names.index("run")] if self.is_sweep else []
        # What tells a run from the others, in front of the columns of each table.
        self.run_columns = [*self.keys, "run"] if self.is_sweep else []

    def path(self, name):
        """Returns where a file of the folder is."""
        return os.path.join(self.folder, name)

    def has_groups(self):
        """Returns whether devices belong to named groups."""
        images = self._table("images.csv")
        return "group" in images and (images["group"] != "").any()

    def table(self, name, *columns):
        """Returns a table; the columns named have to be there."""
        table = self._table(name)
        missing = [column for column in columns if column not in table]
        if missing:
            raise BadInput(f"{self.path(name)}: no column {missing[0]}")
        table = table.copy()
        for column in columns:
            if column in WORDS or column in self.run_columns:
                continue
            try:
                table[column] = pd.to_numeric(table[column])
            except (TypeError, ValueError) as error:
                raise BadInput(f"{self.path(name)}: column {column}: {error}") from error
        return table

    def images(self, *columns):
        """Returns the images, each with a number `id` that fragments() has too, and the numbers of
        measures.SOURCES, which images of the same picture, place or run share."""
        table = self.table("images.csv", *IMAGE, "dataset_index", *columns)
        table["id"] = range(len(table))
        if not len(table):
            raise BadInput(f"{self.path('images.csv')}: no images in it")
        picture = [key for key in ["images.dataset"] if key in self.keys] + ["dataset_index"]
        table["picture"] = table.groupby(picture, dropna=False).ngroup()
        table["place"] = self._places(table)
        table["repetition"] = table.groupby("run").ngroup() if self.is_sweep else 0
        return table

    def _places(self, images):
        """Returns a number for each image, the same for those of one camera at one place.

        A camera that stands at the same place in several runs, as where a file says the places, is one
        there too; and so are cameras of the same number in groups that stand at the same places.
        """
        by = [*self.run_columns, "device"]
        if not os.path.isfile(self.path("nodes.csv")):
            return images.groupby(by).ngroup()
        nodes = self.table("nodes.csv", "device", "x_m", "y_m").reset_index(drop=True)
        group = [name for name in ["group"] if name in nodes]
        if by[:-1] + group:
            nodes["number"] = nodes.groupby(by[:-1] + group).cumcount()
        else:
            nodes["number"] = nodes["device"]
        nodes["place"] = nodes.groupby(["number", "x_m", "y_m"], dropna=False).ngroup()
        unknown = nodes["x_m"].isna() | nodes["y_m"].isna()
        nodes.loc[unknown, "place"] = len(nodes) + nodes.index[unknown]
        known = images[by].merge(nodes[[*by, "place"]], on=by, how="left")["place"].to_numpy()
        return np.where(np.isnan(known), 2 * len(nodes) + images.groupby(by).ngroup(), known).astype(int)

    def fragments(self, images, *columns):
        """Returns the fragments of these images, with their `id`."""
        table = self.table("fragments.csv", *IMAGE, "fragment", *columns)
        by = [*self.run_columns, *IMAGE]
        return table.merge(images[[*by, "id"]], on=by, how="inner", validate="many_to_one")

    def cameras(self, *columns):
        """Returns the devices that have a camera; others, such as meters, send no images."""
        nodes = self.table("nodes.csv", "device", *columns)
        return nodes[nodes["role"] == "camera"] if "role" in nodes else nodes

    def operators(self, nodes):
        """Returns the operator of each device, which only its operator's gateways serve.

        It is what the scenario says: no table has it.
        """
        if self.table("gateways.csv", "operator")["operator"].nunique() < 2:
            return pd.Series(1, nodes.index)
        settings = self.settings()[0]

        def of_device(node):
            if node["link"] != "lora":
                return 1
            for key in [f"group.{node.get('group', '')}.lora.operator", "lora.operator"]:
                number = node[key] if key in self.keys else settings.get(key)
                if number is not None:
                    return int(number)
            raise BadInput(
                f"{os.path.join(self.run_folder(), 'scenario.ini')}: no lora.operator, which says whose "
                "of the gateways serve a device"
            )

        return nodes.apply(of_device, axis=1)

    def choose(self, conditions):
        """Leaves only the rows for which every KEY=VALUE is so."""
        for condition in conditions:
            key, equals, value = condition.partition("=")
            if not equals or key not in self.run_columns:
                known = ", ".join(self.run_columns) or "none: this is no sweep"
                raise BadInput(f"--where {condition}: has to be KEY=VALUE with one of {known}")
            values = chosen_values(self.values(key), value)
            if not values:
                raise BadInput(
                    f"--where {condition}: {self.folder} has {', '.join(self.values(key))} for {key}"
                )
            self._conditions.append((key, values))
            self._tables = {}

    def values(self, key):
        """Returns the values of a swept key, or of run, in the sweep's order."""
        return list(dict.fromkeys(self._table("images.csv")[key]))

    def open_keys(self):
        """Returns the swept keys that still have several values."""
        return [key for key in self.keys if len(self.values(key)) > 1]

    def points(self):
        """Returns the combinations of the swept keys that there are, as dictionaries."""
        table = self._table("images.csv")[self.keys].drop_duplicates()
        return table.to_dict("records")

    def run_folder(self):
        """Returns the folder of the run; of a sweep, of its first one."""
        return next(iter(runs_of(self.folder)), self.folder) if self.is_sweep else self.folder

    def name(self):
        """Returns the scenario's name; the runs of a sweep have numbers instead."""
        file = "base.ini" if self.is_sweep else "scenario.ini"
        named = read_settings(self.path(file))[0].get("scenario.name")
        return named or os.path.basename(os.path.abspath(self.folder))

    def settings(self):
        """Returns the keys of scenario.ini (of a sweep's first run) in its order, and its comments."""
        return read_settings(os.path.join(self.run_folder(), "scenario.ini"))

    def _table(self, name):
        if name not in self._tables:
            table = self._read(name)
            missing = [key for key in self.run_columns if key not in table]
            if missing:
                raise BadInput(f"{self.path(name)}: no column {missing[0]}, which images.csv has")
            for key, values in self._conditions:
                table = table[table[key].isin(values)]
            self._tables[name] = table
            self._check_whole(name, table)
        return self._tables[name]

    def _check_whole(self, name, table):
        """Fails when a table has other rows than images.csv says, as one that was cut off has."""
        counted = {"fragments.csv": (IMAGE, "fragments"), "nodes.csv": (IMAGE[:1], "images")}
        if name not in counted:
            return
        images = self._table("images.csv")
        of, column = counted[name]
        by = [*self.run_columns, *of]
        holder, rows = (images, table) if name == "fragments.csv" else (table, images)
        if not {*by, column} <= {*holder} or not {*by} <= {*rows}:
            return
        said = holder.groupby(by)[column].sum()
        there = rows.groupby(by).size()
        said, there = said.align(there.astype(float), fill_value=0)
        other = said.index[said != there]
        if len(other):
            first = other[0]
            which = ", ".join(f"{key} {value}" for key, value in zip(by, first if len(by) > 1 else [first]))
            raise BadInput(
                f"{self.path(name)}: not whole, or of other results than images.csv: there are "
                f"{there[first]:.0f} {column} of {which} where {said[first]:.0f} are said to be"
            )

    def _read(self, name, rows=None):
        words = {*WORDS, *self.run_columns}
        try:
            if rows is None:
                check_rows(self.path(name))
            table = pd.read_csv(
                self.path(name),
                nrows=rows,
                dtype={word: str for word in words},
                # Only an empty field is no value; a name may well be "NA".
                keep_default_na=False,
                na_values=[""],
                low_memory=False,
            )
            present = [word for word in words if word in table]
            table[present] = table[present].fillna("")
            return table
        except OSError as error:
            raise BadInput(f"{self.path(name)}: {error.strerror}") from error
        except (ValueError, pd.errors.ParserError) as error:
            raise BadInput(f"{self.path(name)}: {str(error).splitlines()[0]}") from error


def level_of(table):
    """Returns the groups of accuracy.csv by link: sf7 .. sf12, ce0 .. ce2, or the link's name."""
    def row_level(sf, ce, link):
        if not pd.isna(sf):
            return f"sf{int(sf)}"
        return f"ce{int(ce)}" if not pd.isna(ce) else str(link)

    return [row_level(*row) for row in zip(table["sf"], table["ce_level"], table["link"])]


def sorted_levels(levels):
    """Returns the levels that there are, spreading factors first, each in order of its number."""
    def order(level):
        number = level[2:]
        return (level[:2] != "sf", int(number) if number.isdigit() else 99, level)

    return sorted(set(levels), key=order)


def add_folder(parser, what="folder of a run or of a sweep"):
    """Adds the arguments that say which results."""
    parser.add_argument("folder", help=what)
    parser.add_argument(
        "--where", metavar="KEY=VALUE", action="append", default=[], help="of a sweep: only these runs"
    )


def open_results(arguments):
    """Returns the results that the command line names."""
    results = Results(arguments.folder)
    results.choose(arguments.where)
    return results


def sets_of_images(results, images):
    """Returns (what it is, ids of its images): of a sweep its points, of a run its groups.

    What it is is a dictionary: the swept keys, or `group`; both, where the devices of a sweep have
    groups.
    """
    if results.keys:
        values = images[results.keys].agg(tuple, axis=1)
        ids = images["id"].groupby(values)
        points = [(point, ids.get_group(tuple(point.values()))) for point in results.points()]
        if not results.has_groups():
            return points
        group = images.set_index("id")["group"]
        sets = []
        for point, some in points:
            sets.append(({**point, "group": "all"}, some))
            for name in filter(None, dict.fromkeys(group[some])):
                sets.append(({**point, "group": name}, some[(group[some] == name).to_numpy()]))
        return sets
    sets = [({"group": "all"}, images["id"])]
    if "group" in images:
        for group in dict.fromkeys(images["group"]):
            if group:
                sets.append(({"group": group}, images.loc[images["group"] == group, "id"]))
    images = images.assign(level=level_of(images))
    for level in sorted_levels(images["level"]):
        sets.append(({"group": level}, images.loc[images["level"] == level, "id"]))
    return sets
