# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# One count of everything that a process has mapped, as the daemon asks for it.

# sight_row WHAT GIB PID
sight_row() {
	pinsafe-ioctl sight "$3" | tr ' ' '\n' | awk -F= -v what="$1" -v gib="$2" '
		$1 == "total_ns" { t = $2 } $1 == "longest_lock_ns" { l = $2 }
		END { printf "%-28s%11.2f ms%11.4f ms%14.2f ms\n", what, t / 1e6, t / 1e6 / gib, l / 1e6 }'
}

bench_sight() {
	product_fresh
	systemctl stop pinsafed
	printf '\n%-28s%14s%14s%17s\n' "Sight, one count" "all of it" "per GiB" "longest hold"
	work_start pinsight --kind pinlab:fast --mib 512 --threads 0
	sight_row "512 MiB resident, pinned" 0.5 "$(work_pid pinsight)"
	work_stop pinsight
	work_start pinhole --kind pinlab:fast --mib 16 --reserve-gib 1024 --threads 0
	sight_row "16 MiB in 1 TiB reserved" 1024 "$(work_pid pinhole)"
	work_stop pinhole
	product_fresh
}
