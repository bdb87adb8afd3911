# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the lab keeps between runs, and how: an entry is a directory made under
# a temporary name and renamed when complete, so a name that exists is always
# whole.  An entry's name ends in a hash of everything that went into it.

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # used by those who source this file
top_dir=$(cd "$lab_dir/../.." && pwd)
cache_dir=${PINSAFE_LAB_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/pinsafe-lab}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

# cache_key: the hash of standard input, short enough for a file name
cache_key() { sha256sum | cut -c1-16; }

# cache_entry NAME MAKER...: makes cache_dir/NAME by calling MAKER... with a
# fresh directory as its last argument, unless it is there already; prints the
# path.  One maker at a time for one NAME; the others wait and find it made.
cache_entry() {
	local name=$1 lock tmp r
	shift
	mkdir -p "$cache_dir"
	if [ ! -d "$cache_dir/$name" ]; then
		exec {lock}>"$cache_dir/.lock-$name"
		flock "$lock"
		if [ ! -d "$cache_dir/$name" ]; then
			cache_sweep "$name"
			tmp=$(mktemp -d "$cache_dir/.tmp-$name-XXXXXX")
			# not "if ! (…)": there errexit would be off inside
			set +e
			(set -e; "$@" "$tmp" {lock}>&-) >&2
			r=$?
			set -e
			if [ "$r" != 0 ]; then
				rm -rf --one-file-system "$tmp"
				return 1
			fi
			chmod 755 "$tmp"
			mv -T "$tmp" "$cache_dir/$name"
		fi
		exec {lock}>&-
		rm -f "$cache_dir/.lock-$name"
	fi
	# the age by which cache_prune judges
	touch "$cache_dir/$name"
	printf '%s\n' "$cache_dir/$name"
}

# cache_sweep NAME: what a maker that was killed left behind.  Called with the
# lock of NAME held, so nobody else is making it.
cache_sweep() {
	local tmp
	for tmp in "$cache_dir/.tmp-$1-"*; do
		[ -d "$tmp" ] || continue
		! mountpoint -q "$tmp/root" || umount -R "$tmp/root"
		rm -rf --one-file-system "$tmp"
	done
}

# cache_use ENTRY: nobody prunes it while this process and its children live;
# fails where somebody just has
cache_use() {
	local fd
	{ exec {fd}<"$1"; } 2>/dev/null && flock -s "$fd" && [ -d "$1" ]
}

# use_image ARGUMENT…: makes the image that ./image would and keeps it; in $image
use_image() {
	local try
	for try in 1 2 3; do
		image=$("$lab_dir/image" "$@") || return
		if cache_use "$image"; then return; fi
	done
	die "$image is gone again: how many are pruning $cache_dir?"
}

# cache_drop ENTRY: unless it is in use
cache_drop() {
	local fd
	{ exec {fd}<"$1"; } 2>/dev/null || return 0
	if flock -xn "$fd"; then
		# out of the way first: what has the name is whole
		mv -T "$1" "$cache_dir/.tmp-${1##*/}-pruned" && rm -rf --one-file-system "$cache_dir/.tmp-${1##*/}-pruned"
	fi
	exec {fd}<&-
}

# cache_prune PREFIX N: keeps the N entries of a prefix that were used last, and
# those in use.
cache_prune() {
	local entry
	find "$cache_dir" -maxdepth 1 -type d -name "$1-*" -printf '%T@ %p\n' |
		sort -rn | tail -n +"$(($2 + 1))" | cut -d' ' -f2- |
		while read -r entry; do cache_drop "$entry"; done
}

# copy_sources DIR PATTERN: of what git would put into a commit of the tree as
# it stands, the paths that match
copy_sources() {
	(
		cd "$top_dir"
		if git rev-parse --git-dir >/dev/null 2>&1; then
			git ls-files -z -co --exclude-standard
		else
			find . -type f -printf '%P\0'
		fi | grep -zE "$2" |
			while IFS= read -r -d '' f; do
				[ -e "$f" ] || [ -L "$f" ] || continue
				printf '%s\0' "$f"
			done | tar --null --no-recursion -T - -cf - | tar -C "$1" -xf -
	)
}

# sources_key DIR: what the hash of an entry made of them needs to see
sources_key() {
	(cd "$1" && find . -type f -printf '%m %P\n' -o -type l -printf 'l %P %l\n' | sort
	 cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}
