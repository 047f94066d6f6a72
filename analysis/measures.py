# SPDX-License-Identifier: GPL-2.0-only
"""Statistics that the plots and tables share; all take arrays of numpy."""

import numpy as np

Z = 1.959964  # of the normal distribution: 95 % between -Z and Z
MANY = 1e5  # degrees of freedom from which on Student's distribution is taken as the normal one
SOURCES = ["picture", "place", "repetition"]  # columns of Results.images()


def student(freedom):
    """Returns the quantile of Student's t between whose ends 95 % lie, for each number of degrees of
    freedom, 1 or more: Hill's expansion (Communications of the ACM 13, 1970, algorithm 396), and below 2,
    where that is rough, a curve between the values at 1 and 2."""
    freedom = np.asarray(freedom, dtype=float)
    n = np.clip(freedom, 2, MANY)
    a = 1 / (n - 0.5)
    b = 48 / (a * a)
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * np.sqrt(a * np.pi / 2) * n
    tail = (0.05 * d) ** (2 / n)
    normal = Z * Z
    c = c + np.where(n < 5, 0.3 * (n - 4.5) * (0.6 - Z), 0)
    c = (((-0.05 * d * Z - 5) * -Z - 7) * -Z - 2) * -Z + b + c
    near = (((((0.4 * normal + 6.3) * normal + 36) * normal + 94.5) / c - normal - 3) / b + 1) * Z
    near = np.expm1(a * near * near)
    far = ((n + 6) / (n * tail) - 0.089 * d - 0.822) * (n + 2) * 3
    far = ((1 / far + 0.5 / (n + 4)) * tail - 1) * (n + 1) / (n + 2) + 1 / tail
    few = np.log(12.706205) - np.log(12.706205 / 4.302653) * 2 * (1 - 1 / np.clip(freedom, 1, 2))
    of_many = np.where(freedom > MANY, Z, np.sqrt(n * np.where(tail > 0.05 + a, near, far)))
    return np.where(freedom < 2, np.exp(few), of_many)


def wilson(correct, counted, quantile=Z):
    """Returns the ends of the 95 % Wilson score interval; not a number where none is counted."""
    correct = np.asarray(correct, dtype=float)
    counted = np.asarray(counted, dtype=float)
    square = np.square(quantile)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = correct / counted
        centre = (share + square / (2 * counted)) / (1 + square / counted)
        half = quantile / (1 + square / counted) * np.sqrt(
            np.maximum(0, share * (1 - share)) / counted + square / (4 * counted * counted)
        )
    return np.maximum(0, centre - half), np.minimum(1, centre + half)


class Clusters:
    """How the sums of a quantity lie in the clusters of one kind, such as pictures: a value a row."""

    def __init__(self, totals, counted):
        """totals and counted have a row for each question and a column for each cluster: the sum of
        its observations and their number."""
        totals = np.asarray(totals, dtype=float)
        counted = np.asarray(counted, dtype=float)
        count = counted.sum(axis=-1)
        # Sums of whole numbers are exact: nothing varies where this is 0, to the last digit.
        apart = totals * count[..., None] - counted * totals.sum(axis=-1)[..., None]
        self.squares = np.square(apart).sum(axis=-1)
        self.number = (counted > 0).sum(axis=-1)
        self.most = counted.max(axis=-1, initial=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            # As many as clusters of one size; fewer where some are larger.
            effective = count * count / np.square(counted).sum(axis=-1)
        self.freedom = np.maximum(1, np.nan_to_num(effective, nan=1) - 1)

    @staticmethod
    def joined(parts):
        """Returns clusters with the rows of several, one after the other."""
        whole = Clusters.__new__(Clusters)
        for name in ["squares", "number", "most", "freedom"]:
            setattr(whole, name, np.concatenate([getattr(part, name) for part in parts]))
        return whole


class Sources:
    """Where chance comes from: which picture, place and run each observation (an image) is of.

    A place is a camera that stands where it stands in one run, or in several.
    """

    def __init__(self, picture, place=None, repetition=None):
        picture = np.asarray(picture)
        self.kinds = {"picture": picture}
        places = np.arange(len(picture)) if place is None else np.asarray(place)
        self.kinds["place"] = places
        self.kinds["picture place"] = pairs_of(picture, places)
        if repetition is not None and len(picture) and len(np.unique(repetition)) > 1:
            runs = np.asarray(repetition)
            self.kinds["run"] = runs
            self.kinds["picture run"] = pairs_of(picture, runs)
            self.kinds["place run"] = pairs_of(places, runs)
            self.kinds["picture place run"] = pairs_of(self.kinds["picture place"], runs)

    @staticmethod
    def of(table):
        """Returns those of the images in a table of Results.images(), or one with its columns."""
        return Sources(*(table[name].to_numpy() for name in SOURCES))

    def clusters(self, values, counted):
        """Returns the clusters of each kind, of values with these numbers of observations in them."""
        found = {}
        for kind, code in self.kinds.items():
            _, place = np.unique(code, return_inverse=True)
            totals, counts = (
                np.bincount(place, weights=np.asarray(of, dtype=float), minlength=1) for of in (values, counted)
            )
            found[kind] = Clusters(totals, counts)
        return found


def pairs_of(one, other):
    """Returns a number for each pair, the same for the same pair."""
    _, first = np.unique(one, return_inverse=True)
    _, second = np.unique(other, return_inverse=True)
    return first * (second.max(initial=0) + 1) + second


def worth_of(clusters, count, spread):
    """Returns how many independent observations those of these clusters are worth, and the quantile
    of Student's t that goes with it; a number a row.

    clusters are those of each kind of Sources, spread is the variance of a single observation. The
    variance of the mean is that of pictures and of places, less that of their pairs, which is in both
    (Cameron, Gelbach and Miller 2011), and no less than that of either alone. Where the means of the
    runs lie farther apart than three in four would if runs did not differ, runs are a third kind. The
    degrees of freedom are Satterthwaite's, of clusters that count less the more they differ in size.
    Where nothing varies, as where all is right, there are as many observations as there are pictures,
    or places where these are fewer. With a single place, or picture, that kind tells nothing.
    """
    count = np.asarray(count, dtype=float)
    picture, place, both = (clusters[kind] for kind in ["picture", "place", "picture place"])
    two = np.maximum(
        picture.squares + place.squares - both.squares, np.maximum(picture.squares, place.squares)
    )

    def uncertain(squares, of):
        return np.where(of.most > 1, np.square(squares) / of.freedom, 0)

    doubt = uncertain(picture.squares, picture) + uncertain(place.squares, place)
    varies = two
    if "run" in clusters:
        run, picture_run, place_run = (clusters[kind] for kind in ["run", "picture run", "place run"])
        three = np.maximum(run.squares, (
            picture.squares + place.squares + run.squares - both.squares - picture_run.squares
            - place_run.squares + clusters["picture place run"].squares
        ))
        # Wilson and Hilferty's approximation of the chi-square distribution's upper quartile.
        part = 2 / (9 * np.maximum(1, run.number - 1))
        differ = (run.number > 1) & (three > two * (1 - part + 0.6745 * np.sqrt(part)) ** 3)
        beyond = np.maximum(0, place.squares - place_run.squares)
        of_three = (
            uncertain(picture.squares, picture) + uncertain(beyond, place) + uncertain(run.squares, run)
        )
        varies, doubt = np.where(differ, three, two), np.where(differ, of_three, doubt)
    single = (picture.most <= 1) & (place.most <= 1)
    numbers = [np.where(of.number > 1, of.number, np.inf) for of in (picture, place)]
    few = np.minimum(*numbers)
    few = np.where(np.isfinite(few), few, np.minimum(1, count))
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = np.where(varies > 0, np.minimum(np.asarray(spread) * count**4 / varies, count), few)
        freedom = np.where((varies > 0) & (doubt > 0), np.square(varies) / doubt, np.inf)
    return np.where(single, count, worth), np.where(single, Z, student(np.maximum(1, freedom)))


def clustered_wilson(clusters, right, count):
    """Returns the ends of the 95 % interval of right / count for each row, by worth_of()."""
    right, count = np.asarray(right, dtype=float), np.asarray(count, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = right / count
        worth, quantile = worth_of(clusters, count, share * (1 - share))
        # Whole counts stay whole where each observation has clusters of its own.
        return wilson(right * (worth / count), worth, quantile)


def clustered_share(right, counted, sources):
    """Returns the sum of right over that of counted, and the ends of its 95 % interval.

    The arguments have a value for each image, such as the fragments that arrived and all of them.
    """
    right, counted = np.asarray(right, dtype=float), np.asarray(counted, dtype=float)
    low, high = clustered_wilson(sources.clusters(right, counted), right.sum(), counted.sum())
    return right.sum() / counted.sum(), float(low), float(high)


def clustered_paired_interval(a, b, sources):
    """Returns what paired_interval() does for answers of a and b, 1 or 0, on images of these sources."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    clusters = sources.clusters(a - b, np.ones(len(a)))
    worth, quantile = worth_of(clusters, len(a), np.var(a - b))
    scale = float(worth) / len(a)
    counts = [np.sum(a * b), np.sum(a * (1 - b)), np.sum((1 - a) * b), np.sum((1 - a) * (1 - b))]
    return paired_interval(*(scale * float(count) for count in counts), quantile=float(quantile))


def paired_interval(both, only_a, only_b, neither, quantile=Z):
    """Returns the difference of two paired proportions (a less b) and the ends of its 95 % interval.

    The arguments count the pairs that are right in both, in one alone, in none (Newcombe 1998,
    method 10); parts of pairs are counts too.
    """
    count = both + only_a + only_b + neither
    a, b = (both + only_a) / count, (both + only_b) / count
    low_a, high_a = map(float, wilson(both + only_a, count, quantile))
    low_b, high_b = map(float, wilson(both + only_b, count, quantile))
    product = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    phi = 0
    if product > 0:
        # Edwards' correction for continuity, as the method has it, where the table leans one way.
        determinant = both * neither - only_a * only_b
        if determinant > 0:
            determinant = max(determinant - count / 2, 0)
        phi = determinant / product**0.5

    def root(x, y):
        return max(0, x * x - 2 * phi * x * y + y * y) ** 0.5

    low = a - b - root(a - low_a, high_b - b)
    high = a - b + root(high_a - a, b - low_b)
    return a - b, low, high


def jain(values):
    """Returns Jain's index of fairness: 1 when all are equal, 1/n when one has everything."""
    values = np.asarray(values, dtype=float)
    squares = len(values) * np.sum(values * values)
    return float(np.sum(values) ** 2 / squares) if squares > 0 else float("nan")


def worst_decile(values):
    """Returns the mean of the lowest tenth of the values, of one value at the least."""
    values = np.sort(np.asarray(values, dtype=float))
    if not len(values):
        return float("nan")
    return float(np.mean(values[: -(-len(values) // 10)]))


def places(confidence, bins):
    """Returns the bin of each confidence: bins of equal width, an edge belongs to the upper one, 1 to
    the last."""
    return np.minimum((np.asarray(confidence, dtype=float) * bins).astype(int), bins - 1)


def reliability(confidence, correct, bins=10):
    """Returns arrays with a value for each bin: predictions in it, right ones, mean confidence."""
    confidence = np.asarray(confidence, dtype=float)
    correct = np.asarray(correct, dtype=float)
    place = places(confidence, bins)
    counted = np.bincount(place, minlength=bins)
    right = np.bincount(place, weights=correct, minlength=bins)
    total = np.bincount(place, weights=confidence, minlength=bins)
    with np.errstate(divide="ignore", invalid="ignore"):
        return counted, right, total / counted


def calibration_error(confidence, correct, bins=10):
    """Returns the expected calibration error: mean of |accuracy - mean confidence| over the bins,
    each with the weight of its predictions (Naeini et al. 2015)."""
    counted, right, mean = reliability(confidence, correct, bins)
    used = counted > 0
    gap = np.abs(right[used] / counted[used] - mean[used])
    return float(np.sum(counted[used] * gap) / np.sum(counted)) if used.any() else float("nan")
