# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=600
# More than the daemon can follow: nothing is lost without being counted and
# made good.
. /mnt/lab/guest/product.sh

product_fresh "$conf_loop"
systemctl service-watchdogs no
daemon=$(systemctl show -P MainPID pinsafed)

# The daemon sleeps while more pin than the queue holds, then must find those
# that still live by looking at the whole host.
kill -STOP "$daemon"
is "a storm beyond the queue" "$(pinwork --kind pinlab:fast --storm 1500:16)" "done storm pins=1500"
ok "a late one pins" work_start pinlate --kind uring --mib 4 --threads 1
kill -CONT "$daemon"
systemctl service-watchdogs yes
ok "the late one is found" until_true 60 held "$(work_pid pinlate)"
above "the loss is counted" "$(metric events_lost_total)" 0
above "and a look at the whole host" "$(metric resyncs_total)" 0
ok "the daemon is the same" test "$(systemctl show -P MainPID pinsafed)" = "$daemon"
no_entries() { [ "$(metric module_holds)" -le 2 ]; }
ok "the dead leave nothing" until_true 60 no_entries
work_stop
