#!/bin/sh
# Installs the system packages that some tests and the torture runs use. DevOS and its demo run without any of them.
set -eu

# program that tells whether it is there | Debian package | Homebrew formula | what it is for
wanted='
espeak-ng|espeak-ng|espeak-ng|speaks sentences into files, which the hearing tests transcribe
pulseaudio|pulseaudio libasound2-plugins libportaudio2 alsa-utils|pulseaudio portaudio|a sound card without hardware: tests speak into its microphone
pactl|pulseaudio-utils|pulseaudio|listens to its speaker
flite|flite|flite|a second family of voices, for the word error rates
xdotool|xdotool|xdotool|presses keys as a person would
flac|flac|flac|makes the compressed recordings that the hearing tests read
postgres|postgresql|postgresql@15|the second database engine: the run tests start a server of their own
kubectl|kubernetes-client|kubernetes-cli|the official client, held against the simulated cluster
go|golang-go golang-golang-x-mod-dev|go|checks the proofs of the audit log by a program that is not ours
chromium|chromium|chromium|opens the pages of the dashboard as a person would
dunst|dunst|dunst|shows the desktop notifications that the tests answer
dbus-daemon|dbus|dbus|carries them
Xvfb|xvfb|xorg-server|the screen they are shown on
systemd-analyze|systemd|-|judges the unit of the service; it need not run
ssh|openssh-client|openssh|how git reaches repositories from within the service
xz|xz-utils|xz|unpacks the real Kubernetes API server, where it is at hand
'

present() {
    command -v "$1" >/dev/null 2>&1 && return 0
    # Debian keeps the server out of the path.
    [ "$1" = postgres ] && ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1
}

missing=
brewed=
while IFS='|' read -r program debian brew purpose; do
    [ -n "$program" ] || continue
    if present "$program"; then
        echo "there     $program: $purpose"
    elif [ "$brew" = - ] && ! command -v apt-get >/dev/null 2>&1; then
        echo "not here  $program: $purpose"
    else
        echo "missing   $program: $purpose"
        missing="$missing $debian"
        brewed="$brewed $brew"
    fi
done <<LIST
$wanted
LIST
[ -n "$missing" ] || exit 0

if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then
        root=
    elif command -v sudo >/dev/null 2>&1; then
        root=sudo
    else
        echo "DevOS: not root and no sudo. As root: apt-get install$missing" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    $root apt-get update -qq
    # shellcheck disable=SC2086  # a list of names
    $root apt-get install -y -qq --no-install-recommends $missing
elif command -v brew >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    brew install $brewed
else
    echo "DevOS: neither apt-get nor brew is here. Install:$missing" >&2
    exit 1
fi
