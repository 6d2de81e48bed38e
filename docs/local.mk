EXTRA_DIST += \
	docs/ARCHITECTURE.md \
	docs/EVENT-LOG.md \
	docs/MODAL.md \
	docs/PERFORMANCE.md \
	docs/decisions/0001-keyframes-are-derived.md \
	docs/decisions/0002-allocation-cannot-fail.md \
	docs/decisions/0003-gap-buffer.md \
	docs/decisions/0004-libvterm-faults.md \
	docs/decisions/0005-one-sandbox-per-program.md \
	docs/decisions/0006-hidden-cases.md \
	docs/decisions/0007-git-packs.md \
	docs/decisions/0008-resume-from-the-journal.md \
	docs/decisions/0009-the-shell-outlives-viva.md \
	docs/decisions/0010-samples-run-in-the-judge.md \
	docs/decisions/0011-typed-input-does-not-wait.md \
	docs/decisions/0012-cells-painted-by-ourselves.md \
	docs/decisions/0013-raw-output-in-the-record.md \
	docs/decisions/0014-samples-in-the-session.md \
	docs/decisions/0015-phases-of-a-sandbox-at-modal.md \
	docs/decisions/0016-what-a-package-says.md \
	docs/decisions/0017-keys-for-a-file-on-its-way.md \
	docs/decisions/0018-formulas-by-ourselves.md \
	docs/decisions/0019-a-flood-is-written-in-its-pause.md \
	docs/decisions/0020-asleep-is-not-starved.md
