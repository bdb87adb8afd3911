# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=300
# The lab itself: without these nothing the other cases say would mean anything.

nodes=$(find /sys/devices/system/node -maxdepth 1 -name 'node[0-9]*' | wc -l)
is "two nodes with memory" "$nodes $(cat /sys/devices/system/node/has_memory)" "2 0-1"
is "two processors on each" "$(cat /sys/devices/system/node/node*/cpulist | tr '\n' ' ')" "0-1 2-3 "
is "cgroup v2 alone" "$(stat -fc %T /sys/fs/cgroup)" cgroup2fs
is "balancing is on" "$(cat /proc/sys/kernel/numa_balancing)" 1
ok "the boot ended well" until_true 60 systemctl --quiet is-system-running
note "kernel $(uname -r), systemd $(systemctl --version | awk 'NR == 1 { print $2 }'), job began after $(cat /mnt/lab/boot-seconds) s"

modprobe pinlab
ok "the driver's device node" until_true 10 test -c /dev/pinlab
ok "soft-RoCE gives a device" soft_roce

# An unpinned neighbour is scanned: this is what every "is not scanned" of the
# other cases is compared with.
scan_fast
ok "a neighbour starts" work_start neighbour --mib 64 --threads 4
cgroup=$(work_cgroup neighbour)
# before 6.12 only the whole host counts them, and nobody else is busy here
scanned() { if kernel_from 6.12; then numa_pte_updates "$cgroup"; else vmstat numa_pte_updates; fi; }
pte=$(scanned) seq=$(scan_seq "$(work_pid neighbour)")
more_than() { [ "$(scanned)" -gt "$1" ]; }
ok "the neighbour is scanned" until_true 30 more_than $((pte + 1000))
passes() { [ "$(scan_seq "$(work_pid neighbour)")" -gt "$1" ]; }
ok "in whole passes" until_true 30 passes "$seq"
balancing 0
sleep 1
pte=$(scanned)
sleep 3
is "with balancing off it is not" "$(scanned)" "$pte"
balancing 1
ok "and is again after that" until_true 30 more_than "$pte"
work_stop neighbour

# Every kind pins what it says, to the page, and gives it back.
pins() {
	local name=$1 want=$2 before
	shift 2
	before=$(host_pins)
	ok "$name starts" work_start pinner "$@"
	is "$name pins" "$(($(host_pins) - before))" "$want"
	work_stop pinner
	ok "$name gives it back" until_true 20 host_pins_are "$before"
}
host_pins_are() { [ "$(host_pins)" = "$1" ]; }

modes=(pin fast remote short)
! kernel_from 6.3 || modes+=(unlocked)
! kernel_from 6.11 || modes+=(memfd)
kernel_from 5.18 || modes+=(locked)
for mode in "${modes[@]}"; do
	pins "pinlab:$mode" 1000 --kind "pinlab:$mode" --pages 1000 --threads 1
done
pins uring 4096 --kind uring --mib 16 --threads 1
pins rdma 4096 --kind rdma --mib 16 --threads 1
# FOLL_GET is what the kernel does not count
pins pinlab:get 0 --kind pinlab:get --pages 1000 --threads 1
pins "one page of a huge one" 1 --kind pinlab:fast --thp --pages 512 --pin-pages 1 --threads 1
pins "the first of four that share" 1000 --kind pinlab:fast --pages 1000 --shared 4 --threads 1
pins "1500 mappings of a page" 0 --mappers 1500 --pages 1 --threads 0

# Who is told apart: memory placed, seen by the device, not lost.
ok "memory can be placed" work_start pinner --kind pinlab:fast --pages 1024 --place 0:600,1:424
is "where it was asked for" "$(work_field pinner nodes)" 0:600,1:424
ok "the device writes what the process reads" work_do pinner echo
is "on all pages" "$(work_do pinner echo)" pages=0
is "no page is lost" "$(work_do pinner lost)" pages=0
pid=$(work_pid pinner)
is "pinned without VmPin" "$(awk '/^VmPin/ { print $2 }' "/proc/$pid/status")" 0
ok "it can start a thread" work_do pinner pthread
ok "it can fork" work_do pinner fork
ok "it can unpin" work_do pinner unpin
ok "and pin again" work_do pinner pin
ok "it can become another program" work_do pinner exec
is "in the same process" "$(work_pid pinner) $(work_field pinner pinned)" "$pid 0"
work_stop pinner

before=$(vmstat nr_foll_pin_acquired)
is "a storm of 50 pins" "$(pinwork --kind pinlab:fast --storm 50)" "done storm pins=50"
# a fast pin that meets a scan is taken, dropped and taken again: at least 50
above "which the kernel counted" "$(($(vmstat nr_foll_pin_acquired) - before))" 49

ok "O_DIRECT pins for a moment only" work_start database --kind odirect --mib 1 --threads 2
before=$(vmstat nr_foll_pin_acquired)
moved() { [ "$(vmstat nr_foll_pin_acquired)" -gt "$before" ]; }
# before 6.0 it was FOLL_GET, which is not counted
! kernel_from 6.0 || ok "and often" until_true 30 moved
work_stop database
ok "the system is still well" systemctl --quiet is-system-running
