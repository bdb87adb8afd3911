# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# How long a thread's registers are borrowed when it is given another memory policy,
# and how long it takes for a process of many threads.

# borrow_row WHAT PID: forth and back, ten times
borrow_row() {
	local start policy
	start=$(cut -d' ' -f22 "/proc/$2/stat")
	for policy in {local,default}{,,,,,,,,,}; do
		/usr/libexec/pinsafe/pinsafe-mempolicy "$2" "$start" $policy
	done | jq -rs --arg what "$1" '[$what, (map(.changed) | add),
		(map(.borrowed_sum_usec) | add) / (map(.changed) | add),
		(map(.borrowed_max_usec) | max)] | @tsv' |
		awk -F'\t' '{ printf "%-28s%14d%11.1f us%14.1f us\n", $1, $2, $3, $4 }'
}

bench_borrow() {
	product_fresh
	systemctl stop pinsafed
	printf '\n%-28s%14s%14s%17s\n' "Registers borrowed" "times" "on average" "longest"
	work_start pinrest --kind pinlab:fast --pages 1 --threads 64 --duty 1
	borrow_row "64 threads at rest" "$(work_pid pinrest)"
	work_stop pinrest
	work_start pinbusy --kind pinlab:fast --pages 1 --threads 2 --duty 100
	borrow_row "2 threads that run" "$(work_pid pinbusy)"
	work_stop pinbusy
	product_fresh
}
