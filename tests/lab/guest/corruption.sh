# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What cases about lost pages say: a process whose threads write to memory that a
# device has pinned, the scanner as fast as it gets, and after a while what the two
# see of it.  LAB_RUNS runs of LAB_SECONDS each.
. /mnt/lab/guest/ladder.sh

runs=${LAB_RUNS:-10} seconds=${LAB_SECONDS:-8} pages=8000 threads=4

# start KIND: it pins, and nobody writes yet
start() {
	work_start pin --kind "$1" --pages $pages --place 0:$pages --threads 0 --cpus free --duty 100
	pid=$(work_pid pin) cgroup=$(work_cgroup pin)
}

# meanwhile: what is done to $pid over and over while it works; nothing, mostly
meanwhile() { sleep 1; }
keep_at_it() { while kill -0 "$pid" 2>/dev/null; do meanwhile; done; }

# press: the threads begin, the first with the second; at half time and at the end,
# how many pages the two see differently, and at the end how many do not pass on what
# the other side writes
press() {
	local i half
	for ((i = 1; i < threads; i++)); do work_do pin pthread >/dev/null; done
	keep_at_it >/dev/null 2>&1 &
	sleep $((seconds / 2))
	half=$(work_do pin lost)
	sleep $((seconds - seconds / 2))
	lost=$(work_do pin lost)
	[ "${lost//[!0-9]/}" -ge "${half//[!0-9]/}" ] || lost=$half
	lost=${lost//[!0-9]/}
	echoes=$(work_do pin echo)
	echoes=${echoes//[!0-9]/}
	work_stop pin
	wait $!
}

faults() { vmstat numa_hint_faults; }
# faults_since BEFORE RUNS: a second of pressure
faults_since() { echo $((($(faults) - $1) / (seconds * $2))); }

# unprotected WHAT KIND: what loses nothing proves nothing, and is tried again
unprotected() {
	local what=$1 try before all=()
	before=$(faults)
	for ((try = 0; try < runs || (${#all[@]} == 0 && try < runs * 3); try++)); do
		start "$2"
		press
		note "$what, run $((try + 1)): $lost pages lost, $echoes not passed on"
		[ "$lost" = 0 ] || all+=("$lost")
	done
	note "measured: $what: pages lost in ${#all[@]} of $try runs (${all[*]}), $(faults_since "$before" "$try") hint faults/s"
	if [ ${#all[@]} = 0 ]; then
		# not skip, which ends the case
		lab_report skip "$what: inconclusive, no page was lost in $try runs"
		return
	fi
	above "$what: pages are lost" ${#all[@]} 0
}

# protected WHAT KIND READY...: READY says that the protection is in force
protected() {
	local what=$1 kind=$2 run sum=0 wrong=0 before
	shift 2
	before=$(faults)
	for ((run = 0; run < runs; run++)); do
		start "$kind"
		until_true 30 "$@" || { fail "$what, run $((run + 1)): in force" "$* says no"; work_stop pin; return; }
		press
		sum=$((sum + lost)) wrong=$((wrong + echoes))
	done
	is "$what: pages lost in $runs runs" "$sum" 0
	is "$what: pages that do not pass on what is written" "$wrong" 0
	note "measured: $what: $sum pages lost in $runs runs, $wrong not passed on, $(faults_since "$before" "$runs") hint faults/s"
}

held_pid() { held "$pid"; }
held_cgroup() { held "$cgroup"; }
is_applied() { field_is "$pid" state applied && field_is "$pid" action "$1"; }
