#include "config.h"

#include "store/gitstore-load.h"

const struct gitstore_api gitstore_table = { gitstore_open, gitstore_close,
	gitstore_commit, gitstore_list, gitstore_log, gitstore_events };
