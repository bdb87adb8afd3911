# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=900
# A host that cannot load the module: less, and plainly said.
. /mnt/lab/guest/product.sh

ok "soft-RoCE" soft_roce
product_fresh
systemctl stop pinsafed
rmmod pinsafe
cat >$pinsafe_conf <<'CONF'
[Daemon]
Mode=enforce
SweepIntervalSec=2
[Policy lab]
MatchDevice=/dev/pinlab
Action=hold
[Policy pinners]
Priority=10
Action=hold
CONF
ok "the daemon starts without the module" systemctl start pinsafed
is "and says so" "$(pinsafectl status --json | jq -r '.module_version == "" and (.module_missing | length) > 20')" true
ok "and what follows" test "$(pinsafectl status --json | jq '.missing | length')" -ge 1
ok "RDMA pins" work_start pinr --kind rdma --mib 8 --threads 1
ok "are seen in VmPin" until_true 60 field_is "$(work_pid pinr)" vm_pin_bytes $((8 << 20))
ok "io_uring pins" work_start pinu --kind uring --mib 8 --threads 1
ok "are seen" until_true 60 field_is "$(work_pid pinu)" pinner true
is "to the byte" "$(field "$(work_pid pinu)" pinned_bytes)" $((8 << 20))
ok "a device is opened" work_start pino --kind pinlab:get --mib 8 --threads 1
ok "and heard by fanotify" until_true 60 field_is "$(work_pid pino)" policy lab
is "nothing claims to be held" "$(pinsafectl status --json | jq -r .held)" 0
is "an order it cannot carry out fails" "$(exit_of pinsafectl hold "$(work_pid pinr)")" 1
pinsafectl status || true
pinsafectl list || true
ok "it lists them" grep -c pinwork <(pinsafectl list)

# safe launch needs neither daemon nor module
scan_fast
ok "a process of its own policy" systemd-run --quiet --collect --unit=lab-run --slice=labwork.slice \
	pinsafectl run -- pinwork --mib 32 --threads 4 --control /run/lab/run.ctl
running() { pgrep -f control.*run.ctl >/dev/null; }
ok "runs" until_true 30 running
# what ran before it had its policy may have been scanned
cgroup=/labwork.slice/lab-run.service
pte=$(numa_pte_updates $cgroup)
neighbour_start
scanned_again "its neighbour is scanned" "$(work_pid neighbour)"
still "it is not" "$(numa_pte_updates $cgroup)" "$pte"
is "run: exit status" "$(exit_of pinsafectl run -- sh -c 'exit 7')" 7
is "run: no such command" "$(exit_of pinsafectl run -- /nonexistent)" 127
is "run: not executable" "$(exit_of pinsafectl run -- /etc/passwd)" 126

ok "the module can come later" modprobe pinsafe
ok "and is found" until_true 60 with_module
ok "what pins is held then" until_true 60 held "$(work_pid pinr)"
