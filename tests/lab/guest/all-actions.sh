# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Every kind of change at a time, each on somebody of its own; and the picture of
# all that they change, to be compared before and after.
. /mnt/lab/guest/product.sh

stays=(hold bind confine mempolicy)
goes=(bindgo confinego hostoff)
# bindgo and confinego match the same policies; on nodes of their own
# shellcheck disable=SC2034
conf_all='[Daemon]
Mode=enforce
[Policy hold]
MatchCGroup=/labwork.slice/lab-hold.service
Action=hold
[Policy bind]
MatchCGroup=/labwork.slice/lab-bind*
Action=bind
BindTo=pinned
[Policy confine]
MatchCGroup=/labwork.slice/lab-confine*
Action=confine
BindTo=pinned
[Policy mempolicy]
MatchCGroup=/labwork.slice/lab-mempolicy.service
Action=mempolicy
[Policy host-off]
MatchCGroup=/labwork.slice/lab-hostoff.service
Action=host-off'

# --- the workloads -----------------------------------------------------------
pins() {
	case $1 in
	bind | confine) echo 1:512 ;;
	*) echo 0:512 ;;
	esac
}

# begin NAME: only the threads of bind have masks of their own to be put back.  They
# rest most of the time, or starting the daemon 300 times takes an hour.
begin() {
	local cpus=free
	[ "$1" != bind ] || cpus=spread
	work_start "$1" --kind pinlab:fast --pages 512 --place "$(pins "$1")" --threads 2 \
		--cpus $cpus --duty 3
}
lives() { systemctl --quiet is-active "lab-$1.service"; }

# --- the picture -------------------------------------------------------------
# What the kernel has, in as few processes as can be: emulation makes each of them
# dear.  The policy of a thread stands in the first record of its mappings.
declare -A pid_of
remember() {
	local name
	for name; do pid_of[$name]=$(work_pid "$name"); done
}

# threads NAME: one line a thread and fact; by thread where it is the same one
# as before
threads() {
	awk -v name="$1" -v is_one_of="${stays[*]}" '
		FNR == 1 {
			split(FILENAME, path, "/")
			who = index(is_one_of, name) ? name " " path[5] : name
		}
		/^(Cpus|Mems)_allowed_list:/ { print who, $1, $2 }
		FILENAME ~ /numa_maps$/ { print who, "policy:", $2; nextfile }' \
		/proc/"${pid_of[$1]}"/task/*/{status,numa_maps}
}
of_host() {
	echo "numa_balancing: $(</proc/sys/kernel/numa_balancing)"
	# folders that are missing for as long as nobody has set anything
	find /{run,etc}/systemd/system.control /run/systemd/transient/*.d -type f -exec tail -n +1 {} + 2>/dev/null || true
	echo "controllers: $(<$cgroup_root/cgroup.subtree_control)"
}
picture() {
	local name
	of_host
	echo "controllers of the work: $(<$cgroup_root/labwork.slice/cgroup.subtree_control)"
	for name in "${stays[@]}" "${goes[@]}"; do threads "$name"; done
}

# --- what is in force, by the kernel's own word --------------------------------
# all_have NAME FACT VALUE: each of its threads; or what they have instead
all_have() {
	threads "$1" 2>/dev/null |
		awk -v who="$1" -v fact="$2:" -v value="$3" '
			$(NF - 1) == fact { n++; if ($NF == value) same++; else other = other " " $NF }
			END {
				if (n && same == n) exit 0
				print who ": " n + 0 " threads, wanted " fact " " value ", not" other
				exit 1
			}'
}
balancing_is_off() {
	local value
	value=$(</proc/sys/kernel/numa_balancing)
	[ "$value" = 0 ] || { echo "kernel.numa_balancing is $value"; return 1; }
}
staying() {
	all_have bind Cpus_allowed_list 2-3 && all_have confine Mems_allowed_list 1 &&
		all_have mempolicy policy local
}
coming() {
	all_have bindgo Cpus_allowed_list 0-1 && all_have confinego Mems_allowed_list 0 &&
		balancing_is_off
}
set_by_us() { staying && coming; }
in_force() { set_by_us && { held "${pid_of[hold]}" || { echo "hold: not held"; return 1; }; }; }
# all_in_force WHAT: and where it is not, what the daemon has to say of it
all_in_force() {
	ok "$1" until_true 60 in_force
	[ $lab_status = 0 ] || {
		pinsafectl status
		pinsafectl list
		cat /run/pinsafed/ledger
		journalctl -b -u pinsafed -n 200 --no-pager -o short-monotonic
	}
}

# --- to begin with -----------------------------------------------------------
# product_all: configured, and not running.  Filters of system calls have cases of
# their own; under emulation it takes a second to load them, hundreds of times.
product_all() {
	mkdir -p /run/systemd/system/pinsafed.service.d
	cat >/run/systemd/system/pinsafed.service.d/lab.conf <<-'CONF'
		[Service]
		RestartSec=0
		SystemCallFilter=
		SystemCallArchitectures=
		RestrictAddressFamilies=
		RestrictNamespaces=no
		RestrictRealtime=no
		RestrictSUIDSGID=no
		LockPersonality=no
		MemoryDenyWriteExecute=no
		ProtectClock=no
		ProtectHostname=no
		ProtectKernelLogs=no
		ProtectKernelModules=no
		ProtectKernelTunables=no
	CONF
	systemctl daemon-reload
	scan_fast
	product_fresh "$conf_all"
	systemctl stop pinsafed
}
masks_are_set() { [ "$(threads bind | grep -c -E 'Cpus_allowed_list: [01]$')" = 2 ]; }
begin_all() {
	local name
	for name in "${stays[@]}" "${goes[@]}"; do
		ok "$name starts" begin "$name"
	done
	remember "${stays[@]}" "${goes[@]}"
	ok "with masks of their own" until_true 20 masks_are_set
}

# pause SECONDS: a sleep without a process, which would slow down what it waits for
rm -f $lab_run/never
mkfifo $lab_run/never
exec {never}<>$lab_run/never
pause() { read -r -t "$1" -u "$never" || true; }
