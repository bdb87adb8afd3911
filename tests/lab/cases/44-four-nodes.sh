# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=4 limit=900
# Each rung of the ladder on four nodes of one processor each, on one or on two of them.
. /mnt/lab/guest/rungs.sh

scan_fast
product_fresh
neighbour_start
bind_kind pinlab:fast pinned 2 --place 2:2048
bind_kind uring 1,3 1,3 --place 1:1024,3:1024
confine_to pinned 3 3 3:2048
confine_to 1,3 1,3 1,3 1:1024,3:1024
host_off
mempolicy ""
at_the_end
systemctl start pinsafed
