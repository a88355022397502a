/* app: what the role of a command line may see. */
#ifndef CRETULA_APP_ROLE_GRANT_H
#define CRETULA_APP_ROLE_GRANT_H

#include "config/config.h"
#include "view/view.h"

struct app_args;
struct err;

/* The rows of commands that show something. */
#define APP_ROLE_CONFIG \
	{ \
		"config", "FILE", \
		    "configuration: the store, and its roles (without --store: " CONFIG_USUAL ")" \
	}
#define APP_ROLE_NAME \
	{ \
		"role", "ROLE", "developer (the default), or who sees less" \
	}

/* A role of the configuration as a grant; its name lives as long as role. */
struct view_grant app_grant_of(const struct config_role *role);

/*
 * What --role says, by --config FILE or as the tiers are, for --stream.  On a
 * command line a role only narrows: who can read the files is a developer.
 * 0; or -1: ERR_USAGE, or what reading the configuration fails with, whose
 * errors are added to report.  name of grant: as long as args.
 */
int app_grant(
    const struct app_args *args, struct view_grant *grant, struct buf *report, struct err *e);

#endif
