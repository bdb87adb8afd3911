# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=900
# Every way to pin rings, once, and tells who; opens of watched devices ring.
. /mnt/lab/guest/module.sh

scan_fast
module_fresh
soft_roce
neighbour_start

events_of() { io events 500 | grep "pid=$1 "; }

# --- every entry point -----------------------------------------------------
rings() {
	local what=$1 caller=$2 event
	shift 2
	io events >/dev/null
	ok "$what pins" work_start pin "$@" --threads 1
	event=$(events_of "$(work_pid pin)" || true)
	is "$what rings once" "$(grep -c 'event=pin ' <<<"$event")" 1
	ok "$what is named: $caller" grep -qE "caller=$caller " <<<"$event"
	is "$what is not held" "$(sed -nE 's/.* flags=(\S*) .*/\1/p' <<<"$event")" 0
	is "$what names the cgroup" "$(sed -nE 's/.* cgroup_id=(\S*) .*/\1/p' <<<"$event")" \
		"$(stat -c %i "$cgroup_root$(work_cgroup pin)")"
	work_stop pin
}
for mode in pin fast remote unlocked locked; do
	work_start probe --kind pinlab:$mode --pages 1 --threads 0 || continue
	work_stop probe
	rings "$mode" "lab_pin_\w+ module=pinlab" --kind pinlab:$mode --pages 64
done
if work_start probe --kind pinlab:memfd --pages 1 --threads 0; then
	work_stop probe
	rings memfd "lab_pin_\w+ module=pinlab" --kind pinlab:memfd --pages 64
fi
rings io_uring "io_\w+ module=" --kind uring --mib 1
rings rdma "ib_umem_get module=ib_uverbs" --kind rdma --mib 1

# a kprobe would cost each direct read three times as much
not_ok "no pin bell is a kprobe" grep -E ' (pin_user_pages|memfd_pin_folios)' \
	/sys/kernel/debug/kprobes/list
tracing=/sys/kernel/debug/tracing
echo 'p:lab/fast pin_user_pages_fast' >$tracing/kprobe_events
echo 1 >$tracing/events/lab/fast/enable
rings "fast beside a kprobe" "lab_pin_\w+ module=pinlab" --kind pinlab:fast --pages 64
above "which fires too" "$(awk '$1 == "fast" { print $2 }' $tracing/kprobe_profile)" 0
echo 0 >$tracing/events/lab/fast/enable
echo >$tracing/kprobe_events

quiet() {
	io events >/dev/null
	ok "$1 pins" work_start pin --kind "$2" --pages 64 --threads 1
	is "$1 does not ring" "$(events_of "$(work_pid pin)" | grep -c event=pin || true)" 0
	work_stop pin
}
quiet "O_DIRECT" odirect
quiet "a short pin" pinlab:short
quiet "get_user_pages" pinlab:get

# --- once until re-armed ---------------------------------------------------
ok "a pinner" work_start pin --kind pinlab:fast --pages 64 --threads 1
pid=$(work_pid pin)
above "rings" "$(events_of "$pid" | grep -c event=pin)" 0
work_do pin unpin
work_do pin pin
is "not twice" "$(events_of "$pid" | grep -c event=pin || true)" 0
ok "re-armed" io rearm "$pid"
not_ok "a second time there is nothing to re-arm" io rearm "$pid"
work_do pin unpin
work_do pin pin
is "it rings again" "$(events_of "$pid" | grep -c event=pin)" 1

# --- for another process ---------------------------------------------------
ok "somebody pins the neighbour's memory" work_start other --kind pinlab:remote --pages 16 \
	--target "$(work_pid neighbour):$(work_field neighbour addr)" --threads 0
is "the neighbour rings" "$(events_of "$(work_pid neighbour)" | grep -c event=pin)" 1
is "he who pinned does not" "$(events_of "$(work_pid other)" | grep -c event=pin || true)" 0
work_stop other pin

# --- HOLD_ON_PIN -----------------------------------------------------------
ok "watch the slice" io watch cgroup $cgroup_root/labwork.slice
ok "a pinner in it" work_start pin --kind pinlab:fast --mib 16 --threads 4
pid=$(work_pid pin)
ok "is held" until_true 30 state_is "$pid" held
is "by the bell" "$(entry_field origin "$pid")" pin
is "which says so" "$(events_of "$pid" | sed -nE 's/.*event=pin flags=(\S*) .*/\1/p')" 1
no_scan "held on pin" "$pid" 3
ok "release" io release "$pid"
work_do pin unpin
work_do pin pin
is "released it is not held again" "$(entry_field state "$pid")" ""
ok "re-arm" io rearm "$pid"
work_do pin unpin
work_do pin pin
ok "re-armed it is" until_true 30 state_is "$pid" held
work_stop pin
ok "watch nothing" io watch
ok "a pinner after that" work_start pin --kind pinlab:fast --pages 64 --threads 1
is "rings without a hold" "$(events_of "$(work_pid pin)" | sed -nE 's/.*event=pin flags=(\S*) .*/\1/p')" 0
pid=$(work_pid pin)
ok "the slice again" io watch cgroup $cgroup_root/labwork.slice
work_do pin unpin
work_do pin pin
ok "the first pin that holds rings once more" until_true 30 state_is "$pid" held
work_stop pin

# --- opens -----------------------------------------------------------------
number=$((0x$(stat -c %t /dev/pinlab))):$((0x$(stat -c %T /dev/pinlab)))
ok "watch a device" io watch device "$number"
io events >/dev/null
ok "FOLL_GET opens it" work_start pin --kind pinlab:get --pages 64 --threads 1
pid=$(work_pid pin)
is "the open rings" "$(events_of "$pid" | sed -nE 's/.*event=open flags=(\S*) .*device=(\S*) .*/\1 \2/p')" "0 $number"
is "it is not held" "$(entry_field state "$pid")" ""
work_stop pin
ok "watch it with hold" io watch device "$number+"
ok "FOLL_GET opens it again" work_start pin --kind pinlab:get --mib 16 --threads 4
pid=$(work_pid pin)
ok "is held" until_true 30 state_is "$pid" held
is "by the open" "$(entry_field origin "$pid")" open
no_scan "held on open" "$pid" 3
work_stop pin

# A container has device nodes of its own, which no path on the host names.
major=${number%:*} minor=${number#*:}
unshare --mount --fork bash -c "
	mount -t tmpfs tmpfs /mnt/x 2>/dev/null || mount -t tmpfs tmpfs /media
	cd \$(findmnt -nro TARGET -t tmpfs | tail -n 1)
	mknod mine c $major $minor
	exec 8<>mine
	echo \$BASHPID >$lab_run/container.pid
	sleep 1000" &
until_true 20 test -s $lab_run/container.pid
pid=$(cat $lab_run/container.pid)
ok "a node made in another mount namespace rings" eval 'events_of "$pid" | grep -q event=open'
ok "and holds" until_true 30 state_is "$pid" held
pkill -9 -P "$pid" sleep || true
kill -9 "$pid"
rm -f $lab_run/container.pid
module_close
