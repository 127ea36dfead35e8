"""What the local front says of itself at `/`: JSON for programs, a page for people."""

from html import escape

from msgspec import Struct

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Freehold</title>
<style>
  :root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }}
  body {{ max-width: 42rem; margin: 3rem auto; padding: 0 1rem; }}
  dt {{ font-weight: 600; margin-top: .75rem; }} dd {{ margin: 0; overflow-wrap: anywhere; }}
  .mode {{ border: 1px solid; border-radius: .5rem; padding: .5rem .75rem; }}
</style>
<main>
<h1>Freehold runs here</h1>
<p>{what}</p>
<p class="mode"><strong>Sandbox.</strong> {mode}</p>
<dl>{places}</dl>
</main>
</html>
"""


class About(Struct, frozen=True, kw_only=True):
    """What runs here, and where its doors are."""

    name: str = "Freehold"
    what: str = "A freelance marketplace that its operator owns outright. This is the local run: all of it on one machine."
    mode: str = "Payments are made up here; no money moves. The keys are for development; production refuses them."
    api: str
    api_description: str
    ready: str
    sockets: str

    def page(self) -> str:
        """Make the page for people."""
        places = {
            "The API, described (OpenAPI 3.1)": self.api_description,
            "Whether everything works": self.ready,
            "Sockets (Socket.IO)": self.sockets,
        }
        listed = "".join(
            f'<dt>{escape(title)}</dt><dd><a href="{escape(url)}">{escape(url)}</a></dd>' for title, url in places.items()
        )
        return _PAGE.format(what=escape(self.what), mode=escape(self.mode), places=listed)
