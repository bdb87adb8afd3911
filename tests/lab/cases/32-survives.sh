# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=1200
# A hold outlives everything that happens to a process and to the daemon, and
# ends when it should.
. /mnt/lab/guest/product.sh

scan_fast
product_fresh "$conf_bell"
neighbour_start

# --- what happens to the process -------------------------------------------
ok "a single-threaded pinner" work_start pin --kind pinlab:fast --mib 16 --threads 1
pid=$(work_pid pin)
ok "is held" until_true 30 held "$pid"
ok "it makes its first thread" work_do pin pthread
no_scan "after the first pthread_create" "$pid" 3
child=$(work_do pin fork | sed -n 's/.*pid=//p')
ok "it forks" test -d "/proc/$child"
mkdir -p /sys/fs/cgroup/elsewhere
echo "$child" >/sys/fs/cgroup/elsewhere/cgroup.procs
scanned_again "the child is no target and is scanned" "$child"
kill -9 "$child"
mkdir -p /sys/fs/cgroup/moved
echo "$pid" >/sys/fs/cgroup/moved/cgroup.procs
no_scan "after a move to another cgroup" "$pid" 3
ok "it becomes another program" work_do pin exec
no_scan "after exec" "$pid" 3
work_stop pin
kill -9 "$pid" 2>/dev/null || true

ok "a pinner of 64 threads" work_start pin --kind pinlab:fast --mib 1 --threads 64 --duty 2
pid=$(work_pid pin)
ok "is held, with 64 threads" until_true 30 held "$pid"
no_scan "64 threads" "$pid" 3

# Failed migrations: 20-module-hold.

# --- what happens to the daemon --------------------------------------------
cgroup=$(cgroup_of "$pid")
pte=$(numa_pte_updates "$cgroup") seq=$(scan_seq "$pid") before=$(refused "$pid")
running() { pinsafectl --quiet status; }
kill -9 "$(systemctl show -P MainPID pinsafed)"
ok "after kill -9 the daemon is back" until_true 60 running
ok "after kill -9 refusals go on" until_true 30 refused_more "$pid" "$before"
is "after kill -9 the hold is the old one" "$(pinsafectl status --json | jq -r .held)" 1
before=$(refused "$pid")
ok "it restarts" systemctl restart pinsafed
ok "after a restart refusals go on" until_true 30 refused_more "$pid" "$before"
before=$(refused "$pid")
ok "the daemon is upgraded" dpkg -i /usr/local/share/lab/pinsafe_*.deb
ok "after the upgrade it runs" until_true 60 running
ok "after the upgrade refusals go on" until_true 30 refused_more "$pid" "$before"
still "no scan started in between: PTE updates" "$(numa_pte_updates "$cgroup")" "$pte"
still "no scan started in between: numa_scan_seq" "$(scan_seq "$pid")" "$seq"

# --- and how it ends --------------------------------------------------------
ok "release" pinsafectl release "$pid"
scanned_again "after release it is scanned" "$pid"
ok "an order to hold" pinsafectl hold "$pid"
ok "is obeyed" until_true 30 held "$pid"
no_scan "held by order" "$pid" 3
is "and remembered as such" "$(field "$pid" origin)" override
before=$(refused "$pid")
ok "restart with an order" systemctl restart pinsafed
ok "an order outlives a restart" until_true 30 refused_more "$pid" "$before"
is "still as an order" "$(field "$pid" origin)" override
ok "the daemon stops" systemctl stop pinsafed
scanned_again "after stop it is scanned" "$pid"
is "status without a daemon" "$(exit_of pinsafectl status)" 3
ok "the module unloads" rmmod pinsafe
scanned_again "after rmmod it is scanned" "$pid"
ok "and loads again" modprobe pinsafe
