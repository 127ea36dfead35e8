"""A base image without a registry: Debian 12 with Python, made by `debootstrap`; stands in for the official slim Python.

It trusts the same certificate authorities and asks the same mirror as this machine does. That stays in the image on this
machine; the Dockerfile and what is committed know nothing of it. Needs root, as `debootstrap` does.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from docker import DockerClient

from infra.images.engine import EngineTrouble

REPOSITORY: Final = "freehold-local/debian-python"
SUITE: Final = "bookworm"
PACKAGES: Final = ("ca-certificates", "python3", "python3-venv")
DEFAULT_MIRROR: Final = "http://deb.debian.org/debian"
AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
LEFT_OUT: Final = (
    "./var/cache/apt/*.bin",
    "./var/cache/apt/archives/*",
    "./var/lib/apt/lists/*",
    "./usr/share/doc/*",
    "./dev/*",
)


def ensure_base(client: DockerClient) -> str:
    """Answer the tag of the base; make it (a minute) if the engine has none of this recipe. Raises EngineTrouble."""
    tag = f"{REPOSITORY}:{_recipe()}"
    if not client.images.list(name=tag):
        with _place() as folder:
            _make_root(folder / "root")
            _import(client, folder, tag)
    return tag


def _recipe() -> str:
    """Name what decides how the base looks: this file, and whom this machine trusts."""
    authorities = AUTHORITIES.read_bytes() if AUTHORITIES.exists() else b""
    return hashlib.sha256(Path(__file__).read_bytes() + authorities).hexdigest()[:12]


@contextmanager
def _place() -> Iterator[Path]:
    """Give a folder in memory if that can be had: a package manager waits for the disk after each file."""
    with tempfile.TemporaryDirectory(prefix="freehold-base-") as folder:
        mounted = not subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", folder], check=False).returncode
        try:
            yield Path(folder)
        finally:
            if mounted:
                subprocess.run(["umount", folder], check=False)


def _make_root(root: Path) -> None:
    if os.geteuid() or not shutil.which("debootstrap"):
        raise EngineTrouble("A local base is made by debootstrap as root (Debian, Ubuntu: apt-get install debootstrap).")
    print("Making a base image from Debian's packages; this takes a minute ...", flush=True)
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(root), _mirror()]
    made = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, **_proxy()})
    if made.returncode:
        raise EngineTrouble(f"debootstrap failed: {made.stdout[-600:]}{made.stderr[-600:]}")
    if AUTHORITIES.exists():
        shutil.copy(AUTHORITIES, root / str(AUTHORITIES).lstrip("/"))
    proxies = [f'Acquire::{name.removesuffix("_proxy")}::Proxy "{url}";' for name, url in _proxy().items()]
    (root / "etc/apt/apt.conf.d/90proxy").write_text("\n".join(proxies))
    (root / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")


def _import(client: DockerClient, folder: Path, tag: str) -> None:
    archive = folder / "root.tar"
    without = [f"--exclude={pattern}" for pattern in LEFT_OUT]
    subprocess.run(["tar", "-C", str(folder / "root"), "-cf", str(archive), "--numeric-owner", *without, "."], check=True)
    repository, _, version = tag.partition(":")
    client.api.import_image(src=str(archive), repository=repository, tag=version)


def _mirror() -> str:
    """Find the mirror that this machine's apt asks for this suite of Debian."""
    fields = "$(ORIGIN) $(CODENAME) $(SITE)"
    said = _output("apt-get", "indextargets", "--format", fields)
    sites = [line.split()[2] for line in said.splitlines() if line.startswith(f"Debian {SUITE} ")]
    return sites[0] if sites else DEFAULT_MIRROR


def _proxy() -> dict[str, str]:
    """Read the proxies that this machine's apt uses, in the form of environment variables."""
    found = {
        f"{scheme}_proxy": _output("apt-config", "dump", "--format", "%v", f"Acquire::{scheme}::Proxy")
        for scheme in ("http", "https")
    }
    return {name: url.strip() for name, url in found.items() if url.strip()}


def _output(*command: str) -> str:
    if not shutil.which(command[0]):
        return ""
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout
