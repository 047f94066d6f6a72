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


def paired_interval(both, only_a, only_b, neither):
    """Returns the difference of two paired proportions (a less b) and the ends of its 95 % interval.

    The arguments count the pairs that are right in both, in one alone, in none (Newcombe 1998,
    method 10).
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


def reliability(confidence, correct, bins=10):
    """Returns arrays with a value for each bin: predictions in it, right ones, mean confidence.

    The bins are of equal width; a confidence on an edge belongs to the upper one, 1 to the last.
    """
    confidence = np.asarray(confidence, dtype=float)
    correct = np.asarray(correct, dtype=float)
    place = np.minimum((confidence * bins).astype(int), bins - 1)
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
