"""Building the targets of the Dockerfile, and reading the bill of materials out of an image."""

import io
import os
import subprocess
import tarfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from docker import DockerClient
from docker.errors import APIError, BuildError
from docker.models.images import Image

from infra.images.engine import EngineTrouble

ROOT: Final = Path(__file__).parents[2]
TARGETS: Final = ("functions", "relay", "connector", "scheduler", "gateway-telemetry", "setup", "gateway")
OFFICIAL: Final = "ghcr.io/freehold"
LOCAL: Final = "freehold-local"
BILL_OF_MATERIALS: Final = "/opt/freehold/sbom.cdx.json"
PASSED_ON: Final = (
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX",
)  # fmt: skip
"""What a build is told of this machine: how it reaches the package index. It stays in stages that no final image is made of."""


def version() -> str:
    """Read the version that the images are tagged with."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def tag_of(target: str, *, repository: str) -> str:
    """Name the image of a target."""
    return f"{repository}/{target}:{version()}"


def build(
    client: DockerClient, target: str, *, repository: str, base: str | None = None, environ: Mapping[str, str] = os.environ
) -> Image:
    """Build one target and tag it. Without `base` it stands on the official Python. Raises EngineTrouble."""
    arguments = network_settings(environ)
    arguments |= {"VERSION": version(), "REVISION": _revision()} | ({"BASE": base, "GATEWAY_BASE": base} if base else {})
    try:
        image, _ = client.images.build(
            path=str(ROOT),
            target=target,
            tag=tag_of(target, repository=repository),
            buildargs=arguments,
            network_mode="host",
            rm=True,
            forcerm=True,
        )
    except (APIError, BuildError) as error:
        raise EngineTrouble(f"{target} could not be built: {error}\n{last_words(error)}") from error
    return image


def network_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Pick what a build must know to reach the packages."""
    return {name: environ[name] for name in PASSED_ON if environ.get(name)}


def bill_of_materials(client: DockerClient, image: str) -> bytes:
    """Read the CycloneDX file out of an image, without running it."""
    container = client.containers.create(image)
    try:
        chunks, _ = container.get_archive(BILL_OF_MATERIALS)
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            file = archive.extractfile(archive.getmembers()[0])
            assert file is not None, "a regular file"  # noqa: S101 - the Dockerfile writes one
            return file.read()
    finally:
        container.remove()


def _revision() -> str:
    ran = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=False, capture_output=True, text=True)
    return ran.stdout.strip() or "unknown"


def last_words(error: APIError | BuildError) -> str:
    """Give the end of what a failed build has printed."""
    if not isinstance(error, BuildError):
        return ""
    return "".join(str(line.get("stream") or line.get("error") or "") for line in error.build_log)[-3_000:]
