"""Downloads Whisper weights from the Hugging Face hub: four files, checked, put in place only when complete."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

DEFAULT_ENDPOINT = "https://huggingface.co"

_LONGEST = 1_800
"""Seconds a whole download may take: enough for small.en, 480 MB, over a line of 3 Mbit/s."""


class DownloadFailed(Exception):
    """The hub was not reached, does not have the file, or sent something else."""


@dataclass(frozen=True)
class Hub:
    """One hub, or a mirror of it."""

    endpoint: str = DEFAULT_ENDPOINT
    transport: httpx.BaseTransport | None = None
    clock: Callable[[], float] = field(default=time.monotonic)

    def download(self, name: str, folder: Path) -> Path:
        """Fetch a model into a folder, whole or not at all.

        Args:
            name: a model of Systran's, for example "base.en".
            folder: where the files shall lie; must not exist, or is replaced.

        Returns:
            The folder.

        Raises:
            DownloadFailed: it did not come; the folder is as it was.
        """
        import httpx

        deadline = self.clock() + _LONGEST
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        except OSError as error:
            raise DownloadFailed(str(error)) from error
        try:
            with httpx.Client(
                base_url=f"{self.endpoint.rstrip('/')}/Systran/faster-whisper-{name}/resolve/main/",
                follow_redirects=True,
                timeout=httpx.Timeout(20, connect=5),
                transport=self.transport,
            ) as client:
                for file in ("config.json", "tokenizer.json", "model.bin"):
                    self._fetch(client, file, scratch, deadline)
                if not self._fetch(client, "vocabulary.txt", scratch, deadline, optional=True):
                    self._fetch(client, "vocabulary.json", scratch, deadline)
            shutil.rmtree(folder, ignore_errors=True)
            scratch.rename(folder)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise DownloadFailed(str(error) or type(error).__name__) from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return folder

    def _fetch(self, client: httpx.Client, file: str, folder: Path, deadline: float, *, optional: bool = False) -> bool:
        """Fetch one file; False where it is optional and not there."""
        digest = hashlib.sha256()
        length = 0
        with client.stream("GET", file) as response, (folder / file).open("wb") as target:
            if optional and response.status_code == 404:
                Path(target.name).unlink()
                return False
            response.raise_for_status()
            for chunk in response.iter_bytes():
                if self.clock() > deadline:
                    raise DownloadFailed(f"{file} took longer than {_LONGEST // 60} minutes")
                digest.update(chunk)
                length += len(chunk)
                target.write(chunk)
            # The hub states the SHA-256 of a large file in the answer that redirects to where it is stored.
            stated = [
                each.headers["x-linked-etag"].strip('"') for each in response.history if "x-linked-etag" in each.headers
            ]
        if length == 0:
            raise DownloadFailed(f"{file} came empty")
        if stated and len(stated[0]) == 64 and stated[0] != digest.hexdigest():
            raise DownloadFailed(f"{file} came damaged: it has not the digest that the hub states")
        return True
