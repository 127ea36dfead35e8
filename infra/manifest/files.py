"""Which files are generated, and whether those in the repository are the same."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from freehold.edge.discovery import find_all
from infra.manifest.asyncapi import asyncapi_of
from infra.manifest.catalogue import catalogue_of, encode_catalogue
from infra.manifest.gateway import gateway_map
from infra.manifest.openapi import openapi_of
from infra.manifest.openfaas import community_profile, standard_profile
from infra.observability.dashboards import dashboard_files

Files = Mapping[str, bytes]
"""Contents by path, from the root of the repository."""


def generate() -> Files:
    """Make the content of every generated file: the same declarations in, the same bytes out."""
    declarations = find_all()
    catalogue = catalogue_of(declarations)
    openapi = openapi_of(declarations)
    return {
        "docs/asyncapi.json": _pretty(asyncapi_of(declarations)),
        "docs/openapi.json": _pretty(openapi),
        "freehold/catalogue.json": encode_catalogue(catalogue),
        "freehold/openapi.json": msgspec.json.encode(openapi),
        "gateway/nginx/functions.map": gateway_map(declarations),
        "infra/openfaas/openfaas.ce.yml": community_profile(catalogue),
        "openfaas.yml": standard_profile(catalogue),
        **{path: _pretty(dashboard) for path, dashboard in dashboard_files().items()},
    }


def drifted(files: Files, root: Path) -> list[str]:
    """Name the files that are missing or differ."""
    return [name for name, content in files.items() if _present(root / name) != content]


def write(files: Files, root: Path) -> list[str]:
    """Write the files that are missing or differ; name them."""
    changed = drifted(files, root)
    for name in changed:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(files[name])
    return changed


def _pretty(document: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _present(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
