# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=3000 boot=twice smp=single
# Nothing left behind, nothing lost: every kind of change in force on somebody of
# its own, the daemon killed at random moments while some of them come and go, and
# after each thirtieth a stop, which leaves the host as it was.  LAB_BATCHES times
# thirty; ten of them take half an hour.
. /mnt/lab/guest/all-actions.sh

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
batches=${LAB_BATCHES:-2} kills=0 restarts=0 let_go=0

# Its main process, without asking systemd, which takes longer than it lives.
find_daemon() {
	local comm words pids
	mapfile -t pids <$cgroup_root/system.slice/pinsafed.service/cgroup.procs
	for daemon in "${pids[@]}"; do
		read -r comm </proc/"$daemon"/comm && mapfile -t -d '' words </proc/"$daemon"/cmdline || continue
		# not pinsafed --restore, who is still systemd, nor who dies already
		[ "$comm" != pinsafed ] || [ ${#words[@]} != 1 ] || [ "$daemon" = "$killed" ] ||
			return 0
	done
	return 1
}
killed=''
kill_daemon() { find_daemon 2>/dev/null && kill -9 "$daemon" 2>/dev/null && killed=$daemon; }

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
	all_in_force "$1: all is in force"
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
	all_in_force "$1: all is in force again"
}

# --- the case ------------------------------------------------------------------
of_host >$before_boot
product_all
ok "a neighbour" work_start neighbour --mib 16 --threads 2 --cpus free --duty 20
neighbour_cgroup=$(work_cgroup neighbour)
begin_all
picture | tee $lab_run/before
systemctl start pinsafed
all_in_force "all is in force"

start=$SECONDS
for ((n = 1; n <= batches; n++)); do batch "$((n * 30)) kills"; done
is "as many kills as were meant" $kills $((batches * 30))
above "as many restarts" $restarts $((kills - 1))
note "measured: $kills kills, $restarts restarts in $((SECONDS - start)) s"

# a stop that is told to keep, so that the reboot has something to forget
configure <<<"${conf_all/Mode=enforce/$'Mode=enforce\nOnStop=keep'}"
all_in_force "all is still in force"
ok "a stop that keeps" systemctl stop pinsafed
ok "keeps all settings" set_by_us
cp $lab_run/shipped.conf $pinsafe_conf
