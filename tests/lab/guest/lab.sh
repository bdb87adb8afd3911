# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The vocabulary of the lab's cases.  A case is a bash script that sources this
# and asserts; it runs as root, under errexit, alone in the guest.  What it
# prints goes to the run's log; assertions go to the person who waits:
#
#   ok "what" COMMAND…           the command succeeds
#   not_ok "what" COMMAND…       it fails
#   is "what" GOT WANT           two texts are equal
#   still "what" GOT BEFORE      the same reading as before, and a reading at all
#   above "what" GOT FLOOR       a number is greater (below: smaller)
#   note "measured …"            printed, judged by nobody
#   skip "why"                   the rest of the case does not apply here
#   until_true SECONDS COMMAND…  polls; an assertion only inside ok
#
# A failed assertion does not end the case; other failing commands do.

# shellcheck disable=SC2034 # for the cases
lab=/mnt/lab
lab_run=/run/lab
lab_case=${LAB_CASE:-shell}
# which boot of the guest this is, for cases that have several
# shellcheck disable=SC2034
lab_boot=${LAB_BOOT:-1}
cgroup_root=/sys/fs/cgroup
mkdir -p $lab_run

# Results have a descriptor of their own where run wants them apart.
[ -e /proc/$$/fd/9 ] || exec 9>&1

lab_report() { printf '%-4s lab/%s: %s\n' "$1" "$lab_case" "$2" >&9; }

pass() { lab_report ok "$1"; }
fail() { lab_report FAIL "$1: ${2:-no reason given}"; }

# The last line a failed command printed is the best reason there is.
lab_why() {
	local last
	last=$(tail -n 1 $lab_run/command 2>/dev/null | tr -d '\r' | cut -c1-300)
	echo "\"${*:2}\" ended with $1${last:+: $last}"
}

# lab_try COMMAND…: its status in lab_status, its output in the log as well
lab_try() {
	lab_status=0
	"$@" >$lab_run/command 2>&1 || lab_status=$?
	cat $lab_run/command
}

ok() {
	local what=$1
	shift
	lab_try "$@"
	if [ $lab_status = 0 ]; then pass "$what"; else fail "$what" "$(lab_why $lab_status "$@")"; fi
}

not_ok() {
	local what=$1
	shift
	lab_try "$@"
	if [ $lab_status != 0 ]; then pass "$what"; else fail "$what" "$(lab_why 0 "$@")"; fi
}

is() {
	if [ "$2" = "$3" ]; then pass "$1 ($2)"; else fail "$1" "got \"$2\", want \"$3\""; fi
}

still() {
	if [ -n "$2" ]; then is "$@"; else fail "$1" "there is nothing to read"; fi
}

above() {
	if [ "${2:-0}" -gt "$3" ]; then pass "$1 ($2 > $3)"; else fail "$1" "got \"$2\", want more than $3"; fi
}

below() {
	if [ "${2:-0}" -lt "$3" ]; then pass "$1 ($2 < $3)"; else fail "$1" "got \"$2\", want less than $3"; fi
}

note() { lab_report note "$*"; }

skip() {
	lab_report skip "$*"
	exit 0
}

# until_true SECONDS COMMAND…: the limit is generous on purpose; it says "never",
# not "slow"
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}

# --- what the kernel counts ------------------------------------------------

# Processors keep what they counted to themselves for a second; this fetches it.
vmstat_refresh() { cat /proc/sys/vm/stat_refresh; }

# vmstat NAME: of the whole host
vmstat() {
	vmstat_refresh
	awk -v n="$1" '$1 == n { print $2; f = 1 } END { exit !f }' /proc/vmstat
}

# host_pins: pages that are pinned now, by whomever (FOLL_GET is not in it)
host_pins() {
	vmstat_refresh
	awk '$1 == "nr_foll_pin_acquired" { a = $2 } $1 == "nr_foll_pin_released" { r = $2 }
		END { print a - r }' /proc/vmstat
}

# memory_stat CGROUP NAME: CGROUP as in /proc/PID/cgroup
memory_stat() { awk -v n="$2" '$1 == n { print $2 }' "$cgroup_root$1/memory.stat"; }

# numa_pte_updates CGROUP: how many entries scans made into hinting ones.  Before
# 6.12, and in a cgroup without the memory controller, a pass of the scanner over
# its first process stands for a thousand.
numa_pte_updates() {
	local n seq
	n=$(memory_stat "$1" numa_pte_updates 2>/dev/null) || n=''
	if [ -z "$n" ]; then
		seq=$(scan_seq "$(head -n 1 "$cgroup_root$1/cgroup.procs")" 2>/dev/null) || seq=''
		[ -z "$seq" ] || n=$((seq * 1000))
	fi
	echo "$n"
}

cgroup_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }

# kernel_from VERSION: the guest runs that kernel or a later one
kernel_from() { printf '%s\n' "$1" "$(uname -r)" | sort -VC; }

# scan_seq PID: whole passes of the scanner over that process
scan_seq() { awk '$1 == "mm->numa_scan_seq" { print $3 }' "/proc/$1/sched"; }

# --- NUMA balancing --------------------------------------------------------

balancing() { echo "$1" >/proc/sys/kernel/numa_balancing; }

# scan_set NAME VALUE: debugfs from 5.13, sysctl before
scan_set() {
	local dir=/sys/kernel/debug/sched/numa_balancing
	if [ -d $dir ]; then
		echo "$2" >"$dir/$1"
	else
		echo "$2" >"/proc/sys/kernel/numa_balancing_$1"
	fi
}

# Never 0 for scan_size_mb: the kernel divides by it.
scan_fast() {
	scan_set scan_delay_ms 10
	scan_set scan_period_min_ms 10
	scan_set scan_period_max_ms 20
	scan_set scan_size_mb 16
}

scan_default() {
	scan_set scan_period_max_ms 60000
	scan_set scan_period_min_ms 1000
	scan_set scan_delay_ms 1000
	scan_set scan_size_mb 256
}

# --- workloads -------------------------------------------------------------
# One pinwork is one service, lab-NAME.service in labwork.slice, so it has a
# cgroup of its own and nothing of it outlives the case.

# work_start NAME [pinwork's options…]: returns when it said ready.  More
# properties of the service in the array work_properties; what starts pinwork in its
# stead, in work_wrap.
work_start() {
	local name=$1 property=() p
	shift
	for p in "${work_properties[@]}"; do property+=(-p "$p"); done
	rm -f "$lab_run/$name.ctl" "$lab_run/$name.out"
	systemd-run --quiet --collect --unit="lab-$name" --slice=labwork.slice \
		-p LimitMEMLOCK=infinity -p LimitNOFILE=65536 -p TasksMax=infinity \
		-p "StandardOutput=append:$lab_run/$name.out" \
		-p "StandardError=append:$lab_run/$name.out" "${property[@]}" \
		"${work_wrap[@]}" pinwork --control "$lab_run/$name.ctl" "$@" || return
	until_true 60 work_spoke "$name" ready
	grep -q ^ready "$lab_run/$name.out" && return
	echo "workload $name: $(tail -n 1 "$lab_run/$name.out" 2>/dev/null)"
	return 1
}
work_properties=()
work_wrap=()

# work_spoke NAME WORD: it printed a line that begins so, or it is gone
work_spoke() {
	grep -q "^$2" "$lab_run/$1.out" 2>/dev/null ||
		! systemctl --quiet is-active "lab-$1.service"
}

# work_field NAME FIELD: from its last ready line: pid, addr, pages, nodes, peers…
work_field() {
	grep ^ready "$lab_run/$1.out" | tail -n 1 | tr ' ' '\n' | sed -n "s/^$2=//p"
}

work_pid() { work_field "$1" pid; }
work_cgroup() { cgroup_of "$(work_pid "$1")"; }

# work_answer NAME LINES WORD: the answer to WORD after that many lines
work_answer() {
	tail -n +$(($2 + 1)) "$lab_run/$1.out" | grep -E "^(done |error )?$3" | tail -n 1 | grep .
}

# work_do NAME COMMAND: prints the rest of the answer; fails as the workload did
work_do() {
	local name=$1 command=$2 word=${2%% *} before answer
	before=$(wc -l <"$lab_run/$name.out")
	[ "$command" != exec ] || word=ready
	echo "$command" >"$lab_run/$name.ctl"
	until_true 60 work_answer "$name" "$before" "$word" >/dev/null ||
		{ echo "$name does not answer $command"; return 1; }
	answer=$(work_answer "$name" "$before" "$word")
	answer=${answer#done "$word"}
	echo "${answer# }"
	[ "${answer#error}" = "$answer" ]
}

# shellcheck disable=SC2120 # names are the cases' to give
# work_stop [NAME…]: without a name, all of them
work_stop() {
	local name
	if [ $# = 0 ]; then
		systemctl stop labwork.slice 2>/dev/null || true
		return
	fi
	for name; do systemctl stop "lab-$name.service" 2>/dev/null || true; done
}

# checks_itself: the kernel, which takes most of the memory and ten times as long for that
checks_itself() { case $(uname -r) in *-kasan | *-kcsan) ;; *) return 1 ;; esac }

# soft_roce: an RDMA device without hardware
soft_roce() {
	modprobe dummy && modprobe rdma_rxe || return
	[ -d /sys/class/net/dummy0 ] || ip link add dummy0 type dummy || return
	ip link set dummy0 address 02:00:00:00:00:01 up && ip addr replace 192.0.2.1/24 dev dummy0 || return
	[ -d /sys/class/infiniband/rxe0 ] || rdma link add rxe0 type rxe netdev dummy0 || return
	# systemd loads this one for real adapters by a rule that looks at hardware
	modprobe ib_uverbs && until_true 20 test -e /dev/infiniband/uverbs0
}
