# What the run-CLIENTs share: `run` starts them, `client` is their name.
here=$(cd "$(dirname "$0")" && pwd)
modal=$here/..
temp=$(mktemp -d "$TMPDIR/$client.XXXXXX")
host=127.0.0.1 more=
bad=0

skip() {
	echo "conformance: $client is skipped: $*" >&2
	exit 77
}

# The fake, with these options, then the client's checks.
drive() {
	for v2 in 1 0; do
		echo "== $client: sandboxes, generation $((v2 + 1))"
		MODAL_SANDBOX_V2=$v2 COVERAGE=$temp/driven \
			"$modal/fake-modal" --host "$host" \
			${RECORD:+--record "$RECORD-$client.v$((v2 + 1))"} \
			"$@" || bad=1
	done
}

# The same with the client's act, whose requests viva's are compared with; and
# with the other act, if the client has it (`more`), in an environment that
# has a name.
requests() {
	[ -n "${VIVA_ACT:-}" ] || return 0
	echo "== $client: requests"
	pairs=
	for act in 1 0 ${more:+1-more 0-more}; do
		(
			export MODAL_SANDBOX_V2="${act%-more}"
			[ "$act" = "${act%-more}" ] ||
				export ACT_MORE=1 MODAL_ENVIRONMENT=named
			rc=0
			"$modal/fake-modal" --host "$host" \
				--record "$temp/official$act" "$@" || rc=1
			"$modal/fake-modal" --host "$host" \
				--record "$temp/ours$act" -- "$VIVA_ACT" ||
				rc=1
			exit $rc
		) || bad=1
		pairs="$pairs $temp/official$act $temp/ours$act"
	done
	# shellcheck disable=SC2086
	"$modal/compare-requests" --allow "$modal/compare-$client.allow" \
		--strict --same "$temp/driven" $pairs || bad=1
	echo "== $client: coverage"
	# The first check of each call, which the second generation begins.
	{
		echo "# What this client was seen to do; by run UPDATE=1."
		awk '$2 != "check" || !seen[$1]++' "$temp/driven" |
			LC_ALL=C sort
	} >"$temp/coverage"
	[ -z "${UPDATE:-}" ] || cp "$temp/coverage" "$here/coverage-$client"
	diff "$here/coverage-$client" "$temp/coverage" &&
		echo "ok     conformance/coverage-$client" || bad=1
}
