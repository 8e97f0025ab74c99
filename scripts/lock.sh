#!/bin/sh
# Renews the two locks from pyproject.toml: every package at one exact version, with the hash of every file it comes as,
# for Linux and macOS on Python 3.11 to 3.13. No registry's address is written: pip asks whichever it is set up to ask.
set -eu
command -v uv >/dev/null || { echo "DevOS: make lock needs uv (pip install uv)." >&2; exit 1; }
# Without --upgrade, what is locked stays unless pyproject.toml no longer allows it: make lock UPGRADE=--upgrade
options="--quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 ${UPGRADE:-}"
# shellcheck disable=SC2086  # the options are words
uv pip compile $options --all-extras --group dev --output-file requirements.lock pyproject.toml >/dev/null
# shellcheck disable=SC2086
uv pip compile $options --group build --constraint requirements.lock --output-file requirements-build.lock >/dev/null
