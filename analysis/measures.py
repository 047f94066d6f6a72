# SPDX-License-Identifier: GPL-2.0-only
"""Statistics that the plots and tables share; all take arrays of numpy."""

import numpy as np

Z = 1.959964  # of the normal distribution: 95 % between -Z and Z


def wilson(correct, counted):
    """Returns the ends of the 95 % Wilson score interval; not a number where none is counted."""
    correct = np.asarray(correct, dtype=float)
    counted = np.asarray(counted, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = correct / counted
        centre = (share + Z * Z / (2 * counted)) / (1 + Z * Z / counted)
        half = Z / (1 + Z * Z / counted) * np.sqrt(
            share * (1 - share) / counted + Z * Z / (4 * counted * counted)
        )
    return np.maximum(0, centre - half), np.minimum(1, centre + half)


def effective_counts(totals, counted, spread):
    """Returns how many independent observations those of some clusters are worth, a number a row.

    totals and counted have a row for each question and a column for each cluster: the sum of its
    observations and their number. spread is the variance of a single observation, for each row. The
    number is that divided by the clustered variance of the mean, which is the count over the design
    effect (Kish 1965; Korn and Graubard 1998): the clusters' own count where the observations of a
    cluster are all alike. It is no more than the observations, and the clusters' count where nothing
    varies between them. Both variances are without the correction for a sample (C/(C-1) of clusters),
    so that observations with a cluster each count as they are.
    """
    totals = np.asarray(totals, dtype=float)
    counted = np.asarray(counted, dtype=float)
    count = counted.sum(axis=-1)
    # Sums of whole numbers are exact: nothing varies where this is 0, to the last digit.
    apart = totals * count[..., None] - counted * totals.sum(axis=-1)[..., None]
    squares = np.square(apart).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = np.asarray(spread) * count**4 / squares
    worth = np.where(squares > 0, np.minimum(worth, count), (counted > 0).sum(axis=-1))
    return np.where(counted.max(axis=-1, initial=0) > 1, worth, count)


def clustered_wilson(right, counted):
    """Returns the ends of the 95 % Wilson interval of the share of right observations, for each row.

    The arguments have a column for each cluster, such as a picture whose images several runs
    have; the interval is that of effective_counts().
    """
    right = np.asarray(right, dtype=float)
    count = np.asarray(counted, dtype=float).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = right.sum(axis=-1) / count
    worth = effective_counts(right, counted, share * (1 - share))
    with np.errstate(divide="ignore", invalid="ignore"):
        # Whole counts stay whole where each observation has a cluster of its own.
        return wilson(right.sum(axis=-1) * (worth / count), worth)


def clusters_of(cluster, *values):
    """Returns the sums of values over the observations of each cluster, and their count."""
    _, place = np.unique(np.asarray(cluster), return_inverse=True)
    most = place.max(initial=-1) + 1
    sums = [np.bincount(place, weights=np.asarray(of, dtype=float), minlength=most) for of in values]
    return *sums, np.bincount(place, minlength=most)


def clustered_share(right, counted, cluster):
    """Returns the sum of right over that of counted, and the ends of its 95 % Wilson interval.

    The arguments have a value for each image: such as the fragments that arrived, all of them, and
    the picture. Images of the same picture are a cluster, as in effective_counts().
    """
    right, counted = np.asarray(right, dtype=float), np.asarray(counted, dtype=float)
    apart = right * counted.sum() - counted * right.sum()
    sums, images = clusters_of(cluster, apart)
    worth = effective_counts(sums, images, np.mean(np.square(apart))) / len(apart)
    low, high = wilson(right.sum() * worth, counted.sum() * worth)
    return right.sum() / counted.sum(), float(low), float(high)


def clustered_paired_interval(a, b, cluster):
    """Returns what paired_interval() does for answers of a and b, 1 or 0, on images of these clusters."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    apart, counted = clusters_of(cluster, a - b)
    scale = effective_counts(apart, counted, np.var(a - b)) / len(a)
    counts = [np.sum(a * b), np.sum(a * (1 - b)), np.sum((1 - a) * b), np.sum((1 - a) * (1 - b))]
    return paired_interval(*(float(scale * count) for count in counts))


def paired_interval(both, only_a, only_b, neither):
    """Returns the difference of two paired proportions (a less b) and the ends of its 95 % interval.

    The arguments count the pairs that are right in both, in one alone, in none (Newcombe 1998,
    method 10); parts of pairs are counts too.
    """
    count = both + only_a + only_b + neither
    a, b = (both + only_a) / count, (both + only_b) / count
    low_a, high_a = map(float, wilson(both + only_a, count))
    low_b, high_b = map(float, wilson(both + only_b, count))
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
