# SPDX-License-Identifier: GPL-2.0-only
"""How right the cloud is after so much time, so many bytes, or so much energy of each image.

The answer at a budget is the cloud's last prediction that was made within it; an image without one
counts as wrong. With cloud.moments = grid the cloud predicts only what shows at the times of the
accuracy curve, so an answer may count as later or dearer than it would with cloud.moments = all.

- time: since the capture. An image counts at a time when it was observed that long.
- bytes: lengths of the image's fragments that have arrived, added up in the order of arrival.
- energy: of the microcontroller for encoding the image, and of the radio for all that it had sent of
  the image, lost frames too, when the last of the fragments used left.
"""

import numpy as np

from measures import Clusters, Sources, clustered_wilson
from plotting import AGAINST, BadInput

COLUMNS = {
    "time": ([], []),
    "bytes": ([], ["bytes"]),
    "energy": (["encoding_energy_j"], ["tx_energy_j", "sent_s"]),
}
MOST_POINTS = 300  # of a curve in a picture: more are not seen, and make a large file
MOST_CELLS = 2_000_000  # budgets times clusters that are in memory at once


class Curve:
    """Accuracy of a set of images over a budget."""

    def __init__(self, steps, gone, sources):
        """steps: (costs, changes, images) of the answers that change; gone: (until when they are
        observed, right at the end, images) of the images that leave; sources: measures.Sources of all
        images, in whose order they have numbers from 0.
        """
        order = np.argsort(steps[0], kind="stable")
        self._costs, changes, of_steps = (part[order] for part in steps)
        self._right = np.concatenate([[0], np.cumsum(changes)])
        order = np.argsort(gone[0], kind="stable")
        self._until, right, of_gone = (part[order] for part in gone)
        self._gone_right = np.concatenate([[0], np.cumsum(right)])
        self.count = len(sources.kinds["picture"])
        self._sources = sources
        self._changes = ((self._costs, changes, of_steps), (self._until, right, of_gone))

    def at(self, budgets):
        """Returns how many images count and how many of them are right, at each budget."""
        gone = np.searchsorted(self._until, budgets, side="left")
        right = self._right[np.searchsorted(self._costs, budgets, side="right")]
        return self.count - gone, right - self._gone_right[gone]

    def interval(self, budgets):
        """Returns the ends of the 95 % interval of the accuracy at each budget, which have to ascend.

        Pictures, places and runs are sources of chance: measures.worth_of().
        """
        budgets = np.asarray(budgets, dtype=float)
        counted, right = self.at(budgets)
        clusters = {kind: self._clusters(code, budgets) for kind, code in self._sources.kinds.items()}
        return clustered_wilson(clusters, right, counted)

    def _clusters(self, code, budgets):
        """Returns the clusters of one kind at each budget; code says which each image is of."""
        known, code, counts = np.unique(code, return_inverse=True, return_counts=True)
        (costs, changes, of_steps), (until, right, of_gone) = self._changes
        # A step counts from its cost on; an image is gone after the last moment it is observed.
        before = np.searchsorted(budgets, costs, side="left")
        after = np.searchsorted(budgets, until, side="right")
        rows = max(1, MOST_CELLS // max(1, len(known)))
        steps, gone, gone_right = (np.zeros(len(known)) for _ in range(3))
        parts = []
        for first in range(0, max(1, len(budgets)), rows):
            count = min(rows, len(budgets) - first)

            def sums(places, of, values, start):
                """Returns the sums of the values of each cluster up to each of these budgets."""
                inside = (places >= first) & (places < first + count)
                cells = (places[inside] - first) * len(known) + code[of[inside]]
                table = np.bincount(cells, weights=values[inside], minlength=count * len(known))
                return start + np.cumsum(table.reshape(count, len(known)), axis=0)

            of_steps_now = sums(before, of_steps, changes, steps)
            gone_now = sums(after, of_gone, np.ones(len(until)), gone)
            gone_right_now = sums(after, of_gone, right, gone_right)
            parts.append(Clusters(of_steps_now - gone_right_now, counts - gone_now))
            if count:
                steps, gone, gone_right = of_steps_now[-1], gone_now[-1], gone_right_now[-1]
        return Clusters.joined(parts)

    def budgets(self):
        """Returns the budgets at which the curve may change while half of the images count."""
        budgets = np.unique(self._costs)
        return budgets[2 * self.at(budgets)[0] >= self.count]

    def first(self, accuracy):
        """Returns the least budget with such an accuracy, 0..1; None when there is none.

        Times that fewer than half of the images were observed for are left out.
        """
        budgets = self.budgets()
        counted, right = self.at(budgets)
        # The share is compared as it is printed: 0.7 of 10 images are 7.
        reached = np.flatnonzero(right >= accuracy * counted - 1e-9)
        return float(budgets[reached[0]]) if len(reached) else None

    def points(self):
        """Returns arrays for a picture: budget, accuracy, low, high."""
        budgets = self.budgets()
        if len(budgets) > MOST_POINTS:
            budgets = budgets[np.unique(np.linspace(0, len(budgets) - 1, MOST_POINTS).astype(int))]
        counted, right = self.at(budgets)
        return budgets, right / counted, *self.interval(budgets)


class Progress:
    """What the images of a run or a sweep have cost when the cloud predicted."""

    def __init__(self, results, against):
        if against not in AGAINST:
            raise BadInput(f"{against}: has to be one of {', '.join(AGAINST)}")
        of_images, of_fragments = COLUMNS[against]
        self.against = against
        self.images = results.images("captured_s", "observed_s", *of_images)
        fragments = results.fragments(self.images, "arrived_s", "correct", *of_fragments)
        for name, needed, table in [
            ("images.csv", of_images, self.images), ("fragments.csv", of_fragments, fragments)
        ]:
            for column in needed:
                if len(table) and table[column].isna().all():
                    raise BadInput(f"{results.path(name)}: nothing in the column {column}")
        self.steps = self._steps(fragments)

    def curve(self, ids):
        """Returns the curve of the images with these ids."""
        if self.against != "time":
            return self.curve_to_the_end(ids)
        steps, images = self._of(ids)
        last = images["id"].map(steps.groupby("id")["change"].sum()).fillna(0)
        return self._curve(steps, images, images.assign(right=last)[["observed_s", "right", "id"]])

    def curve_to_the_end(self, ids):
        """Returns the same without leaving out images for which the simulation ended too early."""
        steps, images = self._of(ids)
        return self._curve(steps, images, images[:0].assign(right=0)[["observed_s", "right", "id"]])

    def _of(self, ids):
        return self.steps[self.steps["id"].isin(ids)], self.images[self.images["id"].isin(ids)]

    def _curve(self, steps, images, gone):
        number = dict(zip(images["id"], range(len(images))))
        tables = [steps[["cost", "change", "id"]], gone]
        tables = [table.assign(id=table["id"].map(number).astype(int)) for table in tables]
        columns = [[table[name].to_numpy() for name in table] for table in tables]
        return Curve(*columns, Sources.of(images))

    def _steps(self, fragments):
        images = self.images.set_index("id")
        if self.against == "energy":
            fragments = fragments.sort_values(["id", "sent_s", "fragment"], kind="stable")
            spent = fragments["tx_energy_j"].fillna(0).groupby(fragments["id"]).cumsum()
            fragments["cost"] = spent + fragments["id"].map(images["encoding_energy_j"])
        arrived = fragments[fragments["arrived_s"].notna()]
        arrived = arrived.sort_values(["id", "arrived_s", "fragment"], kind="stable")
        by_image = arrived["id"]
        if self.against == "time":
            arrived["cost"] = arrived["arrived_s"] - by_image.map(images["captured_s"])
        elif self.against == "bytes":
            arrived["cost"] = arrived["bytes"].groupby(by_image).cumsum()
        else:
            # A fragment that was overtaken has cost no less than those before it.
            arrived["cost"] = arrived["cost"].groupby(by_image).cummax()
        steps = arrived[arrived["correct"].notna()].copy()
        before = steps.groupby("id")["correct"].shift(fill_value=0)
        steps["change"] = steps["correct"] - before
        return steps[["id", "cost", "change"]]
