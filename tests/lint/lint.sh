# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the lints share.  Each sources this file, calls rule once for each rule
# with the violations on stdin ("file:line: what"), and ends with plan.  Runs
# in the source root.
set -uo pipefail
shopt -s lastpipe nullglob
export LC_ALL=C
cd "${top_srcdir:-$(dirname "$0")/../..}" || exit 99

rules=0

# rule NAME: holds when stdin is empty
rule() {
	local found
	found=$(cat)
	rules=$((rules + 1))
	if [ -z "$found" ]; then
		echo "ok $rules - $1"
	else
		echo "not ok $rules - $1"
		printf '# %s\n' "${found//$'\n'/$'\n'# }"
	fi
}

skip() {
	rules=$((rules + 1))
	echo "ok $rules - $1 # SKIP $2"
}

plan() { echo "1..$rules"; }

# sources DIR...: the C files below
sources() { find "$@" -name '*.[ch]' -not -name '*.mod.c' 2>/dev/null | sort; }

# code FILE: without comments, line numbers as they were
code() {
	awk '{
		out = ""; s = $0
		while (length(s)) {
			if (inside) {
				i = index(s, "*/")
				if (!i) break
				s = substr(s, i + 2); inside = 0
			} else if (match(s, /^"([^"\\]|\\.)*"/) || match(s, /^\047([^\047\\]|\\.)*\047/)) {
				out = out substr(s, 1, RLENGTH); s = substr(s, RLENGTH + 1)
			} else if (substr(s, 1, 2) == "/*") {
				inside = 1; s = substr(s, 3)
			} else if (substr(s, 1, 2) == "//")
				break
			else {
				out = out substr(s, 1, 1); s = substr(s, 2)
			}
		}
		print out
	}' "$1"
}

# in_code REGEX FILE...: file:line: text of code that matches
in_code() {
	local regex=$1 f
	shift
	for f; do
		code "$f" | grep -nE -- "$regex" | sed "s|^|$f:|"
	done
}

# except PATTERN: drops the lines of files that may
except() { grep -vE "^($1):" || true; }
