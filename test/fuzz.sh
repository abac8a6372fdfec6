#!/usr/bin/env bash
# Fuzzes the fuzz targets of the module, one after the other.
# Usage: test/fuzz.sh [--keep] [SECONDS [PATTERN]]
#
# SECONDS are for all of them together; 60 by default. PATTERN is a regular expression
# that "folder name" of a target has to match, as 'wire Fuzz' or FuzzBatch.
#
# It begins with the seeds, in the tests and in testdata/fuzz. With --keep it begins
# with all that Go's build cache has of earlier runs too, and copies what was found to
# testdata/fuzz: the shortest that are not there yet, up to $kept a target.
set -euo pipefail
cd "$(dirname "$0")/.."

keep=false kept=48 largest=2048
if [ "${1-}" = --keep ]; then keep=true && shift; fi
seconds=${1:-60}

# A line a target: its package's folder, and its name.
targets=$(git grep -oE --untracked '^func Fuzz[A-Za-z0-9]+' -- '*_test.go' | sed -E 's|^(.*)/[^/]*:func |\1 |' | grep -E -- "${2-}" | sort) ||
	{ echo "test/fuzz.sh: there is no such target" >&2 && exit 1; }
count=$(wc -l <<<"$targets")
each=$((seconds * 1000 / count))ms
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cache=$work/cache
if $keep; then cache=$(go env GOCACHE)/fuzz/$(go list -m); fi

# keep_found copies what was found for a target.
keep_found() {
	local found=$cache/$1/$2 folder=$1/testdata/fuzz/$2 have
	[ -d "$found" ] || return 0
	mkdir -p "$folder"
	have=$(find "$folder" -type f | wc -l)
	while read -r _ path; do
		[ "$have" -lt "$kept" ] || break
		[ -e "$folder/${path##*/}" ] || { cp "$path" "$folder/" && have=$((have + 1)); }
	done < <(find "$found" -type f -size "-${largest}c" -printf '%s %p\n' | sort -n)
}

built=
while read -r folder name; do
	if [ "$folder" != "$built" ]; then
		go test -c -fuzz . -o "$work/fuzz.test" "./$folder"
		built=$folder
	fi
	# What Go 1.26's fuzzer calls a failure in the moment when its time is up is none,
	# where it has written no failing input (go.dev/issue/75804).
	if ! (cd "$folder" && "$work/fuzz.test" -test.run '^$' -test.fuzz "^$name\$" -test.fuzztime "$each" \
		-test.fuzzminimizetime 10x -test.fuzzcachedir "$cache/$folder") >"$work/log" 2>&1 &&
		! { grep -qx ' *context deadline exceeded' "$work/log" && ! grep -qE 'Failing input|panic:' "$work/log"; }; then
		cat "$work/log"
		echo "test/fuzz.sh: $name of $folder has failed" >&2
		exit 1
	fi
	echo "$folder $name: $(grep '^fuzz: ' "$work/log" | tail -n 1 | cut -d, -f2-)"
	if $keep; then keep_found "$folder" "$name"; fi
done <<<"$targets"
echo "fuzzed $count targets for $each each"
