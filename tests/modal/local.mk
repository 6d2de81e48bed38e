# ---- the official clients against the fake: `make conformance` alone ----

EXTRA_PROGRAMS += tests/modal/act tests/modal/put
CLEANFILES += tests/modal/act tests/modal/put
tests_modal_act_SOURCES = tests/modal/act.c tests/modal/peak.h
tests_modal_act_LDADD = $(bench_libs)
tests_modal_put_SOURCES = tests/modal/put.c tests/modal/peak.h
tests_modal_put_LDADD = $(bench_libs)

# 77: no client can be had here; it says so, for each.
.PHONY: conformance
conformance: all
	$(MAKE) $(AM_MAKEFLAGS) tests/modal/act
	rc=0; npm_config_fetch_retries=0 npm_config_fetch_timeout=30000 \
	    VIVA_ACT='$(abs_builddir)/tests/modal/act' \
	    '$(abs_srcdir)/tests/modal/conformance/run' \
	    '$(abs_builddir)/sdk' || rc=$$?; test $$rc -eq 0 || test $$rc -eq 77
