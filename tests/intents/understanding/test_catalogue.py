"""The names that exist, how they are said, and what comes near them."""

import pytest

from intents.understanding.catalogue import Catalogue, NoSuchName, spoken

NAMES = ("web-app", "checkout", "payment-service", "user-auth-service", "notification-service", "analytics-service")


@pytest.fixture
def company() -> Catalogue:
    return Catalogue.of(
        deployment={"production": NAMES, "staging": NAMES[:3]}, environment=["production", "staging"], project=["DEV"]
    )


def test_names_are_known_by_place(company: Catalogue) -> None:
    assert company.all("deployment") == NAMES
    assert company.within("deployment", "staging") == NAMES[:3]
    assert company.within("deployment", None) == NAMES
    assert company.within("deployment", "nowhere") == ()
    assert company.within("environment", "staging") == ("production", "staging")
    assert company.all("unheard of") == ()


def test_equal_names_make_equal_catalogues(company: Catalogue) -> None:
    assert Catalogue.of(service=["a"]) == Catalogue.of(service=("a",))
    assert Catalogue.of(service=["a"]) != company


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("web-app", ["web app", "webapp", "web-app", "web application"]),
        ("user-auth-service", ["user auth service", "user authentication service", "user-auth", "user authentication"]),
        ("payment-service", ["payment service", "payments", "payment", "payments service"]),
        ("production", ["production", "prod", "live"]),
        ("staging", ["staging", "stage"]),
        ("orders-db", ["orders db", "orders database"]),
        ("checkoutWorker_v2", ["checkout worker v2", "checkoutworkerv2"]),
        ("service", ["service"]),
        ("---", ["---"]),
    ],
)
def test_a_name_is_said_in_several_ways(name: str, forms: list[str]) -> None:
    assert set(forms) <= set(spoken(name))


def test_a_name_of_many_words_has_a_bounded_number_of_forms() -> None:
    assert len(spoken("auth-db-app-config-admin-api-payment-notification-service")) < 60


def test_a_names_own_spelling_goes_before_anothers_shortening() -> None:
    both = Catalogue.of(service=["user-auth", "user-auth-service"])
    assert both.forms("service")["user auth"] == ("user-auth",)
    assert both.forms("service")["user auth service"] == ("user-auth-service",)
    unclear = Catalogue.of(service=["auth-service", "authn"])
    assert set(unclear.forms("service")["authentication"]) == {"auth-service", "authn"}


def test_spaces_and_hyphens_make_no_other_name(company: Catalogue) -> None:
    assert company.read("deployment", "check out") == ("checkout",)
    assert company.read("deployment", "Web_App") == ("web-app",)
    assert company.read("deployment", "web-ap") == ()
    assert company.read("unheard of", "web-app") == ()


@pytest.mark.parametrize(
    ("heard", "name"),
    [
        ("web up", "web-app"),
        ("web at", "web-app"),
        ("webb app", "web-app"),
        ("check it out", "checkout"),
        ("chekout", "checkout"),
        ("check doubt", "checkout"),
        ("pavement service", "payment-service"),
        ("payment surface", "payment-service"),
        ("user off service", "user-auth-service"),
        ("use her auth", "user-auth-service"),
        ("user oath", "user-auth-service"),
        ("notify cation service", "notification-service"),
        ("an analytics service", "analytics-service"),
        ("analytic service", "analytics-service"),
    ],
)
def test_a_misheard_name_is_nearest_to_the_right_one(company: Catalogue, heard: str, name: str) -> None:
    assert company.nearest("deployment", heard, "production")[0] == name


def test_what_is_like_nothing_has_no_nearest(company: Catalogue) -> None:
    assert company.nearest("deployment", "banana") == []
    assert company.nearest("deployment", "web-ap", "nowhere") == []


def test_a_name_that_is_not_there_is_refused_with_what_helps(company: Catalogue) -> None:
    assert company.check("deployment", "web-app", "production") == "web-app"
    with pytest.raises(NoSuchName) as near:
        company.check("deployment", "web-ap", "production")
    assert str(near.value) == "there is no deployment 'web-ap' in production; did you mean web-app?"
    with pytest.raises(NoSuchName) as elsewhere:
        company.check("deployment", "user-auth-service", "staging")
    assert str(elsewhere.value) == "there is no deployment 'user-auth-service' in staging; it exists in production."
    with pytest.raises(NoSuchName) as few:
        company.check("environment", "moon")
    assert str(few.value) == "there is no environment 'moon'; there is only production and staging."
    with pytest.raises(NoSuchName) as none:
        company.check("deployment", "banana", "production")
    assert str(none.value) == (
        "there is no deployment 'banana' in production; "
        "of the 6 there are, the nearest are payment-service, web-app and notification-service."
    )
    assert none.value.instead == ["payment-service", "web-app", "notification-service"]
    assert near.value.instead == ["web-app"] and elsewhere.value.instead == []


def test_at_most_as_many_names_are_offered_as_asked_for() -> None:
    twins = Catalogue.of(service=["ledger-a", "ledger-b", "ledger-c", "unrelated"])
    assert twins.nearest("service", "ledger") == ["ledger-a", "ledger-b"]
    assert twins.nearest("service", "ledger", most=3) == ["ledger-a", "ledger-b", "ledger-c"]
