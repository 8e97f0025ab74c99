"""Small networks on one thread."""

from __future__ import annotations

import threading
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from daemon.hearing import inference

PACKAGE = find_spec("faster_whisper")
assert PACKAGE is not None and PACKAGE.origin is not None
NETWORK = Path(PACKAGE.origin).parent / "assets" / "silero_vad_v6.onnx"


def threads() -> int:
    """Threads of this process, those that Python does not know included."""
    tasks = Path("/proc/self/task")
    return len([*tasks.iterdir()]) if tasks.is_dir() else threading.active_count()


def test_a_network_gives_numbers_and_brings_no_threads_with_it() -> None:
    import onnxruntime

    assert onnxruntime.get_available_providers()
    before = threads()
    session = inference.load(NETWORK)
    state = np.zeros((1, 1, 128), np.float32)
    (probability, *_) = session.run(None, {"input": np.zeros((1, 576), np.float32), "h": state, "c": state})
    assert probability.shape == (1,) and 0 <= probability[0] <= 1
    assert threads() <= before  # others may have ended meanwhile


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "network.onnx").write_bytes(b"no network")
    with pytest.raises(Exception, match=r"network\.onnx"):
        inference.load(tmp_path / "network.onnx")
