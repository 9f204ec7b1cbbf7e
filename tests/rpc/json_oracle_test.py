"""Does our JSON agree with protobuf's own, on random messages?   json_oracle_test.py ECHO-JSON"""
import json
import os
import random
import struct
import subprocess
import sys
import unittest

from google.protobuf import json_format

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from echo_client import echo

BINARY = sys.argv.pop(1)
ROUNDS = 2000


class Random:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def text(self):
        pool = "abc \u00e9\u00f1\u4e2d\U0001f600\"\\\n\t/<>&\u2028"
        return "".join(self.r.choice(pool) for _ in range(self.r.randrange(12)))

    def blob(self):
        return bytes(self.r.randrange(256) for _ in range(self.r.randrange(20)))

    def integer(self, bits, signed):
        edge = self.r.choice([0, 1, 2 ** (bits - 1) - 1, self.r.getrandbits(bits - 1)])
        if signed:
            return self.r.choice([edge, -edge, -2 ** (bits - 1)])
        return self.r.choice([edge, 2 ** bits - 1])

    def double(self):
        return self.r.choice([0.0, 1.5, -2.25, 1e300, 5e-324, 0.1, self.r.random() * 10 ** self.r.randrange(-20, 20),
                              float("inf"), float("-inf")])

    def time(self, t):
        t.seconds = self.r.randrange(-62135596800, 253402300800)
        t.nanos = self.r.choice([0, 1, 1000, 1000000, 999999999, self.r.randrange(10 ** 9)])

    def inner(self, m, depth=0):
        m.some_text = self.text()
        if depth < 4 and self.r.random() < 0.5:
            self.inner(m.inner, depth + 1)
        for _ in range(self.r.randrange(3) if depth < 3 else 0):
            self.inner(m.many_inner.add(), depth + 1)

    def shapes(self):
        m = echo.Shapes()
        coin = lambda: self.r.random() < 0.4
        for bits in (32, 64):
            for name, signed in (("int", True), ("uint", False), ("sint", True), ("fixed", False), ("sfixed", True)):
                if coin():
                    article = "an" if name == "int" else "a"
                    setattr(m, "%s_%s%d" % (article, name, bits), self.integer(bits, signed))
        if coin():
            m.a_double = self.double()
        if coin():
            m.a_float = struct.unpack("f", struct.pack("f", self.r.random() * 10 ** self.r.randrange(-30, 30)))[0]
        if coin():
            m.a_bool, m.a_string, m.a_bytes = True, self.text(), self.blob()
        if coin():
            m.a_colour = self.r.choice([0, 1, -2])
        if coin():
            self.inner(m.inner)
        if coin():
            self.time(m.time)
        if coin():
            m.ints.extend(self.integer(32, True) for _ in range(5))
            m.longs.extend(self.integer(64, True) for _ in range(5))
            m.fixeds.extend(self.integer(32, False) for _ in range(5))
        if coin():
            m.texts.extend(self.text() for _ in range(4))
            m.blobs.extend(self.blob() for _ in range(4))
            m.bools.extend([True, False, True])
            m.colours.extend([0, 1, -2])
        if coin():
            self.inner(m.inners.add())
            self.time(m.times.add())
        which = self.r.randrange(4)
        if which == 0:
            m.choice_text = self.text()
        elif which == 1:
            m.choice_int64 = self.integer(64, True)
        elif which == 2:
            self.inner(m.choice_inner)
        return m


class Oracle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.Popen([BINARY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                       encoding="utf-8")

    @classmethod
    def tearDownClass(cls):
        cls.process.stdin.close()
        assert cls.process.wait(10) == 0
        cls.process.stdout.close()

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def test_out_reads_the_same_for_protobuf(self):
        for seed in range(ROUNDS):
            m = Random(seed).shapes()
            ours = self.ask("out " + m.SerializeToString().hex())
            self.assertEqual(json.loads(ours), json.loads(json_format.MessageToJson(m)), "seed %d" % seed)
            self.assertEqual(json_format.Parse(ours, echo.Shapes()), m, "seed %d" % seed)

    def test_in_gives_the_same_message(self):
        for seed in range(ROUNDS):
            m = Random(seed).shapes()
            for original in (False, True):
                text = json_format.MessageToJson(m, preserving_proto_field_name=original, indent=None)
                wire = self.ask("in " + text)
                self.assertFalse(wire.startswith("fault"), (seed, wire, text))
                self.assertEqual(echo.Shapes.FromString(bytes.fromhex(wire)), m, "seed %d" % seed)

    def test_what_protobuf_refuses_is_refused(self):
        for text in ('{"aString": 1}', '{"anInt32": 2147483648}', '{"anInt32": 1.5}', '{"anInt32": "1x"}',
                     '{"aUint32": -1}', '{"aBool": "true"}', '{"aColour": "COLOUR_GREEN"}', '{"time": "yesterday"}',
                     '{"noSuch": 1}', '{"ints": 1}', '{"ints": [null]}', '{',
                     '{"choiceText": "a", "choiceInt64": 1}', '{"anInt64": "9223372036854775808"}', '{"aFloat": 1e39}',
                     '{"inner": {"someText": 1}}'):
            with self.subTest(text):
                self.assertTrue(self.ask("in " + text).startswith("fault "), text)
                with self.assertRaises(json_format.ParseError):
                    json_format.Parse(text, echo.Shapes())

    def test_what_python_lets_pass_and_the_specification_does_not_is_refused(self):
        for text in ('{"aBytes": "*"}', '{"inner": []}', '[]', '{"aString": "a", "a_string": "b"}'):
            with self.subTest(text):
                self.assertTrue(self.ask("in " + text).startswith("fault "), text)

    def test_what_protobuf_accepts_is_accepted(self):
        for text in ('{"anInt32": "5"}', '{"anInt64": 5}', '{"anInt32": 1e3}', '{"anInt32": 2.0}', '{"aColour": 1}',
                     '{"aColour": -2}', '{"aDouble": "NaN"}', '{"aDouble": "-Infinity"}', '{"aDouble": 5}',
                     '{"aBytes": "-_8"}', '{"aBytes": "+/8="}', '{"aBytes": "+/8"}', '{"inner": null, "ints": null}',
                     '{"time": "2026-01-15T16:42:08.5+01:30"}', '{"time": "1969-12-31T23:59:59.999999999Z"}', '{}',
                     '{"a_string": "x", "choice_int64": "-1"}', '{"inner": {}}', '{"aUint64": "18446744073709551615"}'):
            with self.subTest(text):
                wire = self.ask("in " + text)
                self.assertFalse(wire.startswith("fault"), wire)
                ours, theirs = echo.Shapes.FromString(bytes.fromhex(wire)), json_format.Parse(text, echo.Shapes())
                self.assertEqual(ours.SerializeToString(deterministic=True),
                                 theirs.SerializeToString(deterministic=True))


if __name__ == "__main__":
    unittest.main()
