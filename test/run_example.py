#!/usr/bin/env python3
"""Runs an example and compares what it prints with what it says it prints.

usage: run_example.py SOURCE COMMAND [ARG ...]

The head comment of SOURCE ends with a block of lines after `// Prints:`. Each
is compared with one line of the output; `...` in it stands for any text.
"""

import re
import subprocess
import sys


def promised_lines(source: str) -> list[str]:
    """The lines of the block after `// Prints:`, without the comment marks."""
    with open(source, encoding="utf-8") as text:
        lines = iter(text.read().splitlines())
    for line in lines:
        if line == "// Prints:":
            break
    else:
        sys.exit(f"{source}: the head comment has no block `// Prints:`")
    result = []
    for line in lines:
        if not line.startswith("//   "):
            break
        result.append(line.removeprefix("//   "))
    return result


def matches(promised: str, printed: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in promised.split("..."))
    return re.fullmatch(pattern, printed) is not None


def main() -> int:
    source, *command = sys.argv[1:]
    promised = promised_lines(source)
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    printed = run.stdout.splitlines()
    same = len(promised) == len(printed) and all(map(matches, promised, printed))
    if same and run.returncode == 0 and not run.stderr:
        return 0
    print(f"{command[0]} exited with {run.returncode}")
    print("promised:", *promised, sep="\n  ")
    print("printed:", *printed, sep="\n  ")
    print("stderr:", *run.stderr.splitlines(), sep="\n  ")
    return 1


if __name__ == "__main__":
    sys.exit(main())
