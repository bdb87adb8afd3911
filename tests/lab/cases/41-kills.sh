# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=3000 boot=twice smp=single
# Nothing left behind, nothing lost: every kind of change in force on somebody of
# its own, the daemon killed 300 times at random moments while some of them come
# and go, and after each thirtieth a stop, which leaves the host as it was.
. /mnt/lab/guest/product.sh

stays=(hold bind confine mempolicy)
goes=(bindgo confinego hostoff)
# bindgo and confinego match the same policies; on nodes of their own
conf_kills='[Daemon]
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
# all_have NAME FACT VALUE: each of its threads
all_have() {
	threads "$1" 2>/dev/null |
		awk -v fact="$2:" -v value="$3" '$(NF - 1) == fact { n++; same += $NF == value }
			END { exit !n || same != n }'
}
staying() {
	all_have bind Cpus_allowed_list 2-3 && all_have confine Mems_allowed_list 1 &&
		all_have mempolicy policy local
}
coming() {
	all_have bindgo Cpus_allowed_list 0-1 && all_have confinego Mems_allowed_list 0 &&
		[ "$(</proc/sys/kernel/numa_balancing)" = 0 ]
}
set_by_us() { staying && coming; }
in_force() { set_by_us && held "${pid_of[hold]}"; }

# --- the second boot -----------------------------------------------------------
before_boot=/var/lib/lab-picture
if [ "$lab_boot" = 2 ]; then
	ok "after the reboot the daemon runs" until_true 60 systemctl --quiet is-active pinsafed
	of_host >$lab_run/picture
	ok "nothing of ours came over the reboot" diff $before_boot $lab_run/picture
	is "nothing is held" "$(pinsafectl status --json | jq .held)" 0
	is "and nothing remembered" "$(grep -v '^pinsafe-ledger' /run/pinsafed/ledger || true)" ""
	exit 0
fi

# --- killing -------------------------------------------------------------------
seed=${LAB_SEED:-$RANDOM}
RANDOM=$seed
note "seed $seed"
batches=${LAB_BATCHES:-10} kills=0 restarts=0 let_go=0

# Its main process, without asking systemd, which takes longer than it lives.
find_daemon() {
	local comm words pids
	mapfile -t pids <$cgroup_root/system.slice/pinsafed.service/cgroup.procs
	for daemon in "${pids[@]}"; do
		read -r comm </proc/"$daemon"/comm && mapfile -t -d '' words </proc/"$daemon"/cmdline || continue
		# not pinsafed --restore, nor who is still systemd
		[ "$comm" != pinsafed ] || [ ${#words[@]} != 1 ] || return 0
	done
	return 1
}
kill_daemon() { find_daemon 2>/dev/null && kill -9 "$daemon" 2>/dev/null; }

# pause SECONDS: a sleep without a process, which would slow down what it waits for
rm -f $lab_run/never
mkfifo $lab_run/never
exec {never}<>$lab_run/never
pause() { read -r -t "$1" -u "$never" || true; }

# Half of them within its start, half within its work.
one_kill() {
	local msec=$((RANDOM % 500))
	[ $((RANDOM % 2)) = 0 ] || until_true 60 systemctl --quiet is-active pinsafed
	printf -v msec 0.%03d "$msec"
	pause "$msec"
	until kill_daemon; do pause 0.02; done
	kills=$((kills + 1))
}

# whatever comes or goes does so while the daemon is being killed
thirty_kills() {
	local i victim=${goes[RANDOM % 2]}
	for i in {1..30}; do
		case $i in
		1) work_stop hostoff & ;;
		5 | 19) work_stop "$victim" & ;;
		12 | 24) begin "$victim" & ;;
		27) begin hostoff & ;;
		esac
		one_kill
		if [ $((i % 5)) = 0 ] && ! staying; then let_go=$((let_go + 1)); fi
	done
	wait
}

# batch N
batch() {
	local hold=${pid_of[hold]} cgroup pte seq refusals others name
	cgroup=$(cgroup_of "$hold")
	pte=$(numa_pte_updates "$cgroup") seq=$(scan_seq "$hold") refusals=$(refused "$hold")
	others=$(numa_pte_updates "$neighbour_cgroup")
	thirty_kills
	for name in "${goes[@]}"; do
		lives "$name" || ok "$1: $name comes again" begin "$name"
	done
	remember "${goes[@]}"
	ok "$1: all is in force" until_true 60 in_force
	is "$1: nobody was let go" $let_go 0
	still "$1: held, no PTE updates" "$(numa_pte_updates "$cgroup")" "$pte"
	still "$1: held, numa_scan_seq" "$(scan_seq "$hold")" "$seq"
	above "$1: scans were refused" "$(refused "$hold")" "$refusals"
	above "$1: the neighbour was scanned on" "$(numa_pte_updates "$neighbour_cgroup")" "$others"
	restarts=$((restarts + $(systemctl show -P NRestarts pinsafed)))
	stop_and_compare "$1"
}

# What the daemon has to undo yet; to open the ledger rewrites it without what is over.
remembered() {
	pinsafed --restore
	grep -v '^pinsafe-ledger' /run/pinsafed/ledger || true
}

stop_and_compare() {
	ok "$1: the daemon stops" systemctl stop pinsafed
	picture >$lab_run/after
	ok "$1: all is as it was before" diff $lab_run/before $lab_run/after
	is "$1: nothing is left to be put back" "$(remembered 2>&1)" ""
	ok "$1: it starts" systemctl start pinsafed
	ok "$1: all is in force again" until_true 60 in_force
}

# --- the case ------------------------------------------------------------------
of_host >$before_boot
# Filters of system calls have cases of their own; under emulation it takes a second
# to load them, and more than 600 times.
mkdir -p /run/systemd/system/pinsafed.service.d
cat >/run/systemd/system/pinsafed.service.d/lab.conf <<'CONF'
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
product_fresh "$conf_kills"
systemctl stop pinsafed
ok "a neighbour" work_start neighbour --mib 16 --threads 2 --cpus free --duty 20
neighbour_cgroup=$(work_cgroup neighbour)
for name in "${stays[@]}" "${goes[@]}"; do
	ok "$name starts" begin "$name"
done
remember "${stays[@]}" "${goes[@]}"
masks_are_set() { [ "$(threads bind | grep -c -E 'Cpus_allowed_list: [01]$')" = 2 ]; }
ok "with masks of their own" until_true 20 masks_are_set
picture | tee $lab_run/before
systemctl start pinsafed
ok "all is in force" until_true 60 in_force

start=$SECONDS
for ((n = 1; n <= batches; n++)); do batch "$((n * 30)) kills"; done
is "as many kills as were meant" $kills $((batches * 30))
above "as many restarts" $restarts $((kills - 1))
note "measured: $kills kills, $restarts restarts in $((SECONDS - start)) s"

# a stop that is told to keep, so that the reboot has something to forget
configure <<<"${conf_kills/Mode=enforce/$'Mode=enforce\nOnStop=keep'}"
ok "all is still in force" until_true 60 in_force
ok "a stop that keeps" systemctl stop pinsafed
ok "keeps all settings" set_by_us
cp $lab_run/shipped.conf $pinsafe_conf
