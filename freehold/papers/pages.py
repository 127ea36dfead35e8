"""HTML into a PDF/A-3, the same bytes each time: dates come from the document, and nothing is fetched from anywhere."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final, TypeVar

from msgspec import Struct

from freehold.domain.invoicing import Language
from freehold.papers.words import RIGHT_TO_LEFT, say

if TYPE_CHECKING:
    from weasyprint import Document

T = TypeVar("T")

_one_at_a_time: Final = asyncio.Semaphore(1)
FONTS: Final = ("DejaVu Sans", "Droid Sans Fallback")
"""Of Debian's fonts-dejavu-core and fonts-droid-fallback: Latin, Greek, Cyrillic, Arabic, Hebrew; Chinese, Japanese, Korean."""
STYLE: Final = """
@page { size: A4; margin: 20mm 18mm 22mm; @bottom-center { content: "%(page)s " counter(page) " / " counter(pages);
  font: 7.5pt %(fonts)s; color: #555 } }
body { font: 9.5pt/1.45 %(fonts)s; color: #111; overflow-wrap: anywhere }
h1 { font-size: 17pt; margin: 0 0 6mm } h2 { font-size: 11pt; margin: 8mm 0 2mm }
table { width: 100%%; border-collapse: collapse; margin: 4mm 0 }
th { text-align: start; font-weight: bold; border-bottom: 0.8pt solid #111 } td, th { padding: 1.4mm 1mm; vertical-align: top }
td.sum, th.sum { text-align: end; white-space: nowrap } tr.whole td { font-weight: bold; border-top: 0.8pt solid #111 }
.parties td { width: 50%% } .small { font-size: 8pt; color: #333 } .word { color: #555 }
"""


class Attached(Struct, frozen=True, kw_only=True):
    """A file within a PDF. `xmp` describes it in the PDF's metadata: what stands between the marks of `rdf:RDF`."""

    name: str
    content: bytes
    xmp: str


def html_page(title: str, body: str, *, language: Language, made_at: datetime) -> str:
    """Put a body (HTML already) into a page."""
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    fonts = ", ".join(f"'{font}'" for font in FONTS)
    stamp = f"{made_at:%Y-%m-%dT%H:%M:%SZ}"
    style = STYLE % {"page": say(language, "page"), "fonts": f"{fonts}, sans-serif"}
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="dcterms.created" content="{stamp}"><meta name="dcterms.modified" content="{stamp}">'
        f"<style>{style}</style></head><body>{body}</body></html>"
    )


def pdf_of(html: str, *, made_at: datetime, attached: Attached | None = None) -> bytes:
    """Set the pages. It takes a while and a processor: call it in a thread, and never in a transaction."""
    from weasyprint import HTML, Attachment  # noqa: PLC0415 - heavy: 60 MiB and 2 s of a processor
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    fetches_nothing = URLFetcher(allowed_protocols=frozenset())
    document = HTML(string=html, url_fetcher=fetches_nothing).render()
    if attached is not None:
        naive = made_at.replace(tzinfo=None)
        document.metadata.attachments = [
            Attachment(
                string=attached.content, name=attached.name, relationship="Data", created=naive, modified=naive,
                url_fetcher=fetches_nothing,
            )
        ]  # fmt: skip
        _describe(document, attached.xmp)
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    content: bytes = document.write_pdf(pdf_variant="pdf/a-3b", pdf_identifier=identifier)
    return content


async def in_a_thread(make: Callable[[T], bytes], what: T) -> bytes:
    """Make a document beside the event loop; one at a time in this process, because the library sets pages in no other way."""
    async with _one_at_a_time:
        return await asyncio.to_thread(make, what)


def _describe(document: "Document", xmp: str) -> None:
    """Add to the metadata within its one `rdf:RDF`: what the library itself would add stands in a second one."""
    own = document.metadata.generate_rdf_metadata

    def with_description(*arguments: Any) -> bytes:  # noqa: ANN401 - the library's own
        generated: bytes = own(*arguments)
        return generated.replace(b"</rdf:RDF>", xmp.encode() + b"</rdf:RDF>")

    document.metadata.generate_rdf_metadata = with_description
