# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=1800 boot=own when=named
# What breaks around pinsafe: who is protected stays so, by the kernel's own word; who
# comes in the middle of it is protected then or once it is over; and what is amiss is
# said.  Overflow of the module's events: 36-storm; probes disarmed: 33-ineffective.
. /mnt/lab/guest/ladder.sh

# /run is filled below, and what is noted here is not meant
mount -t tmpfs lab $lab_run
scan_fast
product_fresh
neighbour_start

daemon_pid() { systemctl show -P MainPID pinsafed; }
runs() { pinsafectl --quiet status || [ $? = 1 ]; }
journal_says() { journalctl -q -u pinsafed --since "$mark" | grep -q -- "$1"; }
# from here on the journal counts
mark_now() { mark=$(date '+%Y-%m-%d %H:%M:%S'); }

# begin WHAT: a newcomer, number $newcomers; its pid in $new
newcomers=0
begin() {
	newcomers=$((newcomers + 1))
	ok "$1: a newcomer pins" work_start "pin$newcomers" --kind pinlab:fast --mib 4 --threads 2
	new=$(work_pid "pin$newcomers")
}
end() { work_stop "pin$newcomers"; }

# is_left_alone PID: for two seconds, in which others are scanned a hundred times
is_left_alone() {
	local seq
	seq=$(scan_seq "$1")
	sleep 2
	[ "$(scan_seq "$1")" = "$seq" ]
}

# goes_on WHAT: with the pinner of old, and with one that comes now
goes_on() {
	unscanned "$1: of old" "$pid" 3
	begin "$1"
	ok "$1: the scanner leaves it alone" until_true 60 is_left_alone "$new"
	end
}

pin_on_node1() {
	work_start "$1" --kind pinlab:fast --pages 512 --place 1:512 --threads 2 --cpus free
}
# bind_alone NAME: that one is bound, the others are held as before
bind_alone() {
	configure <<-CONF
		$conf_loop
		[Policy bind]
		Priority=90
		MatchCGroup=/labwork.slice/lab-$1.service
		Action=bind
		BindTo=pinned
	CONF
}

ok "a pinner starts" work_start pin --kind pinlab:fast --mib 16 --threads 2
pid=$(work_pid pin)
scanned_again "unprotected it is scanned" "$pid"
configure <<<"$conf_loop"
ok "it is held" until_true 30 held "$pid"
daemon=$(daemon_pid)
is_same() { is "$1: the daemon is the same" "$(daemon_pid)" "$daemon"; }

# --- the bus, the journal, the clock --------------------------------------------
systemctl stop dbus.socket dbus.service
not_ok "no bus: nobody is asked" pinsafectl status
goes_on "no bus"
systemctl start dbus.socket dbus.service
ok "no bus: with one again it answers" until_true 60 runs
is_same "no bus"

systemctl stop systemd-journald.socket systemd-journald-dev-log.socket \
	systemd-journald-audit.socket systemd-journald.service 2>/dev/null || true
goes_on "no journal"
systemctl start systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service
is_same "no journal"

for jump in '+2 years' '-4 years' '+2 years'; do
	date -s "$(date -d "$jump" '+%Y-%m-%d %H:%M:%S')"
	goes_on "the clock jumps by $jump"
done
is_same "the clock jumps"

# --- descriptors, memory, room in /run -------------------------------------------
mark_now
prlimit --pid "$daemon" --nofile="$(find "/proc/$daemon/fd" -type l | wc -l)":16384
begin "no descriptors"
ok "no descriptors: that is said, with what to do" until_true 30 journal_says LimitNOFILE=
unscanned "no descriptors: of old" "$pid" 3
sleep 35	# longer than the watchdog waits
prlimit --pid "$daemon" --nofile=16384:16384
ok "no descriptors: with some again it is held" until_true 60 held "$new"
end
is_same "no descriptors"

prlimit --pid "$daemon" --as=1:
begin "no memory"
unscanned "no memory: of old" "$pid" 3
pinsafectl snapshot >$lab_run/snapshot || true
prlimit --pid "$daemon" --as=unlimited:
ok "no memory: with some again it is held" until_true 60 held "$new"
end
is_same "no memory"

ok "/run is full: a pinner" pin_on_node1 pinfull
full=$(work_pid pinfull)
ok "/run is full: is known" until_true 30 held "$full"
# The ledger's last page may have room for some lines more; what happens when it has
# none, test-hostoff and test-act show.
dd if=/dev/zero of=/run/fill bs=1M 2>/dev/null || true
dd if=/dev/zero of=/run/fill bs=1 oflag=append conv=notrunc 2>/dev/null || true
ok "/run is full: questions are answered" runs
bind_alone pinfull
unscanned "/run is full: of old" "$pid" 3
rm /run/fill
ok "/run is full: with room again it is done" until_true 60 field_is "$full" state applied
ok "/run is full: and proved" until_true 60 field_is "$full" proof verified
work_stop pinfull
is_same "/run is full"

# --- the daemon itself -----------------------------------------------------------
pte=$(numa_pte_updates "$(cgroup_of "$pid")") seq=$(scan_seq "$pid")
kill -STOP "$daemon"
is_another() { [ "$(daemon_pid)" != "$daemon" ] && runs; }
ok "SIGSTOP: the watchdog ends it, and another one starts" until_true 180 is_another
daemon=$(daemon_pid)
ok "SIGSTOP: which holds on" until_true 60 held "$pid"
still "SIGSTOP: no scan in between: PTE updates" "$(numa_pte_updates "$(cgroup_of "$pid")")" "$pte"
still "SIGSTOP: no scan in between: numa_scan_seq" "$(scan_seq "$pid")" "$seq"
goes_on "SIGSTOP"

# --- a node without its processors -------------------------------------------------
# (its memory cannot go: that would need a machine with memory slots)
node1() { echo "$1" | tee /sys/devices/system/cpu/cpu{2,3}/online; }
ok "processors go: a pinner on their node" pin_on_node1 pinbind
bind=$(work_pid pinbind)
# shellcheck disable=SC2046 # numbers
before=$(masks "$bind" $(tids "$bind"))
bind_alone pinbind
ok "processors go: it is bound to them" until_true 30 bound "$bind" 2-3
node1 0
goes_on "processors go"
not_ok "processors go: nobody claims that it is bound" bound "$bind" 2-3
ok "processors go: it is bound to the nearest that are left" until_true 90 eval \
	'field_is "$bind" state applied && bound "$bind" 0-1'
node1 1
ok "processors come: it is bound to its own again" until_true 90 bound "$bind" 2-3
ok "processors come: and it is proved" until_true 30 field_is "$bind" proof verified
configure <<<"$conf_loop"
# shellcheck disable=SC2046
ok "processors come: and put back" until_true 30 eval '[ "$(masks "$bind" $(tids "$bind"))" = "$before" ]'
work_stop pinbind
is_same "processors come"

# --- the module ------------------------------------------------------------------
missing() { pinsafectl status --json | jq -r .module_missing; }
systemctl stop pinsafed
rmmod pinsafe
echo 'install pinsafe /bin/false' >/etc/modprobe.d/lab.conf
not_ok "module: it fails to load" modprobe pinsafe
ok "module: the daemon starts without" systemctl start pinsafed
above "module: and says what is missing" "$(missing | wc -c)" 20
rm /etc/modprobe.d/lab.conf
ok "module: one of another interface" insmod /usr/local/share/lab/abi99/pinsafe.ko
ok "module: is not used, with the reason" until_true 30 eval 'missing | grep -q "no version"'
ok "module: nor harmed" rmmod pinsafe
ok "module: the right one comes late" modprobe pinsafe
ok "module: and is used" until_true 60 with_module
ok "module: the pinner of old is held" until_true 60 held "$pid"
goes_on "module"

# --- opens, without the module ----------------------------------------------------
systemctl stop pinsafed
rmmod pinsafe
[ ! -e /proc/sys/fs/fanotify/max_queued_events ] || echo 16 >/proc/sys/fs/fanotify/max_queued_events
cat >$pinsafe_conf <<'CONF'
[Daemon]
Mode=audit
[Policy lab]
MatchDevice=/dev/pinlab
Action=mempolicy
CONF
systemctl start pinsafed
systemctl service-watchdogs no
daemon=$(daemon_pid)
resyncs=$(metric resyncs_total)
kill -STOP "$daemon"
for i in {1..64}; do (: </dev/pinlab) & done
wait
begin "fanotify overflows"
kill -CONT "$daemon"
systemctl service-watchdogs yes
ok "fanotify overflows: who came in the middle of it is found" until_true 60 field_is "$new" policy lab
above "fanotify overflows: the loss is counted" "$(metric resyncs_total)" "$resyncs"
end
is_same "fanotify overflows"
