# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=3000 boot=own kernel=unfixed
# CVE-2022-48797 on the kernel that has it: four threads write to memory that a
# device has pinned while balancing scans it as fast as it can.  Unprotected, the
# process ends up on copies of pages of which the device keeps the originals;
# protected in any way, on none.
. /mnt/lab/guest/corruption.sh

is "it is the unfixed kernel" "$(uname -r)" 5.10.101-unfixed

product_fresh
is "the verdict" "$(pinsafectl host --json | jq -r .kernel_verdict)" affected
scan_fast

unprotected "unprotected" pinlab:fast
unprotected "unprotected, FOLL_GET" pinlab:get

configure <<<"$conf_bell"
protected "hold in the pin bell" pinlab:fast held_pid
configure <<<"$conf_loop"
protected "hold by the daemon" pinlab:fast held_pid
configure <<<"$conf_open"
protected "hold in the open bell, FOLL_GET" pinlab:get held_pid
enforce Action=hold Scope=cgroup
protected "hold of the cgroup" pinlab:fast held_cgroup
enforce Action=bind BindTo=pinned
protected "bind" pinlab:fast is_applied bind
enforce Action=confine BindTo=pinned
protected "confine" pinlab:fast is_applied confine
enforce Action=mempolicy
protected "mempolicy" pinlab:fast is_applied mempolicy
enforce Action=host-off
protected "host-off" pinlab:fast is_applied host-off
cp $lab_run/shipped.conf $pinsafe_conf
pinsafectl reload
ok "host-off ends" until_true 20 balancing_is 1
work_wrap=(pinsafectl run --)
protected "pinsafectl run" pinlab:fast true
work_wrap=()

unprotected "unprotected, at the end" pinlab:fast
