# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=900
# More than the daemon can follow: nothing is lost without being counted and
# made good.  And how long the window is, for those who come one at a time.
. /mnt/lab/guest/product.sh

product_fresh "$conf_loop"
metric() { pinsafectl metrics | awk -v n="$1" '$1 == n { print $2 }'; }
systemctl service-watchdogs no
daemon=$(systemctl show -P MainPID pinsafed)

# The daemon sleeps while more pin than the queue holds, then must find those
# that still live by looking at the whole host.
kill -STOP "$daemon"
is "a storm beyond the queue" "$(pinwork --kind pinlab:fast --storm 1500:16)" "done storm pins=1500"
ok "a late one pins" work_start pinlate --kind uring --mib 4 --threads 1
kill -CONT "$daemon"
systemctl service-watchdogs yes
ok "the late one is found" until_true 60 held "$(work_pid pinlate)"
above "the loss is counted" "$(metric pinsafe_events_lost_total)" 0
above "and a look at the whole host" "$(metric pinsafe_resyncs_total)" 0
ok "the daemon is the same" test "$(systemctl show -P MainPID pinsafed)" = "$daemon"
no_entries() { [ "$(metric pinsafe_module_holds)" -le 2 ]; }
ok "the dead leave nothing" until_true 60 no_entries
work_stop

# percentiles FILE: p50 p99 max of a column of numbers
percentiles() {
	sort -n "$1" | awk '{ a[NR] = $1 } END { printf "n=%d p50=%d p99=%d max=%d us", NR,
		a[int((NR + 1) * .5)], a[int((NR + 1) * .99)], a[NR] }'
}

# one_more KIND: one more process that pins a page and then sleeps
one_more() {
	local log
	log=$lab_run/latency.$((++started))
	pinwork --kind "$1" --pages 1 --threads 0 --control $lab_run/many.ctl >"$log" &
	until_true 30 grep -q ^ready "$log"
}

all_held() {
	[ "$(pinsafectl list --json | jq '[.targets[] | select(.state == "held" and .comm == "pinwork")] | length')" = 200 ]
}

# latencies WHAT CONF KIND: 200 pins, one after the other; the time from the
# return of the pin to the hold, negative where the hold came first
latencies() {
	local started=0
	configure <<<"$2"
	for _ in {1..200}; do one_more "$3"; done
	ok "$1: all 200 held" until_true 60 all_held
	pinsafectl list --json | jq -r '.targets[] | "\(.pid) \(.since_usec)"' >$lab_run/since
	cat $lab_run/latency.* | sed -n 's/^ready pid=\([0-9]*\) .*pinned_at=\([0-9]*\).*/\1 \2/p' |
		awk 'NR == FNR { since[$1] = $2; next } { printf "%d\n", since[$1] - $2 / 1000 }' \
			$lab_run/since - >$lab_run/latencies
	note "measured, $1: $(percentiles $lab_run/latencies)"
	pkill -x pinwork
	rm -f $lab_run/latency.*
	ok "$1: and none when they are gone" until_true 60 nobody_held
}
nobody_held() { [ "$(pinsafectl status --json | jq .held)" = 0 ]; }
latencies "pin to held, daemon in the loop" "$conf_loop" pinlab:fast
latencies "pin to held, in the bell of the device" "$conf_open" pinlab:get
