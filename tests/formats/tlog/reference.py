#!/usr/bin/python3
"""Writes tests/vectors/tlog/proofs.tsv: the tree of RFC 6962, section 2.1, as its recursive definitions say it, without
a line in common with formats/tlog. Leaf i of the tree is the text "leaf i"."""

import hashlib


def h(data):
    return hashlib.sha256(data).digest()


def mth(d):
    if not d:
        return h(b"")
    if len(d) == 1:
        return h(b"\0" + d[0])
    k = split(len(d))
    return h(b"\1" + mth(d[:k]) + mth(d[k:]))


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m, d):
    if len(d) == 1:
        return []
    k = split(len(d))
    return path(m, d[:k]) + [mth(d[k:])] if m < k else path(m - k, d[k:]) + [mth(d[:k])]


def subproof(m, d, whole):
    if m == len(d):
        return [] if whole else [mth(d)]
    k = split(len(d))
    return subproof(m, d[:k], whole) + [mth(d[k:])] if m <= k else subproof(m - k, d[k:], False) + [mth(d[:k])]


def main():
    leaves = [b"leaf %d" % i for i in range(300)]
    print("# RFC 6962 section 2.1; written by tests/formats/tlog/reference.py. digest: SHA-256 of the hashes together")
    print("what\tfirst\tsecond\tcount\tdigest")
    sizes = list(range(1, 18)) + [31, 32, 33, 70, 255, 256, 257, 300]
    for n in sizes:
        print(f"root\t{n}\t0\t1\t{mth(leaves[:n]).hex()}")
    for n in sizes:
        for m in sorted({0, 1, 2, 3, n // 2, n - 2, n - 1} & set(range(n))):
            p = path(m, leaves[:n])
            print(f"inclusion\t{m}\t{n}\t{len(p)}\t{h(b''.join(p)).hex()}")
        for m in sorted({1, 2, 3, 4, n // 2, n - 1} & set(range(1, n))):
            p = subproof(m, leaves[:n], True)
            print(f"consistency\t{m}\t{n}\t{len(p)}\t{h(b''.join(p)).hex()}")


main()
