#!/usr/bin/env python3
"""Says what got slower, or faster, between two runs of the benchmarks.

A row has changed where its figure did by more than the least change that counts, and
where the figures of its repetitions differ beyond the noise: by the Mann-Whitney U
test (Mann and Whitney, 1947), which is exact where no two figures are equal, and the
normal approximation with corrections for ties and continuity elsewhere. Each
repetition has had a process of its own, so that the noise from one process and one
minute to the next is in it. A row of bytes is compared by what is beyond its floor,
and what counts there is a share of its goal. A row that only one of the runs has is
named. Exits with 1 where something got slower, and where a row is gone: nobody looks
after that one any more. With --self-test it checks itself.
"""

import argparse
import collections
import functools
import json
import math
import pathlib
import sys

from run import counts_bytes, figure, figures


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=pathlib.Path, help="written by run.py --json")
    parser.add_argument("new", type=pathlib.Path, help="written by run.py --json")
    parser.add_argument("--least", type=float, default=0.05, metavar="SHARE",
                        help="least change that counts; default: %(default)s")
    parser.add_argument("--alpha", type=float, default=0.01, metavar="P",
                        help="accepted risk that a row is called changed and is "
                        "not; default: %(default)s")
    return parser.parse_args()


@functools.cache
def arrangements(n: int, m: int, u: int) -> int:
    """In how many orders of n and m figures u pairs are the wrong way round."""
    if u < 0 or u > n * m:
        return 0
    if n == 0 or m == 0:
        return 1
    return arrangements(n - 1, m, u - m) + arrangements(n, m - 1, u)


def exact_chance(xs: list[float], ys: list[float]) -> float:
    n, m = len(xs), len(ys)
    u = sum(x > y for x in xs for y in ys)
    tail = sum(arrangements(n, m, i) for i in range(min(u, n * m - u) + 1))
    return min(1.0, 2 * tail / math.comb(n + m, n))


def chance(xs: list[float], ys: list[float]) -> float:
    """How likely samples of one distribution differ as much as these do."""
    n, m = len(xs), len(ys)
    if len(set(xs + ys)) == n + m:
        return exact_chance(xs, ys)
    ordered = sorted(xs + ys)
    first = {x: i for i, x in reversed(list(enumerate(ordered)))}
    count = collections.Counter(ordered)
    rank_sum = sum(first[x] + (count[x] + 1) / 2 for x in xs)
    u = rank_sum - n * (n + 1) / 2
    ties = sum(c**3 - c for c in count.values())
    total = n + m
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance == 0:
        return 1.0
    z = max(0.0, abs(u - n * m / 2) - 0.5) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))


def rows_of(path: pathlib.Path) -> tuple[dict, dict]:
    try:
        content = json.loads(path.read_text())
        return content["machine"], {row["name"]: row for row in content["rows"]}
    except (OSError, ValueError, KeyError) as why:
        sys.exit(f"{path}: not a file that bench/run.py --json has written: {why!r}")


def least_change(row: dict, share: float) -> float:
    if counts_bytes(row):
        return share * int(row["goal"].removesuffix(" B"))
    return share * figure(row)


def verdict(old: dict, new: dict, least: float, alpha: float) -> str:
    change = figure(new) - figure(old)
    if abs(change) <= least_change(old, least) \
            or chance(figures(old), figures(new)) >= alpha:
        return "same"
    return "slower" if change > 0 else "faster"


def compare(old: dict, new: dict, least: float, alpha: float) -> tuple[list, bool]:
    """A line for each row of either run, and whether one got slower or is gone."""
    lines = []
    failed = False
    for name, row in new.items():
        if name not in old:
            lines.append(f"new: {name}")
            continue
        found = verdict(old[name], row, least, alpha)
        failed |= found == "slower"
        show = "{:.0f} B".format if counts_bytes(row) else "{:.2f}".format
        lines.append(f"{name:42} {show(figure(old[name])):>9} -> "
                     f"{show(figure(row)):>9}  {found}")
    for name in old:
        if name not in new:
            lines.append(f"gone: {name}")
            failed = True
    return lines, failed


def row_of(ratios: list[float]) -> dict:
    return {"goal": 1.5, "pyactor": ratios, "floor": [1.0] * len(ratios)}


def wrong_of_rows(old: list[float]) -> list[str]:
    """What `compare` gets wrong of runs whose rows differ."""
    def row(factor: float) -> dict:
        return row_of([factor * x for x in old])

    two = {"a": row(1), "b": row(1)}
    cases = [
        ("the same rows", two, two, [], False),
        ("a row that is gone", two, {"a": row(1)}, ["gone: b"], True),
        ("all rows gone", two, {}, ["gone: a", "gone: b"], True),
        ("a row that is new", {"a": row(1)}, two, ["new: b"], False),
        ("a row with another name", {"a": row(1)}, {"b": row(1)},
         ["new: b", "gone: a"], True),
        ("a slower row beside a new one", {"a": row(1)},
         {"a": row(1.2), "b": row(1)}, ["new: b"], True),
        ("a faster row", {"a": row(1)}, {"a": row(0.8)}, [], False),
    ]
    wrong = []
    for name, before, after, named, failed in cases:
        lines, found = compare(before, after, 0.05, 0.01)
        if found != failed or len(lines) != len(before | after) \
                or [line for line in lines if line.startswith(("new: ", "gone: "))] \
                != named:
            wrong.append(name)
    return wrong


def self_test() -> int:
    old = [1.00, 1.02, 0.98, 1.01, 0.99, 1.03, 0.97]
    cases = [
        ("the same figures", old, "same"),
        ("a fifth more", [1.2 * x for x in old], "slower"),
        ("a fifth less", [0.8 * x for x in old], "faster"),
        ("too little to count", [1.04 * x for x in old], "same"),
        ("within the noise", [0.7, 1.5, 0.8, 1.4, 1.1, 0.9, 1.6], "same"),
        ("one figure for all", [1.0] * 7, "same"),
    ]
    wrong = [name for name, new, wanted in cases
             if verdict(row_of(old), row_of(new), 0.05, 0.01) != wanted]
    if verdict(row_of(old[:5]), row_of([1.5 * x for x in old[:5]]), 0.05, 0.01) \
            != "slower":
        wrong.append("five repetitions of half as much again")
    # Of 3 and 3 figures the first 3 are the least in 1 of 20 orders.
    if not math.isclose(chance([1, 2, 3], [4, 5, 6]), 2 / 20):
        wrong.append("the exact test's arithmetic")
    # With a tie, of 3 and 3: ranks 1, 2, 3.5 and 3.5, 5, 6.
    known = math.erfc(3.5 / math.sqrt(9 / 12 * (7 - 6 / 30)) / math.sqrt(2))
    if not math.isclose(chance([1, 2, 3], [3, 5, 6]), known):
        wrong.append("the approximate test's arithmetic")
    bytes_row = {"goal": "+400 B", "pyactor": [1500.0, 1510.0], "floor": [1200.0] * 2}
    if figures(bytes_row) != [300, 310] or figure(bytes_row) != 305 \
            or least_change(bytes_row, 0.05) != 20:
        wrong.append("what of a row of bytes is compared")
    # The medians' ratio is not the ratios' median.
    uneven = {"goal": 2.0, "pyactor": [1.0, 2.0, 6.0], "floor": [2.0, 1.0, 3.0]}
    if figure(uneven) != 1 or sorted(figures(uneven)) != [0.5, 2, 2]:
        wrong.append("what of a row of times is compared")
    wrong += wrong_of_rows(old)
    print(*(f"not so: {name}" for name in wrong), sep="\n", end="")
    return 1 if wrong else 0


def main() -> int:
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    arguments = parse_arguments()
    old_machine, old = rows_of(arguments.old)
    new_machine, new = rows_of(arguments.new)
    for key in ("cpu", "processors", "system", "libc", "compiler", "cpython", "caf"):
        if old_machine.get(key) != new_machine.get(key):
            print(f"{key} differs: {old_machine.get(key)} and {new_machine.get(key)}")
    lines, failed = compare(old, new, arguments.least, arguments.alpha)
    print(*lines, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
