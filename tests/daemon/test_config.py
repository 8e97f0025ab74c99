"""config.toml: what is wrong is named with its line, and secrets have no place in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config import BadConfig, Config, load, origins, secret


def problem(home: Path, text: str) -> str:
    (home / "config.toml").write_text(text)
    with pytest.raises(BadConfig) as raised:
        load(home)
    return str(raised.value)


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert config == Config()
    assert config.approvals.hours == 12 and config.kubernetes is None
    assert config.environments == {"production": "production", "staging": "staging"}
    assert origins(tmp_path) == set()


def test_what_is_set_is_read_and_known_as_set(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[person]\nname = "Ada"\n\n[environments]\nlive = "production"\n\n[cdk]\napps = "~/apps"\n\n'
        '[newrelic]\naccount = 7\n\n[jira]\nurl = "https://x.example"\nemail = "ada@x.example"\n'
    )
    config = load(tmp_path)
    assert config.person.name == "Ada" and config.environments == {"live": "production"}
    assert config.newrelic is not None and config.newrelic.account == 7
    assert config.cdk is not None and config.cdk.apps == Path.home() / "apps"
    assert origins(tmp_path) == {
        *("person.name", "environments.live", "cdk.apps", "newrelic.account", "jira.url", "jira.email")
    }


def test_an_unknown_setting_is_named_with_its_line_and_the_nearest(tmp_path: Path) -> None:
    said = problem(tmp_path, "# mine\n\n[hearing]\nthreads = 2\nmodell = 'base.en'\n")
    assert said == f"{tmp_path / 'config.toml'}:5: there is no setting 'hearing.modell'. Did you mean 'model'?"


def test_an_unknown_setting_near_nothing_is_answered_with_what_there_is(tmp_path: Path) -> None:
    there = "model, download, threads, device, silence, longest, idle_minutes"
    assert f"There are: {there}." in problem(tmp_path, "[hearing]\nzzz = 2\n")


def test_an_unknown_section_is_named(tmp_path: Path) -> None:
    said = problem(tmp_path, "[hearing]\nthreads = 2\n\n[kubernets]\nurl = 'x'\n")
    assert ":4:" in said and "'kubernets'" in said and "Did you mean 'kubernetes'?" in said


@pytest.mark.parametrize(
    ("section", "name", "variable"),
    [
        ("jira", "token", "DEVOS_JIRA_TOKEN"),
        ("jira", "api_token", "DEVOS_JIRA_TOKEN"),
        ("servicenow", "password", "DEVOS_SERVICENOW_PASSWORD"),
        ("newrelic", "key", "DEVOS_NEWRELIC_KEY"),
        ("newrelic", "api_key", "DEVOS_NEWRELIC_KEY"),
        ("rancher", "token", "DEVOS_RANCHER_TOKEN"),
        ("kubernetes", "token", "DEVOS_KUBERNETES_TOKEN"),
    ],
)
def test_a_secret_is_refused_and_its_variable_named(tmp_path: Path, section: str, name: str, variable: str) -> None:
    said = problem(tmp_path, f"[{section}]\n{name} = 'hunter2'\n")
    assert f":2: secrets do not stand in config.toml; set the environment variable ${variable} instead." in said
    assert "hunter2" not in said


def test_a_password_in_the_databases_address_is_refused(tmp_path: Path) -> None:
    said = problem(tmp_path, "[runs]\ndatabase = 'postgresql://ada:hunter2@db.example/devos'\n")
    assert ":2:" in said and "PGPASSWORD" in said and "hunter2" not in said
    (tmp_path / "config.toml").write_text("[runs]\ndatabase = 'postgresql://ada@db.example/devos'\n")
    assert load(tmp_path).runs.database == "postgresql://ada@db.example/devos"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[approvals]\nhours = 'many'\n", 2, "approvals.hours: it must be a number."),
        ("[approvals]\nhours = 13\n", 2, "approvals.hours: it can be 12 at most."),
        ("[approvals]\nhours = 0\n", 2, "approvals.hours: it must be more than 0."),
        ("[approvals]\nhours = nan\n", 2, "approvals.hours"),
        ("\nhearing = 3\n", 2, "hearing: it must be a section, with settings of its own."),
        ("[hearing]\nthreads = 0\n", 2, "hearing.threads: it must be 1 at least."),
        ("[hearing]\nthreads = 1.5\n", 2, "hearing.threads: it must be a whole number."),
        ("[hearing]\ndownload = 'perhaps'\n", 2, "hearing.download: it must be true or false."),
        ("[hearing]\nmodel = 3\n", 2, "hearing.model: it must be a text, in quotation marks."),
        ("[audit]\nkeyring = 'none'\n", 2, "audit.keyring: it can be 'auto' or 'file'."),
        ("[audit]\nwitnesses = '/x'\n", 2, "audit.witnesses: it must be a list, in square brackets."),
        ("[cdk]\napps = 3\n", 2, "cdk.apps: it must be a path, in quotation marks."),
        ("groups = 3\n", 1, "groups: it must be a section, with settings of its own."),
        ("[audit]\n\nwitnesses = ['relative/x']\n", 3, "audit.witnesses: 'relative/x' is neither a full path nor a"),
        ("approvals.hours = 'x'\n", 1, "approvals.hours"),
        ("[environments]\nproduction = 'live'\n", 2, "environments.production"),
        ("[newrelic]\naccount = 'seven'\n", 2, "newrelic.account"),
        ("[approvals]\nhours = 2\n[kubernetes]\ncontext = 'x'\n", 3, "kubernetes: it needs url or kubeconfig, to say"),
        ("[hearing]\n\n[jira]\nurl = 'https://x.example'\n", 3, "jira.email: it must be set."),
        ("[rancher]\nurl = 'https://x.example'\nclusters = { production = 3 }\n", 3, "rancher.clusters.production"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    found = problem(tmp_path, text)
    assert f"config.toml:{line}: " in found and said in found


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    said = problem(tmp_path, "[approvals]\nhours = 'x'\n[hearing]\nthreads = 0\n").splitlines()
    assert len(said) == 2 and ":2:" in said[0] and ":4:" in said[1]


def test_what_is_no_toml_is_said_with_its_line(tmp_path: Path) -> None:
    assert "line 2" in problem(tmp_path, "[person]\nname = \n")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    if content is None:
        (tmp_path / "config.toml").mkdir()
    else:
        (tmp_path / "config.toml").write_bytes(content)
    with pytest.raises(BadConfig, match=r"config\.toml cannot be read"):
        load(tmp_path)


def test_a_secret_comes_from_the_environment() -> None:
    assert secret("jira_token", {"DEVOS_JIRA_TOKEN": "x"}) == "x"
    for environment in ({}, {"DEVOS_JIRA_TOKEN": ""}):
        with pytest.raises(BadConfig, match=r"names jira, but \$DEVOS_JIRA_TOKEN is not set"):
            secret("jira_token", environment)
