"""Files become checked rules, or one error that lists everything wrong in any of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.action import Effect, action, actions_of
from policies.problem import RuleError
from policies.reading import LARGEST, MOST_FILES, MOST_RULES, read


class Kubernetes:
    @action(Effect.READ)
    async def deployment(self, name: str) -> None: ...

    @action(Effect.CHANGE)
    async def scale(self, deployment: str, replicas: int, reason: str | None = None) -> None: ...


ACTIONS = actions_of(Kubernetes)
RIGHT = '@id("{id}")\npermit (principal, action, resource);\n'


def write(folder: Path, **texts: str) -> list[Path]:
    files = []
    for name, text in texts.items():
        files.append(folder / f"{name}.cedar")
        files[-1].write_text(text, "utf-8")
    return files


def refused(files: list[Path]) -> list[str]:
    with pytest.raises(RuleError) as error:
        read(files, ACTIONS)
    return str(error.value).splitlines()


def test_reads_rules_in_the_order_of_the_files(tmp_path: Path) -> None:
    files = write(tmp_path, zebra=RIGHT.format(id="z"), ant=RIGHT.format(id="a1") + RIGHT.format(id="a2"))
    rules, texts = read(files, ACTIONS)
    assert [(rule.id, rule.where) for rule in rules] == [
        ("z", "zebra.cedar:1"),
        ("a1", "ant.cedar:1"),
        ("a2", "ant.cedar:3"),
    ]
    assert list(texts) == ["zebra.cedar", "ant.cedar"]
    assert texts["zebra.cedar"] == RIGHT.format(id="z")


def test_no_rule_at_all_is_refused(tmp_path: Path) -> None:
    assert refused([]) == ["there is no rule, so every action would be refused."]
    assert refused(write(tmp_path, a="// nothing\n", b="")) == [
        "a.cedar, b.cedar: there is no rule, so every action would be refused."
    ]


def test_a_file_with_every_rule_commented_out_is_fine_beside_others(tmp_path: Path) -> None:
    rules, _ = read(write(tmp_path, a="// nothing\n", b=RIGHT.format(id="b")), ACTIONS)
    assert [rule.id for rule in rules] == ["b"]


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.cedar").write_bytes(b'@id("caf\xe9") permit (principal, action, resource);')
    (tmp_path / "folder.cedar").mkdir()
    files = [tmp_path / f"{name}.cedar" for name in ("missing", "latin", "folder")]
    found = refused(files)
    assert len(found) == 3
    for file, line in zip(files, found, strict=True):
        assert line.startswith(f"{file}: cannot be read: ")


def right(file: Path) -> Path:
    file.write_text(RIGHT.format(id=file.stem))
    return file


def link(folder: Path) -> Path:
    elsewhere = right(folder / "elsewhere.txt")
    (folder / "a.cedar").symlink_to(elsewhere)
    return folder / "a.cedar"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "a.cedar")
    return folder / "a.cedar"


def huge(folder: Path) -> Path:
    (folder / "a.cedar").write_text("//" + "x" * LARGEST)
    return folder / "a.cedar"


def open_to_all(folder: Path) -> Path:
    file = right(folder / "a.cedar")
    file.chmod(0o666)
    return file


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = right(tmp_path / "a.cedar")
    if os.geteuid() == 0:
        os.chown(file, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    (line,) = refused([file])
    assert line.startswith(f"{file}: cannot be read: it belongs to another user of this machine, number ")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (link, "it is a link, to '"),
        (pipe, "it is no plain file"),
        (huge, "it has more than 256 KiB, the most that is read"),
        (open_to_all, "everybody on this machine may change it; say `chmod o-w "),
    ],
)
def test_a_file_that_somebody_else_may_decide_about_is_refused(
    tmp_path: Path, make: Callable[[Path], Path], message: str
) -> None:
    (line,) = refused([make(tmp_path)])
    assert line.startswith(f"{tmp_path}/a.cedar: cannot be read: {message}")


def test_the_largest_file_there_may_be_is_read(tmp_path: Path) -> None:
    text = RIGHT.format(id="a")
    (file,) = write(tmp_path, a=text + "//" + "x" * (LARGEST - len(text) - 2))
    assert len(read([file], ACTIONS)[0]) == 1


def test_too_many_files_or_rules_are_refused(tmp_path: Path) -> None:
    files = write(tmp_path, **{f"f{n}": "// nothing\n" for n in range(MOST_FILES + 1)})
    assert refused(files) == [f"there are {MOST_FILES + 1} rule files; at most {MOST_FILES} are read."]
    (file,) = write(tmp_path, many=";" * (MOST_RULES + 1))
    assert refused([file]) == [f"there are {MOST_RULES + 1} rules; at most {MOST_RULES} are read."]


def test_an_unknown_group_is_refused_with_the_nearest(tmp_path: Path) -> None:
    files = write(tmp_path, a='@id("a") permit (principal in Group::"on-cal", action, resource);')
    with pytest.raises(RuleError) as error:
        read(files, ACTIONS, {"on-call": ["ada"]})
    assert str(error.value) == "a.cedar:1: there is no Group 'on-cal'; did you mean 'on-call'?"
    rules, _ = read(
        write(tmp_path, a='@id("a") permit (principal in Group::"on \\"x", action, resource);'), ACTIONS, {'on "x': []}
    )
    assert [rule.id for rule in rules] == ["a"]


def test_two_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for folder in ("careful", "rules"):
        (tmp_path / folder).mkdir()
    shipped, own = (
        write(tmp_path / "careful", a=RIGHT.format(id="a")),
        write(tmp_path / "rules", a=RIGHT.format(id="b")),
    )
    rules, texts = read([*shipped, *own, *write(tmp_path, c=RIGHT.format(id="c"))], ACTIONS)
    assert [rule.where for rule in rules] == ["careful/a.cedar:1", "rules/a.cedar:1", "c.cedar:1"]
    assert list(texts) == ["careful/a.cedar", "rules/a.cedar", "c.cedar"]
    assert refused([*own, *own]) == ["rules/a.cedar: two rule files have this name; a decision could not say which."]


def test_an_id_taken_twice_is_refused_where_it_is_taken_again(tmp_path: Path) -> None:
    files = write(tmp_path, a=RIGHT.format(id="x"), b="\n" + RIGHT.format(id="x"))
    assert refused(files) == ["b.cedar:2: the @id 'x' is taken by a.cedar:1."]


def test_everything_wrong_in_any_file_is_listed_at_once(tmp_path: Path) -> None:
    files = write(
        tmp_path,
        a='@id("a") @aproval("confirm")\npermit (principal, action, resource);\n' + RIGHT.format(id="fine"),
        b='@id("b)\n',
        c='@id("c")\npermit (principal, action in\nAction::"chaneg", resource);',
        d="permti (principal, action, resource);",
    )
    assert [line.split(": ")[0] for line in refused(files)] == ["b.cedar:1", "a.cedar:1", "c.cedar:3", "d.cedar:1"]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("context.after > 3", "context need not have 'after': ask `context has after && …` first"),
        (
            "context.args.replicas > 3",
            "context.args need not have 'replicas': ask `context.args has replicas && …` first",
        ),
        (
            'action == Action::"kubernetes.scale" && context.args.reason == "x"',
            "context.args need not have 'reason': ask `context.args has reason && …` first",
        ),
        (
            'action == Action::"kubernetes.scale" && context.args["reason"] == "x"',
            "context.args need not have 'reason': ask `context.args has reason && …` first",
        ),
    ],
)
def test_what_may_be_missing_must_be_asked_for_first(tmp_path: Path, condition: str, message: str) -> None:
    files = write(tmp_path, a=f'@id("a")\nforbid (principal, action, resource)\nwhen {{ {condition} }};')
    (line,) = refused(files)
    assert line.startswith(f"a.cedar:3: {message}")


def test_what_is_of_the_wrong_type_is_refused_in_cedars_words(tmp_path: Path) -> None:
    text = '\n@id("a") permit (principal, action, resource) when { resource.environment == "staging" };'
    assert refused(write(tmp_path, a=text)) == ["a.cedar:2: the types String and Environment are not compatible."]


def test_a_misspelling_is_reported_once_though_cedar_finds_it_for_every_action(tmp_path: Path) -> None:
    text = '@id("a") permit (principal, action, resource) when {\ncontext.befor > 3 };'
    assert refused(write(tmp_path, a=text)) == ["a.cedar:2: context has no attribute 'befor'; did you mean 'before'?"]
