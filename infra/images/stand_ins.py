"""Local images in the place of the official ones that docker-compose.yml names, where no registry can be reached."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from docker import DockerClient
from docker.errors import APIError, BuildError

from infra.images import build
from infra.images.engine import EngineTrouble
from infra.local import mongod

STAND_INS: Final = ("mongodb", "rabbitmq", "prometheus")
_RECIPE: Final = Path(__file__).with_name("stand-ins.Dockerfile")


def make_stand_in(client: DockerClient, name: str, *, base: str) -> None:
    """Build one of STAND_INS, unless the engine has built it before. Raises EngineTrouble."""
    with tempfile.TemporaryDirectory(prefix="freehold-stand-in-") as folder:
        shutil.copy(_RECIPE, Path(folder) / "Dockerfile")
        shutil.copy(mongod.find_binary(), Path(folder) / "mongod")
        try:
            client.images.build(
                path=folder,
                target=name,
                tag=build.tag_of(name, repository=build.LOCAL),
                buildargs={"BASE": base, **build.network_settings(os.environ)},
                network_mode="host",
                rm=True,
                forcerm=True,
            )
        except (APIError, BuildError) as error:
            raise EngineTrouble(f"{name} could not be made: {error}\n{build.last_words(error)}") from error


def environment() -> dict[str, str]:
    """Say how docker-compose.yml is told of the local images. Grafana is in no package, so it is left out."""
    ours = {
        f"FREEHOLD_{name.upper().replace('-', '_')}_IMAGE": build.tag_of(name, repository=build.LOCAL)
        for name in (*build.TARGETS, *STAND_INS)
    }
    return {**ours, "COMPOSE_PROFILES": ""}
