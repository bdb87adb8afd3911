# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=900
# What auto makes of a host, what a hold of a cgroup covers, and the answers to
# those who ask why, and what if.
. /mnt/lab/guest/ladder.sh

# --- auto -------------------------------------------------------------------
auto_with_module() {
	enforce Action=auto
	ok "auto with the module: starts" work_start pin --kind uring --mib 8 --threads 4
	pid=$(work_pid pin) cgroup=$(work_cgroup pin)
	ok "auto with the module: is hold" until_true 30 held "$pid"
	ok "auto with the module: because" grep -q "^suffices against cost" <<<"$(rung hold)"
	no_scan "auto with the module" "$pid" 3
	work_stop pin
}

auto_without_module() {
	audit Action=auto
	pin_start "auto without" uring
	enforce Action=auto
	ok "auto without: nothing suffices" until_true 20 reason_has "nothing suffices"
	is "auto without: hold" "$(rung hold)" "there is no pinsafe module"
	ok "auto without: bind" grep -q "does not suffice against cost" <<<"$(rung bind)"
	kernel_from 6.16 || is "auto without: confine" "$(rung confine)" "before Linux 6.16 it does no more than bind"
	is "auto without: health" "$(exit_of pinsafectl health)" 1
	enforce Action=auto Fallback=host-off
	sleep 3
	ok "fallback: not on a fixed kernel" balancing_is 1
	configure <<<"$(conf_ladder enforce Action=auto Fallback=host-off '[Host]' KernelVerdict=affected)"
	ok "fallback: on an affected one" until_true 20 balancing_is 0
	applied "fallback" host-off
	is "fallback: risk" "$(field "$pid" risk)" corruption
	is "fallback: health" "$(exit_of pinsafectl health)" 0
	work_stop pin
	ok "fallback: ends with it" until_true 20 balancing_is 1
}

# --- a cgroup's hold --------------------------------------------------------
cgroup_hold() {
	local daemon child pte before seq
	enforce Action=hold Scope=cgroup
	ok "cgroup: starts" work_start pin --kind pinlab:fast --mib 8 --threads 4
	pid=$(work_pid pin) cgroup=$(work_cgroup pin)
	ok "cgroup: is held" until_true 30 held "$cgroup"
	before=$(refused "$cgroup")
	daemon=$(systemctl show -P MainPID pinsafed)
	systemctl service-watchdogs no
	kill -STOP "$daemon"
	child=$(work_do pin fork | sed -n 's/.*pid=//p')
	pte=$(numa_pte_updates "$cgroup") seq=$(scan_seq "$child")
	sleep 5
	still "cgroup: a child is not scanned, and no daemon had a hand in it" "$(scan_seq "$child")" "$seq"
	still "cgroup: no PTE updates in 5 s" "$(numa_pte_updates "$cgroup")" "$pte"
	kill -CONT "$daemon"
	systemctl service-watchdogs yes
	ok "cgroup: scans were refused" until_true 30 refused_more "$cgroup" "$before"
	ok "cgroup: release" pinsafectl release "$cgroup"
	scanned_again "cgroup: released, the child is scanned" "$child"
	work_stop pin
}

# --- questions --------------------------------------------------------------
unhealthy() { [ "$(exit_of pinsafectl health)" = 1 ]; }

questions() {
	local other=$lab_run/other snapshot=$lab_run/snapshot.json
	enforce Action=hold
	ok "questions: starts" work_start pin --kind pinlab:fast --mib 8 --threads 4
	pid=$(work_pid pin)
	ok "questions: held" until_true 30 held "$pid"
	ok "explain: names policy, rung and result" test "$(pinsafectl explain --json "$pid" | \
		jq -r '[.steps[] | select(.taken) | .kind + " " + .name] | join(", ")')" = "policy lab, rung hold, result hold"
	is "health: fine" "$(exit_of pinsafectl health)" 0
	is "plan: what is in force" "$(exit_of pinsafectl plan)" 0
	mkdir -p "$other"
	conf_ladder enforce Action=none >"$other/pinsafed.conf"
	is "plan: it would be exposed" "$(exit_of pinsafectl plan --config "$other")" 1
	ok "plan: and says who" grep -q "process $pid (pinwork): hold (lab) -> none (lab), EXPOSED" $lab_run/out
	ok "plan: nothing is done" held "$pid"
	pinsafectl snapshot >"$snapshot"
	ok "snapshot: names the process" jq -e ".processes[] | select(.pid == $pid)" "$snapshot"
	is "snapshot: into plan" "$(pinsafectl snapshot | exit_of pinsafectl plan --snapshot - --config "$other")" 1
	is "cat-config: who set it" "$(pinsafectl cat-config --json |
		jq -r '.values[] | select(.section == "Policy lab" and .key == "Action") | .value + " " + .origin')" \
		"hold $pinsafe_conf:6"
	pinsafectl cat-config >"$other/pinsafed.conf"
	is "cat-config: is the same configuration" "$(exit_of pinsafectl plan --config "$other")" 0
	audit Action=hold
	ok "health: in audit" until_true 20 unhealthy
	systemctl stop pinsafed
	conf_ladder enforce Action=none >"$other/pinsafed.conf"
	is "snapshot: without a daemon, as nobody" "$(exit_of setpriv --reuid=65534 --regid=65534 --clear-groups \
		pinsafectl plan --snapshot - --config "$other" <"$snapshot")" 1
	is "health: no daemon" "$(exit_of pinsafectl health)" 64
	systemctl start pinsafed
	work_stop pin
}

scan_fast
product_fresh
neighbour_start
cgroup_hold
questions
auto_with_module
systemctl stop pinsafed
rmmod pinsafe
systemctl start pinsafed
auto_without_module
modprobe pinsafe
