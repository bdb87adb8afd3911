# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=1200
# Every kind of real pin, held inside the bell and held by the daemon after it.
. /mnt/lab/guest/product.sh

kinds=(uring rdma pinlab:pin pinlab:fast pinlab:remote pinlab:unlocked pinlab:memfd)
driver_of() {
	case $1 in
	uring) echo '' ;;
	rdma) echo ib_uverbs ;;
	*) echo pinlab ;;
	esac
}

# usec_between PIN HELD: both clocks run alike while nothing sleeps
window_usec() { echo $(($(field "$1" since_usec) - $(work_field pin pinned_at) / 1000)); }

one_kind() {
	local how=$1 kind=$2 pid
	ok "$how, $kind: starts" work_start pin --kind "$kind" --mib 8 --threads 4
	pid=$(work_pid pin)
	ok "$how, $kind: held" until_true 30 held "$pid"
	note "$how, $kind: hold $(window_usec "$pid") us after the pin returned (negative: before)"
	[ "$how" = "by the daemon" ] ||
		below "$how, $kind: before the pin returned" "$(window_usec "$pid")" 0
	no_scan "$how, $kind" "$pid" 3
	is "$how, $kind: the daemon's proof" "$(field "$pid" proof)" verified
	case $kind in
	uring) ;;
	*) is "$how, $kind: by this driver" "$(field "$pid" driver)" "$(driver_of "$kind")" ;;
	esac
	is "$how, $kind: bytes pinned" "$(field "$pid" pinned_bytes)" $((8 << 20))
	work_stop pin
}

ok "soft-RoCE" soft_roce
scan_fast
product_fresh "$conf_bell"
neighbour_start
for kind in "${kinds[@]}"; do one_kind "in the bell" "$kind"; done
configure <<<"$conf_loop"
for kind in uring rdma pinlab:fast; do one_kind "by the daemon" "$kind"; done
configure <<<"$conf_open"
one_kind "at the open" pinlab:fast

# FOLL_GET: invisible to every pin counter
ok "at the open, FOLL_GET: starts" work_start pin --kind pinlab:get --mib 8 --threads 4
pid=$(work_pid pin)
ok "at the open, FOLL_GET: held" until_true 30 held "$pid"
no_scan "at the open, FOLL_GET" "$pid" 3
work_stop pin

# What must not be held
configure <<<"$conf_loop"
ok "an O_DIRECT load starts" work_start database --kind odirect --mib 8 --threads 4
before=$(vmstat nr_foll_pin_acquired)
many() { [ "$(vmstat nr_foll_pin_acquired)" -gt $((before + 500)) ]; }
ok "and pins for moments" until_true 60 many
not_ok "an O_DIRECT load is not held" held "$(work_pid database)"
scanned_again "it is scanned" "$(work_pid database)"
