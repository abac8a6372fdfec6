#!/usr/bin/env bash
# Installs what lint and the tests need besides Go, Node and curl, and only what
# is missing. Usage: test/install.sh [lint|js|targets]…, all by default.
set -euo pipefail
cd "$(dirname "$0")/.."

golangci=v2.15.0

# lint puts the pinned golangci-lint into .tools.
lint() {
	if [ "$(.tools/golangci-lint version --short 2>/dev/null)" = "${golangci#v}" ]; then return; fi
	echo "installing golangci-lint $golangci into .tools: this takes minutes, once"
	GOBIN="$PWD/.tools" go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$golangci"
}

# targets installs what the tests run: the C compiler that go test -race needs,
# curl, a browser, proxies, Redis, what checks the files of deploy/, and WebSocket
# servers of others: Debian's websocketd, and ws from npm.
targets() {
	local missing=() PATH="$PATH:/usr/sbin" command package
	while read -r command package; do
		command -v "$command" >/dev/null || missing+=("${package:-$command}")
	done <<-END
		${CC:-gcc} gcc libc6-dev
		curl
		websocketd
		chromium
		nginx nginx-light
		squid
		tinyproxy
		caddy
		redis-server
		redis-cli redis-tools
		named-checkzone bind9-utils
		dnsmasq dnsmasq-base
		unbound-checkconf unbound
		systemd-analyze systemd
	END
	# shellcheck disable=SC2048,SC2086 # what one command needs may be two packages
	if [ ${#missing[@]} -gt 0 ]; then debian ${missing[*]}; fi
	npm_ci test/targets
}

# js installs what the browser client is built and tested with.
js() {
	npm_ci js
}

# npm_ci installs what the package-lock.json of a folder says.
npm_ci() {
	command -v node >/dev/null && command -v npm >/dev/null || fail "node and npm are missing: install Node 20 or newer"
	# npm writes node_modules/.package-lock.json last.
	if ! [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]; then
		(cd "$1" && npm ci --no-audit --no-fund)
	fi
}

debian() {
	command -v apt-get >/dev/null || fail "there is no apt-get to install these with, so do it by hand: $*"
	local sudo=
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || fail "neither root nor sudo to install these with, so do it by hand: apt-get install $*"
		sudo=sudo
	fi
	# Packages of servers start them, unless this program says 101: the tests start
	# their own. One that is there already is its machine's own word.
	local policy=/usr/sbin/policy-rc.d
	if ! [ -e "$policy" ]; then
		trap "$sudo rm -f $policy" EXIT # also where it is interrupted
		printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
		$sudo chmod +x "$policy"
	fi
	$sudo apt-get update
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

fail() {
	echo "test/install.sh: $1" >&2
	exit 1
}

[ $# -gt 0 ] || set -- lint js targets
for part; do
	case $part in
	lint | js | targets) "$part" ;;
	*) fail "$part is none of lint, js and targets" ;;
	esac
done
