# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=900
# What comes back under an old name is somebody else; and a full table has
# cgroups held instead, until there is room.
. /mnt/lab/guest/product.sh

metric_is() { [ "$(metric "$1")" = "$2" ]; }

scan_fast
product_fresh
neighbour_start

# --- a cgroup that is removed and made again --------------------------------
again=$cgroup_root/again
dying() { awk '$1 == "nr_dying_descendants" { print $2 }' $cgroup_root/cgroup.stat; }
dying_is() { [ "$(dying)" -le "$1" ]; }

# old_and_new WHEN: holds a cgroup by order, removes it and makes it anew, "at
# once" without waiting until the daemon has seen that it is gone
old_and_new() {
	local id zombies
	mkdir $again
	id=$(stat -c %i $again) zombies=$(dying)
	ok "$1: an order on a cgroup" pinsafectl hold /again
	ok "$1: it is held" until_true 30 held /again
	rmdir $again
	[ "$1" = "at once" ] || ok "$1: the hold goes with it" until_true 30 metric_is module_holds 0
	mkdir $again
	[ "$(stat -c %i $again)" != "$id" ] || fail "$1: another cgroup" "it has the same id"
	ok "$1: the old one leaves no zombie" until_true 30 dying_is "$zombies"
}
# obeyed WHEN: nobody in it is scanned, by refusal
obeyed() {
	local pte before
	pte=$(numa_pte_updates /again) before=$(refused /again)
	sleep 3
	ok "$1: scans are refused" until_true 20 refused_more /again "$before"
	still "$1: no PTE updates" "$(numa_pte_updates /again)" "$pte"
}
for when in "at once" later; do
	old_and_new "$when"
	ok "$when: a process in the new one" work_start worker --mib 32 --threads 2 --cpus free
	pid=$(work_pid worker)
	echo "$pid" >$again/cgroup.procs
	scanned_again "$when: is scanned" "$pid"
	ok "$when: nothing is held" until_true 30 metric_is module_holds 0
	not_ok "$when: nor said to be" held /again
	is "$when: show knows no order on it" "$(exit_of pinsafectl show /again)" 5
	ok "$when: and says where to look" grep -q "next step: pinsafectl list" $lab_run/out
	ok "$when: an order on the new one" pinsafectl hold /again
	ok "$when: is obeyed" until_true 30 held /again
	obeyed "$when"
	work_stop worker
	kill -9 "$pid" 2>/dev/null || true
	ok "$when: removed" until_true 20 rmdir $again
done
ok "nothing is left of it" until_true 30 metric_is module_holds 0

# --- a process that dies, and its pid with another ---------------------------
# reuse PID COMMAND...: starts it under that pid
reuse() {
	local wanted=$1 i
	shift
	for ((i = 0; i < 100; i++)); do
		echo $((wanted - 1)) >/proc/sys/kernel/ns_last_pid
		"$@" >$lab_run/reuse.out &
		[ $! != "$wanted" ] || return 0
		kill -9 $!
	done
	echo "pid $wanted went to others 100 times"
	return 1
}
product_fresh "$conf_loop"
ok "a pinner" work_start pin --kind pinlab:fast --mib 4 --threads 2
pid=$(work_pid pin)
ok "is held by policy" until_true 30 held "$pid"
ok "and by order" pinsafectl hold "$pid"
is "which is remembered" "$(field "$pid" origin)" override
kill -9 "$pid"
until_true 20 eval '! [ -e "/proc/$pid" ]'
ok "its pid is used again" reuse "$pid" pinwork --kind none --mib 32 --threads 2 \
	--control $lab_run/reuse.ctl
ok "by one who works" until_true 30 grep -q ^ready $lab_run/reuse.out
not_ok "he is not held" held "$pid"
scanned_again "he is scanned" "$pid"
ok "the other's hold is gone" until_true 30 metric_is module_holds 0
not_ok "he is not held later" held "$pid"
# apart from this case, whose other processes are scanned on
mkdir $again
echo "$pid" >$again/cgroup.procs
ok "an order on him" pinsafectl hold "$pid"
ok "is obeyed" until_true 30 held "$pid"
no_scan "held by order" "$pid" 3
kill -9 "$pid"
ok "he leaves nothing" until_true 20 rmdir $again

# --- a full table ----------------------------------------------------------
# The 16 share the cgroup of this case, so one hold can take the place of theirs.
systemctl stop pinsafed
rmmod pinsafe
modprobe pinsafe max_holds=16
product_fresh "$conf_loop"
is "nothing is full at first" "$(metric module_table_full_total)" 0
pids=()
for i in {1..16}; do
	pinwork --kind pinlab:fast --pages 1 --threads 0 --control $lab_run/full.$i >$lab_run/full.out.$i &
	pids+=($!)
	until_true 30 grep -q ^ready $lab_run/full.out.$i
done
ok "16 are held" until_true 60 metric_is module_holds 16
is "each by itself" "$(metric module_table_full_total)" 0
ok "one more pins" work_start over --kind pinlab:fast --mib 16 --threads 2 --cpus free
over=$(work_pid over)
ok "and is held" until_true 60 held "$over"
no_scan "through its cgroup" "$over" 3
ok "its cgroup is what is held" held "$(work_cgroup over)"
ok "show says why" grep -q "because the module's table is full" <(field "$over" reason)
above "the module counts it" "$(metric module_table_full_total)" 0
above "so does the daemon" "$(metric tables_full_total)" 0
ok "the others are held, too" held "${pids[0]}"
# elsewhere, because the cgroup of this case is held by now
sleep 1000 &
sleeper=$!
mkdir $again
echo $sleeper >$again/cgroup.procs
above "an order finds no room" "$(exit_of pinsafectl hold $sleeper)" 0
ok "and is told so" grep -q "table is full" $lab_run/out
not_ok "nothing is left of it" held $sleeper
kill "$sleeper" "${pids[@]}"
# There is room when the module has seen that they are gone; the daemon tries
# again after a quarter of an hour, or when it is told to.
by_itself() { pinsafectl reload >/dev/null && held "$over" && ! held "$(work_cgroup over)"; }
ok "with room again it is held by itself" until_true 60 by_itself
no_scan "by itself" "$over" 3
work_stop
rmdir $again
systemctl stop pinsafed
rmmod pinsafe
modprobe pinsafe
