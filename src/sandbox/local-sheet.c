#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/local.h"
#include "sandbox/remedy.h"

static bool
run_sheet(struct bwrap *b, int fd, char *said, size_t n)
{
	int io[3] = { fd, fd, fd }, error[2], status = -1;
	ssize_t got;
	pid_t pid;

	if (pipe2(error, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid == 0)
		bwrap_exec(b, fd, io, error[1]);
	close(error[1]);
	got = read(error[0], said, n - 1);
	said[got > 0 ? got : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	close(error[0]);
	return pid > 0 && waitpid(pid, &status, 0) == pid &&
	    WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool
sandbox_local_sheet(int fd, struct err *e)
{
	char dir[] = "/tmp/viva-doctor-XXXXXX", said[300] = "", why[512];
	struct remedy_facts f;
	struct bwrap b = { 0 };
	bool ok = false;

	remedy_facts(&f);
	f.bwrap = bwrap_path() != NULL;
	f.init = bwrap_init_path() != NULL;
	if (f.bwrap && f.init) {
		if (mkdtemp(dir) == NULL)
			return err_sys(e, errno, "cannot create %s", dir);
		if (!bwrap_prepare(&b, dir, NULL, NULL, NULL, e)) {
			bwrap_finish(&b);
			rmdir(dir);
			return false;
		}
		bwrap_arg(&b, "sheet");
		ok = run_sheet(&b, fd, said, sizeof said);
		bwrap_finish(&b);
		rmdir(dir);
	}
	if (ok)
		return true;
	f.said = said;
	remedy_text(&f, why, sizeof why);
	return err_set(e, ERR_UNAVAILABLE, "%s", why);
}
