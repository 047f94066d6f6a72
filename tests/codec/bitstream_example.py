#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks the example of docs/bitstream.md, and some of the numbers that the page states, with the
decoder and the encoder of bitstream_decoder.py.

Usage: bitstream_example.py docs/bitstream.md
"""

import math
import random
import re
import sys
import unittest

import bitstream_decoder as codec

PAGE = ""


def shortest_length(encoder):
    """The length of the shortest byte string in the encoder's interval, by trying each length."""
    digits = encoder.output_bytes + 4
    for length in range(digits + 1):
        step = 256 ** (digits - length)
        if -(-encoder.low // step) * step < encoder.low + encoder.range:
            return length
    raise AssertionError("no byte string lies in an interval that is not empty")


def example_tables():
    tables = codec.Tables()
    tables.model_id = 42
    tables.frequency = [[16384, 8192, 4096, 4036] + [1] * 60] + [[512] * 64 for _ in range(11)]
    tables.mean = [16] + [320] * 11
    for pattern in range(1, 256):
        known = bin(pattern).count("1")
        tables.weight[0][pattern] = [64 // known if pattern >> d & 1 else 0 for d in range(8)]
    width = [[8 + 2 * spread] * 2 for spread in range(6)]
    tables.width = [[width] * 4] * 12
    tables.map_width = [10] * 5
    return tables


def hexadecimal(text):
    return bytes.fromhex(text.replace(" ", ""))


class Example(unittest.TestCase):
    def setUp(self):
        fragments = re.findall(r"^    ((?:[0-9A-F]{2} )+[0-9A-F]{2})$", PAGE, re.M)
        self.assertEqual(len(fragments), 2)
        self.map_fragment, self.symbols_fragment = map(hexadecimal, fragments)
        rows = [[cell.strip() for cell in line.strip("|").split("|")]
                for line in PAGE.splitlines() if re.match(r"\| \d+ \| \d+ \|", line)]
        self.assertEqual(len(rows), 16)
        self.rows = rows
        self.tables = example_tables()

    def test_map_fragment(self):
        fragment = codec.parse(self.map_fragment)
        self.assertTrue(fragment.is_map and fragment.last)
        self.assertEqual((fragment.image, fragment.offset, fragment.model_id), (7, 0, 42))
        decoder = codec.RangeDecoder(fragment.payload)
        self.assertEqual(codec.decode_map(self.tables, decoder), (128, [31] + [0] * 63))

    def test_order(self):
        levels = [31] + [0] * 63
        order = codec.importance_order(128, levels)
        scores = codec.importance_scores(128, levels)
        for place, row in enumerate(self.rows):
            channel, cell, score = map(int, row[1:4])
            self.assertEqual(int(row[0]), place)
            self.assertEqual(order[place], 784 * channel + cell)
            self.assertEqual(scores[order[place]], score)

    def test_symbols(self):
        receiver = codec.Receiver(self.tables)
        receiver.add(self.map_fragment)
        receiver.add(self.symbols_fragment)
        self.assertEqual(receiver.image, 7)
        self.assertEqual(receiver.odd_codes, 0)
        expected = {784 * int(row[1]) + int(row[2]): int(row[4]) for row in self.rows}
        self.assertEqual(receiver.symbols, expected)

    def test_trace(self):
        encoder = codec.RangeEncoder()
        known = {}
        bits = 0
        prefixes = []
        for row in self.rows:
            index, symbol = 784 * int(row[1]) + int(row[2]), int(row[4])
            around = codec.prediction(self.tables, index, known)
            if around is None:
                below = self.tables.cumulative(index // 784).__getitem__
                self.assertEqual(row[5:7], ["-", "-"])
            else:
                below = codec.below_around(*around, 64)
                self.assertEqual(tuple(map(int, row[5:7])), around)
            low, frequency = below(symbol), below(symbol + 1) - below(symbol)
            known[index] = symbol
            bits += math.log2(32768 / frequency)
            unit = encoder.range >> 15
            encoder.add(low, frequency)
            self.assertEqual((low, frequency), (int(row[7]), int(row[8])))
            self.assertEqual(unit, int(row[9], 16))
            self.assertEqual(encoder.output(), b"" if row[10] == "-" else hexadecimal(row[10]))
            self.assertEqual(encoder.low % 2**32, int(row[11], 16))
            self.assertEqual(encoder.range, int(row[12], 16))
            prefixes.append(encoder.finish())
            self.assertEqual(len(prefixes[-1]), shortest_length(encoder))
        self.assertEqual(prefixes[15], self.symbols_fragment[4:])
        stated = re.search(r"the payload would be (.*?)\.$", PAGE, re.S | re.M).group(1)
        codes = [hexadecimal(code) for code in re.findall("`([0-9A-F ]+)`", stated)]
        self.assertEqual(codes, [prefixes[n - 1] for n in (1, 3, 6, 12)])
        self.assertIn(f"is {bits:.1f} bits or {bits / 8:.1f} bytes", PAGE)


class Statements(unittest.TestCase):
    """Numbers that the page states without an example."""

    def test_header_is_a_bijection(self):
        self.assertEqual(4704 * 9409, 9408 * 9409 // 2)
        self.assertLess(44259936 + 131072, 2**26)
        # Row r holds the ranges that begin at r and those that begin at 9407 - r, each once.
        for row in [0, 1, 4702, 4703] + random.Random(1).sample(range(4704), 20):
            ranges = set()
            for column in range(9409):
                fragment = codec.parse((row * 9409 + column).to_bytes(4, "big"))
                self.assertGreaterEqual(fragment.count, 1)
                self.assertLessEqual(fragment.first + fragment.count, 9408)
                ranges.add((fragment.first, fragment.count))
            self.assertEqual(len(ranges), 9409)
            self.assertEqual({first for first, _ in ranges}, {row, 9407 - row})

    def test_halving_table(self):
        self.assertEqual(codec.H, [round(16384 * 2 ** (-i / 64)) for i in range(64)])

    def test_every_frequency_is_at_least_one(self):
        for n in (32, 64):
            for w in range(32):
                tails = [codec.tail_beyond(x, w) for x in range(1025)]
                self.assertEqual(tails, sorted(tails, reverse=True))
                for m in range(0, 1009 if n == 64 else 497, 7):
                    below = codec.below_around(m, w, n)
                    borders = [below(s) for s in range(n + 1)]
                    self.assertEqual(borders, sorted(set(borders)), (n, m, w))

    def test_no_count_of_symbols_needs_more(self):
        """The payload limit: numbers that all have the frequency 1, at several places."""
        for place in (0, 1, 16383, 32766, 32767):
            encoder = codec.RangeEncoder()
            for count in range(1, 600):
                encoder.add(place, 1)
                self.assertLessEqual(len(encoder.finish()), 2 * count + 2)

    def test_ending_is_the_shortest(self):
        """The three rules against a search over all lengths; and it decodes to the numbers."""
        generator = random.Random(7)
        shapes = [[32768], [1, 32766, 1], [16384, 16384], [32767, 1], [1, 32767], [512] * 64]
        shapes.append([3, 5, 32752, 8])
        carries = 0
        for _ in range(3000):
            frequencies = generator.choice(shapes)
            borders = [sum(frequencies[:i]) for i in range(len(frequencies) + 1)]
            count = generator.randrange(12)
            numbers = [generator.randrange(len(frequencies)) for _ in range(count)]
            encoder = codec.RangeEncoder()
            for number in numbers:
                encoder.add(borders[number], frequencies[number])
            code = encoder.finish()
            carries += encoder.low % 2**32 + encoder.range > 2**32
            self.assertEqual(len(code), shortest_length(encoder))
            self.assertFalse(code.endswith(b"\0"))
            value = int.from_bytes(code.ljust(encoder.output_bytes + 4, b"\0"), "big")
            self.assertTrue(encoder.low <= value < encoder.low + encoder.range)
            decoder = codec.RangeDecoder(code)
            decoded = [decoder.number(len(frequencies), borders.__getitem__) for _ in numbers]
            self.assertEqual(decoded, numbers)
        self.assertGreater(carries, 50)

    def test_coarse_map_takes_35_bytes_at_most(self):
        generator = random.Random(3)
        longest = 0
        for _ in range(300):
            encoder = codec.RangeEncoder()
            encoder.add(128 * generator.randrange(256), 128)
            encoder.add(32704, 64)
            for _ in range(64):
                encoder.add(2048 * generator.randrange(16), 2048)
            longest = max(longest, len(encoder.finish()))
        self.assertEqual(longest, 35)
        # At most: the interval is at least 2^-bits of the whole, since a unit is at least 512 and
        # so loses one part in 513 at most by rounding; and k bytes hit any interval of 256^-k.
        bits = 8 + 9 + 64 * 4 + 66 * math.log2(513 / 512)
        self.assertEqual(math.ceil(bits / 8), 35)

    def test_importance_bounds(self):
        flat = [31] * 64
        scores = codec.importance_scores(255, flat)
        self.assertEqual(max(scores), 255 * 48608 + 12 * 2548980)
        self.assertLess(max(scores), 2**32)
        self.assertEqual(2548980, 13005 * 196)
        self.assertEqual(255 * 255 * 196, 5 * 2548980)


if __name__ == "__main__":
    with open(sys.argv.pop(1), encoding="utf-8") as page:
        PAGE = page.read()
    unittest.main()
