/*
 * app: files by Landlock: whatever the kernel's version of it can forbid is
 * forbidden, but for the places that are given.
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/landlock.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "app/sandbox/sandbox.h"
#include "base/err.h"

/* Of versions that are newer than the headers we may be built with. */
#define FS_REFER (UINT64_C(1) << 13)
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

#define FS_FIRST ((UINT64_C(1) << 13) - 1) /* all of version 1 */
#define FS_OF_FILES                                                          \
	((uint64_t)LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    FS_TRUNCATE)

struct ruleset {
	uint64_t fs, net, scoped;
};

struct version {
	int abi;
	uint64_t fs, net, scoped;
};

/* What each version added. */
static const struct version versions[] = {
	{ 1, FS_FIRST, 0, 0 },
	{ 2, FS_REFER, 0, 0 },
	{ 3, FS_TRUNCATE, 0, 0 },
	{ 4, 0, NET_CONNECT_TCP, 0 },
	{ 5, FS_IOCTL_DEV, 0, 0 },
	{ 6, 0, 0, SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL },
};

/* How much of the struct a version knows. */
static size_t
ruleset_len(int abi)
{
	return (abi < 4 ? 8 : abi < 6 ? 16 : 24);
}

static uint64_t
access_of(unsigned rights)
{
	uint64_t access = 0;

	if ((rights & APP_PLACE_READ) != 0)
		access |= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	if ((rights & APP_PLACE_WRITE) != 0)
		access |= LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
		    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
		    LANDLOCK_ACCESS_FS_MAKE_REG | FS_TRUNCATE;
	if ((rights & APP_PLACE_REPLACE) != 0)
		access |= LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |
		    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | FS_TRUNCATE;
	if ((rights & APP_PLACE_SOCKET) != 0)
		access |= LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE;
	if ((rights & APP_PLACE_FIFO) != 0)
		access |= LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_READ_FILE |
		    LANDLOCK_ACCESS_FS_WRITE_FILE;
	return (access);
}

static int
allow(int rules, const struct app_place *place, uint64_t handled, struct err *e)
{
	struct landlock_path_beneath_attr rule = { access_of(place->rights) & handled,
		open(place->path, O_PATH | O_CLOEXEC) };
	struct stat st;
	int rc = 0;

	if (rule.parent_fd == -1)
		return (0); /* not there any more, or not for us */
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_OF_FILES;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == -1)
		rc = err_sys(e, ERR_CONFIG, "landlock: %s", place->path);
	(void)close(rule.parent_fd);
	return (rc);
}

static int
confine(const struct app_places *places, const struct ruleset *handled, int abi, struct err *e)
{
	int rules = (int)syscall(SYS_landlock_create_ruleset, handled, ruleset_len(abi), 0), rc = 0;

	if (rules == -1)
		return (err_sys(e, ERR_CONFIG, "landlock"));
	for (unsigned i = 0; rc == 0 && i < places->count; i++)
		rc = allow(rules, &places->list[i], handled->fs, e);
	if (rc == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
			   syscall(SYS_landlock_restrict_self, rules, 0) == -1))
		rc = err_sys(e, ERR_CONFIG, "landlock");
	(void)close(rules);
	return (rc);
}

int
app_confine_files(const struct app_places *places, int *abi, struct err *e)
{
	struct ruleset handled = { 0, 0, 0 };
	long found = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	*abi = found < 0 ? 0 : (int)found;
	if (*abi == 0)
		return (0);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if (versions[i].abi > *abi)
			break;
		handled.fs |= versions[i].fs;
		handled.net |= versions[i].net;
		handled.scoped |= versions[i].scoped;
	}
	return (confine(places, &handled, *abi, e));
}
