themesdir = $(pkgdatadir)/themes
dist_themes_DATA = \
	themes/ansi16 \
	themes/dark \
	themes/high-contrast \
	themes/light \
	themes/neutral
