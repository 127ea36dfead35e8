"""`python -m infra.images build|offline|sbom`: build our images, print the bill of materials of one.

`build [TARGET ...]` stands on the official Python image. With `--local` it needs no registry: the base is made here from
Debian's packages. `offline FILE` makes all that docker-compose.yml needs in that way, and writes the variables that name it
to FILE, for `docker-compose --env-file FILE up`. `sbom IMAGE` prints the CycloneDX file that lies in an image.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from docker import DockerClient

from infra.images import build
from infra.images.debian import ensure_base
from infra.images.engine import EngineTrouble, connect
from infra.images.stand_ins import STAND_INS, environment, make_stand_in


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 when it is done."""
    given = _parse(arguments)
    try:
        client = connect()
        if given.command == "sbom":
            sys.stdout.buffer.write(build.bill_of_materials(client, given.image))
            return 0
        base = ensure_base(client) if given.command == "offline" or given.local else None
        _build(client, given.targets or build.TARGETS, base)
        if given.command == "offline":
            for name in STAND_INS:
                make_stand_in(client, name, base=str(base))
            given.file.write_text("".join(f"{name}={value}\n" for name, value in environment().items()))
    except EngineTrouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def _build(client: DockerClient, targets: Sequence[str], base: str | None) -> None:
    repository = build.LOCAL if base else build.OFFICIAL
    for target in targets:
        image = build.build(client, target, repository=repository, base=base)
        print(f"{build.tag_of(target, repository=repository)}  {image.attrs['Size'] / 1e6:.0f} MB", flush=True)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.images", description="Build Freehold's images.")
    commands = parser.add_subparsers(dest="command", required=True)
    builder = commands.add_parser("build", help="build our images")
    builder.add_argument("targets", nargs="*", choices=[[], *build.TARGETS], metavar="TARGET", help=", ".join(build.TARGETS))
    builder.add_argument("--local", action="store_true", help="use no registry: make the base from Debian's packages")
    offline = commands.add_parser("offline", help="make all images of docker-compose.yml without a registry")
    offline.add_argument("file", type=Path, help="where the variables are written that name them")
    offline.set_defaults(targets=())
    commands.add_parser("sbom", help="print an image's bill of materials").add_argument("image")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
