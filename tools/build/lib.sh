# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For the build scripts: one way to say what happens, one way to fail.
#
#   step LOGNAME TITLE COMMAND...   run COMMAND with its output in
#                                   build/log/LOGNAME.log; print a line at the start,
#                                   and every few seconds what is new in that log
#   say TEXT                        one line with the elapsed time in front
#   die TEXT                        one line on stderr, exit status 1
#   enough_room MIB WHAT PLACE...   die if one of the places has not MIB free for WHAT

set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${SVSM_RESET_BUILD:-$TOP/build}
export SVSM_RESET_BUILD=$BUILD
: "${SVSM_RESET_T0:=$(date +%s)}"
export SVSM_RESET_T0

# A make that calls us must not pass its O= and the like to other makefiles.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL O
export LC_ALL=C

HEARTBEAT=5
SILENCE=30	# seconds of silence after which the time alone is printed

elapsed() {
	local s=$(($(date +%s) - SVSM_RESET_T0))

	printf '%3d:%02d' $((s / 60)) $((s % 60))
}

say() {
	printf '[%s] %s\n' "$(elapsed)" "$*"
}

die() {
	printf 'svsm-reset: error: %s\n' "$*" >&2
	exit 1
}

enough_room() {
	local need=$1 what=$2 place free

	shift 2
	for place; do
		free=$(df --output=avail -m "$place" | tail -n 1)
		((free >= need)) || die "$place: $free MiB are free, and $what takes $need while it is made:" \
			"make room, or name another place with O= and TMPDIR="
	done
}

# Make $BUILD and mark it as ours, so that "make clean" knows what it may remove.
build_dir() {
	mkdir -p "$BUILD/log" || die "cannot create $BUILD: name another place with O="
	: >"$BUILD/.svsm-reset"
}

# news LOG: prints the last line of LOG, except empty ones and those of make about directories.
news() {
	tail -n 20 "$1" | tr '\r' '\n' |
		sed '/^[[:space:]]*$/d; /^make\(\[[0-9]*\]\)\{0,1\}: \(Entering\|Leaving\) directory/d' |
		tail -n 1 | cut -c 1-90
}

step() {
	local log=$1 title=$2 pid start rc=0 beat shown='' last line

	shift 2
	build_dir
	log=$BUILD/log/$log.log
	start=$SECONDS last=$SECONDS
	say "$title"
	"$@" </dev/null >"$log" 2>&1 &
	pid=$!
	# A background job does not see the terminal's Ctrl-C.
	# shellcheck disable=SC2064
	trap "kill $pid 2>/dev/null; exit 130" INT TERM
	beat=$((SECONDS + HEARTBEAT))
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		if ((SECONDS >= beat)); then
			beat=$((SECONDS + HEARTBEAT))
			line=$(news "$log")
			if [ -n "$line" ] && [ "$line" != "$shown" ]; then
				say "  ... $((SECONDS - start)) s: $line"
				shown=$line last=$SECONDS
			elif ((SECONDS - last >= SILENCE)); then
				say "  ... $((SECONDS - start)) s"
				last=$SECONDS
			fi
		fi
	done
	wait "$pid" || rc=$?
	trap - INT TERM
	if ((rc)); then
		tail -n 25 "$log" >&2
		printf 'svsm-reset: failed: %s (whole output: %s)\n' "$title" "$log" >&2
	fi
	return $rc
}

# same_as STAMP FILE...: was the product of STAMP made from exactly these files and
# directories, as they are now?  If not, make it and then call `made STAMP`.
same_as() {
	local stamp=$1

	shift
	inputs=$({ find -L "$@" -type f -printf '%p %s %T@\n' 2>/dev/null || true; } | sort | sha256sum)
	[ "$(cat "$stamp" 2>/dev/null)" = "$inputs" ] && return 0
	rm -f "$stamp"
	return 1
}

made() {
	echo "$inputs" >"$1"
}

# Run a command as root: directly, or with sudo.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root and there is no sudo; as root, run: $*"
	fi
}

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

candidate() {
	apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v '(none)' || true
}
