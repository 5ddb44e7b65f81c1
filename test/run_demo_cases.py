#!/usr/bin/env python3
"""Runs examples/ml_predictor in one way and checks how that ends.

usage: run_demo_cases.py CASE PROGRAM VENV VERSION

Exits with 77 where VENV has no scikit-learn for the CPython of that version,
which PROGRAM embeds, or the machine no terminals.
"""

import os
import pickle
import pty
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77
INTERRUPTED = 130
TIMEOUT_SECONDS = 240


class Demo:
    """The program, run in a folder of its own that goes with the process."""

    def __init__(self, program: str, venv: str, version: str) -> None:
        self.program = os.path.abspath(program)
        self.venv = f"--pyactor.venv={os.path.abspath(venv)}"
        self.version = tuple(map(int, version.split(".")))
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self.scratch.name)
        self.model = self.folder / "models" / "digits.pickle"

    def start(self, *arguments: str, **streams) -> subprocess.Popen:
        return subprocess.Popen(
            [self.program, *arguments],
            cwd=self.folder,
            start_new_session=True,
            **streams,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(
            *arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        printed, complaints = process.communicate(timeout=TIMEOUT_SECONDS)
        return process.returncode, printed, without_log(complaints)


def without_log(complaints: str) -> str:
    """Drops pyactor's own log: on a busy machine, the end of Python takes long
    enough to be mentioned there."""
    return re.sub(r"(?m)^\[[^]]*\] \[pyactor\.\w+\] .*\n", "", complaints)


def expect(holds: bool, promise: str, *seen: object) -> None:
    if not holds:
        print(f"not so: {promise}", *seen, sep="\n")
        sys.exit(1)


def row(printed: str, name: str) -> str:
    """What the table says beside `name`."""
    found = re.search(rf"^ +{re.escape(name)} +(.*)$", printed, re.MULTILINE)
    expect(found is not None, f"the table has a row '{name}'", printed)
    return found[1]


def check_table(printed: str) -> None:
    predictions, wanted = re.match(
        r"(\d+) +of (\d+) wanted", row(printed, "of held-out samples")
    ).groups()
    expect(predictions == wanted, "every sample is predicted", printed)
    same = row(printed, "equal to scikit-learn's own")
    expect(re.match(rf"{wanted} +0 differ", same), "all are equal", printed)
    sent, answered, failed, lost = (
        int(row(printed, name))
        for name in ("sent", "answered", "failed", "without an outcome")
    )
    expect(sent == answered + failed, "each request has one outcome", printed)
    expect(lost == 0, "no request is without an outcome", printed)
    poisoned = "- builtins.ValueError: Input X contains NaN."
    expect(row(printed, poisoned) == "5", "poison fails with its reason", printed)
    expect(
        row(printed, "restarts after a crash") == "4",
        "each crash but the last is followed by a restart",
        printed,
    )
    gives_up = row(printed, "crashes until the supervisor gave up")
    expect(gives_up.split() == ["4", "in", "order"], "it gives up", printed)


def check_trees(printed: str) -> None:
    pools = re.findall(r"(?m)^└── predictors  +supervisor  running .*$", printed)
    expect(len(pools) == 2, "the predictors are below a supervisor", printed)
    before, after = re.findall(r"(?m)^    ├── predictor-1 .*$", printed)
    expect("last exit" not in before, "nothing has crashed at first", printed)
    why = "last exit: ValueError: Input X"
    expect(why in after, "the tree says what crashed", printed)
    expect(" predictors/0 " in after, "and where it runs", printed)


def short(demo: Demo) -> None:
    code, printed, complaints = demo.run(demo.venv, "--short")
    expect(code == 0, "the demo exits with 0", code, printed, complaints)
    expect(not complaints, "nothing goes to stderr", complaints)
    expect(demo.model.exists(), "the model is kept", printed)
    expect("\r" not in printed, "a pipe gets no progress bar", printed)
    check_trees(printed)
    check_table(printed)


def terminal(demo: Demo) -> None:
    try:
        ours, theirs = pty.openpty()
    except OSError as why:  # /dev/pts is not mounted in every chroot
        print(f"skipped: {why}")
        sys.exit(SKIP)
    process = demo.start(demo.venv, "--short", stdout=theirs, stderr=theirs)
    os.close(theirs)
    printed = b""
    try:
        while chunk := os.read(ours, 4096):
            printed += chunk
    except OSError:  # how Linux says that nobody has the other end open
        pass
    expect(process.wait(TIMEOUT_SECONDS) == 0, "the demo exits with 0", printed)
    expect(b"\r[####" in printed, "a terminal gets a progress bar", printed)


def refusal(demo: Demo, *arguments: str) -> str:
    """The one line with which the demo refuses to run."""
    code, printed, complaints = demo.run(*arguments)
    expect(code == 1, "the demo exits with 1", code, printed, complaints)
    expect(complaints.count("\n") == 1, "there is one clear line", complaints)
    expect("Traceback" not in printed, "no traceback is printed", printed)
    return complaints


def model_refusal(demo: Demo, content: bytes) -> str:
    demo.model.parent.mkdir()
    demo.model.write_bytes(content)
    said = refusal(demo, demo.venv, "--model=models/digits.pickle")
    expect("models/digits.pickle" in said, "the line names the file", said)
    return said


def missing_model(demo: Demo) -> None:
    said = refusal(demo, demo.venv, "--model=nowhere/digits.pickle", "--no-train")
    expect("no model file nowhere/digits.pickle" in said, "it says so", said)


def truncated_model(demo: Demo) -> None:
    whole = pickle.dumps(list(range(1000)))
    said = model_refusal(demo, whole[: len(whole) // 2])
    expect("is truncated, or no model at all" in said, "it says so", said)


def no_model(demo: Demo) -> None:
    said = model_refusal(demo, b"hello\n")
    expect("is truncated, or no model at all" in said, "it says so", said)


def no_classifier(demo: Demo) -> None:
    said = model_refusal(demo, pickle.dumps({"weights": [1, 2, 3]}))
    expect("holds a dict, not a classifier" in said, "it says so", said)


def own_gil(demo: Demo) -> None:
    pools = '--pyactor.pools={predictors={kind="own_gil"}}'
    said = refusal(demo, demo.venv, pools)
    # Below CPython 3.14 no pool can have that kind, whatever it imports.
    right = "it must be main" if demo.version >= (3, 14) else "Use kind main"
    expect(right in said, "it says what is right", said)


def wrong_argument(demo: Demo) -> None:
    said = refusal(demo, demo.venv, "--pool-size=many")
    expect("--pool-size=many" in said, "it says which", said)


def no_venv(demo: Demo) -> None:
    said = refusal(demo)
    expect("run scripts/setup" in said, "it says what to run", said)


def interrupt_at(demo: Demo, line: str, number: signal.Signals) -> str:
    """Sends a signal, as a terminal does it, once the demo prints `line`."""
    process = demo.start(
        demo.venv,
        "--passes=100000",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    printed = ""
    for text in process.stdout:
        printed += text
        if line in text:
            break
    os.killpg(process.pid, number)
    rest, complaints = process.communicate(timeout=TIMEOUT_SECONDS)
    printed += rest
    complaints = without_log(complaints)
    expect(
        process.returncode == INTERRUPTED,
        f"it exits with {INTERRUPTED}",
        process.returncode,
        printed,
        complaints,
    )
    expect(not complaints, "nothing goes to stderr", complaints)
    return printed


def interrupt(demo: Demo) -> None:
    printed = interrupt_at(demo, "in flight", signal.SIGINT)
    expect("interrupted: ended in order" in printed, "it says so", printed)


def interrupt_training(demo: Demo) -> None:
    interrupt_at(demo, "training", signal.SIGTERM)
    left = list(demo.folder.rglob("*.pickle*"))
    expect(not left, "no half of a model is left", left)


CASES = {
    case.__name__: case
    for case in (
        short,
        terminal,
        missing_model,
        truncated_model,
        no_model,
        no_classifier,
        own_gil,
        wrong_argument,
        no_venv,
        interrupt,
        interrupt_training,
    )
}


def has_sklearn(venv: str, version: str) -> bool:
    python = Path(venv) / "bin" / f"python{version}"
    if not python.exists():
        return False
    command = [python, "-c", "import numpy, sklearn"]
    return subprocess.run(command, capture_output=True).returncode == 0


def main() -> int:
    case, program, venv, version = sys.argv[1:]
    if case != "no_venv" and not has_sklearn(venv, version):
        print(f"{venv} has no scikit-learn for CPython {version}")
        return SKIP
    CASES[case](Demo(program, venv, version))
    return 0


if __name__ == "__main__":
    sys.exit(main())
