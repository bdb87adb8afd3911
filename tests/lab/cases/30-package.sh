# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=400 boot=own
# What an administrator has right after installing and booting: all is there,
# and nothing is changed.
. /mnt/lab/guest/product.sh

ok "both packages are installed" dpkg --verify pinsafe pinsafe-dkms
ok "the service runs" until_true 60 systemctl --quiet is-active pinsafed
ok "it is enabled" systemctl --quiet is-enabled pinsafed
is "the module came with the boot" "$(cat /sys/module/pinsafe/version)" \
	"$(dpkg-query -Wf '${source:Upstream-Version}' pinsafe-dkms)"
is "its device is root's alone" "$(stat -c '%a %U' /dev/pinsafe)" "600 root"
is "nobody else gets it meanwhile" "$(head -c 1 /dev/pinsafe 2>&1 | grep -o busy)" busy

product_fresh
ok "status is content" pinsafectl status
is "the package ships audit" "$(pinsafectl status --json | jq -r .mode)" audit
is "balancing is as it was" "$(cat /proc/sys/kernel/numa_balancing)" 1
scan_fast
neighbour_start
ok "a pinner starts" work_start pin --kind pinlab:get --mib 32 --threads 4
ok "and one whose pins ring" work_start pinbell --kind pinlab:fast --mib 32 --threads 4
pid=$(work_pid pinbell)
ok "audit sees it" until_true 20 field_is "$pid" pinner true
is "and holds nothing" "$(pinsafectl status --json | jq -r .held)" 0
is "its policy is audited" "$(field "$pid" mode)" audit
scanned_again "in audit the kernel scans on" "$(work_pid pin)"
ok "the list shows it" grep -q pinwork <(pinsafectl list)
pinsafectl status
pinsafectl list
pinsafectl show "$pid"
pinsafectl host

note "systemd-analyze security: $(systemd-analyze security --no-pager pinsafed.service | tail -n 1)"
ok "memory of the daemon can be read" test -r "/proc/$(systemctl show -P MainPID pinsafed)/status"
note "RSS of pinsafed: $(awk '/^VmRSS/ { print $2 " " $3 }' "/proc/$(systemctl show -P MainPID pinsafed)/status")"
