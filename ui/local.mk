noinst_LIBRARIES += libui.a
libui_a_SOURCES = \
	ui/app-draw.c \
	ui/app-internal.h \
	ui/app-mouse.c \
	ui/app-run.c \
	ui/app.c \
	ui/app.h \
	ui/canvas.c \
	ui/canvas.h \
	ui/cmd.c \
	ui/cmd.h \
	ui/colour.c \
	ui/colour.h \
	ui/keymap.c \
	ui/keymap.h \
	ui/keys.c \
	ui/keys.h \
	ui/layout.c \
	ui/layout.h \
	ui/palette.c \
	ui/pane-term-copy.c \
	ui/pane-term.c \
	ui/pane-term.h \
	ui/pane.h \
	ui/prompt-internal.h \
	ui/prompt.c \
	ui/prompt.h \
	ui/screen.c \
	ui/screen.h \
	ui/settings.c \
	ui/settings.h \
	ui/theme.c \
	ui/theme.h \
	ui/timeline.c
