/*
 * app: system calls by seccomp: those that a daemon makes are listed, all
 * others fail.  A few that nobody makes by mistake end the process.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <linux/sched.h>

#include <asm/ioctls.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <seccomp.h>

#include "app/sandbox/sandbox.h"
#include "base/clock.h"
#include "base/err.h"

#ifdef APP_SANITIZED

/* A sanitizer traces its own process, and starts others. */
int
app_confine_calls(unsigned calls, struct err *e)
{
	(void)calls;
	return (err_set(e, ERR_CONFIG, "system calls: not with a sanitizer"));
}

#else

static const int plain[] = {
	/* files */
	SCMP_SYS(access), SCMP_SYS(chmod), SCMP_SYS(close), SCMP_SYS(close_range),
	SCMP_SYS(copy_file_range), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
	SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fadvise64), SCMP_SYS(fallocate),
	SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(fchown), SCMP_SYS(fcntl),
	SCMP_SYS(fdatasync), SCMP_SYS(flock), SCMP_SYS(fstat), SCMP_SYS(fstatfs), SCMP_SYS(fsync),
	SCMP_SYS(ftruncate), SCMP_SYS(futimesat), SCMP_SYS(getcwd), SCMP_SYS(getdents),
	SCMP_SYS(getdents64), SCMP_SYS(inotify_add_watch), SCMP_SYS(inotify_init1),
	SCMP_SYS(inotify_rm_watch), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(lseek),
	SCMP_SYS(lstat), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(newfstatat),
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(pread64),
	SCMP_SYS(preadv), SCMP_SYS(preadv2), SCMP_SYS(pwrite64), SCMP_SYS(pwritev),
	SCMP_SYS(pwritev2), SCMP_SYS(read), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(readv), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
	SCMP_SYS(rmdir), SCMP_SYS(sendfile), SCMP_SYS(stat), SCMP_SYS(statfs), SCMP_SYS(statx),
	SCMP_SYS(sync_file_range), SCMP_SYS(syncfs), SCMP_SYS(truncate), SCMP_SYS(umask),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(utimensat), SCMP_SYS(write),
	SCMP_SYS(writev),
	/* memory */
	SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(mincore), SCMP_SYS(mlock), SCMP_SYS(mlock2),
	SCMP_SYS(mlockall),
	SCMP_SYS(mremap), SCMP_SYS(munlock), SCMP_SYS(munmap), SCMP_SYS(getrandom),
	/* time, threads, signals */
	SCMP_SYS(alarm), SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex),
	SCMP_SYS(get_robust_list), SCMP_SYS(getcpu), SCMP_SYS(getegid), SCMP_SYS(geteuid),
	SCMP_SYS(getgid), SCMP_SYS(getgroups), SCMP_SYS(getpid), SCMP_SYS(getppid),
	SCMP_SYS(getresgid), SCMP_SYS(getresuid), SCMP_SYS(getrlimit), SCMP_SYS(getrusage),
	SCMP_SYS(gettid), SCMP_SYS(gettimeofday), SCMP_SYS(getuid), SCMP_SYS(membarrier),
	SCMP_SYS(nanosleep), SCMP_SYS(pause), SCMP_SYS(restart_syscall), SCMP_SYS(rseq),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigsuspend), SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_setscheduler), SCMP_SYS(sched_yield),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(set_tid_address), SCMP_SYS(sigaltstack), SCMP_SYS(sysinfo), SCMP_SYS(time),
	SCMP_SYS(times), SCMP_SYS(uname),
	/* what has something to say */
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(bind), SCMP_SYS(epoll_create),
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2), SCMP_SYS(getpeername),
	SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(listen), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(pselect6), SCMP_SYS(recvfrom), SCMP_SYS(recvmmsg),
	SCMP_SYS(recvmsg), SCMP_SYS(select), SCMP_SYS(sendmsg), SCMP_SYS(setsockopt),
	SCMP_SYS(shutdown), SCMP_SYS(signalfd4), SCMP_SYS(socketpair), SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_gettime), SCMP_SYS(timerfd_settime),
};

/* Who makes one of these is not us any more. */
static const int hostile[] = {
	SCMP_SYS(add_key), SCMP_SYS(bpf), SCMP_SYS(execve), SCMP_SYS(execveat),
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(io_uring_setup),
	SCMP_SYS(kcmp), SCMP_SYS(kexec_load), SCMP_SYS(keyctl), SCMP_SYS(mount),
	SCMP_SYS(perf_event_open), SCMP_SYS(pidfd_getfd), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(ptrace), SCMP_SYS(setns), SCMP_SYS(unshare),
	SCMP_SYS(userfaultfd),
};

#define MASK_IS(n, mask, value) \
	SCMP_CMP(n, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(mask), (scmp_datum_t)(value))
#define IS(n, value) SCMP_CMP(n, SCMP_CMP_EQ, (scmp_datum_t)(value), 0)
#define NEW_SPACES \
	(CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)

/* Calls of which only some arguments are ours. */
static int
allow_some(scmp_filter_ctx filter)
{
	const struct {
		int call;
		struct scmp_arg_cmp is;
	} rows[] = {
		{ SCMP_SYS(mmap), MASK_IS(2, PROT_EXEC, 0) },
		{ SCMP_SYS(mprotect), MASK_IS(2, PROT_EXEC, 0) },
		{ SCMP_SYS(clone),
		    MASK_IS(0, CLONE_THREAD | CLONE_VM | NEW_SPACES, CLONE_THREAD | CLONE_VM) },
		{ SCMP_SYS(ioctl), IS(1, FIONREAD) },
		{ SCMP_SYS(ioctl), IS(1, FIONBIO) },
		{ SCMP_SYS(ioctl), IS(1, TCGETS) },
		{ SCMP_SYS(ioctl), IS(1, TIOCGWINSZ) },
		{ SCMP_SYS(prctl), IS(0, PR_SET_NAME) },
		{ SCMP_SYS(prctl), IS(0, PR_GET_NAME) },
		{ SCMP_SYS(prlimit64), IS(2, 0) }, /* asked, not set */
		{ SCMP_SYS(sendto), IS(4, 0) }, /* to whom it is connected */
		{ SCMP_SYS(tgkill), IS(0, getpid()) },
		{ SCMP_SYS(mknod), MASK_IS(1, S_IFMT, S_IFIFO) },
		{ SCMP_SYS(mknod), MASK_IS(1, S_IFMT, S_IFREG) },
		{ SCMP_SYS(mknodat), MASK_IS(2, S_IFMT, S_IFIFO) },
		{ SCMP_SYS(mknodat), MASK_IS(2, S_IFMT, S_IFREG) },
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(rows) / sizeof(rows[0]); i++)
		rc = seccomp_rule_add_array(
		    filter, SCMP_ACT_ALLOW, rows[i].call, 1, &rows[i].is);
	return (rc);
}

/* A datagram goes to anybody: only who reads such sockets may make one. */
static int
allow_inet(scmp_filter_ctx filter, unsigned calls)
{
	const int families[] = { AF_INET, AF_INET6 }, types[] = { SOCK_STREAM, SOCK_DGRAM };
	int rc = 0;

	for (int f = 0; rc == 0 && f < 2; f++)
		for (int t = 0; rc == 0 && t < ((calls & APP_CALLS_UDP) != 0 ? 2 : 1); t++) {
			const struct scmp_arg_cmp is[] = { IS(0, families[f]),
				MASK_IS(1, 0xf, types[t]) };

			rc = seccomp_rule_add_array(
			    filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, is);
		}
	return (rc);
}

/* A filter sees no addresses: who may connect to one unix socket may to each. */
static int
allow_sockets(scmp_filter_ctx filter, unsigned calls)
{
	const struct scmp_arg_cmp local = IS(0, AF_UNIX);
	int rc = 0;

	if ((calls & (APP_CALLS_SERVE | APP_CALLS_RELAY)) != 0)
		rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, &local);
	if (rc == 0 && (calls & APP_CALLS_SERVE) != 0)
		rc = allow_inet(filter, calls);
	if (rc == 0 && (calls & APP_CALLS_RELAY) != 0)
		return (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0));
	return (rc == 0 ? seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(connect), 0) :
			  rc);
}

/* Nothing comes of it but less. */
static int
allow_confining(scmp_filter_ctx filter)
{
	static const int more[] = { SCMP_SYS(landlock_create_ruleset), SCMP_SYS(landlock_add_rule),
		SCMP_SYS(landlock_restrict_self) };
	const struct scmp_arg_cmp none_new = IS(0, PR_SET_NO_NEW_PRIVS);
	int rc = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, &none_new);

	for (size_t i = 0; rc == 0 && i < sizeof(more) / sizeof(more[0]); i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, more[i], 0);
	return (rc);
}

/* In tests a call that is missing above must not go unnoticed. */
static uint32_t
otherwise(void)
{
#ifdef CRETULA_TESTING
	if (getenv("CRETULA_ESCAPE") == NULL)
		return (SCMP_ACT_TRAP);
#endif
	return (SCMP_ACT_ERRNO(EPERM));
}

static int
add_rules(scmp_filter_ctx filter, unsigned calls)
{
	/* Its flags are in memory, where no filter looks: threads are made by clone(2). */
	int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	for (size_t i = 0; rc == 0 && i < sizeof(plain) / sizeof(plain[0]); i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, plain[i], 0);
	for (size_t i = 0; rc == 0 && otherwise() != SCMP_ACT_TRAP &&
	     i < sizeof(hostile) / sizeof(hostile[0]);
	     i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_TRAP, hostile[i], 0);
	if (rc == 0)
		rc = allow_some(filter);
	if (rc == 0)
		rc = allow_sockets(filter, calls);
	return (rc == 0 && (calls & APP_CALLS_CONFINE) != 0 ? allow_confining(filter) : rc);
}

/* Says which it was; then the signal does what it would have done without us. */
static void
say_trapped(int number, siginfo_t *info, void *context)
{
	char text[160], time[CLOCK_RFC3339_BYTES];
	size_t time_len = clock_rfc3339(time, clock_now_us());
	int len = snprintf(text, sizeof(text),
	    "time=%.*s level=error msg=\"system call %d was denied: cretula never makes it, so "
	    "this process is not trusted any more\"\n",
	    (int)time_len, time, info->si_syscall);

	(void)context;
	if (len > 0)
		(void)!write(STDERR_FILENO, text, (size_t)len);
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static int
catch_traps(struct err *e)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	action.sa_sigaction = say_trapped;
	return (sigaction(SIGSYS, &action, NULL) == -1 ? err_sys(e, ERR_CONFIG, "sigaction") : 0);
}

static int
add_refusals(scmp_filter_ctx filter)
{
	/* Made by libraries that do without: just-in-time compilers, name services. */
	static const int refused[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };
	/* SQLite gives its files to the owner of the database, if it is root. */
	int rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(fchown), 0);

	for (int i = 0; rc == 0 && i < 2; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 1,
		    MASK_IS(2, PROT_EXEC, PROT_EXEC));
	return (rc);
}

int
app_confine_calls(unsigned calls, struct err *e)
{
	scmp_filter_ctx filter;
	int rc;

	if (catch_traps(e) == -1)
		return (-1);
	if ((filter = seccomp_init(otherwise())) == NULL)
		return (err_set(e, ERR_CONFIG, "system calls: no filter"));
	rc = add_rules(filter, calls);
	if (rc == 0)
		rc = add_refusals(filter);
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, not a list */
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	errno = -rc;
	return (rc == 0 ? 0 : err_sys(e, ERR_CONFIG, "system calls"));
}

#endif
