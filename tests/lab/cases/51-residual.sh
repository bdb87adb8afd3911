# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=2400 boot=own kernel=linux-image-amd64@bullseye
# Linux 5.10 with the fix of CVE-2022-48797: scans alone lose nothing any more, but
# a migration that meets a scan may still make a pinned page read-only, and the next
# write copies it.  A hold keeps scans away, so does balancing that is off, and
# confine, which migrates, has it switched off first.
. /mnt/lab/guest/corruption.sh

kernel_from 5.19 && skip "this kernel has no such hole: $(uname -r)"
product_fresh
is "the verdict" "$(pinsafectl host --json | jq -r .kernel_verdict)" fixed
scan_fast
# what migrates it, over and over: a call, and a cpuset that somebody changes
by_call() { migratepages "$pid" 0 1; migratepages "$pid" 1 0; }
by_cpuset() {
	local node
	for node in 1 0; do
		systemctl set-property --runtime "${cgroup##*/}" AllowedMemoryNodes=$node
	done
}

# races WHAT HOW: loses pages, unless it is held or balancing is off
races() {
	local what=$1
	eval "meanwhile() { $2; }"
	unprotected "$what while it is scanned" pinlab:fast
	configure <<<"$conf_bell"
	protected "$what while it is held" pinlab:fast held_pid
	configure <"$lab_run/shipped.conf"
	balancing 0
	protected "$what while balancing is off" pinlab:fast true
	balancing 1
}

races "moved" by_call
races "moved by its cpuset" by_cpuset

meanwhile() { sleep 1; }
enforce Action=confine BindTo=pinned
is_confined_unbalanced() { is_applied confine && balancing_is 0; }
protected "confine, with balancing off first" pinlab:fast is_confined_unbalanced
ok "balancing is on again after it" until_true 30 balancing_is 1
