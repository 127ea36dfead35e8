"""What a stack file is deployed to: an edition of OpenFaaS with its limits, a database, and who deploys."""

from typing import Final, Literal

from msgspec import Struct

EditionName = Literal["ce", "standard", "faasd-ce", "faasd-edge"]


class Edition(Struct, frozen=True, kw_only=True):
    """The limits of an edition of OpenFaaS (docs/operations.md says where each comes from).

    `refused` are labels for which it refuses a function, `idle` those that do nothing. On Kubernetes names and quantities are
    Kubernetes's; faasd gives them to containerd.
    """

    name: EditionName
    title: str
    functions: int
    replicas: int | None
    kubernetes: bool
    public_images_only: bool = False
    refused: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    asks_readiness: bool = False


_SCALE: Final = "com.openfaas.scale."
_PRO_LABELS: Final = tuple(f"{_SCALE}{name}" for name in ("type", "target", "zero-duration"))
_TUNING: Final = tuple(f"{_SCALE}{name}" for name in ("target-proportion", "down.window"))
_SCALING: Final = tuple(f"{_SCALE}{name}" for name in ("min", "max", "factor"))

EDITIONS: Final[dict[str, Edition]] = {
    edition.name: edition
    for edition in (
        Edition(
            name="ce",
            title="OpenFaaS Community Edition on Kubernetes",
            functions=15,
            replicas=5,
            kubernetes=True,
            public_images_only=True,
            refused=_PRO_LABELS,
            idle=_TUNING,
        ),
        Edition(
            name="standard",
            title="OpenFaaS Standard on Kubernetes",
            functions=500,
            replicas=None,
            kubernetes=True,
            idle=(f"{_SCALE}factor",),
            asks_readiness=True,
        ),
        Edition(
            name="faasd-ce",
            title="faasd CE",
            functions=15,
            replicas=1,
            kubernetes=False,
            idle=(*_PRO_LABELS, *_TUNING, f"{_SCALE}zero"),
        ),
        Edition(
            name="faasd-edge",
            title="OpenFaaS Edge (faasd)",
            functions=250,
            replicas=1,
            kubernetes=False,
            idle=(*_PRO_LABELS, *_TUNING),
            asks_readiness=True,
        ),
    )
}
UNUSED_ON_FAASD: Final = _SCALING
"""Shipped for Kubernetes and harmless on faasd, where one process is all there is; no finding for each of them."""

ATLAS_RESERVED: Final = 10
ATLAS_TIERS: Final = {
    "M0": 500,
    "Flex": 500,
    "M10": 1_500,
    "M20": 3_000,
    "M30": 3_000,
    "M40": 6_000,
    "M50": 16_000,
    "M60": 32_000,
}
"""Connections that a node takes, by cluster tier; ATLAS_RESERVED of them are Atlas's own."""


class Deployment(Struct, frozen=True, kw_only=True):
    """An edition and what else the rules need to know; times in seconds."""

    edition: Edition
    atlas: str | None = None
    own_secrets: frozenset[str] = frozenset()
    upstream_timeout_s: float = 60.0
