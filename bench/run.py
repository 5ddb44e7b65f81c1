#!/usr/bin/env python3
"""Runs the benchmarks and prints each workload beside its floor.

Each row of the table runs in processes of its own, because rows that share one
disturb each other. Its repetitions are spread over several rounds through the table,
with a new process in each: what is different from one process or one minute to the
next is in the spread of a row then, and no busy minute of the machine has all of
a row. Within a process, repetitions of the floor and of the workload are mixed at
random, so that both see the same machine. A ratio is the median of the workload over
the median of the floor; its spread goes from the least to the greatest ratio of
repetitions of the same number.
"""

import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# name, executable, filter, goal: the greatest ratio that is good; or, in text,
# the most bytes beyond the floor, in a row that counts bytes and not time
ROWS = [
    ("request to a pinned actor, 1 in flight", "pinned_request", "/in_flight:1/", 1.5),
    ("request to a pinned actor, 16 in flight", "pinned_request", "/in_flight:16/", 1.5),
    ("request to a pinned actor, 1024 in flight", "pinned_request", "/in_flight:1024/", 1.5),
    ("method of a Python actor, 1 in flight", "method_request", "/in_flight:1/", 2.5),
    ("method of a Python actor, 16 in flight", "method_request", "/in_flight:16/", 2.5),
    ("method of a Python actor, 1024 in flight", "method_request", "/in_flight:1024/", 2.5),
    ("eval by an ordinary actor, 1 in flight", "environment_request", "/in_flight:1/", 2.0),
    ("eval by an ordinary actor, 16 in flight", "environment_request", "/in_flight:16/", 2.0),
    ("life of a pinned actor", "lifecycle", "/pinned/", 1.5),
    ("life of a Python actor", "lifecycle", "/written/", 2.0),
    ("crash to the replacement's first answer", "restart", "/mean/", 2.0),
    ("crash to that answer, p50", "restart", "/p50/", 2.0),
    ("crash to that answer, p99", "restart", "/p99/", 2.0),
    ("10 000 restarts of a C++ child", "restarts", "/plain/", 1.5),
    ("10 000 restarts of a Python child", "restarts", "/python/", 1.5),
    ("memory that 10 000 restarts leave", "restarts", "/bytes/", "+65536 B"),
    ("RSS that 10 000 C++ restarts leave", "restarts", "/rss_plain/", "+524288 B"),
    ("RSS that 10 000 Python restarts leave", "restarts", "/rss/", "+524288 B"),
    ("growth of time, 1000 to 100 000 children", "many_children", "", 1.5),
    ("question beside a storm of crashes, p50", "crash_storm", "/p50/", 1.5),
    ("question beside a storm of crashes, p99", "crash_storm", "/p99/", 2.0),
    ("eval of one text", "eval_text", "", 2.5),
    ("typed call, int to int", "typed_call", "", 2.5),
    ("list of 1000 ints in, sum out", "conversion", "/list/", 2.0),
    ("dict of 100 str to float in and out", "conversion", "/dict/", 2.0),
    ("1 MiB of bytes in", "conversion", "/bytes_in/", 1.5),
    ("1 MiB of bytes out", "conversion", "/bytes_out/", 1.5),
    ("CPU-bound work, 2 contexts beside 1", "two_contexts", "/cpu/", 0.55),
    ("growth of time with a second pair", "two_contexts", "/pairs/", 1.0),
    ("request to a sleeping context, p50", "wake_up", "/p50/", 1.3),
    ("request to a sleeping context, p99", "wake_up", "/p99/", 1.5),
    ("wait in a busy context, p99", "fairness", "/one_context/", 1.3),
    ("answer beside a CPU-bound context, p99", "fairness", "/shared_gil/", 2.0),
    ("memory of an actor, 100 000 live", "many_actors", "/bytes/many/", "+400 B"),
    ("memory of an actor, 1 000 000 live", "many_actors", "/bytes/very_many/", "+400 B"),
    ("growth of time, 100 000 to 1 000 000", "many_actors", "/growth/", 1.0),
]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release",
                        help="build tree with the benchmarks")
    parser.add_argument("--repetitions", type=int, default=8, metavar="N",
                        help="at least 5, twice as many for rows that swing; "
                             "default: %(default)s")
    parser.add_argument("--rounds", type=int, default=4, metavar="N",
                        help="through the table, each with its share of the "
                             "repetitions; default: %(default)s")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="run only the rows whose name contains TEXT")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="also write the figures to FILE, for compare.py")
    parser.add_argument("--table", type=pathlib.Path, metavar="FILE",
                        help="run nothing: print what --json wrote to FILE as the "
                             "table of docs/performance.md")
    parser.add_argument("--list", action="store_true",
                        help="run nothing: list the rows; exit with 1 where a "
                             "benchmark or the floor of one is not there")
    parser.add_argument("--check", action="store_true",
                        help="exit with 1 where a row misses its goal")
    arguments = parser.parse_args()
    if arguments.repetitions < 5:
        parser.error("--repetitions must be at least 5")
    if not 1 <= arguments.rounds <= arguments.repetitions:
        parser.error("--rounds must be from 1 to the number of repetitions")
    return arguments


def run_benchmarks(build: pathlib.Path, executable: str, only: str,
                   *options: str) -> str:
    """The output of one benchmark and its floor."""
    program = build / "bench" / f"bench_{executable}"
    if not program.exists():
        sys.exit(f"{program} is not built; run scripts/bench")
    return subprocess.run(
        [program, f"--benchmark_filter=(floor|pyactor){only}", *options],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True).stdout


def list_rows(build: pathlib.Path) -> int:
    """Prints each row with its goal; returns 1 where one would measure
    nothing."""
    broken = 0
    for name, executable, only, goal in ROWS:
        found = run_benchmarks(build, executable, only,
                               "--benchmark_list_tests=true").split()
        sides = sorted(each.split("/")[0] for each in found)
        there = sides == ["floor", "pyactor"]
        broken += not there
        print(f"{name:42} {goal}"
              + ("" if there else f"  broken: finds {found or 'nothing'}"))
    return 1 if broken else 0


def repetitions_of(name: str, usual: int) -> int:
    """Twice as many for what swings by more than it may differ: a quotient of
    two times, the slowest of a hundred, and what depends on where the kernel
    lets two threads run."""
    swings = (name.startswith(("growth", "CPU-bound", "request to a sleeping"))
              or name.endswith("p99"))
    return 2 * usual if swings else usual


def run_row(build: pathlib.Path, executable: str, only: str,
            repetitions: int) -> tuple[dict, dict]:
    """Nanoseconds per item of each repetition, for `floor` and `pyactor`, and
    what they were built with."""
    result = json.loads(run_benchmarks(
        build, executable, only, f"--benchmark_repetitions={repetitions}",
        "--benchmark_enable_random_interleaving=true",
        "--benchmark_min_time=0.2s", "--benchmark_format=json"))
    times: dict[str, list[float]] = {"floor": [], "pyactor": []}
    for entry in result["benchmarks"]:
        if "error_message" in entry:
            sys.exit(f"{executable}: {entry['error_message']}")
        if entry["run_type"] == "iteration":
            times[entry["name"].split("/")[0]].append(1e9 / entry["items_per_second"])
    built = {key: result["context"][key] for key in ("compiler", "cpython", "caf")}
    return times, built


def run_rounds(arguments: argparse.Namespace, rows: list) -> tuple[list[dict], dict]:
    """The times of each of these rows, and what they were built with."""
    times: list[dict] = [{"floor": [], "pyactor": []} for _ in rows]
    built: dict = {}
    for turn in range(arguments.rounds):
        for number, (name, executable, only, _) in enumerate(rows):
            show_progress(f"round {turn + 1} of {arguments.rounds}, "
                          f"row {number + 1} of {len(rows)}: {name}", number == 0)
            wanted = repetitions_of(name, arguments.repetitions)
            share = (wanted * (turn + 1) // arguments.rounds
                     - wanted * turn // arguments.rounds)
            found, built = run_row(arguments.build, executable, only, share)
            for side, its_times in found.items():
                times[number][side] += its_times
    show_progress("", False)
    return times, built


def show_progress(what: str, also_in_a_log: bool) -> None:
    """One line on a terminal, written over the last one."""
    if sys.stderr.isatty():
        print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)
    elif also_in_a_log:
        print(what, file=sys.stderr, flush=True)


def processor_time() -> tuple[int, int]:
    """What the processors have had so far, in ticks: all, and what neighbours
    of a virtual machine had of it."""
    ticks = [int(x) for x in
             pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(ticks), ticks[7]


def machine() -> dict:
    """What the figures depend on."""
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty",
                             "--exclude=*"],
                            capture_output=True, text=True).stdout.strip()
    return {"cpu": model, "commit": commit or "unknown",
            "system": platform.platform()}


def readable(ns: float) -> str:
    """A time with three digits or more, as short as it can be."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= 10 * size:
            return f"{ns / size:.0f} {unit}"
    return f"{ns:.0f} ns"


def meets(row: dict) -> bool:
    if isinstance(row["goal"], str):
        more = statistics.median(row["pyactor"]) - statistics.median(row["floor"])
        return more <= int(row["goal"].removesuffix(" B"))
    return row["ratio"] <= row["goal"]


def cells(row: dict) -> list[str]:
    """What tables show of a row."""
    show = "{:.0f} B".format if isinstance(row["goal"], str) else readable
    own, floor = (show(statistics.median(row[x])) for x in ("pyactor", "floor"))
    return [row["name"], own, floor, f"{row['ratio']:.2f}",
            f"{min(row['ratios']):.2f} - {max(row['ratios']):.2f}", str(row["goal"])]


def print_markdown(path: pathlib.Path) -> int:
    for row in json.loads(path.read_text())["rows"]:
        print(f"| {' | '.join(cells(row))} |")
    return 0


def row_of(name: str, goal: float | str, times: dict, commit: str) -> dict:
    """What is kept of a row."""
    own, floor = (statistics.median(times[x]) for x in ("pyactor", "floor"))
    return {"name": name, "goal": goal, "ratio": own / floor,
            "ratios": [x / y for x, y in zip(times["pyactor"], times["floor"])],
            "commit": commit, **times}


def main() -> int:
    arguments = parse_arguments()
    if arguments.list:
        return list_rows(arguments.build)
    if arguments.table:
        return print_markdown(arguments.table)
    about = machine()
    print(f"{about['cpu']}, commit {about['commit']}, {arguments.repetitions} "
          f"repetitions in {arguments.rounds} rounds", flush=True)
    wanted = [row for row in ROWS if arguments.only in row[0]]
    all_before, stolen_before = processor_time()
    measured, built = run_rounds(arguments, wanted)
    all_after, stolen_after = processor_time()
    about |= built
    about["stolen"] = (stolen_after - stolen_before) / max(1, all_after - all_before)
    rows = [row_of(name, goal, times, about["commit"])
            for (name, _, _, goal), times in zip(wanted, measured)]
    missed = [row for row in rows if not meets(row)]
    line = "{:42} {:>9} {:>9}  {:>5} {:>12}  {}"
    print(line.format("", "pyactor", "floor", "ratio", "spread", "goal"))
    for row in rows:
        print(line.format(*cells(row)) + ("  missed" if row in missed else ""))
    if rows:
        print(f"{about['compiler']}, CPython {about['cpython']}, CAF {about['caf']}; "
              f"{about['stolen']:.1%} of the processors' time was stolen by neighbours")
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": about, "rows": rows}, indent=1))
    if missed:
        print(f"{len(missed)} of {len(rows)} rows missed their goal; a busy machine "
              "does that too: look at the spread")
    return 1 if missed and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
