# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=900
# How long a pin goes unprotected, for those who come one at a time: with the
# module until it is held, without it until the daemon knows of it.
. /mnt/lab/guest/product.sh

# percentiles: p50 p99 max of a column of numbers
percentiles() {
	sort -n | awk '{ a[NR] = $1 } END { printf "n=%d p50=%d p99=%d max=%d us", NR,
		a[int((NR + 1) * .5)], a[int((NR + 1) * .99)], a[NR] }'
}

# A pipe, so that each is waited for no longer than it takes.
rm -f $lab_run/many.out
mkfifo $lab_run/many.out
exec {many}<>$lab_run/many.out
many_cgroup=$cgroup_root/labwork.slice/lab-pinmany
mkdir -p $many_cgroup

# one_more KIND: one more process that pins a page and then sleeps
one_more() {
	local line
	(
		echo "$BASHPID" >$many_cgroup/cgroup.procs
		exec pinwork --kind "$1" --pages 1 --threads 0 --control $lab_run/many.ctl >&"$many"
	) &
	read -r -t 60 line <&"$many"
	echo "$line" >>$lab_run/ready
}

# times FIELD: pid and that time of every pinwork that has it; a hold that is
# draining does not count yet
times() {
	pinsafectl list --all --json | jq -r --arg f "$1" '.targets[]
		| select(.comm == "pinwork" and .state != "draining" and .[$f] > 0) | "\(.pid) \(.[$f])"'
}
all_have() { [ "$(times "$1" | wc -l)" = 200 ]; }
nobody_has() { [ "$(times "$1" | wc -l)" = 0 ]; }

# differences FROM: of what pinwork said and what the daemon says, in us
differences() {
	sed -n "s/^ready pid=\([0-9]*\) .*$1=\([0-9]*\).*/\1 \2/p" $lab_run/ready |
		awk 'NR == FNR { at[$1] = $2; next } $1 in at { printf "%d\n", at[$1] - $2 / 1000 }' \
			$lab_run/times -
}

# latencies WHAT CONF KIND FROM FIELD: 200 pins, one after the other; the time from
# pinwork's FROM (asked_at: before it opened the device, pinned_at: when the pin
# returned) to the daemon's FIELD, negative where that came first
latencies() {
	configure <<<"$2"
	: >$lab_run/ready
	for _ in {1..200}; do one_more "$3"; done
	ok "$1: all 200" until_true 120 all_have "$5"
	times "$5" >$lab_run/times
	is "$1: each is measured" "$(differences "$4" | wc -l)" 200
	note "measured: $1: $(differences "$4" | percentiles)"
	pkill -x pinwork
	ok "$1: and none when they are gone" until_true 60 nobody_has "$5"
}

product_fresh
latencies "pin to held, in the bell" "$conf_bell" pinlab:fast pinned_at since_usec
latencies "pin to held, daemon in the loop" "$conf_loop" pinlab:fast pinned_at since_usec
latencies "device open to held, in the bell" "$conf_open" pinlab:get asked_at since_usec

systemctl stop pinsafed
rmmod pinsafe
systemctl start pinsafed
latencies "no module, pin to known, SweepIntervalSec=2" "[Daemon]
SweepIntervalSec=2" uring pinned_at known_usec
latencies "no module, device open to known" "$conf_open" pinlab:get asked_at known_usec
