/* app: a command that reads what others wrote, confined like a daemon. */
#include <stdlib.h>

#include "app/sandbox/sandbox.h"
#include "app/say.h"
#include "base/err.h"

#ifdef APP_COUNTED

/* A build that counts what it runs through writes that at its end, where it was built. */
int
app_confine_command(
    struct app_places *places, unsigned want, unsigned calls, bool say, struct err *e)
{
	(void)want;
	(void)calls;
	(void)say;
	(void)e;
	free(places);
	return (0);
}

int
app_confine_narrower(struct app_places *places, unsigned want, struct err *e)
{
	return (app_confine_command(places, want, 0, false, e));
}

#else

static void
escape(int rc)
{
	(void)rc;
#ifdef CRETULA_TESTING
	if (rc == 0)
		app_escape();
#endif
}

int
app_confine_command(
    struct app_places *places, unsigned want, unsigned calls, bool say, struct err *e)
{
	struct buf done = { 0 };
	int rc = app_confine(places, (enum app_sandbox)want, calls, &done, e);

	if (rc == 0 && say)
		app_info(NULL, "%.*s", (int)done.len, done.data);
	buf_free(&done);
	free(places);
	escape(rc);
	return (rc);
}

int
app_confine_narrower(struct app_places *places, unsigned want, struct err *e)
{
	int abi, rc = 0;

	if (want != APP_SANDBOX_OFF && !places->full)
		rc = app_confine_files(places, &abi, e);
	free(places);
	escape(rc);
	return (rc);
}

#endif
