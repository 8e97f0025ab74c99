"""What can be set in config.toml: one class for each section, each setting with its default and what it means."""

from __future__ import annotations

import getpass
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from daemon.sense_sections import Hearing, Hotkeys, Microphone, Section, Speech, Telemetry, Wake

Environment = Literal["production", "staging", "development"]
Location = Annotated[Path, AfterValidator(Path.expanduser)]
"""A file or folder; ~ is the person's home."""


class Person(Section):
    """Whose DevOS this is."""

    name: str = Field(default_factory=getpass.getuser)
    """Stands in the audit log; by default the account's name."""


def _without_password(address: str | None) -> str | None:
    if address is not None and re.match(r"[^/]*//[^/@]*:[^/]*@", address):
        raise ValueError("secrets do not stand in config.toml; set $PGPASSWORD, or write ~/.pgpass, instead")
    return address


class Runs(Section):
    """Where runs are kept."""

    database: Annotated[str | None, AfterValidator(_without_password)] = None
    """"postgresql://USER@HOST/NAME" for a team that shares workers; by default a SQLite file in DEVOS_HOME."""


class Identity(Section):
    """Under which names the systems know one person."""

    entra: str | None = None
    """The object id in Entra ID, by which Teams names who wrote a message."""
    servicenow: str | None = None
    """The user name."""
    jira: str | None = None
    """The account id."""


Ceiling = Literal["confirm", "approve"]


class Ceilings(Section):
    """What an answer may grant at most, by the way it came."""

    terminal: Ceiling = "approve"
    web: Ceiling = "approve"
    desktop: Ceiling = "confirm"
    teams: Ceiling = "approve"
    servicenow: Ceiling = "approve"
    voice: Literal["confirm"] = "confirm"
    """Never more: a voice can be imitated."""


class Approvals(Section):
    """How questions are asked, and how long answers last."""

    hours: Annotated[float, Field(gt=0, le=12)] = 12.0
    """Hours until a question, or what is left of an approval, expires."""
    idle_minutes: Annotated[float, Field(gt=0, le=720)] = 10.0
    """Minutes until an approval expires that was given and not used, or not used again."""
    ways: list[Literal["desktop", "voice", "teams", "servicenow"]] = ["desktop", "voice"]
    """Where questions are asked besides the terminal and the dashboard, as far as each is there. By voice only what was
    asked for by voice or by a hotkey."""
    programs: list[str] = []
    """Programs, by full path, that may answer without a person at a terminal."""

    @field_validator("programs")
    @classmethod
    def _are_full_paths(cls, programs: list[str]) -> list[str]:
        for each in programs:
            if not each.startswith(("/", "~/")):
                raise ValueError(f"{each!r} is no full path; write where it lies, as in '/opt/release/bin/robot'")
        return programs

    ceilings: Ceilings = Ceilings()


class Rules(Section):
    """Which rules stand beside one's own."""

    pack: Literal["careful", "team", "read-only"] = "careful"


class Audit(Section):
    """How the record is kept."""

    keyring: Literal["auto", "file"] = "auto"
    """Whether the signing key lives in the system's keyring where there is one, or in a file of mode 0600."""
    witnesses: list[str] = []
    """Where signed heads are kept besides: full paths of files, or git repositories."""
    keep_days: Annotated[int, Field(ge=1)] | None = None
    """Days until a payload is erased; the proof of its entry stays. By default payloads are kept."""
    keep_megabytes: Annotated[int, Field(ge=1)] | None = None
    """How much room payloads may take before the oldest are erased."""

    @field_validator("witnesses")
    @classmethod
    def _are_found_from_everywhere(cls, witnesses: list[str]) -> list[str]:
        from policies.audit.git_witness import is_repository  # only who names a witness pays for it

        for each in witnesses:
            if not each.startswith(("/", "~/")) and not is_repository(each):
                path = "'/mnt/backup/devos.checkpoint' or '~/devos.checkpoint'"
                raise ValueError(
                    f"{each!r} is neither a full path nor a git repository; write where it lies, as in {path}"
                )
        return [str(Path(each).expanduser()) if each.startswith("~/") else each for each in witnesses]


class Dashboard(Section):
    """The dashboard, on this machine only."""

    port: Annotated[int, Field(ge=0, le=65535)] = 0
    """0 chooses a free one at every start."""


class Kubernetes(Section):
    """A cluster: by address, or by a kubeconfig and one of its contexts. The token is $DEVOS_KUBERNETES_TOKEN."""

    url: str | None = None
    kubeconfig: Location | None = None
    context: str | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Kubernetes:
        if self.url is None and self.kubeconfig is None:
            raise ValueError("it needs url or kubeconfig, to say where the cluster is")
        return self


class Rancher(Section):
    """A Rancher server. The token is $DEVOS_RANCHER_TOKEN."""

    url: str
    clusters: dict[str, str] = {}
    """Environment → the cluster's name in Rancher."""


class NewRelic(Section):
    """A New Relic account. The user key is $DEVOS_NEWRELIC_KEY."""

    account: int
    url: str = "https://api.newrelic.com"


class Jira(Section):
    """A Jira Cloud site. The API token is $DEVOS_JIRA_TOKEN."""

    url: str
    email: str


class ServiceNow(Section):
    """A ServiceNow instance. The password is $DEVOS_SERVICENOW_PASSWORD."""

    url: str
    user: str


class Teams(Section):
    """Where questions are posted in Microsoft Teams. The application's secret is $DEVOS_TEAMS_SECRET."""

    tenant: str
    client: str
    team: str
    """The team's id."""
    channel: str
    """The channel's id."""
    url: str = "https://graph.microsoft.com"
    login: str = "https://login.microsoftonline.com"


class Cdk(Section):
    """The CDK apps."""

    apps: Location
    """A folder with one CDK app for each service."""
    program: str = "cdk"
    stacks: dict[str, str] = {}
    """"service@environment" → the stack's name, where it is not the usual one."""


class Config(Section):
    """All settings."""

    person: Person = Person()
    people: dict[str, Identity] = {}
    """Everybody who may approve, by name, the person included."""
    groups: dict[str, list[str]] = {}
    """Groups of these people, which rules may name."""
    environments: dict[str, Environment] = {"production": "production", "staging": "staging"}
    """What a namespace or an account is; what is not named here counts as production."""
    runs: Runs = Runs()
    approvals: Approvals = Approvals()
    rules: Rules = Rules()
    audit: Audit = Audit()
    dashboard: Dashboard = Dashboard()
    microphone: Microphone = Microphone()
    wake: Wake = Wake()
    hearing: Hearing = Hearing()
    hotkeys: Hotkeys = Hotkeys()
    speech: Speech = Speech()
    telemetry: Telemetry = Telemetry()
    kubernetes: Kubernetes | None = None
    rancher: Rancher | None = None
    newrelic: NewRelic | None = None
    jira: Jira | None = None
    servicenow: ServiceNow | None = None
    teams: Teams | None = None
    cdk: Cdk | None = None

    @model_validator(mode="after")
    def _everybody_is_known(self) -> Config:
        if self.people and self.person.name not in self.people:
            own = f"[people.{self.person.name}]"
            raise ValueError(f"people are named, but not {self.person.name!r}, whose DevOS this is; add {own}")
        for group, members in self.groups.items():
            for member in members:
                if member not in self.people:
                    raise ValueError(f"{member!r} in the group {group!r} is nobody; add [people.{member}]")
        return self
