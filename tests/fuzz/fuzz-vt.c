#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "vt/vt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Any bytes, any sizes; a byte 0xf8 (never UTF-8) resizes or goes back. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct vt *vt = vt_create(6, 20, 20);
	struct vt_snapshot *s = vt_snapshot(vt);
	struct buf out = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (data[i] != 0xf8 || i + 2 >= n) {
			vt_write(vt, (const char *)data + i, 1);
			continue;
		}
		if (data[i + 1] == 0)
			vt_restore(vt, s);
		else
			vt_resize(vt, data[i + 1] % 50, data[i + 2] % 140);
		i += 2;
	}
	vt_save(vt, &out);
	vt_text(vt, -vt_scrollback(vt), 0, vt_rows(vt) - 1, 5, &out);
	vt_take_output(vt, &out);
	vt_take_clipboard(vt, &out);
	buf_free(&out);
	vt_snapshot_free(s);
	vt_destroy(vt);
	return 0;
}
