# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Each rung of the ladder, taken and left again, for hosts of any number of nodes.
. /mnt/lab/guest/ladder.sh

# --- bind -------------------------------------------------------------------
# bind_kind KIND BINDTO CPUS OPTION...
bind_kind() {
	local what="bind, $1 to $2" kind=$1 to=$2 cpus=$3 before tids
	local keys=("Action=bind" "BindTo=$2")
	# nobody sees what FOLL_GET pins, only that the device is open
	[ "$1" != pinlab:get ] || keys+=(MatchDevice=/dev/pinlab)
	shift 3
	audit "${keys[@]}"
	pin_start "$what" "$kind" "$@"
	mapfile -t tids < <(tids "$pid")
	before=$(masks "$pid" "${tids[@]}")
	enforce "${keys[@]}"
	ok "$what: every thread is" until_true 30 bound "$pid" "$cpus"
	applied "$what" bind
	is "$what: CPUs" "$(field "$pid" cpus)" "$cpus"
	ok "$what: one more thread" work_do pin pthread
	ok "$what: follows" until_true 30 bound "$pid" "$cpus"
	ok "$what: release" pinsafectl release "$pid"
	is "$what: released, all masks are as before" "$(masks "$pid" "${tids[@]}")" "$before"
	work_stop pin
}

# --- confine ----------------------------------------------------------------
# confine_to BINDTO CPUS MEMS PLACE
confine_to() {
	local what="confine to $1" before
	audit Action=confine BindTo="$1"
	pin_start "$what" pinlab:fast --cpus free --place "$4"
	before=$(cpusets 2>&1)
	enforce Action=confine BindTo="$1"
	applied "$what" confine
	is "$what: CPUs and nodes" "$(field "$pid" cpus) $(field "$pid" mems)" "$2 $3"
	ok "$what: it is so" effective "$2 $3"
	ok "$what: systemd reads its units again" systemctl daemon-reload
	sleep 1
	ok "$what: and it stays" effective "$2 $3"
	ok "$what: release" pinsafectl release "$pid"
	ok "$what: released, all is as before" until_true 60 as_before "$before"
	work_stop pin
}

# --- host-off ---------------------------------------------------------------
host_off() {
	local neighbour
	audit Action=host-off
	pin_start "host-off" pinlab:fast
	ok "host-off: not in audit" balancing_is 1
	enforce Action=host-off
	ok "host-off: 1 becomes 0" until_true 20 balancing_is 0
	applied "host-off" host-off
	neighbour=$(numa_pte_updates "$(work_cgroup neighbour)")
	sleep 2
	still "host-off: nobody is scanned" "$(numa_pte_updates "$(work_cgroup neighbour)")" "$neighbour"
	ok "host-off: another pinner" work_start pin2 --kind uring --mib 4 --threads 2
	ok "host-off: is known" until_true 20 field_is "$(work_pid pin2)" state applied
	work_stop pin
	sleep 3
	ok "host-off: off while the other lives" balancing_is 0
	work_stop pin2
	ok "host-off: 0 becomes 1 with the last" until_true 20 balancing_is 1
}

# --- mempolicy --------------------------------------------------------------
# mempolicy WHAT: FOLL_GET, because the scanner of 6.10 and later passes over
# pages that it sees are pinned, held or not
mempolicy() {
	local what="mempolicy$1" before
	audit Action=mempolicy MatchDevice=/dev/pinlab
	pin_start "$what" pinlab:get
	ok "$what: threads have none" policies_are "$pid" " 4 default"
	ok "$what: it is scanned" until_true 30 pte_more "$cgroup" "$(numa_pte_updates "$cgroup")"
	enforce Action=mempolicy MatchDevice=/dev/pinlab
	ok "$what: every thread is local" until_true 20 policies_are "$pid" " 4 local"
	applied "$what" mempolicy
	is "$what: not scanned" "$(field "$pid" scanned)" "no: own memory policy"
	before=$(numa_pte_updates "$cgroup")
	ok "$what: one more thread" work_do pin pthread
	sleep 4
	ok "$what: which is local, too" policies_are "$pid" " 5 local"
	still "$what: no PTE updates in 4 s" "$(numa_pte_updates "$cgroup")" "$before"
	is "$what: nothing is lost" "$(work_do pin echo)" "pages=0"
	ok "$what: stop" systemctl stop pinsafed
	ok "$what: undone" policies_are "$pid" " 5 default"
	ok "$what: it is scanned again" until_true 30 pte_more "$cgroup" "$(numa_pte_updates "$cgroup")"
	systemctl start pinsafed
	work_stop pin
}

# --- the end ----------------------------------------------------------------
# all_changed: bind, confine, host-off and mempolicy at once
conf_all='SweepIntervalSec=2
[Policy bind]
MatchCGroup=/labwork.slice/lab-pinb*
Action=bind
BindTo=1
[Policy confine]
MatchCGroup=/labwork.slice/lab-pinc*
Action=confine
BindTo=1
[Policy mempolicy]
MatchCGroup=/labwork.slice/lab-pinm*
Action=mempolicy
[Policy off]
MatchCGroup=/labwork.slice/lab-pino*
Action=host-off'

# picture: all that these four change
picture() {
	local tids
	mapfile -t tids < <(tids "$(work_pid pinb)")
	masks "$(work_pid pinb)" "${tids[@]}"
	cpusets 2>&1
	policies "$(work_pid pinm)"
	cat /proc/sys/kernel/numa_balancing
}
all_applied() {
	local others
	others=$(pinsafectl list --json | jq -r '[.targets[] | select(.comm == "pinwork")] |
		"\(length) found", (.[] | select(.state != "applied") | "\(.cgroup) is \(.state): \(.reason)")')
	[ "$others" = "4 found" ] || { tr '\n' ' ' <<<"$others"; return 1; }
}
picture_is() { diff <(echo "$1") <(picture); }

at_the_end() {
	local before during name
	configure <<<"[Daemon]
Mode=audit"
	for name in pinb pinc pinm pino; do
		ok "stop: $name starts" work_start $name --kind pinlab:fast --mib 4 --threads 2 --place 1:1024
	done
	cgroup=$(work_cgroup pinc)
	before=$(picture)
	configure <<<"[Daemon]
Mode=enforce
OnStop=keep
$conf_all"
	ok "stop: all four are in force" until_true 40 all_applied
	during=$(picture)
	not_ok "stop: which shows" test "$during" = "$before"
	ok "OnStop=keep" systemctl stop pinsafed
	ok "OnStop=keep: stays" picture_is "$during"
	systemctl start pinsafed
	ok "OnStop=keep: the next daemon knows" until_true 40 all_applied
	configure <<<"[Daemon]
Mode=enforce
OnStop=restore
$conf_all"
	ok "a restart" systemctl restart pinsafed
	ok "a restart changes nothing" picture_is "$during"
	ok "OnStop=restore" systemctl stop pinsafed
	ok "OnStop=restore: all is as before" until_true 10 picture_is "$before"
	is "and nothing of ours is left" "$(find /run/systemd/system.control -type f 2>/dev/null)" ""
	work_stop
}
