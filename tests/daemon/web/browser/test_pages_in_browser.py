"""What a person does at the dashboard, done by Chromium: signing in, answering, searching, verifying, explaining."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from policies.audit.checkpoint import Verifier
from policies.audit.merkle import includes, leaf_hash

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCALE = "scale the web-app deployment to 10 replicas and monitor the rollout"
READ = "how many replicas does web-app have"
HOSTILE = (
    "</p><script>window.owned = 1</script><img src=x onerror='window.owned = 2'> \u202eesrever\u202c \u200b"
    + "long" * 400
)

Visit = Callable[..., Awaitable[Page]]
Ask = Callable[[str], Awaitable[dict[str, Any]]]


def status(page: Page, word: str) -> Any:
    """Where a run's page says how it stands."""
    return page.locator("#run .under-title .badge").get_by_text(word, exact=True)


async def test_a_link_opens_one_session_once(visit: Visit, link: Callable[[], str]) -> None:
    url = await asyncio.to_thread(link)
    page = await visit(url, signed=False)
    await page.get_by_role("button", name="Open").click()
    await expect(page).to_have_title("Runs · DevOS")
    again = await visit(url, signed=False)
    await again.get_by_role("button", name="Open").click()
    await expect(again.locator(".told")).to_contain_text("used already")
    await again.goto("/inbox")
    await expect(again.get_by_text("devos open", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await page.goto("/inbox")
    await expect(page.get_by_text("devos open", exact=True)).to_be_visible()


async def test_a_plan_is_approved_in_the_inbox_and_followed_to_its_end(visit: Visit, ask: Ask, house: Any) -> None:
    run = await ask(SCALE)
    (asked,) = run["approvals"]
    page = await visit("/inbox")
    question = page.locator(".question")
    await expect(question.get_by_role("heading", level=2)).to_contain_text("4 to 10")
    await expect(question).to_contain_text("+6, \N{MULTIPLICATION SIGN}2.5")
    await expect(question.locator(".environment")).to_have_text("production")
    await expect(question).to_contain_text(asked["digest"])
    for change in asked["plan"]:
        await expect(question).to_contain_text(change["action"])
        await expect(question).to_contain_text(change["where"])
        await expect(question).to_contain_text(change["undo"] or "cannot be taken back")
    await expect(question.locator("[data-countdown]")).to_contain_text("left")
    assert house.replicas("production/web-app") == 4
    await question.get_by_role("button", name="Approve").click()
    await expect(status(page, "done")).to_be_visible()  # without a reload: the page follows the run
    await expect(page.locator(".stepwise", has_text="kubernetes.scale").first).to_contain_text("by web")
    assert house.replicas("production/web-app") == 10
    await page.goto("/inbox")
    await expect(page.get_by_text("All answered")).to_be_visible()


async def test_a_denial_ends_the_run_and_its_reason_is_shown_as_it_is(visit: Visit, ask: Ask, house: Any) -> None:
    run = await ask(SCALE)
    page = await visit("/inbox")
    await page.get_by_label("Why").fill(HOSTILE)
    await page.get_by_role("button", name="Deny").click()
    await expect(status(page, "denied")).to_be_visible()
    assert house.replicas("production/web-app") == 4
    await page.goto(f"/audit?run={run['run']}&type=devos.approval.answered")
    await page.locator(".entries .here").first.click()
    payload = page.get_by_label("Payload")
    await expect(payload).to_contain_text("<script>window.owned = 1</script>")
    shown = await page.locator("body").inner_text()
    assert "\u202e" not in shown
    assert "\u200b" not in shown
    assert await page.evaluate(
        "window.owned === undefined && document.querySelectorAll('main script, main img').length === 0"
    )
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_questions_come_and_go_while_somebody_writes(visit: Visit, ask: Ask, house: Any) -> None:
    page = await visit("/inbox")
    await expect(page.get_by_text("All answered")).to_be_visible()
    run = await ask(SCALE)
    await expect(page.locator(".question")).to_have_count(1)
    await expect(page.locator(".ways .count")).to_contain_text("1")
    await page.get_by_label("Why").fill("because the sale begins")
    await ask(READ)  # something else is recorded, and the page is fetched again
    await expect(page.get_by_label("Why")).to_have_value("because the sale begins")
    await expect(page.get_by_label("Why")).to_be_focused()
    await asyncio.to_thread(house.ask, "answer", id=run["approvals"][0]["id"], yes=False)
    await expect(page.get_by_text("All answered")).to_be_visible()
    await expect(page.locator("#said")).to_have_text("0 questions in the inbox")


async def test_what_was_answered_elsewhere_is_not_answered_again(visit: Visit, ask: Ask, house: Any) -> None:
    run = await ask(SCALE)
    page = await visit("/inbox", java_script_enabled=False)  # so that it stays as it was
    await asyncio.to_thread(house.ask, "answer", id=run["approvals"][0]["id"], yes=False)
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("That did not count")
    assert house.replicas("production/web-app") == 4


async def test_without_scripts_links_and_forms_do(visit: Visit, ask: Ask, house: Any) -> None:
    await ask(SCALE)
    page = await visit("/", java_script_enabled=False)
    await page.get_by_role("link", name="Inbox").click()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(SCALE)
    await page.goto("/audit")
    await page.get_by_label("Search the record").fill("web-app")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator(".entries tbody tr").first).to_be_visible()
    await page.get_by_role("button", name="Verify the whole log").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The log is whole")


async def test_a_run_is_cancelled_and_taken_back(visit: Visit, ask: Ask, house: Any) -> None:
    run = await ask(SCALE)
    page = await visit(f"/runs/{run['run']}")
    await page.get_by_role("button", name="Cancel").click()
    await expect(status(page, "cancelled")).to_be_visible()
    run = await ask(SCALE)
    await page.goto(f"/runs/{run['run']}")
    await page.get_by_role("button", name="Approve").click()
    await expect(status(page, "done")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await page.get_by_role("button", name="Approve").click()
    await expect(status(page, "done")).to_be_visible()
    assert house.replicas("production/web-app") == 4


async def test_the_record_is_searched_filtered_and_looked_into(visit: Visit, ask: Ask) -> None:
    run = await ask(READ)
    page = await visit("/audit")
    await page.get_by_label("Search the record").fill("web-app")
    await page.keyboard.press("Enter")
    await expect(page.locator(".chosen")).to_contain_text("web-app")
    await page.locator(".facet a", has_text="kubernetes").first.click()
    await expect(page.locator(".chosen")).to_contain_text("system kubernetes")
    await expect(page.locator(".facet a[aria-current]")).to_contain_text("kubernetes")
    for row in await page.locator(".entries tbody tr").all_inner_texts():
        assert "kubernetes." in row
    await page.get_by_role("link", name="Show everything").click()
    await page.locator(".days a").last.click()
    await expect(page.locator(".chosen")).to_contain_text("day")
    await page.goto(f"/audit?run={run['run']}&type=devos.action.done")
    await page.locator(".entries .here").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Action done")
    await page.get_by_role("link", name=run["run"]).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(READ)
    await page.goto("/audit?text=surely-nowhere")
    await expect(page.get_by_text("Nothing found")).to_be_visible()


async def test_the_log_is_verified_and_an_entry_proved(visit: Visit, ask: Ask) -> None:
    await ask(READ)
    page = await visit("/audit")
    await page.get_by_role("button", name="Verify the whole log").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The log is whole")
    key = await page.locator("dt:text-is('Key') + dd").inner_text()
    await page.goto("/audit/3")
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Download the proof").click()
    download = await started.value
    assert download.suggested_filename == "devos-entry-3-proof.json"
    proof = json.loads((await download.path()).read_text())
    signed = Verifier.parse(key).open(proof["checkpoint"])
    hashes = [base64.b64decode(each) for each in proof["hashes"]]
    assert includes(leaf_hash(proof["event"].encode()), 2, signed.size, hashes, signed.root)
    assert not includes(leaf_hash(b"something else"), 2, signed.size, hashes, signed.root)


async def test_rules_explain_themselves(visit: Visit) -> None:
    page = await visit("/rules")
    await page.locator(".rulebook summary").first.click()
    await expect(page.locator(".rulebook .cedar").first).to_contain_text("permit")
    await page.get_by_label("Action").fill("kubernetes.scale")
    await page.get_by_label("Target").fill("production/web-app")
    await page.get_by_label("Before").fill("4")
    await page.get_by_label("After").fill("10")
    await page.get_by_role("button", name="Explain").click()
    await expect(page.locator(".top .badge")).to_have_text("confirm")
    await expect(page.locator(".rulebook .decides")).to_contain_text("changes-in-production")
    await page.get_by_label("Action").fill("kubernetes.fly")
    await page.get_by_role("button", name="Explain").click()
    await expect(page.get_by_role("alert")).to_contain_text("kubernetes.fly")


async def test_everything_is_frozen_and_thawed(visit: Visit, house: Any) -> None:
    page = await visit("/health")
    await page.get_by_role("button", name="Freeze everything").click()
    await expect(page.get_by_text("Everything is frozen.")).to_be_visible()
    await page.get_by_role("button", name="Thaw").click()
    await expect(page.get_by_text("Everything is frozen.")).to_be_hidden()
