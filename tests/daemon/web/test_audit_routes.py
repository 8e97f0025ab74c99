"""The record at the dashboard: searched, read, proved, checked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from daemon.web.audit_routes import Search, Wanted
from daemon.web.routes import Turned

if TYPE_CHECKING:
    from tests.daemon.web.conftest import Browser, Site


def seqs(page: str) -> list[int]:
    """The entries that a page lists."""
    return list(dict.fromkeys(int(each) for each in re.findall(r'href="/audit/(\d+)"', page)))


async def test_the_record_is_searched(site: Site, browser: Browser) -> None:
    run = await site.say("scale web-app to 10 replicas")
    everything = seqs((await browser.get("/audit")).text)
    size = site.app.log.checkpoint().size
    assert everything == list(range(size, max(0, size - 50), -1)), "the newest first"
    day = datetime.now().astimezone().date().isoformat()
    for query in (f"run={run['run']}", "system=kubernetes", "type=devos.approval.asked", f"day={day}", "text=web"):
        found = seqs((await browser.get(f"/audit?{query}")).text)
        assert found and set(found) <= set(everything), query
    assert not seqs((await browser.get("/audit?text=nobodyeversaidthis")).text)
    assert not seqs((await browser.get("/audit?day=1999-01-01")).text)
    assert "<script>" not in (await browser.get("/audit?text=%3Cscript%3E")).text


async def test_pages_follow_one_another(site: Site, browser: Browser) -> None:
    from policies.audit.log import Entry

    for number in range(130):
        await site.app.log.append(Entry("devos.brake.on", None, None, None, {"by": f"person{number}"}))
    seen: list[int] = []
    path = "/audit?type=devos.brake.on"
    while path:
        text = (await browser.get(path)).text
        seen += seqs(text)
        found = re.search(r'href="(/audit\?[^"]*before=\d+)"', text)
        path = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == 130 and seen == sorted(seen, reverse=True)


async def test_what_cannot_be_searched_for(browser: Browser) -> None:
    for query in ("day=2026-13-01", "day=yesterday", "before=0", "before=x", "text=" + "x" * 201, "what=1"):
        assert (await browser.get(f"/audit?{query}")).status_code == 400, query
    assert (await browser.get('/audit?text="')).status_code == 200, "an open quotation mark is no fault"


async def test_one_entry(site: Site, browser: Browser) -> None:
    run = await site.say("scale web-app to 10 replicas")
    (asked,) = site.app.log.entries(run=run["run"], type="devos.approval.asked")
    text = (await browser.get(f"/audit/{asked.seq}")).text
    assert run["approvals"][0]["digest"] in text and "kubernetes.scale" in text, "with the plan that was shown"
    assert f"/audit/{asked.seq - 1}" in text and f"/audit/{asked.seq}/proof" in text
    gone = await browser.get("/audit/999999")
    assert gone.status_code == 404 and "There is no entry 999999" in gone.text
    assert (await browser.get("/audit/999999/proof")).status_code == 404


async def test_a_proof_is_a_file(browser: Browser) -> None:
    answer = await browser.get("/audit/1/proof")
    assert answer.headers["content-disposition"] == 'attachment; filename="devos-entry-1-proof.json"'
    proof = json.loads(answer.text)
    assert (proof["kind"], proof["seq"]) == ("inclusion", 1) and "devos.daemon.started" in proof["event"]


async def test_the_whole_record_is_checked(site: Site, browser: Browser, alter: Callable[[str], None]) -> None:
    answer = await browser.post("/audit/verify")
    assert answer.status_code == 200 and site.app.log.checkpoint().root.hex()[:12] in answer.text
    alter("UPDATE entries SET event = replace(event, 'devos.daemon.started', 'devos.daemon.stopped')")
    answer = await browser.post("/audit/verify")
    assert answer.status_code == 200 and 'href="/audit/1"' in answer.text
    assert (await browser.get("/audit/1/proof")).status_code == 409


async def test_an_entry_that_was_altered_is_said(browser: Browser, alter: Callable[[str], None]) -> None:
    alter("UPDATE entries SET event = 'no event' WHERE seq = 1")
    for path in ("/audit", "/audit/1", "/api/audit", "/api/audit/1"):
        answer = await browser.get(path)
        assert answer.status_code == 409 and "devos audit verify" in answer.text, path


async def test_a_search_index_that_cannot_be_made(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "audit-index.db").mkdir()
    search = Search(SimpleNamespace(home=tmp_path))  # type: ignore[arg-type]  # where it is, is all that it needs
    assert not await search.works()
    with pytest.raises(Turned, match="cannot be searched"):
        await search.found(Wanted(), 1)
    await search.refresh()
    assert "could not be indexed" in caplog.text
    await search.close()
