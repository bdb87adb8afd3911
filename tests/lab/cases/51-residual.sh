# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=2400 boot=own kernel=linux-image-amd64@bullseye
# Linux 5.10 with the fix of CVE-2022-48797: scans alone lose nothing any more, but
# a migration that meets a scan may still make a pinned page read-only, and the next
# write copies it.  A hold keeps scans away, and confine, which migrates, has
# balancing switched off first.
. /mnt/lab/guest/corruption.sh

kernel_from 5.19 && skip "this kernel has no such hole: $(uname -r)"
product_fresh
is "the verdict" "$(pinsafectl host --json | jq -r .kernel_verdict)" fixed
scan_fast
meanwhile() { migratepages "$pid" 0 1; migratepages "$pid" 1 0; }

unprotected "moved while it is scanned" pinlab:fast
configure <<<"$conf_bell"
protected "moved while it is held" pinlab:fast held_pid
configure <"$lab_run/shipped.conf"
balancing 0
protected "moved while balancing is off" pinlab:fast true
balancing 1

meanwhile() { sleep 1; }
enforce Action=confine BindTo=pinned
start pinlab:fast
ok "confine is applied" until_true 60 is_applied confine
is "with balancing off first" "$(cat /proc/sys/kernel/numa_balancing)" 0
press
is "and no page was lost" "$lost" 0
ok "balancing is on again after it" until_true 30 balancing_is 1
