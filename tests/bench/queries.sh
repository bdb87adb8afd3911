# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# How long the answers take with nobody known and with a thousand.

# best_us COMMAND...: of ten; the worst says what else the machine did
best_us() {
	local took best=''
	for _ in {1..10}; do
		took=$(date +%s%N)
		"$@" >/dev/null || true
		took=$((($(date +%s%N) - took) / 1000))
		if [ -z "$best" ] || [ "$took" -lt "$best" ]; then best=$took; fi
	done
	echo "$best"
}

query_row() {
	local verb
	printf '%-28s' "$1"
	for verb in status list metrics; do
		awk -v verb=$verb -v us="$(best_us pinsafectl $verb)" \
			'BEGIN { printf "%10s %.1f ms", verb, us / 1e3 }'
	done
	printf '\n'
}

thousand() { [ "$(pinsafectl status --json | jq .held)" -ge 1000 ]; }

bench_queries() {
	printf '\nQueries, best of ten, the start of the program included\n'
	printf '%-28s%10s %.1f ms\n' "an empty program" true "$(awk -v us="$(best_us /bin/true)" 'BEGIN { print us / 1e3 }')"
	product_fresh "$conf_loop"
	query_row "no targets"
	read_all
	systemd-run --quiet --collect --unit=bench-crowd -p TasksMax=infinity \
		pinwork --kind pinlab:fast --crowd 1000
	until_true 300 thousand || true
	sleep 5
	cell_only_pinsafed() { if [ "$1" = pinsafed ]; then $cell "$@"; fi; }
	cell=cell_ms row "  to take them" cell_only_pinsafed
	query_row "$(pinsafectl status --json | jq .held) targets"
	cell=cell_rss row "  RSS with them" cell_only_pinsafed
	read_all
	sleep 20
	cell=cell_ms row "  20 s with them, at rest" cell_only_pinsafed
	systemctl stop bench-crowd
	product_fresh
}
