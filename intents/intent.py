"""One thing a person can ask for: its sentences, its slots, and the workflow that does it.

    @intent("scale [the] {deployment} to {replicas} [replicas]", tier="medium", hotkey="ctrl+alt+k", code="D20")
    async def scale_deployment(want: Scale, kubernetes: Kubernetes, jira: Jira) -> str: ...

The first parameter is the request, a frozen dataclass of slots. The others name systems by their class, and nothing
else can be reached: the signature is the blast radius. What comes back is the sentence that is said when all is done.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args, get_type_hints

from pydantic import TypeAdapter

from intents.understanding.sentences import Case, Sentences, read_sentences
from intents.understanding.slots import Named, Slot, slots_in, slots_of
from policies.action import Json, Outside

Tier: TypeAlias = Literal["simple", "medium", "complex"]
"""simple: queries and status; medium: automation of one system; complex: several systems in concert."""

Workflow: TypeAlias = Callable[..., Coroutine[Any, Any, str | Outside[str]]]

ANSWERS = (str, Outside[str], str | Outside[str])
"""What a workflow may return: its own words, or words in which those of others are boxed."""

MOST_SENTENCES = 3
"""More belong into the YAML file beside the workflow."""


class IntentError(TypeError):
    """A request is declared wrongly; raised where its module is imported, so that it cannot go unnoticed."""


PRODUCTS = {"NewRelic": "New Relic", "Cdk": "AWS CDK"}
"""What systems are called that are not called like their class."""


class MissingSystem(LookupError):
    """A request needs a system that is not connected; `missing` are the classes' names."""

    def __init__(self, intent: str, missing: Sequence[str]) -> None:
        super().__init__(intent, list(missing))
        self.intent, self.missing = intent, list(missing)

    def __str__(self) -> str:
        systems = _enumerated([PRODUCTS.get(each, each) for each in self.missing])
        sections = _enumerated([f"[{each.lower()}]" for each in self.missing])
        how = f"section {sections} connects it" if len(self.missing) == 1 else f"sections {sections} connect them"
        where = f"In config.toml, the {how}; docs/connect.md says how."
        return f"{self.intent} needs {systems}, not connected here; nothing was done. {where}"


def _enumerated(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


@dataclass(frozen=True, eq=False)
class Intent:
    """A request that DevOS understands and can do. Call it like the function it was made of."""

    name: str
    """The workflow's name: "scale_deployment"."""
    summary: str
    """What it does, in one line."""
    sentences: tuple[str, ...]
    """The templates that stand in the decorator; the first is shown as the example."""
    tier: Tier
    hotkey: str | None
    """A chord such as "ctrl+alt+k", or a word chord such as "ctrl+alt+deploy"."""
    code: str | None
    """The row of the requirements it fulfils: "D20"."""
    slots: type
    """The frozen dataclass of what can be said."""
    systems: Mapping[str, type]
    """The class of the system each parameter wants, by parameter name."""
    workflow: Workflow
    beside: Path
    """The YAML file with variants and their tests; it need not exist."""

    def __call__(self, want: object, *systems: object, **named: object) -> Coroutine[Any, Any, str | Outside[str]]:
        """Run the workflow with systems given by hand, as tests do with doubles."""
        return self.workflow(want, *systems, **named)

    async def run(self, slots: object, systems: Mapping[type, object]) -> str | Outside[str]:
        """Run the workflow with the systems its signature names, and no others.

        Returns:
            The sentence that is said at the end.

        Raises:
            MissingSystem: a named system is not among `systems`; nothing has run.
            TypeError: `slots` is not this request's dataclass; nothing has run.
        """
        if not isinstance(slots, self.slots):
            raise TypeError(f"{self.name} takes {self.slots.__name__}, not {type(slots).__name__}.")
        missing = [kind.__name__ for kind in self.systems.values() if kind not in systems]
        if missing:
            raise MissingSystem(self.name, missing)
        return await self.workflow(slots, **{name: systems[kind] for name, kind in self.systems.items()})

    def slots_to_json(self, slots: object) -> dict[str, Json]:
        """Write the slots as JSON."""
        written: dict[str, Json] = self._adapter.dump_python(slots, mode="json")
        return written

    def slots_from_json(self, written: Json) -> object:
        """Read the slots from JSON, bounds and shapes checked.

        Raises:
            pydantic.ValidationError: a slot is missing, unknown in shape or out of bounds.
        """
        return self._adapter.validate_python(written)

    @cached_property
    def speakable(self) -> dict[str, Slot]:
        """The slots that can be said, by name."""
        return slots_of(self.slots)

    @property
    def rules(self) -> Mapping[str, str]:
        """The parts that templates share, from the YAML file."""
        return self._written.rules

    @property
    def variants(self) -> tuple[str, ...]:
        """The further templates from the YAML file."""
        return self._written.variants

    @property
    def tests(self) -> tuple[Case, ...]:
        """The sentences and what they must mean, from the YAML file."""
        return self._written.tests

    @cached_property
    def _written(self) -> Sentences:
        return read_sentences(self.beside, frozenset(self.speakable))

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.slots)


def intent(
    *sentences: str, tier: Tier, hotkey: str | None = None, code: str | None = None, beside: Path | None = None
) -> Callable[[Workflow], Intent]:
    """Make a workflow a request that can be spoken.

    Args:
        sentences: one to three hassil templates; slots in braces, optional words in square brackets,
            choices in round ones.
        tier: how much is asked of a model, should one be needed, and what the policy is told.
        hotkey: the chord that opens the microphone with this request chosen.
        code: the row of the requirements it fulfils.
        beside: the YAML file of variants and tests; by default the module's own file with the suffix .yaml.

    Raises:
        IntentError: the sentences or the signature do not fit; the message says what to change.
    """

    def declare(workflow: Workflow) -> Intent:
        name = workflow.__name__
        slots, systems = _signature(workflow)
        _check_sentences(name, sentences, slots)
        if tier not in get_args(Tier):
            raise IntentError(f"{name}: tier {tier!r} is none of {', '.join(get_args(Tier))}.")
        lines = (inspect.getdoc(workflow) or name.replace("_", " ")).splitlines()
        file = beside or Path(inspect.getfile(workflow)).with_suffix(".yaml")
        return Intent(name, lines[0], sentences, tier, hotkey, code, slots, systems, workflow, file)

    return declare


def _signature(workflow: Workflow) -> tuple[type, dict[str, type]]:
    """The slots' class and the systems' classes by parameter name."""
    name = workflow.__name__
    if not inspect.iscoroutinefunction(workflow):
        raise IntentError(f"{name}: a request is an `async def`.")
    try:
        hints = get_type_hints(workflow)
    except NameError as error:
        raise IntentError(f"{name}: an annotation cannot be resolved where the module is imported: {error}.") from error
    if hints.pop("return", None) not in ANSWERS:
        raise IntentError(f"{name}: must be annotated `-> str` or `-> Outside[str]`, the sentence said at the end.")
    parameters = list(inspect.signature(workflow).parameters.values())
    slots = hints.get(parameters[0].name) if parameters else None
    if not (isinstance(slots, type) and dataclasses.is_dataclass(slots) and _is_frozen(slots)):
        raise IntentError(f"{name}: the first parameter must be annotated with a frozen dataclass of slots.")
    systems: dict[str, type] = {}
    for each in parameters[1:]:
        kind = hints.get(each.name)
        if not isinstance(kind, type) or each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD, each.POSITIONAL_ONLY):
            raise IntentError(f"{name}: parameter {each.name!r} must be annotated with the class of one system.")
        systems[each.name] = kind
    return slots, systems


def _is_frozen(kind: type) -> bool:
    """Whether a dataclass was declared frozen."""
    return bool(kind.__dict__["__dataclass_params__"].frozen)


def _check_sentences(name: str, sentences: Sequence[str], slots: type) -> None:
    """Refuse none or too many sentences, and slots that cannot be said."""
    if not 1 <= len(sentences) <= MOST_SENTENCES:
        raise IntentError(
            f"{name}: {len(sentences)} sentences; one to {MOST_SENTENCES} stand here, further ones in the YAML file."
        )
    known = slots_of(slots)
    for slot in known.values():
        if isinstance(slot.mark, Named) and slot.mark.within is not None and slot.mark.within not in known:
            raise IntentError(f"{name}: {slot.name} is looked for within {slot.mark.within!r}, which is no slot.")
    for sentence in sentences:
        unknown = slots_in(sentence) - set(known)
        if unknown:
            raise IntentError(
                f"{name}: {sentence!r} names {', '.join(sorted(unknown))}, "
                f"but the slots that can be said are {', '.join(known) or 'none'}."
            )
