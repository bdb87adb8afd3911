# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=900
# The gate by itself: who is held is not scanned, whatever happens to it, and
# who is not, is.
. /mnt/lab/guest/module.sh

passes_more() { [ "$(scan_seq "$1")" -gt "$2" ]; }

scan_fast
module_fresh
neighbour_start

# --- a process -------------------------------------------------------------
# Not pinned, but for 64 pages: of pinned pages 6.12 leaves most alone anyway.
ok "a process of four threads" work_start pin --kind pinlab:fast --mib 64 --pin-pages 64 --threads 4 --cpus free
pid=$(work_pid pin)
scanned_again "nobody holds it: it is scanned" "$(cgroup_of "$pid")"
is "it is held when HOLD with WAIT returns" "$(io_field state hold "$pid" wait)" held
is "by order" "$(entry_field origin "$pid")" order
no_scan "held" "$pid" 5
is "held again: nothing new" "$(io_field state hold "$pid")" held
is "one target" "$(io_field count list)" 1

io events >/dev/null
ok "release" io release "$pid"
ok "hold without wait" io hold "$pid"
ok "drains" until_true 30 state_is "$pid" held
drained=$(io events | sed -nE "s/^event=drained .*pid=$pid .*time_ns=([0-9]+)/\\1/p")
above "and says when" "${drained:-0}" "$(entry_field held_ns "$pid")"
note "drained $(((drained - $(entry_field held_ns "$pid")) / 1000)) us after the hold"

child=$(work_do pin fork | sed -n 's/.*pid=//p')
mkdir -p $cgroup_root/elsewhere $cgroup_root/moved
echo "$child" >$cgroup_root/elsewhere/cgroup.procs
# its pages are all where it runs, which leaves no PTE updates
ok "a fork child is scanned" until_true 40 passes_more "$child" "$(($(scan_seq "$child") + 2))"
kill -9 "$child"
echo "$pid" >$cgroup_root/moved/cgroup.procs
no_scan "moved to another cgroup" "$pid" 3
is "the list names the new one" "$(entry_field cgroup_id "$pid")" "$(stat -c %i $cgroup_root/moved)"
ok "exec" work_do pin exec
no_scan "after exec" "$pid" 3
ok "release after that" io release "$pid"
scanned_again "released it is scanned again" "$(cgroup_of "$pid")"
work_stop pin
kill -9 "$pid" 2>/dev/null || true

ok "a process of one thread" work_start pin --kind pinlab:fast --mib 16 --threads 1
pid=$(work_pid pin)
ok "hold" io hold "$pid" wait
ok "its first pthread_create" work_do pin pthread
no_scan "after it" "$pid" 3
migratepages "$pid" 0 1 || true
migratepages "$pid" 1 0 || true
no_scan "after failed migrations" "$pid" 3
work_stop pin
ok "its entry goes with it" until_true 30 eval '[ "$(io_field count list)" = 0 ]'

ok "64 threads" work_start pin --kind pinlab:fast --mib 64 --pin-pages 64 --threads 64 --duty 2
pid=$(work_pid pin)
ok "hold them" io hold "$pid" wait
no_scan "64 threads" "$pid" 3

# --- the end of holds ------------------------------------------------------
cgroup=$(cgroup_of "$pid")
not_ok "rmmod is refused while the device is open" rmmod pinsafe
kill -9 $module_server
module_close
scanned_again "the last close frees" "$cgroup"
module_open
is "and nothing is left" "$(io_field count list)" 0
ok "hold again" io hold "$pid" wait
no_scan "held again" "$pid" 3
module_close
ok "unload" rmmod pinsafe
scanned_again "unloaded, it is scanned again" "$cgroup"
work_stop pin

# --- a thread that is not the leader execs, or outlives it ------------------
odd_start() {
	systemd-run --quiet --collect --unit=lab-odd --slice=labwork.slice oddproc "$1"
	sleep 1
	pid=$(systemctl show -P MainPID lab-odd)
	cgroup=$(cgroup_of "$pid")
}
# odd_no_scan WHAT: nobody scans in the cgroup of lab-odd, and that is refusal
odd_no_scan() {
	local pte before
	pte=$(numa_pte_updates "$cgroup") before=$(io_field refused_scans counters)
	sleep 3
	ok "$1: scans are refused" until_true 20 refused_more "$before"
	still "$1: no PTE updates" "$(numa_pte_updates "$cgroup")" "$pte"
}
module_fresh
# share: the child that is held sleeps, and is not the owner of the memory
for what in exec leave vfork share; do
	odd_start $what
	scanned_again "$what: it is scanned" "$cgroup"
	[ $what != share ] || pid=$(pgrep -P "$pid")
	ok "$what: hold" io hold "$pid" wait
	[ $what != exec ] || sleep 5
	odd_no_scan "$what"
	is "$what: still in the list" "$(entry_field state "$pid")" held
	if [ $what = share ]; then
		ok "share: release" io release "$pid"
		scanned_again "share: it is scanned again" "$cgroup"
	fi
	systemctl stop lab-odd
done

# Its child is elsewhere, but what it scans is the memory of the cgroup's own.
odd_start vfork
pgrep -P "$pid" >$cgroup_root/elsewhere/cgroup.procs
scanned_again "a child elsewhere scans its parent's memory" "$cgroup"
ok "hold the parent's cgroup" io hold cgroup "$cgroup_root$cgroup" wait
odd_no_scan "a child elsewhere"
systemctl stop lab-odd

# --- a cgroup --------------------------------------------------------------
ok "a process in a cgroup" work_start pin --kind pinlab:fast --mib 64 --pin-pages 64 --threads 4 --cpus free
pid=$(work_pid pin) dir=$cgroup_root$(work_cgroup pin)
id=$(stat -c %i "$dir")
is "the cgroup is held" "$(io_field state hold cgroup "$dir" wait)" held
no_scan "by its cgroup" "$pid" 3
mkdir -p "$dir/below"
child=$(work_do pin fork | sed -n 's/.*pid=//p')
echo "$child" >"$dir/below/cgroup.procs"
no_scan "a fork child in a cgroup below" "$child" 3
above "the entry counts" "$(cgroup_entry_field refused "$id")" 1
echo "$child" >$cgroup_root/elsewhere/cgroup.procs
ok "it leaves and is scanned" until_true 40 passes_more "$child" "$(($(scan_seq "$child") + 2))"
kill -9 "$child"
ok "release by id" io release cgroup "$id"
scanned_again "the cgroup is scanned again" "$(cgroup_of "$pid")"
ok "hold its parent" io hold cgroup "$cgroup_root/labwork.slice" wait
pte=$(numa_pte_updates "$(cgroup_of "$pid")") neighbour=$(numa_pte_updates "$(work_cgroup neighbour)")
sleep 3
still "by an ancestor: no PTE updates" "$(numa_pte_updates "$(cgroup_of "$pid")")" "$pte"
still "nor of a sibling" "$(numa_pte_updates "$(work_cgroup neighbour)")" "$neighbour"
ok "release that" io release cgroup "$(stat -c %i $cgroup_root/labwork.slice)"
mkdir -p $cgroup_root/short
ok "hold a cgroup that goes" io hold cgroup $cgroup_root/short
rmdir $cgroup_root/short
ok "its entry goes with it" until_true 30 eval '[ "$(io_field count list)" = 0 ]'
work_stop pin

# --- the same pid again ----------------------------------------------------
sleep 1000 &
old=$!
ticks=$(awk '{ print $22 }' "/proc/$old/stat")
ok "hold a process" io hold $old
kill -9 $old
wait $old || true
sleep 1.1
new=0
for ((i = 0; i < 50 && new != old; i++)); do
	echo $((old - 1)) >/proc/sys/kernel/ns_last_pid
	sleep 1000 &
	new=$!
	[ $new = $old ] || kill -9 $new
done
is "the pid is used again" "$new" "$old"
is "its new owner is not held" "$(entry_field start "$old" | grep -c "^$(awk '{ print $22 }' "/proc/$old/stat")$")" 0
not_ok "the old name is refused" io hold "$old@$ticks"
ok "its new owner can be" io hold "$old"
kill -9 $old
module_close
