# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=600
# What sight counts, to the page, and what it does not.
. /mnt/lab/guest/module.sh

module_fresh
balancing 0

sight() { io sight "$@" | sed -nE 's/^(node0=\S+) (node1=\S+) .*/\1 \2/p'; }

# pinned small pages / pages of pinned large folios / such folios / extra
ok "600 pages here, 424 there" work_start pin --kind pinlab:fast --pages 1024 --place 0:600,1:424 --threads 0
is "counts as pinned" "$(sight "$(work_pid pin)")" "node0=600/0/0/0 node1=424/0/0/0"
work_do pin unpin
is "and not after the unpin" "$(sight "$(work_pid pin)")" "node0=0/0/0/0 node1=0/0/0/0"
work_stop pin

ok "part of it pinned" work_start pin --kind pinlab:pin --pages 1024 --pin-pages 100 --place 0:1024 --threads 0
is "counts as that part" "$(sight "$(work_pid pin)")" "node0=100/0/0/0 node1=0/0/0/0"
work_stop pin

ok "one page of a huge one" work_start pin --kind pinlab:fast --thp --pages 512 --pin-pages 1 --place 0:512 --threads 0
is "counts its folio" "$(sight "$(work_pid pin)")" "node0=0/512/1/0 node1=0/0/0/0"
work_stop pin

ok "1500 mappings of one page" work_start pin --mappers 1500 --pages 1 --threads 0
is "are no pin" "$(sight "$(work_pid pin)")" "node0=0/0/0/0 node1=0/0/0/0"
# A process that never pinned is not looked at, but on this request.
is "nor when they are looked at" \
	"$(sight "$(work_pid pin)" extra | sed -E 's|/[^ ]*||g')" "node0=0 node1=0"
work_stop pin

ok "four share what one pinned" work_start pin --kind pinlab:fast --pages 256 --place 1:256 --shared 4 --threads 0
is "the pinner" "$(sight "$(work_pid pin)" | sed 's/.* //; s|/.*||')" "node1=256"
for peer in $(work_field pin peers | tr , ' '); do
	is "a sharer" "$(sight "$peer")" "node0=0/0/0/0 node1=0/0/0/0"
done
work_stop pin

ok "get_user_pages" work_start pin --kind pinlab:get --pages 512 --place 1:512 --threads 0
is "is no pin" "$(sight "$(work_pid pin)")" "node0=0/0/0/0 node1=0/0/0/0"
# pages that wait in a processor's LRU batch look the same: at most a few
above "but extra references on request" \
	"$(sight "$(work_pid pin)" extra | sed -E 's|.*node1=[0-9]+/[0-9]+/[0-9]+/||')" 511
work_stop pin

# Pins of a file's pages leave no mark on the memory of who made them.
if work_start pin --kind pinlab:memfd --pages 512 --pin-pages 300 --place 1:512 --threads 0; then
	is "a memfd" "$(sight "$(work_pid pin)")" "node0=0/0/0/0 node1=300/0/0/0"
	ok "re-arm its bell" io rearm "$(work_pid pin)"
	is "is not forgotten" "$(sight "$(work_pid pin)")" "node0=0/0/0/0 node1=300/0/0/0"
	child=$(work_do pin fork | sed -n 's/.*pid=//p')
	is "who merely maps it pins nothing" "$(sight "$child")" "node0=0/0/0/0 node1=0/0/0/0"
	kill -9 "$child"
	work_do pin unpin
	is "nor he after the unpin" "$(sight "$(work_pid pin)")" "node0=0/0/0/0 node1=0/0/0/0"
fi
work_stop pin

# While balancing has made entries PROT_NONE the pages behind them count.
balancing 1
scan_fast
ok "pages that are hinted" work_start pin --kind pinlab:fast --pages 4096 --threads 4
wrong=0
for _ in $(seq 20); do
	sum=$(sight "$(work_pid pin)" | awk -F '[=/]' '{ print $2 + $6 }')
	[ "$sum" = 4096 ] || wrong=$((wrong + 1))
done
is "are all seen, 20 times" "$wrong" 0
work_stop pin

# --- cost ------------------------------------------------------------------
if checks_itself; then mib=128; else mib=1024; fi
ok "$mib MiB" work_start pin --kind pinlab:fast --mib $mib --threads 0
io sight "$(work_pid pin)" >$lab_run/sight
cat $lab_run/sight
note "$mib MiB resident and pinned: longest hold of mmap_lock $(sed -n 's/.*longest_lock_ns=//p' $lab_run/sight) ns"
started=$(date +%s%N)
for _ in 1 2 3 4 5; do io sight "$(work_pid pin)" >/dev/null; done
note "$mib MiB resident and pinned: $((($(date +%s%N) - started) / 5000000)) ms each, by command line"
work_stop pin
module_close
