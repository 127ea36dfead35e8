"""`python -m infra.manifest [--check]`."""

import argparse
import sys
from pathlib import Path

from infra.manifest.files import drifted, generate, write

ROOT = Path(__file__).parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Write the generated files, or with `--check` name those that have drifted (1 if there is any)."""
    parser = argparse.ArgumentParser(prog="python -m infra.manifest", description="Generate what the declarations say.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file differs")
    given = parser.parse_args(arguments)
    files = generate()
    if not given.check:
        for name in write(files, ROOT):
            print(f"wrote {name}")
        return 0
    found = drifted(files, ROOT)
    for name in found:
        print(f"{name} is not what the declarations say; run `python -m infra.manifest` and commit it", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
