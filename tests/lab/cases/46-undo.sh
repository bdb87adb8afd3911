# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=1200
# What an undo leaves behind: cgroups that systemd does not own, cpusets that are
# widened afterwards, and a policy that is taken away while its target lives.
. /mnt/lab/guest/ladder.sh

without_policy() { configure <<<"[Daemon]
Mode=enforce
SweepIntervalSec=2"; }
nothing_set() { ! field_is "$pid" state applied; }

# allowed PID CPUS MEMS: of every thread
allowed() {
	[ "$(cat /proc/"$1"/task/*/status | grep -E '^(Cpus|Mems)_allowed_list' | sort -u |
		cut -f2 | paste -sd ' ')" = "$2 $3" ]
}

# --- a cgroup of nobody's ---------------------------------------------------
# A unit with a cpuset: while it is there, systemd has the controller handed down; and
# memory, or nobody could say how much would move.
keeper=/labwork.slice/lab-keep.service
keeper_start() {
	ok "a unit with a cpuset" systemd-run --quiet --collect --unit=lab-keep \
		--slice=labwork.slice -p "Delegate=cpuset memory" -p AllowedCPUs=0-3 sleep infinity
	mkdir -p $cgroup_root$keeper/leaf
	cat $cgroup_root$keeper/cgroup.procs >$cgroup_root$keeper/leaf/cgroup.procs
	echo "+cpuset +memory" >$cgroup_root$keeper/cgroup.subtree_control
}

# own_start WHAT: a pinner in a cgroup that we have made
own_start() {
	local dir=$cgroup_root$cgroup
	mkdir "$dir"
	rm -f $lab_run/own.ctl $lab_run/own.out
	(
		echo "$BASHPID" >"$dir/cgroup.procs"
		exec pinwork --kind pinlab:fast --mib 8 --threads 4 --cpus free --place 1:2048 \
			--control $lab_run/own.ctl >$lab_run/own.out 2>&1 9>&-
	) &
	ok "$1: starts" until_true 60 grep -q ^ready $lab_run/own.out
	pid=$(work_field own pid)
	ok "$1: audit knows it" until_true 20 field_is "$pid" policy lab
	before=$(own_cpuset)
}
own_stop() {
	kill "$pid"
	wait "$pid" || true
	ok "$1: the cgroup can be removed" until_true 20 rmdir "$cgroup_root$cgroup"
}
own_cpuset() {
	local dir=$cgroup_root$cgroup
	echo "$(cat "$dir"/cgroup.controllers), $(cat "$dir"/cgroup.subtree_control)," \
		"$(cat "$dir"/../cgroup.subtree_control)," \
		"$(cat "$dir"/cpuset.{cpus,mems}.effective | paste -sd ' ')"
}

# own_free WHAT: restricted no more, which the kernel shows as none or as all
own_free() {
	is "$1: its cpuset, its parent and controllers are as before" "$(own_cpuset)" "$before"
	ok "$1: every thread may go everywhere" allowed "$pid" 0-3 0-1
	ok "$1: cpuset.cpus" grep -qE '^(0-3)?$' "$cgroup_root$cgroup/cpuset.cpus"
	ok "$1: cpuset.mems" grep -qE '^(0-1)?$' "$cgroup_root$cgroup/cpuset.mems"
}

# own_confine WHAT CGROUP
own_confine() {
	local what=$1 before files
	local keys=(Action=confine BindTo=1 "MatchCGroup=$2")
	cgroup=$2
	audit "${keys[@]}"
	own_start "$what"
	files=$(find /run/systemd/system.control -type f 2>/dev/null || true)
	own_take "$what" "${keys[@]}"
	is "$what: systemd has nothing to do with it" \
		"$(find /run/systemd/system.control -type f 2>/dev/null || true)" "$files"
	ok "$what: systemd reads its units again" systemctl daemon-reload
	ok "$what: and it stays" effective "2-3 1"
	ok "$what: no policy" without_policy
	ok "$what: no policy: is undone" until_true 20 effective "0-3 0-1"
	own_free "$what: no policy"
	own_take "$what: again" "${keys[@]}"
	ok "$what: stop" systemctl stop pinsafed
	own_free "$what: stop"
	systemctl start pinsafed
	own_take "$what: a third time" "${keys[@]}"
	ok "$what: release" pinsafectl release "$pid"
	ok "$what: release: is undone" until_true 20 effective "0-3 0-1"
	own_free "$what: release"
	own_stop "$what"
}
# own_take WHAT KEY...
own_take() {
	enforce "${@:2}"
	applied "$1" confine
	ok "$1: the kernel's cpuset" effective "2-3 1"
	ok "$1: every thread" allowed "$pid" 2-3 1
}

# --- a cpuset that is widened afterwards --------------------------------------
cpuset() { systemctl set-property --runtime "${cgroup##*/}" AllowedCPUs="$1"; }
# widens WHAT: from 6.2 on the kernel remembers what a thread asked for; nothing
# of ours may be left in that
widens() {
	ok "$1: its cpuset is made narrow" cpuset 0-1
	ok "$1: every thread follows" until_true 20 bound "$pid" 0-1
	ok "$1: its cpuset is made wide" cpuset 0-3
	ok "$1: every thread follows, too" until_true 20 bound "$pid" 0-3
}

widened() {
	audit Action=bind BindTo=1
	pin_start "widened" pinlab:fast --cpus free --place 1:2048
	enforce Action=bind BindTo=1
	ok "widened: bound" until_true 30 bound "$pid" 2-3
	ok "widened: release" pinsafectl release "$pid"
	widens "widened after bind"
	work_stop pin

	audit Action=confine BindTo=1
	pin_start "widened" pinlab:fast --cpus free --place 1:2048
	enforce Action=confine BindTo=1
	ok "widened: confined" until_true 30 bound "$pid" 2-3
	ok "widened: release of it" pinsafectl release "$pid"
	ok "widened: is free" until_true 20 bound "$pid" 0-3
	widens "widened after confine"
	work_stop pin
}

# narrow WHAT CPUSET MASK: bind while the cpuset is narrow
narrow() {
	local what="narrow, $1"
	audit Action=bind BindTo=1
	work_properties=("AllowedCPUs=$2")
	pin_start "$what" pinlab:fast --cpus free --place 1:2048
	work_properties=()
	enforce Action=bind BindTo=1
	applied "$what" bind
	ok "$what: every thread is bound" bound "$pid" "$3"
	ok "$what: no policy" without_policy
	ok "$what: no policy: as before" until_true 20 bound "$pid" "$2"
	widens "$what"
	ok "$what: narrow again" cpuset "$2"
	enforce Action=bind BindTo=1
	applied "$what: again" bind
	ok "$what: wide while it is bound" cpuset 0-3
	# before 6.2 any change of the cpuset puts its threads on all of it
	if kernel_from 6.2; then
		ok "$what: is bound all the same" until_true 20 bound "$pid" 2-3
		sleep 6
		ok "$what: and stays so" bound "$pid" 2-3
		ok "$what: as the daemon says" field_is "$pid" state applied
	fi
	ok "$what: release" pinsafectl release "$pid"
	ok "$what: every thread on all of it" until_true 20 bound "$pid" 0-3
	work_stop pin
}

# --- a policy that is taken away while its target lives -------------------------
# taken WHAT PICTURE KEY...: PICTURE prints what the action changes
taken() {
	local what="no policy, $1" picture=$2 before during
	shift 2
	before=$($picture)
	enforce "$@"
	ok "$what: applied" until_true 30 field_is "$pid" state applied
	during=$($picture)
	not_ok "$what: which shows" test "$during" = "$before"
	ok "$what: is taken away" without_policy
	ok "$what: all is as before" until_true 60 picture_is "$picture" "$before"
	ok "$what: nothing is set, says the daemon" until_true 20 nothing_set
	ok "$what: it lives" kill -0 "$pid"
	work_stop pin
}
picture_is() { diff <(echo "$2") <($1); }
# shellcheck disable=SC2046 # numbers
picture_masks() { masks "$pid" $(tids "$pid"); }
picture_cpusets() {
	cpusets 2>&1
	picture_masks
}
picture_policies() { policies "$pid"; }

policy_gone() {
	audit Action=bind BindTo=1
	pin_start "no policy, bind" pinlab:fast --place 1:2048
	taken bind picture_masks Action=bind BindTo=1
	audit Action=confine BindTo=1
	pin_start "no policy, confine" pinlab:fast --cpus free --place 1:2048
	taken confine picture_cpusets Action=confine BindTo=1
	audit Action=mempolicy MatchDevice=/dev/pinlab
	pin_start "no policy, mempolicy" pinlab:get
	taken mempolicy picture_policies Action=mempolicy MatchDevice=/dev/pinlab
}

# --- a daemon that ended between the ledger and the kernel ------------------------
# recorded: as if it had been killed before it changed the sysctl
recorded() {
	sed -i '/^made host-off /d' /run/pinsafed/ledger
	balancing 1
	ok "$1: host-off is recorded" grep -q '^save host-off ' /run/pinsafed/ledger
	systemctl start pinsafed
}
host_is_free() {
	local list
	list=$(pinsafectl list --json) && [ "$(jq '[.targets[] | select(.action == "host-off")] | length' <<<"$list")" = 0 ] &&
		grep -q '^undo host-off ' /run/pinsafed/ledger
}
half_done() {
	audit Action=host-off
	pin_start "half done" pinlab:fast
	configure <<<"$(conf_ladder $'enforce\nOnStop=keep' Action=host-off)"
	ok "half done: applied" until_true 20 balancing_is 0
	ok "half done: a stop that keeps" systemctl stop pinsafed
	recorded "half done"
	ok "half done: the next daemon does it" until_true 20 balancing_is 0
	ok "half done: and it is proved" until_true 20 host_is proof verified
	ok "half done: it stops again" systemctl stop pinsafed
	printf '[Daemon]\nMode=enforce\n' >$pinsafe_conf
	recorded "half done, without a policy"
	ok "half done, without a policy: it is forgotten" until_true 20 host_is_free
	ok "half done, without a policy: balancing stays on" balancing_is 1
	work_stop pin
}

product_fresh
half_done
keeper_start
own_confine "beside systemd's tree" /labown
own_confine "below a unit" $keeper/own
narrow "another than the bind" 1-2 2
narrow "the same as the bind" 2-3 2-3
widened
policy_gone
work_stop
