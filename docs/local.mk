EXTRA_DIST += \
	docs/ARCHITECTURE.md \
	docs/EVENT-LOG.md \
	docs/decisions/0001-keyframes-are-derived.md \
	docs/decisions/0002-allocation-cannot-fail.md \
	docs/decisions/0003-gap-buffer.md \
	docs/decisions/0004-libvterm-faults.md
