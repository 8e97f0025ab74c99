#!/bin/sh
# Makes the environment that everything else runs in: finds a Python, creates the folder, installs the locked packages, checks nothing twice.
# usage: scripts/venv.sh FOLDER [PYTHON]
set -eu

folder=$1
wanted=${2:-}

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

if [ -n "$wanted" ]; then
    fits "$wanted" || { echo "DevOS: $wanted is not a Python 3.11, 3.12 or 3.13 that starts." >&2; exit 1; }
elif [ -x "$folder/bin/python" ] && fits "$folder/bin/python"; then
    wanted=$folder/bin/python
else
    for each in python3 python3.13 python3.12 python3.11; do
        if fits "$each"; then wanted=$each; break; fi
    done
    [ -n "$wanted" ] || { echo "DevOS needs Python 3.11, 3.12 or 3.13, and found none. Name one: make PYTHON=/path/to/python3.12" >&2; exit 1; }
fi

version=$("$wanted" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')
stamp=$folder/installed
state="$version $(cat requirements-build.lock requirements.lock pyproject.toml | cksum) $(pwd -P)"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$state" ]; then exit 0; fi

if [ "$("$folder/bin/python" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)" != "$version" ] ||
    ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    if ! "$wanted" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo "DevOS: this Python ($wanted) cannot make environments. On Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
    echo "Making $folder with Python $version"
    "$wanted" -m venv --clear "$folder"
fi

# The lock is complete, so nothing is left to resolve. The few packages that come as source are built with the tools that
# requirements-build.lock pins, not with whatever a build environment would fetch.
install() { "$folder/bin/python" -m pip install -qq --disable-pip-version-check --no-deps "$@"; }
echo "Installing the locked packages into $folder (a few minutes the first time, about 1.3 GB on disk)"
rm -f "$stamp"
install --require-hashes --requirement requirements-build.lock
install --require-hashes --no-build-isolation --requirement requirements.lock
install --no-build-isolation --editable .
echo "$state" >"$stamp"
