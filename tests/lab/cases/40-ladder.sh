# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=1500
# Each rung of the ladder on real pins: the kernel shows what the daemon says it
# did, and undone all is as it was before.
. /mnt/lab/guest/rungs.sh

# --- bind -------------------------------------------------------------------
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
	ok "$what: released, all is as before" until_true 60 as_before "$before"
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

scan_fast
product_fresh
case $(uname -r) in *-unfixed) verdict=affected ;; *) verdict=fixed ;; esac
is "verdict on the kernel" "$(pinsafectl host --json | jq -r .kernel_verdict)" $verdict
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
