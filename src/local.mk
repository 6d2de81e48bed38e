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
	src/event/event-split.c \
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
	src/store/journal-file.c \
	src/store/journal-file.h \
	src/store/journal-queue.c \
	src/store/journal-queue.h \
	src/store/journal.c \
	src/store/journal.h \
	src/net/ca-store.c \
	src/net/ca-store.h \
	src/net/grpc-attempt.c \
	src/net/grpc-curl-loop.c \
	src/net/grpc-curl-server.c \
	src/net/grpc-curl.c \
	src/net/grpc-curl.h \
	src/net/grpc-details.c \
	src/net/grpc-frame.c \
	src/net/grpc-frame.h \
	src/net/grpc-host.c \
	src/net/grpc-priv.h \
	src/net/grpc.c \
	src/net/grpc.h \
	src/net/https.c \
	src/net/https.h \
	src/net/wire.h \
	src/sandbox/fs.c \
	src/sandbox/fs.h \
	src/sandbox/local-bwrap.c \
	src/sandbox/local-exec.c \
	src/sandbox/local-files.c \
	src/sandbox/local-sheet.c \
	src/sandbox/local.c \
	src/sandbox/local.h \
	src/sandbox/modal-access.c \
	src/sandbox/modal-account.c \
	src/sandbox/modal-blocks-get.c \
	src/sandbox/modal-blocks.c \
	src/sandbox/modal-box.c \
	src/sandbox/modal-break.c \
	src/sandbox/modal-config.c \
	src/sandbox/modal-config.h \
	src/sandbox/modal-create.c \
	src/sandbox/modal-dir.c \
	src/sandbox/modal-end.c \
	src/sandbox/modal-exec-io.c \
	src/sandbox/modal-exec.c \
	src/sandbox/modal-files.c \
	src/sandbox/modal-find.c \
	src/sandbox/modal-hash.c \
	src/sandbox/modal-image.c \
	src/sandbox/modal-input.c \
	src/sandbox/modal-internal.h \
	src/sandbox/modal-kept.c \
	src/sandbox/modal-kept.h \
	src/sandbox/modal-large.c \
	src/sandbox/modal-list.c \
	src/sandbox/modal-phase.c \
	src/sandbox/modal-run.c \
	src/sandbox/modal-store.c \
	src/sandbox/modal-store.h \
	src/sandbox/modal-toml.c \
	src/sandbox/modal-toml.h \
	src/sandbox/modal-volume-files.c \
	src/sandbox/modal-volume.c \
	src/sandbox/modal-wire.c \
	src/sandbox/modal-wire.h \
	src/sandbox/modal.h \
	src/sandbox/remedy.c \
	src/sandbox/remedy.h \
	src/sandbox/sandbox.h \
	src/sandbox/seccomp.c \
	src/sandbox/seccomp.h \
	src/problem/attachments.c \
	src/problem/cases.c \
	src/problem/compare.c \
	src/problem/compare.h \
	src/problem/language.c \
	src/problem/language.h \
	src/problem/list.c \
	src/problem/package-yaml.c \
	src/problem/package.h \
	src/problem/problem.c \
	src/problem/problem.h \
	src/problem/statement.c \
	src/problem/yaml.c \
	src/session/command.h \
	src/session/core-ahead.c \
	src/session/core-attach.c \
	src/session/core-files.c \
	src/session/core-files.h \
	src/session/core-internal.h \
	src/session/core-open.c \
	src/session/core-resume.c \
	src/session/core-sandbox.c \
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
	src/session/testrun-verdict.c \
	src/session/testrun-verdict.h \
	src/session/testrun-web.c \
	src/session/testrun-web.h \
	src/session/testrun.c \
	src/session/testrun.h

# What protoc-c makes of the messages of Modal.  A library of its own, as its
# code does not meet our warnings.
noinst_LIBRARIES += libmodalpb.a
nodist_libmodalpb_a_SOURCES = $(PB)
libmodalpb_a_CFLAGS = -std=gnu11 $(HARDEN_CFLAGS) $(SAN_CFLAGS) \
	$(PROTOBUF_C_CFLAGS)
PB = src/sandbox/modal.pb-c.c src/sandbox/modal.pb-c.h \
	src/sandbox/modal-router.pb-c.c src/sandbox/modal-router.pb-c.h
PROTOS = src/sandbox/modal.proto src/sandbox/modal-router.proto
EXTRA_DIST += $(PROTOS)
CLEANFILES += $(PB)
# One run makes four files, so one stands for them all.
src/sandbox/modal.pb-c.c: $(PROTOS)
	$(AM_V_GEN)$(MKDIR_P) src/sandbox && $(PROTOC_C) \
	    --c_out=src/sandbox -I$(srcdir)/src/sandbox \
	    $(srcdir)/src/sandbox/modal.proto \
	    $(srcdir)/src/sandbox/modal-router.proto
src/sandbox/modal.pb-c.h src/sandbox/modal-router.pb-c.c \
src/sandbox/modal-router.pb-c.h: src/sandbox/modal.pb-c.c

# What uses libgit2 (src/store/gitstore-load.h says why): for tests as a
# library, for viva as a shared object that has what it needs of the rest.
noinst_LIBRARIES += libgitstore.a
libgitstore_a_SOURCES = \
	src/store/gitstore-node.c \
	src/store/gitstore-priv.h \
	src/store/gitstore-read.c \
	src/store/gitstore-tidy.c \
	src/store/gitstore-write.c \
	src/store/gitstore-write.h \
	src/store/gitstore.c \
	src/store/gitstore.h
pkglibexec_PROGRAMS += viva-git.so
viva_git_so_SOURCES = \
	src/store/gitstore-node.c \
	src/store/gitstore-priv.h \
	src/store/gitstore-read.c \
	src/store/gitstore-table.c \
	src/store/gitstore-tidy.c \
	src/store/gitstore-write.c \
	src/store/gitstore-write.h \
	src/store/gitstore.c \
	src/store/gitstore.h \
	src/store/gitstore-load.h \
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
	src/event/event-split.c \
	src/event/event.c \
	src/event/event.h
viva_git_so_CFLAGS = $(AM_CFLAGS) -fPIC
viva_git_so_LDFLAGS = $(AM_LDFLAGS) -shared
viva_git_so_LDADD = $(GIT2_LIBS) $(CJSON_LIBS) $(CRYPTO_LIBS) $(UTF8PROC_LIBS) \
	$(PTHREAD_LIBS)

bin_PROGRAMS += viva
viva_SOURCES = \
	src/cli/clean.c \
	src/cli/cli.h \
	src/cli/cmd-doctor.c \
	src/cli/cmd-list.c \
	src/cli/cmd-live.c \
	src/cli/cmd-replay.c \
	src/cli/cmd-show.c \
	src/cli/main.c \
	src/cli/paths.c \
	src/cli/provider.c \
	src/cli/provider.h \
	src/cli/record.c \
	src/cli/sessions.c \
	src/cli/signals.c \
	src/cli/provider-exec.c \
	src/store/gitstore-load.c \
	src/store/gitstore-load.h
viva_LDADD = libui.a libcore.a $(UI_LIBS) $(CORE_LIBS)

# All of viva, and what speaks to Modal (src/cli/provider.h says why).
pkglibexec_PROGRAMS += viva-modal
viva_modal_SOURCES = \
	src/cli/clean.c \
	src/cli/cli.h \
	src/cli/cmd-doctor.c \
	src/cli/cmd-list.c \
	src/cli/cmd-live.c \
	src/cli/cmd-replay.c \
	src/cli/cmd-show.c \
	src/cli/main.c \
	src/cli/paths.c \
	src/cli/provider.c \
	src/cli/provider.h \
	src/cli/record.c \
	src/cli/sessions.c \
	src/cli/signals.c \
	src/cli/cmd-remote.c \
	src/cli/cmd-volumes.c \
	src/cli/ends.c \
	src/cli/ends.h \
	src/cli/newfile.c \
	src/cli/newfile.h \
	src/cli/progress.c \
	src/cli/progress.h \
	src/cli/doctor-modal.c \
	src/cli/modal-settings.c \
	src/cli/modal-settings.h \
	src/cli/provider-modal.c \
	src/store/gitstore-load.c \
	src/store/gitstore-load.h
viva_modal_LDADD = libui.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(MODAL_LIBS)

# Runs inside the sandbox, so it depends on the C library alone and is never
# built with sanitizers.
pkglibexec_PROGRAMS += viva-sandbox-init
viva_sandbox_init_SOURCES = src/sandbox/init.c
viva_sandbox_init_CFLAGS = -std=gnu11 $(WARN_CFLAGS) $(HARDEN_CFLAGS)
viva_sandbox_init_LDFLAGS = $(HARDEN_LDFLAGS)
