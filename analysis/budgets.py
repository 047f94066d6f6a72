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

from measures import clustered_wilson, wilson
from plotting import AGAINST, BadInput

COLUMNS = {
    "time": ([], []),
    "bytes": ([], ["bytes"]),
    "energy": (["encoding_energy_j"], ["tx_energy_j", "sent_s"]),
}
MOST_POINTS = 300  # of a curve in a picture: more are not seen, and make a large file


class Curve:
    """Accuracy of a set of images over a budget."""

    def __init__(self, steps, gone, pictures):
        """steps: (costs, changes, pictures) of the answers that change; gone: (until when they are
        observed, right at the end, pictures) of the images that leave; pictures: those of all images.
        """
        order = np.argsort(steps[0], kind="stable")
        self._costs, changes, of_steps = (part[order] for part in steps)
        self._right = np.concatenate([[0], np.cumsum(changes)])
        order = np.argsort(gone[0], kind="stable")
        self._until, right, of_gone = (part[order] for part in gone)
        self._gone_right = np.concatenate([[0], np.cumsum(right)])
        self.count = len(pictures)
        self._clusters = (pictures, (self._costs, changes, of_steps), (self._until, right, of_gone))

    def at(self, budgets):
        """Returns how many images count and how many of them are right, at each budget."""
        gone = np.searchsorted(self._until, budgets, side="left")
        right = self._right[np.searchsorted(self._costs, budgets, side="right")]
        return self.count - gone, right - self._gone_right[gone]

    def interval(self, budgets):
        """Returns the ends of the 95 % interval of the accuracy at each budget, which have to ascend.

        Images of the same picture are a cluster.
        """
        budgets = np.asarray(budgets, dtype=float)
        pictures, (costs, changes, of_steps), (until, right, of_gone) = self._clusters
        known, counts = np.unique(pictures, return_counts=True)
        if counts.max(initial=0) <= 1:
            counted, right = self.at(budgets)
            return wilson(right, counted)

        def sums(places, of, values):
            """Returns the sums of the values of each picture up to each budget."""
            inside = places < len(budgets)
            cells = places[inside] * len(known) + np.searchsorted(known, of[inside])
            table = np.bincount(cells, weights=values[inside], minlength=len(budgets) * len(known))
            return np.cumsum(table.reshape(len(budgets), len(known)), axis=0)

        # A step counts from its cost on; an image is gone after the last moment it is observed.
        steps = sums(np.searchsorted(budgets, costs, side="left"), of_steps, changes)
        after = np.searchsorted(budgets, until, side="right")
        gone = sums(after, of_gone, np.ones(len(until)))
        return clustered_wilson(steps - sums(after, of_gone, right), counts - gone)

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
        return self._curve(steps, images, images.assign(right=last)[["observed_s", "right", "picture"]])

    def curve_to_the_end(self, ids):
        """Returns the same without leaving out images for which the simulation ended too early."""
        steps, images = self._of(ids)
        return self._curve(steps, images, images[:0].assign(right=0)[["observed_s", "right", "picture"]])

    def _of(self, ids):
        return self.steps[self.steps["id"].isin(ids)], self.images[self.images["id"].isin(ids)]

    def _curve(self, steps, images, gone):
        picture = images.set_index("id")["picture"]
        steps = steps.assign(picture=steps["id"].map(picture))[["cost", "change", "picture"]]
        columns = [[table[name].to_numpy() for name in table] for table in [steps, gone]]
        return Curve(*columns, picture.to_numpy())

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
