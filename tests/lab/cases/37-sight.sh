# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=4 limit=300
# Who pins how much, and where, as the operator sees it, on four nodes.
. /mnt/lab/guest/product.sh

scan_fast
product_fresh "$conf_loop"
neighbour_start
ok "pages on four nodes" work_start pin --kind pinlab:fast --pages 1000 --place 0:400,1:300,2:200,3:100 --threads 2
pid=$(work_pid pin)
ok "it is held" until_true 30 held "$pid"
is "each node to the page" \
	"$(pinsafectl show --json "$pid" | jq -c '[.nodes[] | [.node, .bytes / 4096]]')" \
	"[[0,400],[1,300],[2,200],[3,100]]"
no_scan "on four nodes" "$pid" 3

ok "four that share" work_start pinshared --kind pinlab:fast --pages 256 --shared 4 --threads 1
first=$(work_pid pinshared)
ok "the one that pinned is the pinner" until_true 30 field_is "$first" pinner true
for peer in $(work_field pinshared peers | tr , ' '); do
	not_ok "a sharer is none" field_is "$peer" pinner true
done
ok "1500 mappings of one page" work_start mappers --mappers 1500 --pages 1 --threads 0
not_ok "are no pin" field_is "$(work_pid mappers)" pinner true
ok "one page of a huge one" work_start pinthp --kind pinlab:fast --thp --pages 512 --pin-pages 1 --threads 1
ok "counts as the folio it is" until_true 30 field_is "$(work_pid pinthp)" large_bytes $((2 << 20))
