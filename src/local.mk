# The library half: no curses, no printing.
noinst_LIBRARIES += libcore.a
libcore_a_SOURCES = \
	src/base/buf.c \
	src/base/buf.h \
	src/base/clock.c \
	src/base/clock.h \
	src/base/err.c \
	src/base/err.h \
	src/base/glyph.c \
	src/base/glyph.h \
	src/base/ini.c \
	src/base/ini.h \
	src/base/json.c \
	src/base/json.h \
	src/base/mem.c \
	src/base/mem.h \
	src/base/utf8.c \
	src/base/utf8.h \
	src/loop/loop.c \
	src/loop/loop.h \
	src/event/event.c \
	src/event/event.h \
	src/text/history.c \
	src/text/history.h \
	src/text/text.c \
	src/text/text.h \
	src/vt/vt-core.c \
	src/vt/vt-find.c \
	src/vt/vt-grid.c \
	src/vt/vt-key.c \
	src/vt/vt-lib.c \
	src/vt/vt-osc.c \
	src/vt/vt-parse.c \
	src/vt/vt-priv.h \
	src/vt/vt-save.c \
	src/vt/vt-seq.c \
	src/vt/vt-size.c \
	src/vt/vt-style.c \
	src/vt/vt-text.c \
	src/vt/vt.h \
	src/store/gitstore-priv.h \
	src/store/gitstore-read.c \
	src/store/gitstore-tidy.c \
	src/store/gitstore.c \
	src/store/gitstore.h \
	src/store/journal.c \
	src/store/journal.h \
	src/sandbox/fs.c \
	src/sandbox/fs.h \
	src/sandbox/local-bwrap.c \
	src/sandbox/local-exec.c \
	src/sandbox/local-files.c \
	src/sandbox/local-sheet.c \
	src/sandbox/local.c \
	src/sandbox/local.h \
	src/sandbox/remedy.c \
	src/sandbox/remedy.h \
	src/sandbox/sandbox.h \
	src/sandbox/seccomp.c \
	src/sandbox/seccomp.h \
	src/problem/compare.c \
	src/problem/compare.h \
	src/problem/language.c \
	src/problem/language.h \
	src/problem/list.c \
	src/problem/problem.c \
	src/problem/problem.h \
	src/session/command.h \
	src/session/core-files.c \
	src/session/core-files.h \
	src/session/core-internal.h \
	src/session/core-resume.c \
	src/session/core-save.c \
	src/session/core-term.c \
	src/session/core-tests.c \
	src/session/core.c \
	src/session/core.h \
	src/session/record.c \
	src/session/record.h \
	src/session/replay.c \
	src/session/replay.h \
	src/session/state-save.c \
	src/session/state.c \
	src/session/state.h \
	src/session/testrun.c \
	src/session/testrun.h

bin_PROGRAMS += viva
viva_SOURCES = \
	src/cli/cli.h \
	src/cli/cmd-doctor.c \
	src/cli/cmd-list.c \
	src/cli/cmd-live.c \
	src/cli/cmd-replay.c \
	src/cli/cmd-show.c \
	src/cli/main.c \
	src/cli/paths.c \
	src/cli/sessions.c \
	src/cli/signals.c
viva_LDADD = libui.a libcore.a $(UI_LIBS) $(CORE_LIBS)

# Runs inside the sandbox, so it depends on the C library alone and is never
# built with sanitizers.
pkglibexec_PROGRAMS += viva-sandbox-init
viva_sandbox_init_SOURCES = src/sandbox/init.c
viva_sandbox_init_CFLAGS = -std=gnu11 $(WARN_CFLAGS) $(HARDEN_CFLAGS)
viva_sandbox_init_LDFLAGS = $(HARDEN_LDFLAGS)
