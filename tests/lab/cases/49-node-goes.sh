# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=400 boot=own slot=yes when=named
# A node of memory alone, as behind CXL, that is taken out while its neighbours are
# bound to: who is bound for its sake is let go with the reason, who is held stays so.
. /mnt/lab/guest/ladder.sh

slot=/sys/bus/acpi/devices/PNP0C80:00
nodes_are() { [ "$(pinsafectl host --json | jq -r .nodes_online)" = "$1" ]; }
conf_both() {
	cat <<-CONF
		$conf_loop
		[Policy far]
		Priority=90
		MatchCGroup=/labwork.slice/lab-pinfar.service
		Action=bind
		BindTo=2
	CONF
}

scan_fast
product_fresh
neighbour_start
ok "a node that has only memory" \
	grep -q "MemTotal: *262144" /sys/devices/system/node/node2/meminfo
is "of which pinsafe knows" "$(pinsafectl host --json | jq -r .nodes_online)" 0-2
is "and that it has no processors" "$(pinsafectl host --json | jq -r .nodes_cpu)" 0-1

ok "a pinner" work_start pin --kind pinlab:fast --mib 8 --threads 2
pid=$(work_pid pin)
ok "one near that node" work_start pinfar --kind pinlab:fast --pages 512 --place 1:512 \
	--threads 2 --cpus free
far=$(work_pid pinfar)
# shellcheck disable=SC2046 # numbers
before=$(masks "$far" $(tids "$far"))
configure <<<"$(conf_both)"
ok "the one is held" until_true 30 held "$pid"
ok "the other is bound to the nearest processors, two hops from the first node" \
	until_true 30 bound "$far" 2-3

ok "the node is taken out" eval "echo 1 >$slot/eject"
ok "and gone" until_true 60 test ! -e /sys/devices/system/node/node2
ok "pinsafe knows" until_true 60 nodes_are 0-1
why_not_bound() { pinsafectl explain --json "$far" | jq -r '.steps[] | select(.name == "bind") | .why'; }
ok "who was bound for its sake is told why not" until_true 60 eval 'why_not_bound | grep "node 2 of BindTo= is not online"'
# shellcheck disable=SC2046
ok "and runs where it did before" until_true 30 eval '[ "$(masks "$far" $(tids "$far"))" = "$before" ]'
unscanned "who was held" "$pid" 3
ok "the daemon is well" systemctl is-active pinsafed
