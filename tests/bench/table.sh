# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# pinsafed and its neighbours side by side: a table whose columns are daemons
# and whose cells are what /proc tells of them.

names=(pinsafed cgrulesengd numad earlyoom irqbalance)
declare -A before=()

main_pid() { pgrep -o -x "$1"; }

# cpu_ns PID: all its threads, as the scheduler booked them; not %d, which ends at
# 2^31 in mawk
cpu_ns() { cat /proc/"$1"/task/*/schedstat | awk '{ s += $1 } END { printf "%.0f", s }'; }

rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

# Each watches everything and finds nothing to do: cgrulesengd has a rule that
# nobody matches, in a configuration whose folders Debian does not bring.
neighbours_start() {
	local name
	[ -z "${have_neighbours:-}" ] || return 0
	have_neighbours=1
	mkdir -p /etc/cgconfig.d /etc/cgrules.d
	: >/etc/cgconfig.conf
	printf '*:nosuchcommand cpu nosuchgroup\n' >/etc/cgrules.conf
	systemd-run --quiet --unit=bench-cgrulesengd --property=Type=exec cgrulesengd -n
	systemd-run --quiet --unit=bench-numad --property=Type=forking numad -i 15
	systemd-run --quiet --unit=bench-earlyoom earlyoom
	systemd-run --quiet --unit=bench-irqbalance irqbalance --foreground
	sleep 5
	for name in "${names[@]:1}"; do
		main_pid "$name" >/dev/null ||
			printf '%s does not run: %s\n' "$name" "$(journalctl -q -o cat -u "bench-$name" | tail -n 1)"
	done
}

heading() {
	printf '\n%-28s' "$1"
	printf '%14s' "${names[@]}"
	printf '\n'
}

# row WHAT CELL: CELL is called with the name and the pid of each that runs
row() {
	local name pid
	printf '%-28s' "$1"
	for name in "${names[@]}"; do
		pid=$(main_pid "$name") || pid=''
		if [ -n "$pid" ]; then printf '%14s' "$($2 "$name" "$pid")"; else printf '%14s' -; fi
	done
	printf '\n'
}

read_all() {
	local name pid
	for name in "${names[@]}"; do
		if pid=$(main_pid "$name"); then before[$name]=$(cpu_ns "$pid"); fi
	done
}

# since read_all
cell_ms() { awk -v a="$(cpu_ns "$2")" -v b="${before[$1]:-0}" 'BEGIN { printf "%.2f ms", (a - b) / 1e6 }'; }
cell_rss() { awk -v k="$(rss_kb "$2")" 'BEGIN { printf "%.1f MiB", k / 1024 }'; }
