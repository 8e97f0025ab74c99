from __future__ import annotations

from typing import Any

from policies.constants import texts_of

STATUS = "In Progress"
SECRET_ELSEWHERE = "never named"


def _helper(key: str) -> str:
    return key.replace("x", "Closed")


def _request(want: Any) -> str:
    """Documentation is no argument."""
    channel = "#payments"
    states = ("open", "shut")

    def inner() -> str:
        return "inside"

    return _helper(channel + STATUS + inner() + str(states) + str(want.name))


def _knows_itself(depth: int) -> str:
    return _knows_itself(depth - 1) if depth else "the end"


def test_texts_in_the_code_its_inner_functions_its_module_and_its_helpers_count() -> None:
    assert {"#payments", "open", "shut", "inside", "In Progress", "Closed"} <= texts_of(_request)


def test_documentation_and_what_it_does_not_name_do_not() -> None:
    found = texts_of(_request)
    assert "Documentation is no argument." not in found
    assert SECRET_ELSEWHERE not in found


def _deploy(*, service: str, environment: str) -> str:
    return service + environment


def _composes(want: Any) -> str:
    """Puts texts together."""
    if want.environment == "production" or want.environment != "somewhere":
        return _deploy(service=f"part {want} {_helper('whole')} more", environment="chosen")
    match want.kind:
        case "matched":
            return f"{want:spec}"
    return "either" if want.name in ("allowed", "too") else "or"


def test_parts_of_a_text_names_of_arguments_and_what_is_compared_with_do_not() -> None:
    found = texts_of(_composes)
    assert found == {"whole", "chosen", "either", "allowed", "too", "or", "x", "Closed"}


def test_without_its_source_nothing_counts() -> None:
    scope: dict[str, Any] = {}
    exec("def gone():\n    return 'never seen'", scope)
    assert texts_of(scope["gone"]) == frozenset()


def test_a_lambda_has_texts_too() -> None:
    assert texts_of(lambda: f"no{'yes'}") == {"yes"}


def test_a_function_that_names_itself_is_read_once() -> None:
    assert "the end" in texts_of(_knows_itself)


def test_what_has_no_code_of_ours_has_no_texts() -> None:
    assert texts_of(len) == frozenset()
