/* app, in cretula-verify only: which files it opens, and which system calls it makes. */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

#include <asm/ioctls.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/sandbox/sandbox.h"
#include "app/sandbox/verifier.h"
#include "base/err.h"

#if defined(__x86_64__) && !defined(__ILP32__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#endif

/* ---- files ---- */

static void
add(struct app_places *out, const char *path, unsigned rights)
{
	char *real = path == NULL ? NULL : realpath(path, NULL);
	size_t len = real == NULL ? 0 : strlen(real);

	if (len >= CONFIG_PATH_BYTES)
		out->full = true; /* a rule that cannot be said must not shut it out */
	else if (len > 0) {
		memcpy(out->list[out->count].path, real, len + 1);
		out->list[out->count++].rights = rights;
	}
	free(real);
}

/* Pins are replaced, by a file that is made beside them. */
static void
add_beside(struct app_places *out, const char *path)
{
	const char *slash = path == NULL ? NULL : strrchr(path, '/');
	size_t len = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
	char directory[PATH_MAX];

	if (path == NULL || len >= sizeof(directory))
		return; /* no path of a file */
	memcpy(directory, slash == NULL ? "." : path, len);
	directory[len] = '\0';
	add(out, directory, APP_PLACE_REPLACE);
}

static void
confine_files(const struct audit_request *r)
{
	static struct app_places places;
	const char *read[] = { r->store, r->bundle, r->proof, r->escrow, r->policy, r->pin };
	struct err e = { ERR_NONE, "" };
	int abi;

	for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++)
		add(&places, read[i], APP_PLACE_READ);
	add_beside(&places, r->pin);
#ifdef APP_SANITIZED
	add(&places, "/proc", APP_PLACE_READ); /* it looks at its own process */
#endif
	if (!places.full)
		(void)app_confine_files(&places, &abi, &e);
}

/* ---- system calls ---- */

#if !defined(ARCH) || defined(APP_SANITIZED)

static void
confine_calls(void)
{
}

#else

static const int plain[] = {
	SYS_brk, SYS_clock_getres, SYS_clock_gettime, SYS_clock_nanosleep, SYS_close, SYS_dup,
	SYS_exit, SYS_exit_group, SYS_faccessat, SYS_fadvise64, SYS_fchmod, SYS_fcntl,
	SYS_fdatasync, SYS_flock, SYS_fstat, SYS_fstatfs, SYS_fsync, SYS_ftruncate, SYS_futex,
	SYS_getcpu, SYS_getdents64, SYS_getegid, SYS_geteuid, SYS_getgid, SYS_getpid,
	SYS_getrandom, SYS_getrusage, SYS_gettid, SYS_gettimeofday, SYS_getuid, SYS_lseek,
	SYS_madvise, SYS_membarrier, SYS_mremap, SYS_munmap, SYS_nanosleep, SYS_newfstatat,
	SYS_openat, SYS_pread64, SYS_read, SYS_readlinkat, SYS_readv, SYS_renameat2,
	SYS_restart_syscall, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
	SYS_sched_getaffinity, SYS_sched_yield, SYS_set_robust_list, SYS_sigaltstack, SYS_statx,
	SYS_unlinkat, SYS_write, SYS_writev,
#ifdef SYS_rseq
	SYS_rseq,
#endif
#ifdef SYS_renameat
	SYS_renameat,
#endif
#ifdef SYS_open /* where these are older than their kind with a directory */
	SYS_access, SYS_lstat, SYS_open, SYS_readlink, SYS_rename, SYS_stat, SYS_time, SYS_unlink,
#endif
};

/* Who makes one of these is not us any more. */
static const int hostile[] = { SYS_execve, SYS_execveat, SYS_process_vm_readv,
	SYS_process_vm_writev, SYS_ptrace };

#define NEW_SPACES \
	(CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)

struct filter {
	struct sock_filter steps[2 * (sizeof(plain) + sizeof(hostile)) / sizeof(int) + 64];
	unsigned short count;
};

static void
step(struct filter *f, uint16_t code, uint8_t otherwise, uint32_t k)
{
	assert(f->count < sizeof(f->steps) / sizeof(f->steps[0]));
	f->steps[f->count++] = (struct sock_filter){ code, 0, otherwise, k };
}

#define LOAD(f, member) step(f, BPF_LD | BPF_W | BPF_ABS, 0, offsetof(struct seccomp_data, member))
/* Go on if what was loaded is k; or leave out as many steps. */
#define IS(f, k, leave_out) step(f, BPF_JMP | BPF_JEQ | BPF_K, leave_out, (uint32_t)(k))
#define END(f, action) step(f, BPF_RET | BPF_K, 0, (action))
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

/* In tests a call that is missing above must not go unnoticed. */
static uint32_t
otherwise(void)
{
#ifdef CRETULA_TESTING
	if (getenv("CRETULA_ESCAPE") == NULL)
		return (SECCOMP_RET_KILL_PROCESS);
#endif
	return (REFUSE);
}

/* Calls of which only one kind is ours: an argument, under a mask, is a value. */
static void
add_some(struct filter *f)
{
	const struct {
		int call;
		uint32_t argument, mask, value;
	} rows[] = {
		{ SYS_mmap, 2, PROT_EXEC, 0 },
		{ SYS_mprotect, 2, PROT_EXEC, 0 },
		{ SYS_clone, 0, CLONE_THREAD | CLONE_VM | NEW_SPACES, CLONE_THREAD | CLONE_VM },
		{ SYS_ioctl, 1, UINT32_MAX, TCGETS },
		{ SYS_prctl, 0, UINT32_MAX, PR_SET_NAME },
		{ SYS_tgkill, 0, UINT32_MAX, (uint32_t)getpid() }, /* abort(3) */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		IS(f, rows[i].call, 5);
		/* Its lower half: these are little-endian machines. */
		step(f, BPF_LD | BPF_W | BPF_ABS, 0,
		    (uint32_t)offsetof(struct seccomp_data, args) + 8 * rows[i].argument);
		step(f, BPF_ALU | BPF_AND | BPF_K, 0, rows[i].mask);
		IS(f, rows[i].value, 1);
		END(f, SECCOMP_RET_ALLOW);
		END(f, REFUSE);
	}
}

static void
make_filter(struct filter *f)
{
	LOAD(f, arch);
	step(f, BPF_JMP | BPF_JEQ | BPF_K, 1, ARCH);
	step(f, BPF_JMP | BPF_JA, 0, 1);
	END(f, SECCOMP_RET_KILL_PROCESS);
	LOAD(f, nr); /* of x32, where there is one, no number is below */
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		IS(f, plain[i], 1);
		END(f, SECCOMP_RET_ALLOW);
	}
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		IS(f, hostile[i], 1);
		END(f, SECCOMP_RET_KILL_PROCESS);
	}
	/* Its flags are in memory, where no filter looks: threads are made by clone(2). */
	IS(f, SYS_clone3, 1);
	END(f, SECCOMP_RET_ERRNO | ENOSYS);
	add_some(f);
	END(f, otherwise());
}

static void
confine_calls(void)
{
	static struct filter filter;
	struct sock_fprog program = { 0, filter.steps };

	make_filter(&filter);
	program.len = filter.count;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		(void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#endif

void
app_confine_verifier(const struct audit_request *request)
{
#ifdef APP_COUNTED
	(void)request; /* it writes its counters at the end, where it was built */
	(void)confine_files;
	(void)confine_calls;
#else
	confine_files(request);
	confine_calls();
#ifdef CRETULA_TESTING
	app_escape();
#endif
#endif
}
