# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=900
# Everything at once: thousands of processes that come, exec, pin, move and go, while
# calls right and wrong are made about them, their cgroups are removed, the device is
# closed under its callers and the module is unloaded as soon as it lets go.  What the
# kernel says of it is judged as after every case; a kernel that checks itself (run
# --kernel kasan, kcsan) says more.
. /mnt/lab/guest/module.sh

if checks_itself; then longer=150; else longer=10; fi
seconds=${LAB_SECONDS:-$longer} seed=${LAB_SEED:-$RANDOM}
note "seed $seed"
module_fresh
module_close
scan_fast
neighbour_start
hammers=$cgroup_root/hammer
mkdir $hammers
pinsafe-hammer "$seconds" "$seed" $hammers >$lab_run/hammer &
hammer=$!
busy=0 unloads=0
while kill -0 $hammer 2>/dev/null; do
	if rmmod pinsafe 2>/dev/null; then
		unloads=$((unloads + 1))
		modprobe pinsafe
	else
		busy=$((busy + 1))
	fi
	sleep 0.1
done
ok "it reaches its end" wait $hammer
said() { tr ' ' '\n' <$lab_run/hammer | sed -n "s/^$1=//p"; }
above "calls were made" "$(said calls)" 100
above "that were right, too" "$(said good)" 10
above "about processes that came and went" "$(said born)" 50
above "in cgroups that were removed" "$(said cgroups)" 5
above "the device was opened again" "$(said opens)" 1
above "the module was busy" $busy 0
note "measured: $(cat $lab_run/hammer), $unloads unloads"
ok "nothing is held any more" eval 'pinsafe-ioctl list | grep -qx count=0'
pinsafe-ioctl counters
rmdir $hammers/[0-7] $hammers
ok "the module unloads" until_true 20 rmmod pinsafe
leaks=/sys/kernel/debug/kmemleak
if [ -e $leaks ]; then
	# what has just been freed is looked at in the second scan
	for _ in 1 2; do echo scan >$leaks; sleep 6; done
	cat $leaks
	is "nothing of it is left in memory" "$(grep -c pinsafe $leaks || true)" 0
fi
modprobe pinsafe
