# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=400
# One host, three tenants: a fabric's job is held, an accelerator's is bound, and
# a database, which pins for moments only, has its memory brought to it by NUMA
# balancing as if the others were not there.
. /mnt/lab/guest/product.sh

# BindTo=pinned: the lab's device has no node of its own, as a card in a slot has
conf_tenants='[Daemon]
Mode=enforce
[Policy fabric]
Priority=80
MatchDevice=/dev/infiniband/uverbs*
Action=hold
[Policy accelerator]
Priority=80
MatchDevice=/dev/pinlab
Action=bind
BindTo=pinned'

# moved NAME: pages that balancing has brought to another node
moved() {
	local n
	n=$(memory_stat "$(work_cgroup "$1")" numa_pages_migrated)
	[ -n "$n" ] || n=$(vmstat numa_pages_migrated)
	echo "$n"
}
moved_more() { [ "$(moved "$1")" -gt "$2" ]; }
# on_node NAME NODE: how many of its pages
on_node() { work_do "$1" nodes | tr ' ,=' '\n' | sed -n "s/^$2://p"; }
most_on() { [ "$(on_node "$1" "$2" | grep . || echo 0)" -gt 3000 ]; }
masks() { sed -n 's/^Cpus_allowed_list:\t//p' /proc/"$1"/task/*/status | sort -u; }
bound() { [ "$(masks "$1")" = 0-1 ]; }
# strayed PID: how many of its threads ran on the other node last
strayed() { awk '$39 > 1' /proc/"$1"/task/*/stat | wc -l; }

ok "soft-RoCE" soft_roce
scan_fast
product_fresh "$conf_tenants"
ok "a fabric's job" work_start fabric --kind rdma --mib 8 --threads 4 --duty 20
ok "an accelerator's job" work_start accelerator --kind pinlab:fast --pages 2048 \
	--place 0:2048 --threads 4 --cpus free --duty 20
# shellcheck disable=SC2034 # for work_start
work_properties=(CPUAffinity=2-3)
ok "a database far from its memory" work_start database --kind odirect --pages 4096 \
	--place 0:4096 --threads 2 --cpus free --duty 50
fabric=$(work_pid fabric) accelerator=$(work_pid accelerator) database=$(work_pid database)

ok "the fabric's job is held" until_true 30 held "$fabric"
ok "the accelerator's is bound" until_true 30 bound "$accelerator"
not_ok "not held" held "$accelerator"
not_ok "the database is no pinner" field_is "$database" pinner true
is "and may run where it likes" "$(masks "$database")" 2-3

pte=$(numa_pte_updates "$(work_cgroup fabric)") seq=$(scan_seq "$fabric")
refusals=$(refused "$fabric") still_there=$(moved fabric)
scans=$(numa_pte_updates "$(work_cgroup database)")

ok "balancing brings the database its memory" until_true 60 most_on database 1
note "of 4096 pages on node 1: $(on_node database 1); migrated: $(moved database)"
before=$(moved database)
ok "it moves to the other node" taskset -acp 0-1 "$database"
ok "and its memory after it" until_true 60 most_on database 0
ok "which is counted" until_true 20 moved_more database $((before + 1000))
above "it is scanned" "$(numa_pte_updates "$(work_cgroup database)")" "$scans"
stray=0
for _ in {1..10}; do
	stray=$((stray + $(strayed "$accelerator")))
	sleep 0.3
done

ok "meanwhile scans of the fabric's job were refused" until_true 20 refused_more "$fabric" "$refusals"
still "no PTE updates in it" "$(numa_pte_updates "$(work_cgroup fabric)")" "$pte"
still "its numa_scan_seq stands still" "$(scan_seq "$fabric")" "$seq"
! kernel_from 6.12 || still "none of its pages moved" "$(moved fabric)" "$still_there"
is "the accelerator's threads stay on their node" $stray 0
ok "every one is bound to it" bound "$accelerator"
is "its memory is where it was" "$(on_node accelerator 0)" 2048
is "one is held" "$(pinsafectl status --json | jq .held)" 1
pinsafectl list
pinsafectl explain "$accelerator"
