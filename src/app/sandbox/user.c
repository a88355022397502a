/* app: from root to somebody who can do little. */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "app/sandbox/sandbox.h"
#include "base/err.h"

#define GROUPS_MAX 256

int
app_user_find(const struct config *c, struct app_user *u, struct err *e)
{
	const struct passwd *user;
	const struct group *group;

	memset(u, 0, sizeof(*u));
	if (c->user[0] == '\0' && c->group[0] == '\0')
		return (0);
	if (c->user[0] == '\0')
		return (err_set(e, ERR_CONFIG, "`group:` needs a `user:`"));
	if ((user = getpwnam(c->user)) == NULL)
		return (err_set(e, ERR_CONFIG, "user: there is no user %s", c->user));
	if (user->pw_uid == 0)
		return (err_set(e, ERR_CONFIG, "user: %s is root", c->user));
	u->uid = user->pw_uid;
	u->gid = user->pw_gid;
	memcpy(u->name, c->user, sizeof(u->name));
	if (c->group[0] != '\0') {
		if ((group = getgrnam(c->group)) == NULL)
			return (err_set(e, ERR_CONFIG, "group: there is no group %s", c->group));
		u->gid = group->gr_gid;
	}
	/* Who is that user already has nothing to drop: a unit may say `User=`, too. */
	u->given = geteuid() == 0;
	if (!u->given && geteuid() != u->uid)
		return (err_set(e, ERR_CONFIG, "user: only root can become %s", u->name));
	return (0);
}

/* ---- capabilities ---- */

/* From root nothing is inherited by what might be run; it could not be, either. */
static void
empty_bounds(void)
{
	for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		(void)prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

#define KEEP (UINT32_C(1) << CAP_IPC_LOCK)

static bool
has_more(const struct __user_cap_data_struct now[static 2])
{
	return (((now[0].effective | now[0].permitted | now[0].inheritable) & ~KEEP) != 0 ||
	    now[0].effective != now[0].permitted ||
	    (now[1].effective | now[1].permitted | now[1].inheritable) != 0);
}

/* All but the right to lock memory, for a limit of it may be lower than what we need. */
static int
drop_capabilities(struct err *e)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct now[2], want[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	if (syscall(SYS_capget, &head, now) == -1)
		return (err_sys(e, ERR_CONFIG, "capabilities"));
	if (!has_more(now))
		return (0); /* a unit may not even let us ask for less */
	want[0].permitted = want[0].effective = now[0].permitted & KEEP;
	if (syscall(SYS_capset, &head, want) == -1 || syscall(SYS_capget, &head, now) == -1)
		return (err_sys(e, ERR_CONFIG, "giving up capabilities"));
	return (has_more(now) ? err_set(e, ERR_CONFIG, "capabilities are left") : 0);
}

/* ---- users ---- */

static int
set_groups(const struct app_user *u, struct err *e)
{
	gid_t groups[GROUPS_MAX];
	int count = GROUPS_MAX;

	if (getgrouplist(u->name, u->gid, groups, &count) == -1)
		return (err_set(e, ERR_CONFIG, "user %s is in too many groups", u->name));
	if (setgroups((size_t)count, groups) == -1)
		return (err_sys(e, ERR_CONFIG, "taking the groups of %s", u->name));
	return (0);
}

/* What must not work does not, and nothing of root is left. */
static int
check_gone(const struct app_user *u, struct err *e)
{
	uid_t r, s, effective;
	gid_t gr, gs, geffective;

	if (getresuid(&r, &effective, &s) == -1 || getresgid(&gr, &geffective, &gs) == -1 ||
	    r != u->uid || effective != u->uid || s != u->uid || gr != u->gid ||
	    geffective != u->gid || gs != u->gid || setuid(0) != -1 || seteuid(0) != -1 ||
	    setgid(0) != -1)
		return (err_set(e, ERR_CONFIG, "there is a way back from %s to root", u->name));
	return (0);
}

static int
become(const struct app_user *u, struct err *e)
{
	empty_bounds();
	(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); /* until drop_capabilities() chooses */
	if (set_groups(u, e) == -1)
		return (-1);
	if (setresgid(u->gid, u->gid, u->gid) == -1 || setresuid(u->uid, u->uid, u->uid) == -1)
		return (err_sys(e, ERR_CONFIG, "becoming %s", u->name));
	return (0);
}

int
app_user_become(const struct app_user *u, struct err *e)
{
	if (u->given && become(u, e) == -1)
		return (-1);
	if (geteuid() != 0 && (empty_bounds(), drop_capabilities(e)) == -1)
		return (-1);
	if (u->given && check_gone(u, e) == -1)
		return (-1);
	/* Both change with the user. */
	if (prctl(PR_SET_DUMPABLE, 0) == -1 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return (err_sys(e, ERR_CONFIG, "prctl"));
	return (0);
}
