# ---- bench: built by `make bench` alone ----

bench_programs = \
	tests/bench/awake \
	tests/bench/bench-editor \
	tests/bench/bench-record \
	tests/bench/bench-replay \
	tests/bench/bench-vt \
	tests/bench/echo
EXTRA_PROGRAMS = $(bench_programs)
CLEANFILES += $(bench_programs)
bench_sources = \
	tests/bench/bench.c \
	tests/bench/bench.h \
	tests/bench/workload.c
bench_libs = libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) \
	$(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS)
tests_bench_awake_SOURCES = tests/bench/awake.c
tests_bench_bench_editor_SOURCES = tests/bench/bench-editor.c $(bench_sources)
tests_bench_bench_editor_LDADD = $(bench_libs)
tests_bench_bench_record_SOURCES = tests/bench/bench-record.c $(bench_sources)
tests_bench_bench_record_LDADD = $(bench_libs)
tests_bench_bench_replay_SOURCES = tests/bench/bench-replay.c $(bench_sources)
tests_bench_bench_replay_LDADD = $(bench_libs)
tests_bench_bench_vt_SOURCES = tests/bench/bench-vt.c $(bench_sources)
tests_bench_bench_vt_LDADD = $(bench_libs)
tests_bench_echo_SOURCES = tests/bench/echo.c

# The rig warns when viva is built with sanitizers.
.PHONY: bench
bench: all
	$(MAKE) $(AM_MAKEFLAGS) $(bench_programs)
	$(PYTHON3) $(srcdir)/tests/bench/rig.py --viva ./viva \
		--tools tests/bench $(BENCH_FLAGS)
