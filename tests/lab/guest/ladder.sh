# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What cases about the ladder of actions say: a pinner, what is done to it, and
# what the kernel shows of that.
. /mnt/lab/guest/product.sh

# conf_ladder MODE KEY...: one policy, on the pinners of the case
conf_ladder() {
	printf '[Daemon]\nMode=%s\nSweepIntervalSec=2\n' "$1"
	printf '[Policy lab]\nMatchCGroup=/labwork.slice/lab-pin*\n'
	shift
	printf '%s\n' "$@"
}
enforce() { configure <<<"$(conf_ladder enforce "$@")"; }
audit() { configure <<<"$(conf_ladder audit "$@")"; }

# pin_start WHAT KIND OPTION...: a pinner that is known and that nobody has changed
pin_start() {
	local what=$1 kind=$2
	shift 2
	ok "$what: starts" work_start pin --kind "$kind" --mib 8 --threads 4 "$@"
	pid=$(work_pid pin) cgroup=$(work_cgroup pin)
	ok "$what: audit knows it" until_true 20 field_is "$pid" policy lab
}

# applied WHAT ACTION: in force, and proved, says the daemon
applied() {
	ok "$1: applied" until_true 20 field_is "$pid" state applied
	is "$1: action" "$(field "$pid" action)" "$2"
	ok "$1: proved" until_true 20 field_is "$pid" proof verified
}
reason_has() { grep -q -- "$1" <<<"$(field "$pid" reason)"; }
# rung ACTION: why explain did not take it, or did
rung() {
	pinsafectl explain --json "$pid" |
		jq -r ".steps[] | select(.kind == \"rung\" and .name == \"$1\") | .why"
}

# --- what the kernel shows -----------------------------------------------------
tids() { ls "/proc/$1/task"; }

# masks PID TID...: "TID:CPUS ..."
masks() {
	local pid=$1 tid
	shift
	for tid; do
		echo "$tid:$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$pid/task/$tid/status")"
	done | paste -sd ' '
}
# shellcheck disable=SC2046 # numbers
bound() { [ "$(masks "$1" $(tids "$1") | tr ' ' '\n' | cut -d: -f2 | sort -u)" = "$2" ]; }

# cpusets: what the kernel has and what systemd keeps of it
cpusets() {
	local dir
	for dir in "$cgroup_root" "$cgroup_root"/labwork.slice "$cgroup_root"/labwork.slice/*/; do
		echo "$dir: $(cat "$dir/cgroup.subtree_control")," \
			"$(cat "$dir"/cpuset.{cpus,mems}.effective 2>/dev/null | paste -sd ' ')"
	done
	systemctl show -p AllowedCPUs -p AllowedMemoryNodes -p DropInPaths -p NeedDaemonReload \
		"${cgroup##*/}"
	# systemd makes these folders with the first drop-in of anybody
	find /run/systemd/system.control /run/systemd/transient -type f 2>/dev/null | sort || true
}
effective() {
	[ "$(cat "$cgroup_root$cgroup"/cpuset.{cpus,mems}.effective | paste -sd ' ')" = "$1" ]
}
as_before() { diff <(echo "$1") <(cpusets 2>&1); }

balancing_is() { [ "$(cat /proc/sys/kernel/numa_balancing)" = "$1" ]; }

# row_host KEY: of what is in force for the whole host
row_host() {
	pinsafectl list --json | jq -r ".targets[] | select(.pid == 0 and .cgroup == \"\") | .$1"
}
host_is() { [ "$(row_host "$1")" = "$2" ]; }

# policies PID: of each thread, the first mapping's is the thread's
policies() {
	head -qn 1 /proc/"$1"/task/*/numa_maps | cut -d' ' -f2 | sort | uniq -c | paste -sd ' ' | tr -s ' '
}
policies_are() { [ "$(policies "$1")" = "$2" ]; }
