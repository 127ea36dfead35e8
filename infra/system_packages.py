#!/usr/bin/env python3
"""`python3 infra/system_packages.py`: the servers that the tests start, installed from Debian's packages if they are missing.

Run by any Python 3 of the system, like `infra/bootstrap.py`. Root on Debian or Ubuntu gets them installed; anybody else is
told in a sentence which ones are missing and how to install them. Nothing is started: each test starts its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PACKAGES = {
    "rabbitmq-server": ("rabbitmq-server",),
    "nginx": ("nginx",),
    "patch": ("patch",),
    "/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so": ("libnginx-mod-http-brotli-filter",),
    "/usr/lib/nginx/modules/ngx_http_brotli_static_module.so": ("libnginx-mod-http-brotli-static",),
    "dockerd": ("docker.io",),
    "iptables": ("iptables",),
    "debootstrap": ("debootstrap",),
    "docker-compose": ("docker-compose",),
    "pdftotext": ("poppler-utils",),
    "/usr/lib/*/libpango-1.0.so.0": ("libpango-1.0-0",),
    "/usr/lib/*/libpangoft2-1.0.so.0": ("libpangoft2-1.0-0",),
    "/usr/lib/*/libharfbuzz-subset.so.0": ("libharfbuzz-subset0",),
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf": ("fonts-dejavu-core",),
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf": ("fonts-droid-fallback",),
    "promtool": ("prometheus",),
    "node": ("nodejs",),
    "npm": ("npm",),
}
"""What must be there (a program on the PATH, or a file), and the packages that bring it."""


def main() -> int:
    """Install what is missing, or say what is. 0 when all of it is there."""
    missing = missing_packages()
    if not missing:
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing what the tests start from the system's packages: " + " ".join(missing), flush=True)
        install(missing)
        missing = missing_packages()
    if missing:
        print(
            "The tests start servers that this machine lacks. Install them (Debian, Ubuntu: "
            f"sudo apt-get install -y --no-install-recommends {' '.join(missing)}), then start again.",
            file=sys.stderr,
        )
    return 1 if missing else 0


def missing_packages() -> list[str]:
    """Name the packages that bring what is not there."""
    path = os.environ.get("PATH", "") + ":" + SYSTEM_PATH
    return sorted({package for wanted, packages in PACKAGES.items() if not is_there(wanted, path) for package in packages})


def is_there(wanted: str, path: str) -> bool:
    """Whether a file exists (`*` stands for any name), or a program is on the path."""
    return any(Path("/").glob(wanted[1:])) if wanted.startswith("/") else shutil.which(wanted, path=path) is not None


def install(packages: list[str]) -> None:
    """Ask apt for them; what it says is shown."""
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *command], check=False, env=environ)


if __name__ == "__main__":
    sys.exit(main())
