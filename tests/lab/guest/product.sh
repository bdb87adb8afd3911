# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What cases about the installed product say to it: configuration, the daemon's
# word on a process, and the proof that the kernel does as the daemon claims.
# A case begins with product_fresh, so no case depends on the one before it.

pinsafe_conf=/etc/pinsafe/pinsafed.conf

# configure: standard input becomes the configuration, and takes effect
configure() {
	cat >$pinsafe_conf
	pinsafectl reload
}

# product_fresh [CONFIGURATION]: a daemon that has just started, the package's
# configuration (audit) or the given one, nothing held
product_fresh() {
	[ -e $lab_run/shipped.conf ] || cp $pinsafe_conf $lab_run/shipped.conf
	systemctl stop pinsafed
	rm -rf /run/pinsafed/*
	[ -e /dev/pinsafe ] || modprobe pinsafe
	modprobe pinlab
	if [ $# = 0 ]; then cp $lab_run/shipped.conf $pinsafe_conf; else echo "$1" >$pinsafe_conf; fi
	systemctl start pinsafed
}

# A configuration in which whatever pins under labwork.slice is held inside the
# bell, and one in which the daemon holds after it.
# shellcheck disable=SC2034
conf_bell='[Daemon]
Mode=enforce
[Policy lab]
MatchCGroup=/labwork.slice/lab-pin*
Action=hold'
# shellcheck disable=SC2034
conf_loop='[Daemon]
Mode=enforce
[Policy lab]
MatchExecutable=/usr/local/bin/pinwork
Action=hold'
# FOLL_GET drivers ring no pin bell: the open of their device does.
# shellcheck disable=SC2034
conf_open='[Daemon]
Mode=enforce
[Policy lab]
MatchDevice=/dev/pinlab
Action=hold'

# field TARGET KEY: what the daemon says of it; fails where it knows nothing
field() { pinsafectl show --json "$1" 2>/dev/null | jq -er ".$2"; }
field_is() { [ "$(field "$1" "$2")" = "$3" ]; }

# metric NAME: without the prefix
metric() { pinsafectl metrics | awk -v n="pinsafe_$1" '$1 == n { print $2 }'; }

with_module() { [ "$(pinsafectl status --json | jq -r .module_version)" != "" ]; }

# exit_of COMMAND...: its exit status; what it says goes to $lab_run/out
exit_of() {
	local r=0
	"$@" >$lab_run/out 2>&1 || r=$?
	echo $r
}

# held PID: from here on the guarantee counts
held() { field_is "$1" state held; }

refused() { field "$1" refused_scans; }
refused_more() { [ "$(refused "$1")" -gt "$2" ]; }

pte_more() { [ "$(numa_pte_updates "$1")" -gt "$2" ]; }

seq_more() { [ "$(scan_seq "$1")" -gt "$2" ]; }

# scanned_again WHAT PID: whole passes go on.  Not by PTE updates: from 6.10 on
# the scanner passes over pages that it sees are pinned.
scanned_again() {
	ok "$1" until_true 60 seq_more "$2" "$(($(scan_seq "$2") + 1))"
}

# unscanned WHAT PID SECONDS: the scanner's traces stand still over two readings that
# far apart, while the neighbour is scanned on; the kernel's word alone
unscanned() {
	local cgroup pte neighbour seq
	cgroup=$(cgroup_of "$2")
	pte=$(numa_pte_updates "$cgroup") seq=$(scan_seq "$2")
	neighbour=$(numa_pte_updates "$(work_cgroup neighbour)")
	sleep "$3"
	still "$1: no PTE updates in $3 s" "$(numa_pte_updates "$cgroup")" "$pte"
	still "$1: numa_scan_seq stands still" "$(scan_seq "$2")" "$seq"
	ok "$1: the neighbour is scanned on" until_true 30 pte_more "$(work_cgroup neighbour)" "$neighbour"
}

# no_scan WHAT PID SECONDS: and refusals tick
no_scan() {
	local before
	before=$(refused "$2")
	unscanned "$@"
	ok "$1: scans are refused" until_true 20 refused_more "$2" "$before"
}

# neighbour_start: what has to go on being balanced
neighbour_start() {
	ok "an unpinned neighbour starts" work_start neighbour --mib 64 --threads 4 --cpus free
}
