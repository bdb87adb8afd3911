# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=900 boot=own smp=single
# The kernel can disarm probes behind our back; nobody may believe himself
# protected then.  And a pinner that no policy wants goes back to the scanner.
. /mnt/lab/guest/product.sh

scan_fast
product_fresh "$conf_bell"
neighbour_start
ok "a pinner starts" work_start pin --kind pinlab:fast --mib 16 --threads 4
pid=$(work_pid pin)
ok "it is held" until_true 30 held "$pid"
ok "the proof is there" until_true 30 field_is "$pid" proof verified

ok "probes are disarmed" sysctl -q kernel.ftrace_enabled=0
start=$(date +%s)
ok "the daemon notices" until_true 60 field_is "$pid" proof ineffective
note "ftrace_enabled=0 noticed within $(($(date +%s) - start)) s"
is "status says no" "$(exit_of pinsafectl status)" 1
ok "the journal says so" grep -q . <(journalctl -q -u pinsafed MESSAGE_ID=e49a5b38d2074c1fb06d7e8c31f9a2d4)
scanned_again "true it is" "$pid"
ok "probes are armed again" sysctl -q kernel.ftrace_enabled=1
ok "and the proof returns" until_true 60 field_is "$pid" proof verified
work_stop pin

# hold first, ask later, without flapping
configure <<'CONF'
[Daemon]
Mode=enforce
HoldOnPin=everywhere
[Policy unwanted]
Priority=100
MatchCGroup=/labwork.slice/lab-pin*
Action=none
CONF
mark=$(date '+%Y-%m-%d %H:%M:%S')
ok "an unwanted pinner starts" work_start pin --kind pinlab:fast --mib 16 --threads 4
pid=$(work_pid pin)
ok "it is known" until_true 20 field_is "$pid" pinner true
released() { ! held "$pid" && field_is "$pid" policy unwanted; }
start=$(date +%s)
ok "it is let go" until_true 60 released
note "released $(($(date +%s) - start)) s after it was seen (a bell's hold lasts 10 s at least)"
scanned_again "and scanned" "$pid"
changes() {
	journalctl -q -u pinsafed --since "$mark" -o json --output-fields=MESSAGE_ID,PID |
		jq -r "select(.PID == \"$pid\" and (.MESSAGE_ID == \"8e02a9d4c61b4e07b35f9c7a10d2e6b2\")) | .MESSAGE_ID" | wc -l
}
sleep 15
is "with one change of state" "$(changes)" 1
not_ok "and stays so" held "$pid"

# a container's own device node, which no mark on /dev/pinlab would see
configure <<<"$conf_open"
read -r major minor < <(stat -c '%Hr %Lr' /dev/pinlab)
cat >/run/lab/container <<SCRIPT
mount -t tmpfs tmpfs /mnt/x && mknod /mnt/x/accelerator c $major $minor
exec sleep 1000 <>/mnt/x/accelerator
SCRIPT
systemd-run --quiet --collect --unit=lab-container --slice=labwork.slice \
	unshare --mount bash /run/lab/container
container=''
in_container() { container=$(systemctl show -P MainPID lab-container) && [ "$(cat "/proc/$container/comm")" = sleep ]; }
ok "a container opens its own node" until_true 30 in_container
ok "the bell rings for a container's own node" until_true 30 held "$container"
