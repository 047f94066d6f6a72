#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A decoder of the bit-plane code, written from docs/bitplane.md, with integers alone.

    bitplane_decoder.py TABLES < STREAMS

TABLES is what `limitnet bitplane-tables` writes. Each line of the standard input is a side and a
stream in hexadecimal ('-' for an empty one); for each a line of coefficients is written:
components, in each the frequencies u v row by row, of each the cells.
"""

import sys

TOTAL = 32768
BLOCK = (8, 4, 4)
PLANES = range(3, 18)
FEATURES = 11


def bits(number):
    """Number of binary digits."""
    return number.bit_length()


class Tables:
    """Section "Tables"."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        assert lines[0] == "limitnet-bitplane 1"
        self.gain = int(lines[2])
        self.refinement = [int(word) for word in (lines[3] + " " + lines[4]).split()]
        rows = [[int(word) for word in line.split()] for line in lines[5:]]
        self.bias = rows[0::2]
        self.weight = rows[1::2]
        assert len(rows) == 2 * 141
        assert all(len(bias) == len(PLANES) for bias in self.bias)
        assert all(len(weight) == FEATURES for weight in self.weight)


class RangeDecoder:
    """docs/bitstream.md, "Range code", with other bytes than zeros behind the stream, too."""

    def __init__(self, stream, after):
        self.bytes = iter(stream)
        self.after = after
        self.point = 0
        for _ in range(4):
            self.point = self.point << 8 | self.next()
        self.range = 0xFFFFFFFF

    def next(self):
        return next(self.bytes, self.after)

    def target(self):
        return min(self.point // (self.range >> 15), TOTAL - 1)

    def take(self, start, frequency):
        unit = self.range >> 15
        self.point -= unit * start
        self.range = unit * frequency
        while self.range < 1 << 24:
            self.point = ((self.point << 8) + self.next()) % (1 << 32)
            self.range <<= 8


class End(Exception):
    """The stream says no more."""


class Picture:
    """Sections "Order" and "Probabilities"."""

    def __init__(self, side, tables, stream):
        self.tables = tables
        self.grid = side // 8
        self.cells = self.grid * self.grid
        self.low = RangeDecoder(stream, 0)
        self.high = RangeDecoder(stream, 255)
        self.known = {}  # (c, u, v, b): bits of the magnitude
        self.negative = {}
        self.lowest = {}  # plane of the lowest known bit
        self.refined = {}

    def decide(self, one):
        zero = TOTAL - one
        bit = self.low.target() >= zero
        if bit != (self.high.target() >= zero):
            raise End
        for decoder in (self.low, self.high):
            decoder.take(zero if bit else 0, one if bit else zero)
        return int(bit)

    def bands(self):
        for total in range(15):
            for c in range(3):
                for u in range(total + 1):
                    if u < BLOCK[c] and total - u < BLOCK[c]:
                        yield c, u, total - u

    def level(self, c, u, v, b):
        return min(5, bits(self.known.get((c, u, v, b), 0) >> self.plane))

    def in_block(self, c, u, v, b):
        """0 outside the block and for its frequency 0."""
        if 0 <= u < BLOCK[c] and 0 <= v < BLOCK[c] and (u, v) != (0, 0):
            return self.level(c, u, v, b)
        return 0

    def in_grid(self, c, u, v, row, column):
        if 0 <= row < self.grid and 0 <= column < self.grid:
            return self.level(c, u, v, row * self.grid + column)
        return 0

    def features(self, c, u, v, b):
        row, column = divmod(b, self.grid)
        near = lambda y, x: self.in_grid(c, u, v, row + y, column + x)
        f = [0] * FEATURES
        one, other = {0: (1, 2), 1: (0, 2), 2: (0, 1)}[c]
        if (u, v) == (0, 0):
            f[0] = near(-1, 0) + near(0, -1)
            f[1] = near(-1, -1) + near(-2, 0) + near(0, -2)
            f[2] = near(1, 0) + near(0, 1)
            f[3] = 0 if row == column else self.in_grid(c, u, v, column, row)
            f[6] = self.level(one, 0, 0, b)
            f[7] = self.level(other, 0, 0, b)
            f[8] = bits(self.component_sum[c] * 16 // self.cells)
        else:
            at = lambda y, x: self.in_block(c, u + y, v + x, b)
            f[0] = at(-1, 0) + at(0, -1)
            f[1] = at(-1, -1) + at(-2, 0) + at(0, -2)
            f[2] = at(1, 0) + at(0, 1) + at(1, 1)
            f[3] = near(-1, 0) + near(0, -1)
            f[4] = near(1, 0) + near(0, 1)
            f[5] = 0 if u == v else self.in_block(c, v, u, b)
            f[6] = self.in_block(one, u, v, b)
            f[7] = self.in_block(other, u, v, b)
            f[8] = bits(self.block_sum[c, b])
        f[9] = bits(self.band_sum[c, u, v] * 16 // self.cells)
        f[10] = bits(sum(self.component_sum) * 16 // self.cells)
        return f

    def class_of(self, c, u, v, b):
        if (u, v) == (0, 0):
            row, column = divmod(b, self.grid)
            return 16 * c + 4 * min(row, 3) + min(column, 3)
        return (47 + 8 * u + v, 110 + 4 * u + v, 125 + 4 * u + v)[c]

    def logit(self, c, u, v, b):
        k = self.class_of(c, u, v, b)
        terms = zip(self.tables.weight[k], self.features(c, u, v, b))
        return self.tables.bias[k][self.plane - 3] + sum(w * f for w, f in terms)

    def add_level(self, c, u, v, b, level):
        self.band_sum[c, u, v] += level
        if (u, v) != (0, 0):
            self.block_sum[c, b] += level
            self.component_sum[c] += level

    def significance(self, c, u, v, b, logit):
        step = max(-192, min(192, logit >> 2))
        one = int(TOTAL / (1 + 2 ** (-step / 16)) + 0.5)
        if self.decide(max(8, min(32760, one))) == 0:
            return
        at = c, u, v, b
        self.negative[at] = self.decide(16384)
        self.known[at] = 1 << self.plane
        self.lowest[at] = self.plane
        self.refined[at] = 0
        self.add_level(c, u, v, b, 1)

    def refinement(self, at):
        c, u, v, _ = at
        group = 6 * c + (0 if (u, v) == (0, 0) else 3) + min(self.refined[at], 2)
        self.known[at] |= self.decide(self.tables.refinement[group]) << self.plane
        self.lowest[at] = self.plane
        self.refined[at] += 1

    def decode_plane(self):
        places = [
            (c, u, v, b)
            for c, u, v in self.bands()
            if self.plane <= 13 or (u, v) == (0, 0)
            for b in range(self.cells)
        ]
        self.component_sum = [0, 0, 0]
        self.block_sum = {(c, b): 0 for c in range(3) for b in range(self.cells)}
        self.band_sum = {band: 0 for band in self.bands()}
        for at in list(self.known):
            self.add_level(*at, self.level(*at))
        before = set(self.known)
        done = set()
        for at in places:
            if at not in self.known and self.logit(*at) >= -96:
                done.add(at)
                self.significance(*at, self.logit(*at))
        for at in places:
            if at in before:
                self.refinement(at)
        for at in places:
            if at not in self.known and at not in done:
                self.significance(*at, self.logit(*at))

    def decode(self):
        try:
            for self.plane in range(min(17, 13 + bits(self.grid - 1)), 2, -1):
                self.decode_plane()
        except End:
            pass
        for c in range(3):
            for u in range(BLOCK[c]):
                for v in range(BLOCK[c]):
                    for b in range(self.cells):
                        yield self.value((c, u, v, b))

    def value(self, at):
        if at not in self.known:
            return 0
        share = 6 if self.refined[at] == 0 else 7
        magnitude = self.known[at] + (share * (1 << self.lowest[at]) // 16)
        return -magnitude if self.negative[at] else magnitude


def main():
    tables = Tables(sys.argv[1])
    for line in sys.stdin:
        side, stream = line.split()
        data = b"" if stream == "-" else bytes.fromhex(stream)
        print(*Picture(int(side), tables, data).decode())


if __name__ == "__main__":
    main()
