"""`python -m infra.images build|sbom`: build our images, print the bill of materials of one.

`build [TARGET ...]` stands on the official Python image. With `--local` it needs no registry: the base is made here from
Debian's packages. `sbom IMAGE` prints the CycloneDX file that lies in an image.
"""

import argparse
import sys

from infra.images import build
from infra.images.debian import ensure_base
from infra.images.engine import EngineTrouble, connect


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when it is done."""
    given = _parse(arguments)
    try:
        client = connect()
        if given.command == "sbom":
            sys.stdout.buffer.write(build.bill_of_materials(client, given.image))
            return 0
        base = ensure_base(client) if given.local else None
        repository = build.LOCAL if given.local else build.OFFICIAL
        for target in given.targets or build.TARGETS:
            image = build.build(client, target, repository=repository, base=base)
            print(f"{build.tag_of(target, repository=repository)}  {image.attrs['Size'] / 1e6:.0f} MB", flush=True)
    except EngineTrouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.images", description="Build Freehold's images.")
    commands = parser.add_subparsers(dest="command", required=True)
    builder = commands.add_parser("build", help="build our images")
    builder.add_argument("targets", nargs="*", choices=[[], *build.TARGETS], metavar="TARGET", help=", ".join(build.TARGETS))
    builder.add_argument("--local", action="store_true", help="use no registry: make the base from Debian's packages")
    commands.add_parser("sbom", help="print an image's bill of materials").add_argument("image")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
