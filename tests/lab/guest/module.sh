# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What cases about the module alone say to it: no daemon runs, pinsafe-ioctl
# keeps the device open and obeys.

# module_fresh [PARAMETERS]: the module just loaded, the device open
module_fresh() {
	systemctl stop pinsafed 2>/dev/null || true
	module_close
	[ ! -e /sys/module/pinsafe ] || rmmod pinsafe
	if [ -e /mnt/x/pinsafe.ko ]; then
		insmod /mnt/x/pinsafe.ko "$@"
	else
		modprobe pinsafe "$@"
	fi
	modprobe pinlab
	module_open
}

module_open() {
	rm -f $lab_run/io.ctl
	pinsafe-ioctl serve $lab_run/io.ctl >$lab_run/io.out &
	module_server=$!
	echo $module_server >$lab_run/io.pid
	until_true 20 grep -q ready $lab_run/io.out
}
module_server=''

# The last close: what the file held ends.
module_close() {
	[ -z "$module_server" ] || kill -9 "$module_server" 2>/dev/null || true
	[ -z "$module_server" ] || wait "$module_server" 2>/dev/null || true
	module_server=''
	rm -f $lab_run/io.pid
}

io_answer() { tail -n +$(($1 + 1)) $lab_run/io.out | grep -qE '^(done|error) '; }

# io WORD…: prints the answer; fails as the word did
io() {
	local before
	before=$(wc -l <$lab_run/io.out)
	echo "$*" >$lab_run/io.ctl
	until_true 60 io_answer "$before" || { echo "no answer to $*"; return 1; }
	tail -n +$((before + 1)) $lab_run/io.out | sed '/^done /d'
	! tail -n +$((before + 1)) $lab_run/io.out | grep -q '^error '
}

# io_field NAME WORD…: NAME=VALUE of the last line that has it
io_field() {
	local name=$1
	shift
	io "$@" | tr ' ' '\n' | sed -n "s/^$name=//p" | tail -n 1
}

# entry_field NAME PID: of that process in the list, nothing if it is not held
entry_field() { io list | grep "pid=$2 " | tr ' ' '\n' | sed -n "s/^$1=//p"; }

# cgroup_entry_field NAME ID
cgroup_entry_field() {
	io list | grep "^kind=cgroup .*cgroup_id=$2 " | tr ' ' '\n' | sed -n "s/^$1=//p"
}

state_is() { [ "$(entry_field state "$1")" = "$2" ]; }
pte_more() { [ "$(numa_pte_updates "$1")" -gt "$2" ]; }
refused_more() { [ "$(io_field refused_scans counters)" -gt "$1" ]; }

neighbour_start() {
	ok "an unpinned neighbour starts" work_start neighbour --mib 64 --threads 4 --cpus free
}

scanned_again() {
	ok "$1" until_true 40 pte_more "$2" "$(($(numa_pte_updates "$2") + 100))"
}

# no_scan WHAT PID SECONDS: what the scanner leaves stands still over readings
# that far apart, refusals tick, and the neighbour is scanned on
no_scan() {
	local cgroup before pte neighbour scan
	cgroup=$(cgroup_of "$2")
	before=$(io_field refused_scans counters)
	pte=$(numa_pte_updates "$cgroup") scan=$(io_field scan sight "$2" scan)
	neighbour=$(numa_pte_updates "$(work_cgroup neighbour)")
	sleep "$3"
	ok "$1: scans are refused" until_true 20 refused_more "$before"
	still "$1: no PTE updates in $3 s" "$(numa_pte_updates "$cgroup")" "$pte"
	still "$1: the scanner's place stands still" "$(io_field scan sight "$2" scan)" "$scan"
	ok "$1: the neighbour is scanned on" until_true 30 pte_more "$(work_cgroup neighbour)" "$neighbour"
}
