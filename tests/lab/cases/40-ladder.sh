# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=1500
# Each rung of the ladder on real pins: the kernel shows what the daemon says it
# did, and undone all is as it was before.
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

foreign_mask() {
	local tids before foreign
	audit Action=bind BindTo=pinned
	pin_start "bind and taskset" pinlab:fast --cpus free --place 0:2048
	mapfile -t tids < <(tids "$pid")
	foreign=${tids[3]}
	before=$(masks "$pid" "${tids[@]:0:3}")
	enforce Action=bind BindTo=0-1
	ok "bind and taskset: a list of nodes is bound to" until_true 30 field_is "$pid" cpus 0-3
	enforce Action=bind BindTo=pinned
	ok "bind and taskset: then to one" until_true 30 bound "$pid" 0-1
	ok "bind and taskset: by somebody else" taskset -pc 3 "$foreign"
	ok "bind and taskset: is reported" until_true 30 reason_has "somebody else has changed"
	is "bind and taskset: and left" "$(masks "$pid" "$foreign")" "$foreign:3"
	is "bind and taskset: the others have theirs back" "$(masks "$pid" "${tids[@]:0:3}")" "$before"
	ok "bind and taskset: stop" systemctl stop pinsafed
	is "bind and taskset: stop leaves it, too" "$(masks "$pid" "$foreign")" "$foreign:3"
	systemctl start pinsafed
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
	ok "$what: released, all is as before" until_true 20 as_before "$before"
	work_stop pin
}

# A unit with a file of its own; systemd puts what is set at run time elsewhere.
confine_unit() {
	local what="confine of a unit" file=/run/systemd/system/lab-pinfile.service before
	audit Action=confine BindTo=pinned
	printf '%s\n' '[Service]' Slice=labwork.slice LimitMEMLOCK=infinity \
		"ExecStart=pinwork --kind pinlab:fast --mib 8 --threads 4 --cpus free \
			--place 1:2048 --control $lab_run/pinfile.ctl" >$file
	systemctl daemon-reload
	ok "$what: starts" systemctl start lab-pinfile.service
	pid=$(systemctl show -P MainPID lab-pinfile.service) cgroup=/labwork.slice/lab-pinfile.service
	ok "$what: audit knows it" until_true 20 field_is "$pid" policy lab
	before=$(cpusets 2>&1)
	enforce Action=confine BindTo=pinned
	applied "$what" confine
	ok "$what: it is so" effective "2-3 1"
	ok "$what: through systemd" grep -q pinfile <(find /run/systemd/system.control -type f)
	ok "$what: release" pinsafectl release "$pid"
	ok "$what: released, all is as before" until_true 20 as_before "$before"
	systemctl stop lab-pinfile.service
	rm $file
	systemctl daemon-reload
}

# not_confined WHAT REASON
not_confined() {
	ok "confine: refused, $1" until_true 20 reason_has "$2"
	is "confine: refused, $1: nothing is done" "$(field "$pid" action)" none
}

confine_refused() {
	audit Action=confine BindTo=0
	pin_start "confine: pins elsewhere" pinlab:fast --cpus free --place 0:1200,1:848
	enforce Action=confine BindTo=0
	not_confined "it pins elsewhere" "has pinned memory on other nodes"
	enforce Action=confine BindTo=0 ConfineMaxMoveBytes=1M
	not_confined "more would move" "more than ConfineMaxMoveBytes="
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

host_off_tiering() {
	balancing 3
	pin_start "host-off, tiering" pinlab:fast
	ok "host-off, tiering: 3 becomes 2" until_true 20 balancing_is 2
	ok "host-off, tiering: ineffective" until_true 20 host_is proof ineffective
	is "host-off, tiering: exposed all the same" "$(field "$pid" exposed)" true
	sleep 5
	ok "host-off, tiering: it does not come and go" balancing_is 2
	work_stop pin
	ok "host-off, tiering: 2 becomes 3" until_true 20 balancing_is 3
	balancing 1
}

host_off_foreign() {
	pin_start "host-off, foreign" pinlab:fast
	ok "host-off, foreign: off" until_true 20 balancing_is 0
	balancing 1
	ok "host-off, foreign: reported" until_true 90 reason_has "somebody else has changed"
	ok "host-off, foreign: left" balancing_is 1
	work_stop pin
	ok "host-off, foreign: stop" systemctl stop pinsafed
	ok "host-off, foreign: left at the end" balancing_is 1
	systemctl start pinsafed
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
	[ "$(pinsafectl list --json | jq '[.targets[] | select(.comm == "pinwork" and .state == "applied")] | length')" = 4 ]
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

scan_fast
product_fresh
neighbour_start
bind_kind pinlab:fast pinned 0-1 --place 0:2048
bind_kind uring pinned 2-3 --place 1:2048
bind_kind pinlab:get 1 2-3 --cpus free
foreign_mask
confine_to pinned 0-1 0 0:2048
confine_to 1 2-3 1 1:2048
confine_unit
confine_refused
host_off
host_off_tiering
host_off_foreign
mempolicy ""
systemctl stop pinsafed
rmmod pinsafe
systemctl start pinsafed
mempolicy ", no module"
modprobe pinsafe
at_the_end
systemctl start pinsafed
