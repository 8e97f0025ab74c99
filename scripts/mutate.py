"""Break public functions, one at a time, and see whether the test of their file notices.

A copy of the repository is changed, never the repository. By default one function of every source file is made hollow:
it does nothing and returns None. `--deep` makes finer breaks in every public function: conditions turned round,
comparisons shifted, numbers changed. A break that no test notices has survived; it is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("daemon", "intents", "integrations", "policies")
PATIENCE = 4
"""A test run that takes this many times as long as without the break, and 5 seconds more, hangs: it has noticed too."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mutant:
    """One break: a source file with some of its lines replaced."""

    source: Path
    """Relative to the repository."""
    function: str
    line: int
    what: str
    text: str
    """The whole file, broken."""

    def __str__(self) -> str:
        return f"{self.source}:{self.line} {self.function}: {self.what}"


def mirror(source: Path) -> Path:
    """The test file that belongs to a source file."""
    return Path("tests") / source.parent / f"test_{ {'__main__': 'main'}.get(source.stem, source.stem) }.py"


def functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """The public functions and methods of a file that have a body of their own, with their full names."""
    for node in tree.body:
        if isinstance(node, Function) and _has_body(node):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and not any("Protocol" in ast.unparse(base) for base in node.bases):
            for each in node.body:
                if isinstance(each, Function) and _has_body(each):
                    yield f"{node.name}.{each.name}", each


def _has_body(function: Function) -> bool:
    """Whether it is public and does something: no overload, no abstract method, nothing that already returns None."""
    if function.name.startswith("_") or any("overload" in ast.unparse(each) for each in function.decorator_list):
        return False
    match _body(function):
        case [] | [ast.Pass()] | [ast.Return(value=None)] | [ast.Return(value=ast.Constant(value=None))]:
            return False
        case [ast.Expr(value=ast.Constant())]:
            return False
    return _body(function)[0].lineno > function.lineno


def _body(function: Function) -> Sequence[ast.stmt]:
    return function.body[1:] if ast.get_docstring(function) is not None else function.body


def hollow(source: Path, text: str, name: str, function: Function) -> Mutant:
    """The function without its body. A generator stays one, and yields nothing."""
    body = _body(function)
    start, end = body[0].lineno, body[-1].end_lineno or body[-1].lineno
    yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function))
    lines = text.splitlines(keepends=True)
    lines[start - 1 : end] = [" " * body[0].col_offset + ("return\n" if yields else "return None\n")]
    if yields:
        lines.insert(start, " " * body[0].col_offset + "yield\n")
    return Mutant(source, name, start, "made hollow", "".join(lines))


SHIFTED: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}


def fine(source: Path, text: str, name: str, function: Function) -> Iterator[Mutant]:
    """The function with one condition, comparison or number changed, one after the other."""
    for node in ast.walk(function):
        new = ""
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            target: ast.expr = node.test
            new = f"(not ({ast.unparse(target)}))"
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SHIFTED:
            target = node
            shifted = SHIFTED[type(node.ops[0])]
            new = f"({ast.unparse(node.left)} {shifted} {ast.unparse(node.comparators[0])})"
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)
        ):
            target = node
            new = str(node.value + 1)
        if new:
            yield Mutant(source, name, target.lineno, f"{ast.unparse(target)} → {new}", _replaced(text, target, new))


def _replaced(text: str, node: ast.expr, new: str) -> str:
    """The text with one expression replaced. Columns in a syntax tree count bytes."""
    lines = text.encode().splitlines(keepends=True)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    joined = lines[first][: node.col_offset] + new.encode() + lines[last][node.end_col_offset :]
    return b"".join([*lines[:first], joined, *lines[last + 1 :]]).decode()


def mutants(repository: Path, source: Path, *, deep: bool) -> list[Mutant]:
    """The breaks to try on a file: one hollow function, chosen by its name's hash; or all the fine ones."""
    text = (repository / source).read_text()
    found = sorted(functions(ast.parse(text)), key=lambda each: _hash(f"{source}:{each[0]}"))
    if not deep:
        return [hollow(source, text, *each) for each in found[:1]]
    every = [hollow(source, text, *each) for each in found]
    for each in found:
        every += fine(source, text, *each)
    return every


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def copied(repository: Path, into: Path) -> Path:
    """A copy of the repository in `into`, with the shared material beside it where there is some."""
    copy = into / "repository"
    shutil.copytree(repository, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "dist"))
    shared = repository.parent / "shared"
    if shared.is_dir():
        (into / "shared").symlink_to(shared)
    return copy


def passes(copy: Path, test: Path, *, within: float | None = None, say: bool = False) -> bool:
    """Whether a test file passes in the copy.

    Args:
        copy: the repository's copy.
        test: relative to it.
        within: seconds after which it has failed.
        say: print what a failing run said.

    Raises:
        SystemExit: no test ran, so nothing would be noticed.
    """
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(test)]
    command += ["-m", "not torture and not live"]
    with tempfile.TemporaryFile("w+") as output:
        # In a session of its own, so that what the tests started ends with them.
        run = subprocess.Popen(
            command, cwd=copy, env=environment, stdout=output, stderr=output, text=True, start_new_session=True
        )
        try:
            code = run.wait(within)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
            return False
        if code == 5:
            raise SystemExit(f"no test ran in {test}")
        if code and say:
            output.seek(0)
            print(output.read())
    return code == 0


def main() -> int:
    """Try the breaks and print those that survive."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sources", nargs="*", type=Path, help="the files to break (default: all four packages)")
    parser.add_argument("--deep", action="store_true", help="finer breaks, in every public function")
    parser.add_argument(
        "--sample", type=int, metavar="N", help="only N files, always the same ones, from every package"
    )
    parser.add_argument("--repository", type=Path, default=Path(__file__).resolve().parents[1])
    options = parser.parse_args()
    repository: Path = options.repository

    sources = options.sources or [
        each.relative_to(repository)
        for package in PACKAGES
        for each in sorted((repository / package).rglob("*.py"))
        if (repository / mirror(each.relative_to(repository))).is_file()
    ]
    if options.sample:
        sources = sampled(sources, options.sample)
    tried = [mutant for source in sources for mutant in mutants(repository, source, deep=options.deep)]

    with tempfile.TemporaryDirectory(prefix="devos-mutate-") as folder:
        copy = copied(repository, Path(folder))
        limits: dict[Path, float] = {}
        for test in sorted({mirror(mutant.source) for mutant in tried}):
            start = time.monotonic()
            if passes(copy, test, say=True):
                limits[test] = PATIENCE * (time.monotonic() - start) + 5
            else:
                print(f"{test} fails before anything is broken; mend it first.", flush=True)
        judged = [mutant for mutant in tried if mirror(mutant.source) in limits]
        survived = []
        for mutant in judged:
            (copy / mutant.source).write_text(mutant.text)
            test = mirror(mutant.source)
            if passes(copy, test, within=limits[test]):
                survived.append(mutant)
                print(f"survived  {mutant}", flush=True)
            else:
                print(f"noticed   {mutant}", flush=True)
            shutil.copyfile(repository / mutant.source, copy / mutant.source)
    print(f"{len(judged)} broken, {len(judged) - len(survived)} noticed, {len(survived)} survived")
    if survived:
        return 1
    return 0 if judged == tried else 2


def sampled(sources: Sequence[Path], number: int) -> list[Path]:
    """`number` of the files: the packages take turns; hashes order them, so that a new file changes little."""
    turns = {
        package: sorted((s for s in sources if s.parts[0] == package), key=lambda s: _hash(str(s)))
        for package in PACKAGES
    }
    order = [turns[package][turn] for turn in range(number) for package in PACKAGES if turn < len(turns[package])]
    return order[:number]


if __name__ == "__main__":
    sys.exit(main())
