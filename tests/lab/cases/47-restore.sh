# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lab: nodes=2 limit=1500 boot=own smp=single
# The daemon killed LAB_KILLS times at random moments between its start and all being
# in force, and put back each time by nobody but pinsafed --restore: after each the
# host is as it was before the first.
. /mnt/lab/guest/all-actions.sh

seed=${LAB_SEED:-$RANDOM}
RANDOM=$seed
note "seed $seed"
kills=${LAB_KILLS:-6} failed=0 differs=0 busy=0 whole=0

daemon_start() {
	pinsafed --foreground 2>$lab_run/daemon.log &
	daemon=$!
}
now_msec() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# one_kill MSEC: how many had something to be put back is what makes them count
one_kill() {
	local msec=$((RANDOM % $1))
	printf -v msec '%d.%03d' $((msec / 1000)) $((msec % 1000))
	daemon_start
	pause "$msec"
	! set_by_us || whole=$((whole + 1))
	kill -9 "$daemon"
	wait "$daemon" 2>/dev/null || true
	! grep -q -v '^pinsafe-ledger' /run/pinsafed/ledger || busy=$((busy + 1))
	pinsafed --restore >$lab_run/restore.log 2>&1 || {
		failed=$((failed + 1))
		cat $lab_run/restore.log
	}
	picture >$lab_run/after
	diff $lab_run/before $lab_run/after || differs=$((differs + 1))
}

product_all
begin_all
picture | tee $lab_run/before

begin=$(now_msec)
daemon_start
ok "all is in force" until_true 60 set_by_us
took=$(($(now_msec) - begin))
kill -9 "$daemon"
wait "$daemon" 2>/dev/null || true
ok "put back" pinsafed --restore
picture >$lab_run/after
ok "all is as it was before" diff $lab_run/before $lab_run/after

start=$SECONDS
for ((n = 0; n < kills; n++)); do one_kill $((took * 5 / 4)); done
is "$kills kills: each was put back" $failed 0
is "$kills kills: after each all is as it was before" $differs 0
above "most had changed something" $busy $((kills / 2))
above "some had changed all" $whole 0
note "measured: $kills kills within $((took * 5 / 4)) ms of the start, $busy with changes, $whole with all in force, in $((SECONDS - start)) s"

systemctl start pinsafed
ok "the service starts" until_true 60 set_by_us
ok "and stops" systemctl stop pinsafed
picture >$lab_run/after
ok "and all is as it was before" diff $lab_run/before $lab_run/after
