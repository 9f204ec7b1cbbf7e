"""Does our JSON agree with protobuf's own, on random messages?   json_oracle_test.py ECHO-JSON"""
import json
import os
import random
import struct
import subprocess
import sys
import unittest

from google.protobuf import any_pb2, duration_pb2, json_format, struct_pb2, wrappers_pb2

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


    def jsonable(self, depth=0):
        kind = self.r.randrange(8 if depth < 4 else 5)
        if kind == 0:
            return None
        if kind == 1:
            return self.r.random() < 0.5
        if kind == 2:
            return float(self.r.choice([0, -1, 3, 1.5, 1e300, -2.5e-7, 2.0 ** 53, self.r.random()]))
        if kind < 5:
            return self.text()
        if kind == 5:
            return [self.jsonable(depth + 1) for _ in range(self.r.randrange(4))]
        return {self.text(): self.jsonable(depth + 1) for _ in range(self.r.randrange(4))}

    def duration(self, d):
        sign = self.r.choice([1, -1])
        d.seconds = sign * self.r.choice([0, 1, 59, 315575999999, self.r.randrange(10 ** 9)])
        d.nanos = sign * self.r.choice([0, 1, 1000, 500000000, 999999999, self.r.randrange(10 ** 9)])

    def any_of(self, a, depth=0):
        kind = self.r.randrange(7)
        if kind == 0:
            a.Pack(self.shapes())
        elif kind == 1:
            d = duration_pb2.Duration()
            self.duration(d)
            a.Pack(d, "type.example")
        elif kind == 2:
            json_format.ParseDict({"a": self.jsonable()}, s := struct_pb2.Struct())
            a.Pack(s)
        elif kind == 3:
            a.Pack(wrappers_pb2.Int64Value(value=self.integer(64, True)))
        elif kind == 4 and depth < 3:
            inner = any_pb2.Any()
            self.any_of(inner, depth + 1)
            a.Pack(inner)
        elif kind == 5:
            a.Pack(echo.Shapes.Inner(some_text=self.text()))

    def wrappers(self, m):
        coin = lambda: self.r.random() < 0.4
        for name, value in (("bool", True), ("bytes", self.blob()), ("double", self.double()), ("float", 0.25),
                            ("int32", self.integer(32, True)), ("int64", self.integer(64, True)), ("string", self.text()),
                            ("uint32", self.integer(32, False)), ("uint64", self.integer(64, False))):
            if coin():
                getattr(m, name + "_value").value = value
            elif coin():
                getattr(m, name + "_value").SetInParent()

    def known(self):
        m = echo.Known()
        coin = lambda: self.r.random() < 0.4
        for _ in range(self.r.randrange(4)):
            m.text_by_text[self.text()] = self.text()
            m.long_by_int[self.integer(32, True)] = self.integer(64, True)
            m.blob_by_long[self.integer(64, False)] = self.blob()
            m.colour_by_bool[coin()] = self.r.choice([0, 1, -2, 77])
            self.inner(m.inner_by_int[self.integer(32, True)])
            m.double_by_long[self.integer(64, False)] = self.double()
            json_format.ParseDict(self.jsonable(), m.value_by_text[self.text()])
        if coin():
            self.duration(m.duration)
            self.duration(m.durations.add())
        if coin():
            m.mask.paths.extend(self.r.choice(["user", "user_name", "a.b_c.d", "x1_y"]) for _ in range(self.r.randrange(4)))
        if coin():
            json_format.ParseDict({self.text(): self.jsonable() for _ in range(3)}, m.structure)
        if coin():
            json_format.ParseDict(self.jsonable(), m.value)
            json_format.ParseDict([self.jsonable()], m.list)
            json_format.ParseDict(self.jsonable(), m.values.add())
        if coin():
            self.any_of(m.any)
            self.any_of(m.anys.add())
        if coin():
            m.empty.SetInParent()
        self.wrappers(m)
        if coin():
            m.wrapped.add().value = self.integer(64, True)
            m.wrapped.add()
            m.doubles.extend(self.double() for _ in range(5))
            m.floats.extend([0.1, 1.5, -3.0, 1e20, 16777216.0])
            m._odd__name9_ = 7
        which = self.r.randrange(6)
        if which == 0:
            m.choice_null = 0
        elif which == 1:
            self.duration(m.choice_duration)
        elif which == 2:
            json_format.ParseDict(self.jsonable(), m.choice_value)
        elif which == 3:
            m.choice_bool = coin()
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
            ours = self.ask("out Shapes " + m.SerializeToString().hex())
            self.assertEqual(json.loads(ours), json.loads(json_format.MessageToJson(m)), "seed %d" % seed)
            self.assertEqual(json_format.Parse(ours, echo.Shapes()), m, "seed %d" % seed)

    def test_in_gives_the_same_message(self):
        for seed in range(ROUNDS):
            m = Random(seed).shapes()
            for original in (False, True):
                text = json_format.MessageToJson(m, preserving_proto_field_name=original, indent=None)
                wire = self.ask("in Shapes " + text)
                self.assertFalse(wire.startswith("fault"), (seed, wire, text))
                self.assertEqual(echo.Shapes.FromString(bytes.fromhex(wire)), m, "seed %d" % seed)

    def test_well_known_types_and_maps_read_the_same_both_ways(self):
        for seed in range(ROUNDS):
            m = Random(seed).known()
            ours = self.ask("out Known " + m.SerializeToString().hex())
            self.assertFalse(ours.startswith("fault"), (seed, ours))
            self.assertEqual(json.loads(ours), json.loads(json_format.MessageToJson(m)), "seed %d" % seed)
            self.assertEqual(json_format.Parse(ours, echo.Known()), m, "seed %d" % seed)
            text = json_format.MessageToJson(m, indent=None)
            wire = self.ask("in Known " + text)
            self.assertFalse(wire.startswith("fault"), (seed, wire, text))
            back = echo.Known.FromString(bytes.fromhex(wire))
            self.assertEqual(json_format.MessageToJson(back, indent=None, sort_keys=True),
                             json_format.MessageToJson(m, indent=None, sort_keys=True), "seed %d" % seed)

    def test_a_list_of_nulls_reads_back(self):
        """Python writes such a list and can't read it."""
        wire = self.ask('in Known {"nulls": [null, "NULL_VALUE", 0]}')
        self.assertEqual(list(echo.Known.FromString(bytes.fromhex(wire)).nulls), [0, 0, 0])
        self.assertEqual(self.ask("out Known " + wire), '{"nulls":[null,null,null]}')

    def test_well_known_types_that_protobuf_refuses_are_refused(self):
        for text in ('{"duration": "1"}', '{"duration": 1}', '{"duration": "315576000001s"}', '{"duration": "1.0.0s"}',
                     '{"duration": "s"}', '{"mask": "user_name"}', '{"mask": 1}', '{"structure": []}', '{"structure": 1}',
                     '{"list": {}}', '{"any": {"value": 1}}', '{"any": {"@type": "type.googleapis.com/no.Such"}}',
                     '{"any": {"@type": "type.googleapis.com/test.v1.Shapes", "noSuch": 1}}', '{"boolValue": "true"}',
                     '{"int32Value": 2147483648}', '{"stringValue": 1}', '{"longByInt": {"x": 1}}', '{"longByInt": []}',
                     '{"longByInt": {"1": null}}', '{"colourByBool": {"yes": 0}}', '{"wrapped": [null]}',
                     '{"empty": {"a": 1}}', '{"any": {"@type": "type.googleapis.com/google.protobuf.Duration"}}'):
            with self.subTest(text):
                self.assertTrue(self.ask("in Known " + text).startswith("fault "), text)
                with self.assertRaises((json_format.ParseError, KeyError)):
                    json_format.Parse(text, echo.Known())

    def test_well_known_types_that_protobuf_accepts_are_accepted(self):
        for text in ('{"duration": "-1.5s"}', '{"duration": "0s"}', '{"duration": "1.000000001s"}', '{"mask": ""}',
                     '{"mask": "a,bC.dE"}', '{"value": null}', '{"values": [null, 1, "x", [], {}]}', '{"nullValue": null}',
                     '{"nulls": ["NULL_VALUE", 0]}', '{"choiceNull": null}', '{"choiceValue": null}', '{"any": {}}',
                     '{"any": {"@type": "a/test.v1.Shapes", "anInt32": 1}}', '{"int64Value": 5}', '{"int64Value": null}',
                     '{"any": {"@type": "a/google.protobuf.Value", "value": {"a": [1]}}}', '{"valueByText": {"a": null}}',
                     '{"any": {"@type": "a/google.protobuf.Empty"}}', '{"colourByBool": {"true": "COLOUR_RED"}}',
                     '{"longByInt": {"-5": 3, "7": "9"}}', '{"uint64Value": 18446744073709551615}',
                     '{"doubleByLong": {"18446744073709551615": "NaN"}}', '{"floatValue": "-Infinity"}', '{"list": []}',
                     '{"structure": {"a": {"b": [null]}}}', '{"empty": {}}', '{"bytesValue": "-_-_"}', '{"_odd__name9_": 1}', '{"stringValue": "\\ud83d\\ude00\\u00e9\\n"}'):
            with self.subTest(text):
                wire = self.ask("in Known " + text)
                self.assertFalse(wire.startswith("fault"), (text, wire))
                ours, theirs = echo.Known.FromString(bytes.fromhex(wire)), json_format.Parse(text, echo.Known())
                self.assertEqual(ours.SerializeToString(deterministic=True),
                                 theirs.SerializeToString(deterministic=True), text)

    def test_what_protobuf_refuses_is_refused(self):
        for text in ('{"aString": 1}', '{"anInt32": 2147483648}', '{"anInt32": 1.5}', '{"anInt32": "1x"}',
                     '{"aUint32": -1}', '{"aBool": "true"}', '{"aColour": "COLOUR_GREEN"}', '{"time": "yesterday"}',
                     '{"noSuch": 1}', '{"ints": 1}', '{"ints": [null]}', '{',
                     '{"choiceText": "a", "choiceInt64": 1}', '{"anInt64": "9223372036854775808"}', '{"aFloat": 1e39}',
                     '{"inner": {"someText": 1}}'):
            with self.subTest(text):
                self.assertTrue(self.ask("in Shapes " + text).startswith("fault "), text)
                with self.assertRaises(json_format.ParseError):
                    json_format.Parse(text, echo.Shapes())

    def test_what_python_lets_pass_and_the_specification_does_not_is_refused(self):
        for text in ('{"aBytes": "*"}', '{"inner": []}', '[]', '{"aString": "a", "a_string": "b"}'):
            with self.subTest(text):
                self.assertTrue(self.ask("in Shapes " + text).startswith("fault "), text)

    def test_what_protobuf_accepts_is_accepted(self):
        for text in ('{"anInt32": "5"}', '{"anInt64": 5}', '{"anInt32": 1e3}', '{"anInt32": 2.0}', '{"aColour": 1}',
                     '{"aColour": -2}', '{"aDouble": "NaN"}', '{"aDouble": "-Infinity"}', '{"aDouble": 5}',
                     '{"aBytes": "-_8"}', '{"aBytes": "+/8="}', '{"aBytes": "+/8"}', '{"inner": null, "ints": null}',
                     '{"time": "2026-01-15T16:42:08.5+01:30"}', '{"time": "1969-12-31T23:59:59.999999999Z"}', '{}',
                     '{"a_string": "x", "choice_int64": "-1"}', '{"inner": {}}', '{"aUint64": "18446744073709551615"}'):
            with self.subTest(text):
                wire = self.ask("in Shapes " + text)
                self.assertFalse(wire.startswith("fault"), wire)
                ours, theirs = echo.Shapes.FromString(bytes.fromhex(wire)), json_format.Parse(text, echo.Shapes())
                self.assertEqual(ours.SerializeToString(deterministic=True),
                                 theirs.SerializeToString(deterministic=True))


if __name__ == "__main__":
    unittest.main()
