# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=600 boot=own
# What was set is put back by a stop in whatever state the service is, also where
# there is no daemon to stop; and by nothing but an end.
. /mnt/lab/guest/ladder.sh

state_is() { [ "$(systemctl show -P SubState pinsafed)" = "$1" ]; }
restore_is() { [ "$(systemctl show -P SubState pinsafed-restore)" = "$1" ]; }
crash() { kill -9 "$(systemctl show -P MainPID pinsafed)"; }

# drop_in [LINE...]: of the service
drop_in() {
	mkdir -p /run/systemd/system/pinsafed.service.d
	printf '%s\n' '[Service]' "$@" >/run/systemd/system/pinsafed.service.d/lab.conf
	systemctl daemon-reload
}
waits() {
	drop_in RestartSec=600
	crash
	ok "$1: it waits for its restart" until_true 60 state_is auto-restart
	ok "$1: a crash puts nothing back" balancing_is 0
}
begins() {
	drop_in
	systemctl start pinsafed
	ok "$1: it runs, and balancing is off" until_true 60 balancing_is 0
	ok "$1: what will put it back is up" restore_is exited
}

product_fresh "$(conf_ladder enforce Action=host-off)"
ok "a pinner starts" work_start pin --kind pinlab:fast --mib 8 --threads 4

begins "stop"
ok "stop" systemctl stop pinsafed
ok "stop: which waits until it is put back" balancing_is 1
ok "stop: and is the end of both" until_true 60 restore_is dead

begins "stop after a crash"
waits "stop after a crash"
ok "stop after a crash: stop" systemctl stop pinsafed
ok "stop after a crash: it is put back" until_true 60 balancing_is 1
ok "stop after a crash: and is the end of both" until_true 60 restore_is dead

begins "start after a stop"
waits "start after a stop"
systemctl stop pinsafed
ok "start after a stop: at once" systemctl start pinsafed
ok "start after a stop: it runs" state_is running
ok "start after a stop: and is obeyed" until_true 60 balancing_is 0

waits "restart after a crash"
ok "restart after a crash: restart" systemctl restart pinsafed
ok "restart after a crash: nothing is put back" balancing_is 0
waits "reload of systemd"
systemctl daemon-reload
systemctl daemon-reexec
ok "reload of systemd: it waits still" state_is auto-restart
ok "reload of systemd: nothing is put back" balancing_is 0
drop_in
systemctl restart pinsafed

drop_in ExecStart= ExecStart=/bin/false RestartSec=1
crash
ok "crash loop: it is in one" until_true 60 state_is auto-restart
sleep 3
ok "crash loop: nothing is put back" balancing_is 0
ok "crash loop: stop" systemctl stop pinsafed
ok "crash loop: it is put back" until_true 60 balancing_is 1

begins "upgrade"
ok "upgrade: of the package" dpkg -i /usr/local/share/lab/pinsafe_*.deb
ok "upgrade: nothing is put back" balancing_is 0
ok "upgrade: it runs" state_is running
waits "removal"
ok "removal: of the package" dpkg -r pinsafe
ok "removal: which waits until it is put back" balancing_is 1
ok "removal: it comes back" dpkg -i /usr/local/share/lab/pinsafe_*.deb
ok "removal: with nothing of the old one" until_true 60 balancing_is 0

waits "stop of both"
ok "stop of both" systemctl stop pinsafed-restore pinsafed
ok "stop of both: it is put back" balancing_is 1
failed() { systemctl --failed --plain --no-legend list-units 'pinsafed*'; }
is "none of it failed but the daemon that was killed" "$(failed | grep -c restore)" 0
