"""What the checks of the source tree share: a command line, and trees in which
something wrong is planted."""

import contextlib
import pathlib
import sys
import tempfile


@contextlib.contextmanager
def tree_of(files):
    """A folder with these files, a text for each path, for as long as it is
    needed."""
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for path, text in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        yield root


def conclude(wrong, total):
    """Tells how a self-test went; returns its exit code."""
    print(f"{total - wrong} of {total} as expected")
    return 1 if wrong else 0


def run(usage, check, self_test):
    """The command line of a check: `check` takes the root of a source tree."""
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(self_test())
    if len(sys.argv) > 2 or "-h" in sys.argv or "--help" in sys.argv:
        sys.exit(usage)
    here = pathlib.Path(__file__).resolve().parent.parent
    sys.exit(check(pathlib.Path(sys.argv[1]) if len(sys.argv) == 2 else here))
