#!/usr/bin/env python3
"""Runs the benchmarks and prints each workload beside its floor.

Each repetition of a row of the table has a process of its own, because rows that
share one disturb each other, and because what lies beside what in memory is
different from one process to the next. They are spread over the whole run, so that no
busy minute of the machine has all of a row. Floor and workload of one repetition take
turns in one process, in random order, so that both see the same machine. A ratio is the
median of the workload over the median of the floor; its spread goes from the least to
the greatest ratio of one repetition. Of rows that count bytes, the difference takes the
place of the ratio.
"""

import argparse
import json
import os
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
    ("growth of time, 100 000 to 1 000 000 live", "many_actors", "/growth/", 1.0),
]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release",
                        help="build tree with the benchmarks")
    parser.add_argument("--repetitions", type=int, default=7, metavar="N",
                        help="at least 5, twice as many for rows that swing; "
                             "default: %(default)s")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="run only the rows whose name contains TEXT")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="also write the figures to FILE, for compare.py, "
                             "anew after each round through the table")
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
    if not any(arguments.only in row[0] for row in ROWS):
        parser.error(f"no row has a name with '{arguments.only}'; --list shows all")
    return arguments


def run_benchmarks(build: pathlib.Path, executable: str, only: str,
                   *options: str) -> str:
    """The output of one benchmark and its floor."""
    program = build / "bench" / f"bench_{executable}"
    if not program.exists():
        sys.exit(f"{program} is not built; run scripts/bench")
    ran = subprocess.run(
        [program, f"--benchmark_filter=(floor|pyactor){only}", *options],
        capture_output=True, text=True)
    if ran.returncode != 0:
        sys.exit(f"{program} {only} ended with {ran.returncode}:\n{ran.stderr}")
    return ran.stdout


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


def repetitions_in_a_round(name: str) -> int:
    """Two of what swings by more than it may differ: a quotient of two times, the
    slowest of a hundred, and what depends on where the kernel lets two threads
    run."""
    swings = (name.startswith(("growth", "CPU-bound", "request to a sleeping"))
              or name.endswith("p99"))
    return 2 if swings else 1


def warm_ups_of(name: str) -> int:
    """How often a process does a row before it is measured: once where the first time
    in a process was seen to be slower than the others."""
    return 1 if name.startswith(("CPU-bound", "growth of time, 1000 ")) else 0


def run_once(build: pathlib.Path, name: str, executable: str,
             only: str) -> tuple[dict, dict]:
    """Nanoseconds per item of `floor` and `pyactor`, and what they were built
    with."""
    result = json.loads(run_benchmarks(
        build, executable, only, "--benchmark_enable_random_interleaving=true",
        f"--benchmark_repetitions={1 + warm_ups_of(name)}",
        "--benchmark_min_time=0.2s", "--benchmark_format=json"))
    times = {}
    for entry in result["benchmarks"]:
        if "error_message" in entry:
            sys.exit(f"{executable}: {entry['error_message']}")
        if entry["run_type"] == "iteration" \
                and entry["repetition_index"] == warm_ups_of(name):
            times[entry["name"].split("/")[0]] = 1e9 / entry["items_per_second"]
    built = {key: result["context"][key] for key in ("compiler", "cpython", "caf")}
    return times, built


def run_rounds(arguments: argparse.Namespace, about: dict, rows: list):
    """Yields what is known after each round of rows."""
    times: list[dict] = [{"floor": [], "pyactor": []} for _ in rows]
    all_before, stolen_before = processor_time()
    for turn in range(arguments.repetitions):
        for number, (name, executable, only, _) in enumerate(rows):
            show_progress(f"round {turn + 1} of {arguments.repetitions}, "
                          f"row {number + 1} of {len(rows)}: {name}", number == 0)
            for _ in range(repetitions_in_a_round(name)):
                found, built = run_once(arguments.build, name, executable, only)
                about |= built
                for side, its_time in found.items():
                    times[number][side].append(its_time)
        all_now, stolen_now = processor_time()
        about["stolen"] = ((stolen_now - stolen_before)
                           / max(1, all_now - all_before))
        yield [row_of(name, goal, its_times, about["commit"])
               for (name, _, _, goal), its_times in zip(rows, times)]
    show_progress("", False)


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
    return {"cpu": model, "processors": os.cpu_count(),
            "commit": commit or "unknown", "kernel": platform.platform(),
            "system": platform.freedesktop_os_release()["PRETTY_NAME"],
            "libc": os.confstr("CS_GNU_LIBC_VERSION")}


def readable(ns: float) -> str:
    """A time with three digits."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3), ("ns", 1)):
        if ns >= size:
            break
    number = ns / size
    return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f} {unit}"


def counts_bytes(row: dict) -> bool:
    return isinstance(row["goal"], str)


def figure(row: dict) -> float:
    """What a row is judged by: a ratio, or bytes."""
    own, floor = (statistics.median(row[x]) for x in ("pyactor", "floor"))
    return own - floor if counts_bytes(row) else own / floor


def figures(row: dict) -> list[float]:
    """The same of each repetition."""
    return [own - floor if counts_bytes(row) else own / floor
            for own, floor in zip(row["pyactor"], row["floor"])]


def meets(row: dict) -> bool:
    return figure(row) <= float(str(row["goal"]).removesuffix(" B"))


def shown(row: dict, x: float) -> str:
    """One side of a row, in its unit."""
    if counts_bytes(row):
        return f"{x:.0f} B"
    # Quotients come as thousandths.
    return f"{x / 1000:.2f}" if row["name"].startswith("growth") else readable(x)


def cells(row: dict) -> list[str]:
    """What tables show of a row."""
    own, floor = (shown(row, statistics.median(row[x])) for x in ("pyactor", "floor"))
    digits = 0 if counts_bytes(row) else 2
    least, most = min(figures(row)), max(figures(row))
    return [row["name"], own, floor, f"{figure(row):.{digits}f}",
            f"{least:.{digits}f} - {most:.{digits}f}", str(row["goal"])]


def markdown(rows: list[dict]) -> list[str]:
    """The lines of the table in docs/performance.md, without its head."""
    return [f"| {' | '.join(cells(row))} |" for row in rows]


def row_of(name: str, goal: float | str, times: dict, commit: str) -> dict:
    """What is kept of a row."""
    return {"name": name, "goal": goal, "commit": commit, **times}


def main() -> int:
    arguments = parse_arguments()
    if arguments.list:
        return list_rows(arguments.build)
    if arguments.table:
        print(*markdown(json.loads(arguments.table.read_text())["rows"]), sep="\n")
        return 0
    about = machine()
    print(f"{about['cpu']}, {about['processors']} processors, commit "
          f"{about['commit']}, {arguments.repetitions} repetitions", flush=True)
    wanted = [row for row in ROWS if arguments.only in row[0]]
    for rows in run_rounds(arguments, about, wanted):
        if arguments.json:
            arguments.json.write_text(
                json.dumps({"machine": about, "rows": rows}, indent=1) + "\n")
    missed = [row for row in rows if not meets(row)]
    line = "{:42} {:>8} {:>8}  {:>6} {:>15}  {}"
    print(line.format("", "pyactor", "floor", "ratio", "spread", "goal"))
    for row in rows:
        print(line.format(*cells(row)) + ("  missed" if row in missed else ""))
    print(f"{about['system']}, {about['libc']}, {about['compiler']}, CPython "
          f"{about['cpython']}, CAF {about['caf']}")
    print(f"{about['stolen']:.1%} of the processors' time was stolen by neighbours")
    if missed:
        print(f"{len(missed)} of {len(rows)} rows missed their goal; a busy machine "
              "does that too: look at the spread")
    return 1 if missed and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
