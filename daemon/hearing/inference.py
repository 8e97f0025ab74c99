"""Small networks on the processor: one thread, which sleeps between frames instead of waiting busily."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

Session: TypeAlias = Any
"""An onnxruntime.InferenceSession; the library has no types."""


def load(path: Path) -> Session:
    """Load an ONNX network so that it costs nothing while it is not asked.

    By default onnxruntime starts a thread for every core, each of which goes on turning after a call, and keeps the
    memory of its largest call.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # On Apple's processors these kernels return wrong numbers for convolutions of a single input.
    options.add_session_config_entry("mlas.disable_kleidiai", "1")
    return onnxruntime.InferenceSession(str(path), sess_options=options, providers=["CPUExecutionProvider"])
