# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=600 boot=own smp=single
# Wrong arguments, full tables, lost events, disarmed probes, clean unload.
. /mnt/lab/guest/module.sh

module_fresh
module_close

# --- arguments and rights --------------------------------------------------
pinsafe-ioctl bad >$lab_run/bad || true
cat $lab_run/bad
above "wrong arguments were tried" "$(grep -c ^bad $lab_run/bad)" 43
is "each got its error" "$(grep WRONG $lab_run/bad || true)" ""
ok "nothing is held by them" eval 'pinsafe-ioctl list | grep -qx count=0'
is "a user may not open it" "$(setpriv --reuid 65534 --clear-groups pinsafe-ioctl info || true)" "error open EACCES"
chmod 666 /dev/pinsafe
is "not even with access to the node" \
	"$(setpriv --reuid 65534 --clear-groups pinsafe-ioctl info || true)" "error open EPERM"
chmod 600 /dev/pinsafe
for word in info counters list watch "hold 1" "sight 1" "rearm 1" "release 1" "raw 0" events; do
	# shellcheck disable=SC2086 # words
	is "an open file in other hands: $word" \
		"$(pinsafe-ioctl drop 65534 , $word | sed -n 's/.* //p')" EPERM
done
mkdir -p $lab_run/v1
mount -t cgroup -o none,name=lab none $lab_run/v1
is "a v1 cgroup" "$(pinsafe-ioctl hold cgroup $lab_run/v1 | sed -n 's/^error //p')" "hold EBADF"
umount $lab_run/v1
is "a v1 cgroup to watch" "$(pinsafe-ioctl watch cgroup / | sed -n 's/^error //p')" "watch EBADF"

# --- a watch takes effect as a whole or not at all --------------------------
module_open
systemctl start labwork.slice
ok "watch the slice" io watch cgroup $cgroup_root/labwork.slice
not_ok "a set with one wrong member" io watch device 1:3 cgroup /
ok "a pinner" work_start pin --kind pinlab:fast --pages 16 --threads 1
ok "is held by the set before" until_true 30 state_is "$(work_pid pin)" held
work_stop pin
module_close

# --- disarmed --------------------------------------------------------------
module_open
armed=$(io_field armed counters)
is "the probes are armed" "$((armed & 1))" 1
echo 0 >/proc/sys/kernel/ftrace_enabled
# where kprobes are breakpoints the pin bell, 0x4, is all that ftrace moves
left=0x0
[ "$(uname -m)" = x86_64 ] || left=$(printf '0x%x' $((armed & ~4)))
is "ftrace_enabled=0 shows" "$(io_field armed counters)" "$left"
echo 1 >/proc/sys/kernel/ftrace_enabled
is "and its end" "$(io_field armed counters)" "$armed"
if [ -w /sys/kernel/debug/kprobes/enabled ]; then
	echo 0 >/sys/kernel/debug/kprobes/enabled
	# the pin bell, 0x4, is no kprobe
	is "kprobes/enabled=0 shows" "$(io_field armed counters)" 0x4
	echo 1 >/sys/kernel/debug/kprobes/enabled
	is "and its end, too" "$(io_field armed counters)" "$armed"
fi
module_close

# --- a full queue ----------------------------------------------------------
module_open
lost=$(io_field events_lost counters)
ok "1500 processes pin, nobody reads" pinwork --kind pinlab:fast --storm 1500:8
lost=$(($(io_field events_lost counters) - lost))
above "events are lost" "$lost" 400
io events >$lab_run/events
is "1024 are read" "$(grep -c event=pin $lab_run/events)" 1024
is "then a gap of that size" "$(tail -n 1 $lab_run/events | sed -nE 's/^event=lost .* lost=([0-9]+) .*/\1/p')" "$lost"
ok "the processes that went leave the table" until_true 60 eval \
	'[ "$(io_field reaped counters)" -ge 1000 ]'
module_close

# --- a full table ----------------------------------------------------------
module_fresh max_holds=16
pids=()
for _ in $(seq 17); do
	sleep 1000 &
	pids+=($!)
done
for i in $(seq 0 15); do io hold "${pids[i]}"; done >/dev/null
is "16 are held" "$(io_field count list)" 16
is "the next finds no room" "$(io hold "${pids[16]}" | sed -n 's/^error //p')" "hold ENOSPC"
io events >/dev/null
ok "a pinner finds none either" work_start pin --kind pinlab:fast --pages 16 --threads 1
ok "which is an event" eval 'io events 500 | grep -q "event=full .*pid=$(work_pid pin) "'
above "and a count" "$(io_field table_full counters)" 1
work_stop pin
kill -9 "${pids[0]}"
wait "${pids[0]}" || true
ok "there is room again after a death" until_true 30 io hold "${pids[16]}"
kill -9 "${pids[@]:1}"
module_close
not_ok "a table of no size is refused" module_fresh max_holds=1

# --- storms, and unload in the middle of them --------------------------------
for _ in 1 2 3; do
	module_fresh
	io watch cgroup $cgroup_root
	pinwork --kind pinlab:fast --storm 300:16 >/dev/null &
	storm=$!
	sleep 1
	module_close
	ok "unload during a storm" until_true 20 rmmod pinsafe
	wait $storm
done
module_fresh
ok "it loads again" io info
module_close
