# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a probed function costs with the module and without it.  The machine
# drifts by more than the difference, so both are measured in short turns,
# A B B A A B ..., and each turn is compared with its neighbour in time.

# counted instructions drift little
if [ -n "$counted" ]; then turns=8 probe_ms=20; else turns=20 probe_ms=500; fi
kinds=(read short long open getpid)
declare -A kind_what=(
	[read]="4 KiB O_DIRECT read of null_blk" [short]="pinlab: pin and unpin"
	[long]="the same with LONGTERM" [open]="open and close of /dev/null"
	[getpid]="getpid, which nobody probes"
)

module_in() { systemctl is-active -q pinsafed || product_fresh "$conf_bell"; }
module_out() {
	systemctl stop pinsafed
	[ ! -e /sys/module/pinsafe ] || rmmod pinsafe
}

# probe_turn with|without: one number of each kind
probe_turn() {
	local kind
	for kind in "${kinds[@]}"; do
		calls "$probe_ms" "$kind" /dev/nullb0 >>"$lab_run/probe.$kind.$1"
	done
}

# quartiles of standard input: "median (first-third)"
quartiles() {
	sort -g | awk -v f="$1" '{ a[NR] = $1 } END {
		m = (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2
		printf f " (" f "-" f ")", m, a[int((NR + 3) / 4)], a[int((3 * NR + 3) / 4)] }'
}

print_probes() {
	local kind
	printf '\nns a call, median (quartiles) of %d turns of %d ms\n' $turns $probe_ms
	printf '%-32s%26s%26s%28s\n' '' 'with the module' without 'with / without, in pairs'
	for kind in "${kinds[@]}"; do
		printf '%-32s%26s%26s%28s\n' "${kind_what[$kind]}" \
			"$(quartiles %.0f <"$lab_run/probe.$kind.with")" \
			"$(quartiles %.0f <"$lab_run/probe.$kind.without")" \
			"$(paste "$lab_run/probe.$kind."{with,without} | awk '{ print $1 / $2 }' | quartiles %.3f)"
	done
}

# How often the one probe runs that nobody asks for: the scanner's own function
print_scan_rate() {
	local hits seconds=5 tracing=/sys/kernel/debug/tracing
	work_start rate --mib 64 --threads 4 --cpus free --duty 50
	echo 'p:bench/scan task_numa_work' >$tracing/kprobe_events
	echo 1 >$tracing/events/bench/scan/enable
	sleep 1
	hits=$(awk '$1 == "scan" { print $2 }' $tracing/kprobe_profile)
	sleep $seconds
	hits=$(($(awk '$1 == "scan" { print $2 }' $tracing/kprobe_profile) - hits))
	echo 0 >$tracing/events/bench/scan/enable
	echo >$tracing/kprobe_events
	work_stop rate
	awk -v h=$hits -v s=$seconds 'BEGIN {
		printf "task_numa_work, 4 busy threads: %.1f calls a second\n", h / s }'
}

bench_probes() {
	local turn
	modprobe null_blk nr_devices=1 irqmode=0
	modprobe pinlab
	until_true 20 test -b /dev/nullb0
	rm -f "$lab_run"/probe.*
	module_out
	for ((turn = 0; turn < turns; turn += 2)); do
		probe_turn without
		module_in
		probe_turn with
		probe_turn with
		module_out
		probe_turn without
	done
	print_probes
	print_scan_rate
	rmmod null_blk
	product_fresh
}
