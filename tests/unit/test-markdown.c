#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "ui/markdown.h"

/* Every style gets a colour of its own. */
static struct theme
test_theme(void)
{
	struct theme t = { .name = "test" };

	for (int i = 0; i < STYLE_NAMES; i++)
		t.styles[i] = (struct style){ i, -1, 0 };
	return t;
}

static struct canvas *
draw(const char *s, size_t n, int cols, bool ascii)
{
	struct theme theme = test_theme();
	struct markdown *m = markdown_create(s, n, cols, ascii);
	struct canvas *c = canvas_create(markdown_lines(m), cols);

	markdown_draw(m, c, 0, &theme);
	markdown_destroy(m);
	return c;
}

static void
expect_as(const char *s, int cols, bool ascii, const char *want)
{
	struct canvas *c = draw(s, strlen(s), cols, ascii);
	struct buf b = { 0 };

	canvas_dump(c, false, &b);
	assert_string_equal(buf_str(&b), want);
	buf_free(&b);
	canvas_destroy(c);
}

static void
expect(const char *s, int cols, const char *want)
{
	expect_as(s, cols, false, want);
}

/* The style at the first place of a character. */
static void
expect_style(const char *s, char at, enum style_name want)
{
	struct canvas *c = draw(s, strlen(s), 40, false);

	for (int i = 0; i < c->rows * c->cols; i++)
		if (c->cells[i].glyph == (uint32_t)at) {
			assert_int_equal(c->cells[i].style.fg, want);
			canvas_destroy(c);
			return;
		}
	fail_msg("no %c in %s", at, s);
}

static void
paragraphs_wrap(void **st)
{
	(void)st;
	expect("Given n integers, print\nthe indices of the two.\n\nMore.",
	    16, "Given n\nintegers, print\nthe indices of\nthe two.\n\n"
	    "More.\n");
	expect("a  \nb\\\nc", 10, "a\nb\nc\n");
	expect("a\tb `c\td`\n\n# e\tf\n", 20, "a b c d\n\ne f\n");
	expect("incomprehensible", 6, "incomp\nrehens\nible\n");
	expect("12345 789", 5, "12345\n789\n");
	expect("one two", 3, "one\ntwo\n");
	/* Wide characters and clusters are never cut. */
	expect("日本語日本語", 5, "日本\n語日\n本語\n");
	expect("e\xcc\x81" "e\xcc\x81" "e\xcc\x81", 2, "e\xcc\x81"
	    "e\xcc\x81\ne\xcc\x81\n");
	expect("", 10, "");
	expect("abc", 1, "a\nb\nc\n");
}

static void
headings_and_spans(void **st)
{
	(void)st;
	expect("# Two *numbers*\ntext\n## Input\nn", 20,
	    "Two numbers\n\ntext\n\nInput\n\nn\n");
	expect_style("# Head", 'H', STYLE_HEADING);
	expect_style("# a *Head*", 'H', STYLE_HEADING);
	expect_style("x *Emph*", 'E', STYLE_EMPH);
	expect_style("x **Strong**", 'S', STYLE_STRONG);
	expect_style("x `Code`", 'C', STYLE_CODE);
	expect_style("x *a* Text", 'T', STYLE_TEXT);
	expect("a **b** `c  d` ~~e~~", 20, "a b c  d e\n");
	expect("n $\\le 10^5$ and $$x$$", 30, "n \u2264 10\u2075 and x\n");
	expect_style("a $M$", 'M', STYLE_EMPH);
	expect("from $5 to $10", 30, "from $5 to $10\n");
	expect("---", 4, "────\n");
}

struct formula { /* as it is shown, and with ASCII alone */
	const char *given, *nice, *plain;
};

static void
expect_formulas(const struct formula *f, size_t n)
{
	for (; n > 0; f++, n--) {
		char *nice = xasprintf("%s\n", f->nice);
		char *plain = xasprintf("%s\n", f->plain);

		expect_as(f->given, 40, false, nice);
		expect_as(f->given, 40, true, plain);
		free(nice);
		free(plain);
	}
}

static void
formulas_are_readable(void **st)
{
	static const struct formula all[] = {
		{ "$1\\le n\\leq 10^{18}$", "1 \u2264 n \u2264 10\u00b9\u2078",
		    "1 <= n <= 10^18" },
		{ "$a_1, \\ldots, a_{n-1}$", "a\u2081, \u2026, a_{n-1}",
		    "a_1, ..., a_{n-1}" },
		{ "$x^{-2}y_{ij}$", "x\u207b\u00b2y_ij", "x^-2 y_ij" },
		{ "$2\\cdot 10^5$", "2\u00b710\u2075", "2*10^5" },
		{ "$a \\times b$", "a \u00d7 b", "a x b" },
		{ "$\\frac{n(n+1)}{2}$", "(n(n+1))/2", "(n(n+1))/2" },
		{ "$\\sqrt{x} = \\sqrt{2x+1}$", "\u221ax = \u221a(2x+1)",
		    "sqrt x = sqrt (2x+1)" },
		{ "$O(n\\log n)$", "O(n log n)", "O(n log n)" },
		{ "$O(n^2\\log{n})$", "O(n\u00b2 log n)", "O(n^2 log n)" },
		{ "$S = \\{1, 2\\}$", "S = {1, 2}", "S = {1, 2}" },
		{ "$\\text{no } x \\bmod{} m$", "no x mod m", "no x mod m" },
		{ "$i\\,j\\!k~l$", "i jk l", "i jk l" },
		{ "$\\alpha x \\in \\mathbb{N}$", "\u03b1x \u2208 N",
		    "alpha x in N" },
		{ "$\\unheardof{x}$", "\\unheardof{x}",
		    "\\unheardof{x}" },
		{ "$$\\sum_{i=1}^n i$$", "\u2211_{i=1}^n i", "sum_{i=1}^n i" },
		{ "$x^{$", "x^", "x^" }, { "$\\frac$", "/", "/" },
		{ "$\\frac1{$", "1/", "1/" }, { "$a^^b$", "a^^b", "a^^b" },
	};

	(void)st;
	expect_formulas(all, ARRAY_LEN(all));
}

/* Not another number, and not another name. */
static void
formulas_say_the_same(void **st)
{
	static const struct formula all[] = {
		{ "$2^{2n}$ $2^nm$ $2^{ab}$", "2^{2n} 2^n m 2^{ab}",
		    "2^{2n} 2^n m 2^{ab}" },
		{ "$x_{1}2$ $10^{5}n$", "x\u20812 10\u2075n", "x_1 2 10^5 n" },
		{ "$x_iy_i$ $x_{max}$", "x_i y_i x_max", "x_i y_i x_max" },
		{ "$2\\frac{1}{3}$", "2(1/3)", "2(1/3)" },
		{ "$\\frac{1}{2}n$", "(1/2)n", "(1/2)n" },
		{ "$\\frac{1}{2n} + \\dfrac12$", "1/(2n) + 1/2",
		    "1/(2n) + 1/2" },
		{ "$\\frac{1}{2}\\log n$", "(1/2) log n", "(1/2) log n" },
		{ "$\\sqrt{2x}$ $\\sqrt{x}y$", "\u221a(2x) \u221ax y",
		    "sqrt (2x) sqrt x y" },
		{ "$\\sqrt[3]{x}$", "\u221a[3]x", "sqrt[3]x" },
		{ "$2\\pi r$", "2\u03c0r", "2 pi r" },
		{ "$n\\times m$", "n\u00d7m", "n x m" },
		{ "$90^\\circ$ $f^{\\prime}$", "90\u00b0 f'", "90 deg f'" },
		{ "$\\lfloor n/2 \\rfloor$", "\u230an/2\u230b",
		    "floor(n/2)" },
		{ "$\\left\\{x\\right.$ $\\lvert y \\rvert$", "{x |y|",
		    "{x |y|" },
		{ "$\\binom{n}{k}$", "C(n, k)", "C(n, k)" },
		{ "$x \\equiv y \\pmod{10^9+7}$", "x \u2261 y (mod 10\u2079+7)",
		    "x == y (mod 10^9+7)" },
		{ "$a\\not=b$ $a \\not\\in S$", "a \u2260 b a \u2209 S",
		    "a != b a not in S" },
		{ "$\\overline{ab}c$", "\\overline{ab}c",
		    "\\overline{ab}c" },
		{ "$f=\\begin{cases}1&x\\\\2&y\\\\\\end{cases}$",
		    "f= { 1 x; 2 y", "f= { 1 x; 2 y" },
		{ "$a &lt; b$", "a < b", "a < b" },
		{ "\\$5 and $n$", "$5 and n", "$5 and n" },
		{ "from $5/kg to US$6", "from $5/kg to US$6",
		    "from $5/kg to US$6" },
		{ "5$, 6$ and $n$", "5$, 6$ and n", "5$, 6$ and n" },
		{ "x $\\begin$ $\\not$ $\\end{$ $\\sqrt[$", "x  \\not  \u221a[",
		    "x  \\not  sqrt [" },
	};

	(void)st;
	expect_formulas(all, ARRAY_LEN(all));
}

static void
struck_text_is_struck(void **st)
{
	struct canvas *c = draw("~~a~~b", 6, 5, false);

	(void)st;
	assert_int_equal(c->cells[0].style.attr, ATTR_STRIKE);
	assert_int_equal(c->cells[1].style.attr, 0);
	canvas_destroy(c);
}

static void
code_is_cut_not_wrapped(void **st)
{
	(void)st;
	expect("```py\nif x:\n    print(1)\n\n  y\n```\nz", 20,
	    "  if x:\n      print(1)\n\n    y\n\nz\n");
	expect("```\n0123456789\n01234567\n```", 10,
	    "  0123456…\n  01234567\n");
	expect_as("    0123456789", 8, true, "  01234>\n");
	expect("```\n日本語日本語\n```", 8, "  日本…\n");
	expect("```\na\tb\n```", 20, "  a       b\n");
	expect_style("```\nC\n```", 'C', STYLE_CODE);
}

static void
lists_hang(void **st)
{
	(void)st;
	expect("- one two three\n- b\n  - c d e f g\n- h\n\nx", 10,
	    "• one two\n  three\n• b\n  ◦ c d e\n    f g\n• h\n\nx\n");
	expect("9. a\n10. b c d", 6, "9. a\n10. b\nc d\n");
	expect("- a\n\n- b\n\n  more", 10, "• a\n\n• b\n\n  more\n");
	expect_as("* a\n  1. b\n", 10, true, "* a\n  1. b\n");
	expect("-\n- x", 10, "•\n• x\n");
	expect("- a\n  ```\n  c\n  ```\n- b", 10, "• a\n    c\n• b\n");
	expect("x\n\n> q r\n>\n> s\n\ny", 4,
	    "x\n\n│ q\n│ r\n│\n│ s\n\ny\n");
}

static void
tables_fit(void **st)
{
	static const char t[] = "|n|answer|\n|--:|:-:|\n|1|yes|\n|100|`no`|\n";

	(void)st;
	expect(t, 20, "  n │ answer\n────┼───────\n  1 │  yes\n"
	    "100 │   no\n");
	expect_as("|a|b|\n|---|---|\n|c|d|", 20, true, "a | b\n--+--\nc | d\n");
	expect("|word|text|\n|---|---|\n|a|one two three|\n", 14,
	    "word │ text\n─────┼────────\na    │ one two\n     │ three\n");
	expect_style(t, 'y', STYLE_TEXT);
	expect_style("|A|\n|---|\n|b|", 'A', STYLE_STRONG);
	/* A short row has empty cells. */
	expect("|a|b|\n|---|---|\n|c|\n\nx", 20, "a │ b\n──┼──\nc │\n\nx\n");
}

static void
links_entities_html(void **st)
{
	(void)st;
	expect("see [here](http://x.y/?a&amp;b).", 40,
	    "see here (http://x.y/?a&b).\n");
	expect("<http://x.y> <a@b.c>", 40, "http://x.y a@b.c\n");
	expect("![alt](p.png)", 40, "alt (p.png)\n");
	expect_style("[Link](u)", 'L', STYLE_LINK);
	expect_style("[Link](U)", 'U', STYLE_DIM);
	expect("1 &lt; 2 &amp; 3 &le; 4 &#65;&#x42; &unknown;", 60,
	    "1 < 2 & 3 ≤ 4 AB &unknown;\n");
	expect("a&nbsp;b c", 4, "a\xc2\xa0" "b\nc\n");
	expect("<b>x</b>\n\n<script>y</script>", 40,
	    "<b>x</b>\n\n<script>y</script>\n");
}

static void
control_characters_stay_out(void **st)
{
	struct canvas *c = draw("a\033[31m&#27;\001b\0c", 16, 30, false);

	(void)st;
	for (int i = 0; i < c->rows * c->cols; i++)
		assert_true(c->cells[i].glyph >= 0x20 &&
		    c->cells[i].glyph != 0x7f);
	canvas_destroy(c);
}

static void
large_input_is_cut(void **st)
{
	size_t n = 2 * MARKDOWN_MAX;
	char *s = xmalloc(n);
	struct markdown *m;

	(void)st;
	for (size_t i = 0; i < n; i++)
		s[i] = i % 2 ? '\n' : 'x';
	m = markdown_create(s, n, 1, false);
	assert_in_range(markdown_lines(m), 1000, 70000);
	markdown_destroy(m);
	/* The worst of nesting. */
	memset(s, '>', n);
	markdown_destroy(markdown_create(s, n, 20, false));
	for (size_t i = 0; i < 4000; i++)
		memcpy(s + 2 * i, "- ", 2);
	m = markdown_create(s, 8000, 20, false);
	assert_true(markdown_lines(m) > 0);
	markdown_destroy(m);
	free(s);
}

/* A text that ends where memory does. */
static void
nothing_behind_the_end_is_read(void **st)
{
	static const char *const ends[] = { "1", "a\n12", "[a](b", "# x" };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *s = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)st;
	assert_true(s != MAP_FAILED);
	assert_int_equal(mprotect(s + page, page, PROT_NONE), 0);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t n = strlen(ends[i]);

		memcpy(s + page - n, ends[i], n);
		markdown_destroy(markdown_create(s + page - n, n, 20, false));
	}
	munmap(s, 2 * page);
}

static uint32_t
next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

/* Of bytes, and of the signs that mean something. */
static void
garbage_does_no_harm(void **st)
{
	static const char signs[] = "#*_-+`|>~$&;[]()!<\\ \t\n\n01.:ax\xc3";
	struct theme theme = test_theme();
	uint32_t seed = 20250101;
	char s[600];

	(void)st;
	for (int i = 0; i < 3000; i++) {
		size_t n = next_random(&seed) % sizeof s;
		int cols = (int)(next_random(&seed) % 30);
		struct canvas *c = canvas_create(20, cols);
		struct markdown *m;

		for (size_t k = 0; k < n; k++)
			s[k] = i % 3 == 0 ? (char)next_random(&seed) :
			    signs[next_random(&seed) % (sizeof signs - 1)];
		m = markdown_create(s, n, cols, i & 1);
		markdown_draw(m, c, (int)(next_random(&seed) % 20) - 5,
		    &theme);
		markdown_destroy(m);
		canvas_destroy(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paragraphs_wrap),
		cmocka_unit_test(headings_and_spans),
		cmocka_unit_test(formulas_are_readable),
		cmocka_unit_test(formulas_say_the_same),
		cmocka_unit_test(struck_text_is_struck),
		cmocka_unit_test(code_is_cut_not_wrapped),
		cmocka_unit_test(lists_hang),
		cmocka_unit_test(tables_fit),
		cmocka_unit_test(links_entities_html),
		cmocka_unit_test(control_characters_stay_out),
		cmocka_unit_test(large_input_is_cut),
		cmocka_unit_test(nothing_behind_the_end_is_read),
		cmocka_unit_test(garbage_does_no_harm),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
