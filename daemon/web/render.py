"""From a page's content to HTML: everything escaped, and everything that a text could hide taken out of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from daemon.web.pages import Frame
from policies.visible import visible

TEMPLATES = Path(__file__).parent / "templates"


class Renderer:
    """Renders pages; a name that a template misspells is an error, never an empty place."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_seen,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters |= {"visible": visible, "line": line, "when": when, "took": took}

    def page(self, template: str, page: object, frame: Frame, status: int = 200) -> HTMLResponse:
        """Render a page of daemon/web/pages.py with the template made for it."""
        found = self._environment.get_template(f"{template}.html")
        return HTMLResponse(found.render(page=page, frame=frame), status)


def _seen(value: object) -> object:
    """What a template prints of a value: of text, what is visible. Markup was made by templates from such text."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def line(text: str) -> str:
    """The visible text on one line."""
    return visible(text, lines=False)


def when(moment: datetime | None) -> Markup:
    """A moment for machines in UTC and for people in local time; a dash for none."""
    if moment is None:
        return Markup("&ndash;")
    local = moment.astimezone()
    text = f"{local.day} {local:%b %Y %H:%M:%S}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(_utc(moment), local.tzname(), text)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def took(milliseconds: int | None) -> str:
    """How long something took: "340 ms", "2.5 s", "3 min 20 s", "2 h 05 min"; a dash where it goes on."""
    if milliseconds is None:
        return "\N{EN DASH}"
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
