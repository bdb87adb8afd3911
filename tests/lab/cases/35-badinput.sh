# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=400
# Wrong input gets its error, names the place, and changes nothing.
. /mnt/lab/guest/product.sh

product_fresh "$conf_bell"
ok "a pinner starts" work_start pin --kind pinlab:fast --mib 4 --threads 2
pid=$(work_pid pin)
ok "it is held" until_true 30 held "$pid"

# wrong WHAT LINE CONFIGURATION: refused with that line, and the old one stays
wrong() {
	local out
	printf '%b' "$3" >$pinsafe_conf
	out=$(pinsafectl check-config 2>&1) && fail "$1: check-config refuses" "it did not"
	is "$1: names file and line" "$(grep -o "$pinsafe_conf:$2:" <<<"$out" | head -n 1)" "$pinsafe_conf:$2:"
	not_ok "$1: reload refuses" pinsafectl reload
	not_ok "$1: systemctl reload says so" systemctl reload pinsafed
	is "$1: status tells" "$(pinsafectl status --json | jq -r .last_reload_successful)" false
	ok "$1: the old one holds on" held "$pid"
}
wrong "unknown key" 2 '[Daemon]\nMood=enforce\n'
wrong "unknown section" 1 '[Demon]\nMode=enforce\n'
wrong "bad value" 2 '[Daemon]\nMode=sometimes\n'
wrong "key twice" 3 '[Daemon]\nMode=audit\nMode=enforce\n'
wrong "no section" 1 'Mode=enforce\n'
wrong "empty section" 1 '[]\nMode=enforce\n'
wrong "policy without a name" 1 '[Policy]\nAction=hold\n'
wrong "continuation" 3 '[Policy a]\nMatchDevice=/dev/a\n  /dev/b\n'
wrong "line too long" 2 "[Policy a]\nMatchDevice=$(printf '/dev/%0300d' 1)\n"
wrong "section name too long" 1 "[Policy $(printf '%080d' 1)]\nAction=hold\n"
wrong "no action of ours" 2 '[Policy a]\nAction=explode\n'
wrong "a size that is none" 2 '[Policy a]\nMatchPinnedMin=much\n'
printf '[Daemon]\nMood=1\n[Policy a]\nAction=b\n' >$pinsafe_conf
is "all errors at once" "$(pinsafectl check-config 2>&1 | grep -c "$pinsafe_conf:")" 2
ok "a good one mends it" configure <<<"$conf_bell"
is "and status tells" "$(pinsafectl status --json | jq -r .last_reload_successful)" true

is "no verb" "$(exit_of pinsafectl)" 2
is "unknown verb" "$(exit_of pinsafectl stauts)" 2
ok "names the nearest" grep -q status /run/lab/out
is "unknown option" "$(exit_of pinsafectl status --frobnicate)" 2
is "no target" "$(exit_of pinsafectl show)" 2
is "no number" "$(exit_of pinsafectl show pid:12x)" 2
is "no such process" "$(exit_of pinsafectl show 4194303)" 5
is "hold of no such process" "$(exit_of pinsafectl hold 4194303)" 5
is "no such cgroup" "$(exit_of pinsafectl hold /no/such/cgroup)" 5
is "hold of everything" "$(exit_of pinsafectl hold /)" 2
is "no such unit" "$(exit_of pinsafectl hold unit:nosuch.service)" 5

# somebody else: sees his own and totals, orders nothing
id -u labuser >/dev/null 2>&1 || useradd labuser
as_user() { setpriv --reuid=labuser --regid=labuser --clear-groups "$@"; }
is "a user: totals" "$(as_user pinsafectl status --json | jq -r .held)" 1
is "a user: not others' processes" "$(as_user pinsafectl list --json | jq '.targets | length')" 0
is "a user: show, as if it were not there" "$(exit_of as_user pinsafectl show "$pid")" 5
is "a user: release" "$(exit_of as_user pinsafectl release "$pid")" 4
is "a user: hold" "$(exit_of as_user pinsafectl hold "$pid")" 4
is "a user: reload" "$(exit_of as_user pinsafectl reload)" 4
ok "and the hold stays" held "$pid"

call() { busctl call org.pinsafe1 /org/pinsafe1 org.pinsafe1.Manager "$@"; }
not_ok "D-Bus: a pid that is none" call Hold '(uts)' 0 0 ''
not_ok "D-Bus: both names" call Hold '(uts)' "$pid" 1 /labwork.slice
not_ok "D-Bus: another start time" call Hold '(uts)' "$pid" 1 ''
not_ok "D-Bus: a path that climbs" call Hold '(uts)' 0 0 /../../etc
not_ok "D-Bus: wrong signature" call Hold s hello
not_ok "D-Bus: no such method" call Frobnicate
ok "D-Bus: it introspects" grep -q ListTargets <(busctl introspect org.pinsafe1 /org/pinsafe1)
is "after all that, held" "$(pinsafectl status --json | jq -r .held)" 1
