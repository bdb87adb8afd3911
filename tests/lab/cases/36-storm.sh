# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=500
# More than the daemon can follow: nothing is lost without being counted and
# made good.  And how long the window is, for those who come one at a time.
. /mnt/lab/guest/product.sh

product_fresh "$conf_loop"
metric() { pinsafectl metrics | awk -v n="$1" '$1 == n { print $2 }'; }
daemon=$(systemctl show -P MainPID pinsafed)

# The daemon sleeps while more pin than the queue holds, then must find those
# that still live by looking at the whole host.
kill -STOP "$daemon"
ok "one that stays pins" work_start pin --kind rdma --mib 4 --threads 1 || soft_roce
is "a storm beyond the queue" "$(pinwork --kind pinlab:fast --storm 2500:32)" "done storm pins=2500"
ok "a late one pins" work_start pinlate --kind uring --mib 4 --threads 1
kill -CONT "$daemon"
ok "the late one is found" until_true 60 held "$(work_pid pinlate)"
above "the loss is counted" "$(metric pinsafe_events_lost_total)" 0
above "and a look at the whole host" "$(metric pinsafe_resyncs_total)" 0
ok "the daemon is the same" test "$(systemctl show -P MainPID pinsafed)" = "$daemon"
no_entries() { [ "$(metric pinsafe_held)" -le 2 ]; }
ok "the dead leave nothing" until_true 60 no_entries
work_stop

# percentiles FILE: p50 p99 max of a column of numbers
percentiles() {
	sort -n "$1" | awk '{ a[NR] = $1 } END { printf "n=%d p50=%d p99=%d max=%d us", NR,
		a[int((NR + 1) * .5)], a[int((NR + 1) * .99)], a[NR] }'
}

# latencies WHAT CONF: 200 single pins; the time from the pin to the hold
latencies() {
	local i pid out=$lab_run/latencies
	: >"$out"
	configure <<<"$2"
	for ((i = 0; i < 200; i++)); do
		pinwork --kind "$3" --pages 1 --threads 1 --control $lab_run/l.ctl >$lab_run/l.out &
		pid=$!
		until_true 20 grep -q ^ready $lab_run/l.out
		until_true 20 held $pid || { fail "$1: held" "pin $i was not held"; kill $pid; return; }
		echo $(($(field $pid since_usec) - $(sed -n 's/.*pinned_at=//p' $lab_run/l.out) / 1000)) >>"$out"
		kill $pid
		wait $pid 2>/dev/null || true
	done
	is "$1: all 200 held" "$(wc -l <"$out")" 200
	note "measured, $1: $(percentiles "$out")"
}
latencies "pin to held, daemon in the loop" "$conf_loop" pinlab:fast
latencies "device open to held, in the bell" "$conf_open" pinlab:get
