"""wakeword: train wake words of one's own, see them, try them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from daemon.commands.common import FAILED, WRONG, AsJson, fail, in_a_line, put
from daemon.home import home

group = typer.Typer(
    help="Train wake words of your own, and try those there are.",
    epilog='Example: devos wakeword train "hey devos"',
    no_args_is_help=True,
    rich_markup_mode=None,
)

Word = Annotated[str, typer.Argument(help='What is said, as in "hey devos".')]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="wakeword")


@group.command(epilog='Example: devos wakeword train "hey devos" --recordings ~/hey-devos')
def train(
    word: Word,
    sounds_like: Annotated[
        list[str] | None,
        typer.Option(help='How it is said, spelled for a synthesiser ("hey dev oss"); may be given several times.'),
    ] = None,
    recordings: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Your own recordings of it, the word once in each file.")
    ] = None,
    voices: Annotated[
        int | None, typer.Option(min=1, help="How many voices say it; all by default. Fewer are quicker, and worse.")
    ] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Use it even if its figures are poor.")] = False,
    json: AsJson = False,
) -> None:
    """Train a wake word, and use it when it is good enough.

    It takes a few minutes, offline; what was measured is shown.
    """
    from daemon.hearing.recording import NotARecording
    from daemon.hearing.training import trained
    from daemon.hearing.training.embedding import NoEmbedding
    from daemon.hearing.training.train import HITS, MISTAKES, TooFewVoices, Wish
    from daemon.hearing.training.train import train as learn
    from daemon.hearing.training.voices import NoVoices
    from daemon.hearing.voice_activity import NoVoiceDetector
    from daemon.hearing.wake import INCLUDED

    spelled = trained.spelled(word)
    if len(spelled.replace(" ", "")) < 4 or len(spelled) > 40:
        fail(
            f"{word!r} cannot be a wake word: take one of 4 to 40 letters, better with three syllables.",
            WRONG,
            json=json,
        )
    if spelled in INCLUDED:
        fail(f"{spelled!r} comes with DevOS and needs no training.", WRONG, json=json)
    try:
        own: tuple[Any, ...] = ()
        if recordings is not None:
            from daemon.hearing.training.recordings import recordings as recordings_of

            own = recordings_of(recordings.expanduser())
        with _bar(json) as progress:
            model, figures = learn(Wish(word, tuple(sounds_like or ()), own, voices), progress)
    except (NotARecording, TooFewVoices) as problem:
        fail(str(problem), WRONG, json=json)
    except (NoVoices, NoEmbedding, NoVoiceDetector) as problem:
        fail(str(problem), FAILED, json=json)
    good = figures["accepted"]
    figures["accepted"] = good or anyway
    if figures["accepted"] or not trained.exists(
        home(), word
    ):  # a word that works is not given up for one that does not
        trained.save(home(), model, figures)
    if json:
        put(figures)
    else:
        for line in _lines(figures):
            print(line)
        print(_verdict(figures, good=good, least=HITS, most=MISTAKES))
    raise typer.Exit(0 if figures["accepted"] else FAILED)


@group.command("list", epilog="Example: devos wakeword list --json")
def list_(json: AsJson = False) -> None:
    """List the wake words there are, yours with their figures."""
    from daemon.hearing.training import trained
    from daemon.hearing.wake import INCLUDED

    learnt = trained.figures(home())
    if json:
        put(
            [{"word": each, "source": "included"} for each in INCLUDED]
            + [{**each, "source": "trained"} for each in learnt]
        )
        return
    for each in INCLUDED:
        print(f"{each}  (included)")
    for figures in learnt:
        for line in _lines(figures):
            print(line)


@group.command(epilog='Example: devos wakeword remove "hey devos"')
def remove(word: Word, json: AsJson = False) -> None:
    """Forget a wake word that was trained here."""
    from daemon.hearing.training import trained

    spelled = trained.spelled(word)
    if not trained.remove(home(), word):
        fail(
            f"No wake word {spelled!r} was trained here. `devos wakeword list` shows those there are.", WRONG, json=json
        )
    put({"removed": spelled}) if json else print(f"{spelled!r} is forgotten.")


@group.command(epilog='Example: devos wakeword test recording.wav --word "hey devos"')
def test(
    file: Annotated[Path, typer.Argument(help="A recording: wav, flac, ogg or mp3, of any rate.")],
    word: Annotated[
        list[str] | None, typer.Option(help="Which word; those of the settings by default. May be given several times.")
    ] = None,
    sensitivity: Annotated[float | None, typer.Option(min=0, max=1, help="That of the settings by default.")] = None,
    json: AsJson = False,
) -> None:
    """Show where in a recording the wake word is heard."""
    from daemon.config import BadConfig, load
    from daemon.hearing.recording import NotARecording, read
    from daemon.hearing.training.measuring import hits
    from daemon.hearing.voice_activity import NoVoiceDetector, VoiceDetector
    from daemon.hearing.wake import NoWakeWords, UnknownWakeWord, WakeWords

    try:
        settings = load(home()).wake
        level = settings.sensitivity if sensitivity is None else sensitivity
        wake = WakeWords(word or settings.words, sensitivity=level, home=home())
        found = hits(read(file.expanduser()).samples, wake, VoiceDetector())
    except (BadConfig, UnknownWakeWord, NotARecording) as problem:
        fail(str(problem), WRONG, json=json)
    except (NoWakeWords, NoVoiceDetector) as problem:
        fail(str(problem), FAILED, json=json)
    if json:
        put([{"word": each, "seconds": round(at, 2)} for each, at in found])
        return
    for each, at in found:
        print(f"{at:7.2f} s  {each}")
    if not found:
        print(in_a_line(f"Not heard in it: {', '.join(wake.words)}."))


@contextmanager
def _bar(json: bool) -> Iterator[Callable[[float, str], None]]:
    """Draw a bar on standard error; gives what takes how much is done and what is being done."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True, quiet=json), transient=True) as bar:
        task = bar.add_task("counting voices", total=1.0)
        yield lambda done, what: bar.update(task, completed=done, description=what)


def _lines(figures: dict[str, Any]) -> Iterator[str]:
    """A trained word's figures, for a person."""
    if "damaged" in figures:
        yield in_a_line(figures["damaged"])
        return
    yield in_a_line(
        f"{figures['word']}  ({'trained' if figures['accepted'] else 'trained, not good enough to be used'})"
    )
    try:
        yield from _measured(figures)
    except (KeyError, TypeError, ValueError):
        yield "  Its figures cannot be read; training it again writes them anew."


def _measured(figures: dict[str, Any]) -> Iterator[str]:
    hits, mistakes, near, own = (figures[name] for name in ("hits", "false_accepts", "near_words", "recordings"))
    voices = figures["voices"]
    yield (
        f"  heard:       {hits['heard']} of {hits['said']} times ({100 * hits['rate']:.1f} %), "
        f"said by {_several(voices['held_out'], 'voice')} it never heard before"
    )
    yield (
        f"  by mistake:  {_several(mistakes['count'], 'time')} in {_several(round(mistakes['minutes']), 'minute')} "
        f"of ordinary speech, "
        f"{near['mistaken']} of {near['said']} times when almost the same was said"
    )
    if own:
        yield f"  your voice:  {own['heard']} of {own['said']} times, in recordings it never heard before"


def _several(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _verdict(figures: dict[str, Any], *, good: bool, least: float, most: float) -> str:
    """What follows from the figures."""
    word = in_a_line(figures["word"])
    use = f'It is used when config.toml says so, and DevOS is started again:\n[wake]\non = true\nwords = ["{word}"]'
    if good:
        return use
    wanted = f"It should be heard {100 * least:.0f} % of the times, and by mistake {most:.0f} times an hour at most."
    if figures["accepted"]:
        return f"These figures are poor. {wanted}\n{use}"
    return (
        f"It is not used. {wanted}\nA longer word is easier to tell from others, and your own recordings help "
        "(--recordings); or take it as it is: --anyway."
    )
