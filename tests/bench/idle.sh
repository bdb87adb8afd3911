# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a daemon costs on a host where nothing happens, and where processes are
# born that are none of its business.

idle_cgroup=$cgroup_root/bench-idle

# idle_begin COUNT: that many processes that sleep, in a cgroup of their own.  None
# of their files is of the machine outside: a look at such a descriptor asks its file
# server, waits, and the round through everybody seems to rest in the middle.
idle_begin() {
	mkdir -p "$idle_cgroup"
	: >"$lab_run/idle.out"
	(
		echo "$BASHPID" >"$idle_cgroup/cgroup.procs"
		exec born idle "$1"
	) >"$lab_run/idle.out" 2>/dev/null 9>&- &
	idle_pid=$!
	until_true 600 grep -q ready "$lab_run/idle.out"
}

idle_end() {
	kill "$idle_pid"
	wait "$idle_pid" || true
}

# One that has just started looks at everybody once.
is_at_rest() {
	local pid at
	pid=$(main_pid pinsafed)
	at=$(cpu_ns "$pid")
	sleep 3
	[ $(($(cpu_ns "$pid") - at)) -lt 20000000 ]
}

# idle_window WHAT: from when pinsafed is at rest
idle_window() {
	until_true 300 is_at_rest || printf "pinsafed does not come to rest\n"
	cell_start() { if [ "$1" = pinsafed ]; then awk -v n="$(cpu_ns "$2")" 'BEGIN { printf "%.0f ms", n / 1e6 }'; fi; }
	# What is printed goes to the host of this one, and its pages are pinned on
	# the way: not while pins are looked for.
	row "$1: its start" cell_start >"$lab_run/start"
	sleep "$2"
	read_all
	sleep "$window"
	cat "$lab_run/start"
	row "$1" cell_ms
	row "  RSS" cell_rss
}

bench_idle() {
	local count
	neighbours_start
	heading "CPU in $window s, idle host"
	for count in 100 1000 10000; do
		idle_begin $count
		product_fresh
		idle_window "$count, module" 2
		systemctl stop pinsafed
		rmmod pinsafe
		vmstat_refresh
		systemctl start pinsafed
		# past the sweep interval it looks at the counters every two seconds
		idle_window "$count, no module" 31
		idle_end
	done
	product_fresh
}

bench_born() {
	local begin count=3000
	neighbours_start
	product_fresh
	until_true 60 is_at_rest || true
	cell_us() { awk -v a="$(cpu_ns "$2")" -v b="${before[$1]:-0}" -v n=$count 'BEGIN { printf "%.2f us", (a - b) / n / 1e3 }'; }
	heading "CPU per process born"
	read_all
	begin=$SECONDS
	born burst $count
	sleep 2
	row "$count born and gone" cell_us
	begin=$((SECONDS - begin))
	read_all
	sleep $begin
	row "as long ($begin s), none born" cell_us
}
