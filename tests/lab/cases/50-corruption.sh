# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=3000 boot=own kernel=unfixed
# CVE-2022-48797 on the kernel that has it: four threads write to memory that a
# device has pinned while balancing scans it as fast as it can.  Unprotected, the
# process ends up on copies of pages of which the device keeps the originals;
# protected in any way, on none.
. /mnt/lab/guest/ladder.sh

runs=${LAB_RUNS:-10} seconds=${LAB_SECONDS:-8} pages=8000 threads=4

is "it is the unfixed kernel" "$(uname -r)" 5.10.101-unfixed

# start KIND: it pins, and nobody writes yet
start() {
	work_start pin --kind "$1" --pages $pages --place 0:$pages --threads 0 --cpus free --duty 100
	pid=$(work_pid pin) cgroup=$(work_cgroup pin)
}

# press: the threads begin, the first with the second; at half time and at the end, how many pages the two see
# differently, and at the end how many do not pass on what the other side writes
press() {
	local i half
	for ((i = 1; i < threads; i++)); do work_do pin pthread >/dev/null; done
	sleep $((seconds / 2))
	half=$(work_do pin lost)
	sleep $((seconds - seconds / 2))
	lost=$(work_do pin lost)
	[ "${lost//[!0-9]/}" -ge "${half//[!0-9]/}" ] || lost=$half
	lost=${lost//[!0-9]/}
	echoes=$(work_do pin echo)
	echoes=${echoes//[!0-9]/}
	work_stop pin
}

faults() { vmstat numa_hint_faults; }

# unprotected WHAT KIND: what loses nothing proves nothing, and is tried again
unprotected() {
	local what=$1 try before all=()
	for ((try = 0; try < runs || (${#all[@]} == 0 && try < runs * 3); try++)); do
		before=$(faults)
		start "$2"
		press
		note "$what, run $((try + 1)): $lost pages lost, $echoes not passed on, $((($(faults) - before) / seconds)) hint faults/s"
		[ "$lost" = 0 ] || all+=("$lost")
	done
	note "measured: $what: lost in ${#all[@]} of $try runs: ${all[*]}"
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
	note "measured: $what: $((($(faults) - before) / seconds / runs)) hint faults/s"
}

held_pid() { held "$pid"; }
held_cgroup() { held "$cgroup"; }
is_applied() { field_is "$pid" state applied && field_is "$pid" action "$1"; }

product_fresh
is "the verdict" "$(pinsafectl host --json | jq -r .kernel_verdict)" affected
scan_fast

unprotected "unprotected" pinlab:fast
unprotected "unprotected, FOLL_GET" pinlab:get

configure <<<"$conf_bell"
protected "hold in the pin bell" pinlab:fast held_pid
configure <<<"$conf_loop"
protected "hold by the daemon" pinlab:fast held_pid
configure <<<"$conf_open"
protected "hold in the open bell, FOLL_GET" pinlab:get held_pid
enforce Action=hold Scope=cgroup
protected "hold of the cgroup" pinlab:fast held_cgroup
enforce Action=bind BindTo=pinned
protected "bind" pinlab:fast is_applied bind
enforce Action=confine BindTo=pinned
protected "confine" pinlab:fast is_applied confine
enforce Action=mempolicy
protected "mempolicy" pinlab:fast is_applied mempolicy
enforce Action=host-off
protected "host-off" pinlab:fast is_applied host-off
cp $lab_run/shipped.conf $pinsafe_conf
pinsafectl reload
ok "host-off ends" until_true 20 balancing_is 1
work_wrap=(pinsafectl run --)
protected "pinsafectl run" pinlab:fast true
work_wrap=()

unprotected "unprotected, at the end" pinlab:fast
