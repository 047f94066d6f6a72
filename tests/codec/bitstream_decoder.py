#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A LimitNet receiver in Python, written from docs/bitstream.md and from nothing else.

It shares no code and no table with limitnet/codec, uses integers only and is made to be read next
to the page: each part names the section that it follows. bitstream-decoder-test.cc compares what it
receives with what limitnet::Reassembler receives; bitstream_example.py checks it against the page's
example.

As a program it reads text from the standard input and writes text to the standard output. Input
lines are words separated by blanks:

    model ID                         begins the tables of a model; what is not named is 0
    frequency C  64 numbers          one line per channel
    mean  12 numbers
    weight_set  12 numbers
    weight K PATTERN  8 numbers
    confidence K  256 numbers
    width C CONFIDENCE  12 numbers   spread 0 below_one 0, spread 0 below_one 1, spread 1 ...
    map_width  5 numbers
    receiver NAME                    a new receiver with these tables; what follows is for it
    fragment HEX                     give it a fragment; '-' is one of no bytes
    report                           write what it has

A report is one line of words: NAME; the image (or '-'); the range and the 64 levels of the map with
commas between (or '-' while it is not whole); how many of the codes decoded so far are not the
bytes that the page's encoder makes of what was decoded (0 unless something was damaged); and the
symbols of the indices 0..9407, '.' for each that was not received.
"""

import sys

CHANNELS = 12
SIDE = 28
CELLS = SIDE * SIDE
VALUES = CHANNELS * CELLS
SYMBOLS = 64
LEVELS = 32
MAP_SIDE = 8
TOTAL = 32768
SYMBOL_CODES = 4704 * 9409
MAP_CODES = 131072
MAP_BYTES_MAX = 40
VERSION = 1


def clamp(value, low, high):
    return min(high, max(low, value))


class Tables:
    """ "What both ends hold beforehand", as far as it says what the bytes mean. """

    def __init__(self):
        self.model_id = 0
        self.frequency = [[0] * SYMBOLS for _ in range(CHANNELS)]
        self.mean = [0] * CHANNELS
        self.weight_set = [0] * CHANNELS
        self.weight = [[[0] * 8 for _ in range(256)] for _ in range(4)]
        self.confidence = [[0] * 256 for _ in range(4)]
        self.width = [[[[0, 0] for _ in range(6)] for _ in range(4)] for _ in range(CHANNELS)]
        self.map_width = [0] * 5

    def cumulative(self, c):
        """ cumulative[c][0..64] """
        sums = [0]
        for frequency in self.frequency[c]:
            sums.append(sums[-1] + frequency)
        return sums


# "Header"


class Fragment:
    """A valid fragment: either a map fragment (is_map) or a symbols fragment."""

    def __init__(self, image, payload):
        self.image = image
        self.payload = payload
        self.is_map = False
        # Symbols
        self.first = 0
        self.count = 0
        # Map
        self.last = False
        self.offset = 0
        self.model_id = 0


def parse(data):
    """The fragment in the bytes, or None if they are invalid."""
    if len(data) < 4:
        return None
    head = int.from_bytes(data[:4], "big")
    fragment = Fragment(head >> 26, data[4:])
    code = head & (2**26 - 1)
    length = len(fragment.payload)
    if code < SYMBOL_CODES:
        row, column = divmod(code, 9409)
        if column < 9408 - row:
            fragment.first, fragment.count = row, column + 1
        else:
            fragment.first, fragment.count = 9407 - row, 9409 - column
        return fragment if length <= 2 * fragment.count + 2 else None
    if code < SYMBOL_CODES + MAP_CODES:
        piece = code - SYMBOL_CODES
        fragment.is_map = True
        fragment.last = (piece >> 14) & 1 == 1
        fragment.offset = (piece >> 8) & 63
        fragment.model_id = piece & 255
        if piece >> 15 != VERSION or (length == 0 and not fragment.last):
            return None
        return fragment if fragment.offset + length <= MAP_BYTES_MAX else None
    return None


# "Range code"


class RangeDecoder:
    def __init__(self, data):
        self.data = data
        self.intervals = []  # of the numbers decoded: (start, frequency)
        self.at = 0
        self.point = 0
        self.range = 0xFFFFFFFF
        for _ in range(4):
            self.point = self.point << 8 | self.next_byte()

    def next_byte(self):
        byte = self.data[self.at] if self.at < len(self.data) else 0
        self.at += 1
        return byte

    def number(self, count, below):
        """Decode one number 0..count-1; number s has the interval from below(s) to below(s + 1)."""
        unit = self.range >> 15
        target = min(self.point // unit, TOTAL - 1)
        # The last number whose interval begins at the target or before.
        least, most = 0, count - 1
        while least < most:
            middle = (least + most + 1) // 2
            if below(middle) <= target:
                least = middle
            else:
                most = middle - 1
        start = below(least)
        frequency = below(least + 1) - start
        self.intervals.append((start, frequency))
        self.point -= unit * start
        self.range = unit * frequency
        while self.range < 2**24:
            self.point = (self.point << 8 | self.next_byte()) % 2**32
            self.range <<= 8
        return least

    def uniform(self, count):
        """Decode one of count equally frequent numbers."""
        return self.number(count, lambda s: s * (TOTAL // count))

    def is_shortest_code(self):
        """Whether the bytes are those that an encoder makes of the numbers decoded."""
        encoder = RangeEncoder()
        for start, frequency in self.intervals:
            encoder.add(start, frequency)
        return encoder.finish() == self.data


class RangeEncoder:
    """Keeps the output and the open 32 bits as one integer of any length."""

    def __init__(self):
        self.low = 0
        self.range = 0xFFFFFFFF
        self.output_bytes = 0

    def add(self, start, frequency):
        unit = self.range >> 15
        self.low += unit * start
        self.range = unit * frequency
        while self.range < 2**24:
            self.low <<= 8
            self.range <<= 8
            self.output_bytes += 1

    def output(self):
        return (self.low >> 32).to_bytes(self.output_bytes, "big")

    def finish(self):
        """The code, by the three rules of the page."""
        output, opened = self.low >> 32, self.low % 2**32
        if opened == 0:
            return self.output().rstrip(b"\0")
        if opened + self.range > 2**32:
            return (output + 1).to_bytes(self.output_bytes, "big").rstrip(b"\0")
        return self.output() + bytes([-(-opened // 2**24)])


# "Probabilities around a prediction"

H = [int(word) for word in """
    16384 16208 16033 15860 15689 15520 15353 15188 15024 14862 14702 14544 14387 14232 14079 13927
    13777 13629 13482 13337 13193 13051 12910 12771 12634 12498 12363 12230 12098 11968 11839 11711
    11585 11460 11337 11215 11094 10975 10856 10739 10624 10509 10396 10284 10173 10064  9955  9848
     9742  9637  9533  9431  9329  9228  9129  9031  8933  8837  8742  8648  8555  8463  8371  8281
    """.split()]

RATE = [29541]
for _ in range(31):
    RATE.append(RATE[-1] * 4 // 5)


def halved(t):
    return 0 if t >= 960 else H[t % 64] >> (t // 64)


def tail_beyond(x, w):
    t = (x * RATE[w]) >> 8
    tail = (15 * halved(t) + halved(t >> 2)) >> 4
    return tail - (tail >> 9)


def below_around(m, w, n):
    """The function below(s) of n symbols around the prediction m with the width w."""

    def below(s):
        if s == 0:
            return 0
        if s == n:
            return TOTAL
        e = 16 * s - 8
        return s + tail_beyond(m - e, w) if e < m else s + 32704 - tail_beyond(e - m, w)

    return below


# "Saliency map"


def decode_map(tables, decoder):
    """The range 0..255 and the 64 levels of a coded map; any bytes are one."""
    range_ = decoder.uniform(256)
    coarse = decoder.number(2, lambda s: [0, 32704, 32768][s])
    if coarse:
        return range_, [2 * decoder.uniform(16) for _ in range(MAP_SIDE * MAP_SIDE)]
    level = [[0] * MAP_SIDE for _ in range(MAP_SIDE)]
    for y in range(MAP_SIDE):
        for x in range(MAP_SIDE):
            if y == 0 and x == 0:
                level[y][x] = decoder.uniform(LEVELS)
                continue
            context = 4
            if y == 0:
                predicted = level[y][x - 1]
            elif x == 0:
                predicted = level[y - 1][x]
            else:
                l, a, c = level[y][x - 1], level[y - 1][x], level[y - 1][x - 1]
                predicted = clamp(l + a - c, min(l, a), max(l, a))
                difference = abs(l - c) + abs(a - c)
                context = sum(difference >= border for border in (2, 5, 11))
            below = below_around(16 * predicted, tables.map_width[context], LEVELS)
            level[y][x] = decoder.number(LEVELS, below)
    return range_, [value for row in level for value in row]


# "Importance order"


def resize_weights():
    """For each of the 28 samples of an axis: two pairs of (input sample, weight)."""
    weights = []
    for i in range(SIDE):
        p = min(98, max(0, 4 * i - 5))
        j, w = divmod(p, 14)
        weights.append([(j, 14 - w), (min(7, j + 1), w)])
    return weights


def importance_scores(range_, levels):
    """The score of each index."""
    weights = resize_weights()
    sums = []
    for y in range(SIDE):
        for x in range(SIDE):
            sums.append(sum(wy * wx * levels[MAP_SIDE * iy + ix] * 8
                            for iy, wy in weights[y] for ix, wx in weights[x]))
    return [range_ * total + (12 - c) * 2548980 for c in range(CHANNELS) for total in sums]


def importance_order(range_, levels):
    """The index at each place."""
    scores = importance_scores(range_, levels)
    return sorted(range(VALUES), key=lambda index: (-scores[index], index))


# "Probabilities"

# Row and column of the neighbours d = 0..7, relative to the value.
NEIGHBOURS = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def prediction(tables, index, known):
    """m and w of a value, given the symbols known before it (a dictionary from indices).

    None where no neighbour is known.
    """
    c, cell = divmod(index, CELLS)
    row, column = divmod(cell, SIDE)
    neighbours = {}
    for d, (down, right) in enumerate(NEIGHBOURS):
        y, x = row + down, column + right
        if 0 <= y < SIDE and 0 <= x < SIDE and CELLS * c + SIDE * y + x in known:
            neighbours[d] = known[CELLS * c + SIDE * y + x]
    if not neighbours:
        return None
    pattern = sum(2**d for d in neighbours)
    k = tables.weight_set[c]
    mean = tables.mean[c]
    total = sum(tables.weight[k][pattern][d] * (16 * x - mean) for d, x in neighbours.items())
    m = clamp(mean + total // 64, 0, 1008)  # // rounds down, as floor does
    spread = max(neighbours.values()) - min(neighbours.values())
    if len(neighbours) == 1:
        spread_class = 5
    else:
        spread_class = sum(spread >= border for border in (1, 2, 4, 8))
    below_one = 1 if m < 16 else 0
    return m, tables.width[c][tables.confidence[k][pattern]][spread_class][below_one]


def decode_symbols(tables, order, fragment, decoder):
    """The symbols of a symbols fragment: a dictionary from indices."""
    symbols = {}
    for index in order[fragment.first:fragment.first + fragment.count]:
        around = prediction(tables, index, symbols)
        if around is None:
            below = tables.cumulative(index // CELLS).__getitem__
        else:
            below = below_around(*around, SYMBOLS)
        symbols[index] = decoder.number(SYMBOLS, below)
    return symbols


# "Receiving"


class Receiver:
    """All that has been received of one image."""

    def __init__(self, tables):
        self.tables = tables
        self.image = None
        self.map_bytes = {}
        self.map_length = None
        self.map = None  # range and levels, once the map is whole
        self.order = None  # then, too
        self.early = []  # symbols fragments that came before the map was whole
        self.symbols = {}
        self.odd_codes = 0  # codes that are not what an encoder would make

    def add(self, data):
        fragment = parse(data)
        if fragment is None:
            return
        if fragment.is_map and fragment.model_id != self.tables.model_id:
            return
        if self.image is None:
            self.image = fragment.image
        if fragment.image != self.image:
            return
        if fragment.is_map:
            self.add_map(fragment)
        elif self.order is None:
            self.early.append(fragment)
        else:
            self.add_symbols(fragment)

    def add_map(self, fragment):
        if self.order is not None:
            return
        for i, byte in enumerate(fragment.payload):
            self.map_bytes.setdefault(fragment.offset + i, byte)
        if fragment.last and self.map_length is None:
            self.map_length = fragment.offset + len(fragment.payload)
        data = self.map_data()
        if data is not None:
            decoder = RangeDecoder(data)
            self.map = decode_map(self.tables, decoder)
            self.odd_codes += not decoder.is_shortest_code()
            self.order = importance_order(*self.map)
            for early in self.early:
                self.add_symbols(early)
            self.early = []

    def map_data(self):
        """The bytes of the map, or None while it is not whole."""
        if self.map_length is None:
            return None
        data = [self.map_bytes.get(i) for i in range(self.map_length)]
        return None if None in data else bytes(data)

    def add_symbols(self, fragment):
        decoder = RangeDecoder(fragment.payload)
        for index, symbol in decode_symbols(self.tables, self.order, fragment, decoder).items():
            self.symbols.setdefault(index, symbol)
        self.odd_codes += not decoder.is_shortest_code()


# The program


def main():
    tables = Tables()
    receiver, name = None, ""
    for line in sys.stdin:
        words = line.split()
        if not words:
            continue
        key, numbers = words[0], words[1:]
        if key == "fragment":
            receiver.add(b"" if numbers[0] == "-" else bytes.fromhex(numbers[0]))
        elif key == "receiver":
            receiver, name = Receiver(tables), numbers[0]
        elif key == "report":
            image = "-" if receiver.image is None else receiver.image
            map_ = "-"
            if receiver.map is not None:
                map_ = ",".join(map(str, [receiver.map[0], *receiver.map[1]]))
            symbols = (receiver.symbols.get(index, ".") for index in range(VALUES))
            print(name, image, map_, receiver.odd_codes, *symbols)
        else:
            numbers = [int(number) for number in numbers]
            if key == "model":
                tables = Tables()
                tables.model_id = numbers[0]
            elif key == "frequency":
                tables.frequency[numbers[0]] = numbers[1:]
            elif key == "mean":
                tables.mean = numbers
            elif key == "weight_set":
                tables.weight_set = numbers
            elif key == "weight":
                tables.weight[numbers[0]][numbers[1]] = numbers[2:]
            elif key == "confidence":
                tables.confidence[numbers[0]] = numbers[1:]
            elif key == "width":
                pairs = [numbers[i:i + 2] for i in range(2, len(numbers), 2)]
                tables.width[numbers[0]][numbers[1]] = pairs
            elif key == "map_width":
                tables.map_width = numbers
            else:
                sys.exit(f"bitstream_decoder: unknown word: {key}")


if __name__ == "__main__":
    main()
