from __future__ import annotations

from pathlib import Path

from integrations.sandbox import systems
from integrations.sandbox.world import World


def test_every_system_offers_the_same_three_functions(world: World) -> None:
    systems.seed(world)
    for name in systems.SYSTEMS:
        system = systems.load(name)
        assert system.app(world).routes
        assert system.summary(world)
    assert set(systems.SYSTEMS) == {*systems.SERVED, "cdk"}


def test_the_world_is_seeded_once_and_whole(world: World) -> None:
    assert not systems.seeded(world)
    systems.seed(world)
    assert systems.seeded(world)
    first = systems.summary(world)
    world.put("jira/issue", "DEV-456", {"broken": True})
    systems.seed(world)
    assert systems.summary(world) == first


def test_the_company_holds_together(world: World) -> None:
    company = systems.company()
    people, groups, services = set(company["people"]), set(company["groups"]), set(company["services"])
    assert {group for person in company["people"].values() for group in person["groups"]} <= groups
    assert {each["team"] for each in company["services"].values()} <= groups
    assert {each["name"] for each in company["kubernetes"]["deployments"]} == services
    wanted = {
        "web-app",
        "checkout",
        "payment-service",
        "user-auth-service",
        "notification-service",
        "analytics-service",
    }
    assert services == wanted
    assert {project["lead"] for project in company["jira"]["projects"].values()} <= people
    for key, issue in company["jira"]["issues"].items():
        assert key.partition("-")[0] in company["jira"]["projects"]
        assert {issue["reporter"], issue.get("assignee") or issue["reporter"]} <= people
        assert {comment["by"] for comment in issue.get("comments", [])} <= people
    assert {company["jira"]["issues"][key]["type"] for key in ("DEV-456", "DEV-789")} == {"Bug", "Story"}
    assert [each["name"] for each in company["customers"]] == ["Northbridge Construction", "Westgate Logistics"]
    approvers = {each["approved_by"] for each in company["servicenow"]["changes"]}
    assert approvers <= {user for user in people if "change-managers" in company["people"][user]["groups"]}


def test_the_image_is_the_version_that_runs() -> None:
    company = systems.company()
    images = {each["name"]: each["image"] for each in company["kubernetes"]["deployments"]}
    assert {name: image.rpartition(":")[2] for name, image in images.items()} == {
        name: service["version"] for name, service in company["services"].items()
    }


def test_the_company_is_one_small_file() -> None:
    assert Path(systems.__file__).with_name("company.yaml").stat().st_size < 1_000_000
