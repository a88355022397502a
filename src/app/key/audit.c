/* app: cretula key audit. */
#include <stdlib.h>

#include "app/key/audit/audit.h"
#include "app/key/key.h"
#include "app/say.h"
#include "base/err.h"

/* Modes first: what they are wrong of cannot be opened. */
static int
look(const struct app_args *args, struct app_audit *a, struct err *e)
{
	if (app_key_live_find(args, false, &a->live, e) == -1)
		return (-1);
	app_audit_keys_tree(a, a->live.keys_path);
	if (a->live.store_path != NULL)
		app_audit_store_tree(a, a->live.store_path);
	app_audit_disks(a);
	if (app_key_live_load(&a->live, e) == -1 || app_audit_epochs(a, e) == -1 ||
	    app_audit_chains(a, e) == -1)
		return (-1);
	return (0);
}

static int
finish(const struct app_args *args, struct app_audit *a)
{
	struct buf out = { 0 };

	(args->json ? app_audit_json : app_audit_text)(a, &out);
	return (app_finish_words("key audit", &out, a->findings.len > 0 ? ERR_FINDING : 0));
}

int
app_key_audit(const struct app_args *args)
{
	struct app_audit a = { .live = { .keys_fd = -1 } };
	struct err e = { ERR_NONE, "" };
	int code;

	if (look(args, &a, &e) == 0)
		code = finish(args, &a);
	else if (a.findings.len > 0 && e.code == ERR_CONFIG) {
		app_audit_say(&a.findings, "not looked at further: %s", e.text);
		code = finish(args, &a);
	} else
		code = app_fail("key audit", &e);
	app_key_live_close(&a.live);
	buf_free(&a.findings);
	buf_free(&a.notes);
	free(a.streams);
	return (code);
}
