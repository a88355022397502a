/* config: a file becomes a struct config. */
#include "base/err.h"
#include "config/config.h"

int
config_load(const char *path, struct config **c, struct buf *report, struct err *e)
{
	(void)c;
	(void)report;
	return (err_set(e, ERR_CONFIG, "%s: configuration files are not read by this build", path));
}
