/*
 * app: what a daemon can still do to the machine once it is running.
 *
 * Rights go first (user.c), then files by Landlock (files.c, of the places
 * that places.c finds in the configuration), then system calls by seccomp
 * (calls.c).  None of it comes back.  All of it is for threads that
 * the caller starts later; those that run already are only filtered.
 */
#ifndef CRETULA_APP_SANDBOX_H
#define CRETULA_APP_SANDBOX_H

#include <sys/types.h>

#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"

/* A sanitizer looks at its own process in /proc, and traces it. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define APP_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define APP_SANITIZED 1
#endif
#endif

struct err;

/* ---- who we are ---- */

struct app_user {
	bool given; /* another one than root: drop to it */
	uid_t uid;
	gid_t gid;
	char name[CONFIG_NAME_BYTES];
};

/* `user:` and `group:` of c.  0; -1, ERR_CONFIG. */
int app_user_find(const struct config *c, struct app_user *u, struct err *e);

/*
 * Become u with its groups, if given; with no capability but to lock memory,
 * unless we stay root.  There is no way back: that is tried.  0; -1, ERR_CONFIG.
 */
int app_user_become(const struct app_user *u, struct err *e);

/* ---- which files ---- */

enum {
	APP_PLACE_READ = 1,   /* files and lists below it */
	APP_PLACE_WRITE = 2,  /* all that a store does */
	APP_PLACE_SOCKET = 4, /* sockets made and removed in it */
	APP_PLACE_FIFO = 8    /* the same for FIFOs, which are opened */
};

#define APP_PLACES_MAX 512

/* Directories with all that is below them; or single files. */
struct app_places {
	struct app_place {
		char path[CONFIG_PATH_BYTES]; /* without links */
		unsigned rights;
	} list[APP_PLACES_MAX];
	unsigned count;
	bool full;
};

/*
 * What streams of c open and make while they run, and what a reload reads.
 * Of a file the directory is meant, for it may be replaced; unless that is as
 * wide as /etc, where it is the file alone.
 */
void app_places_find(
    const struct config *c, const char *store, const char *keys, struct app_places *out);

/* What a writer of the store and its keys opens. */
void app_places_store(const char *store, const char *keys, struct app_places *out);
/*
 * What a reader of the store opens: the store, the files of a server of TLS, and the
 * configuration with the users that it names, for a reload; where keys lie in the
 * directory of that file it is the file alone, and one that takes its place is not read.
 */
struct app_places_reader {
	const char *store, *keys, *config;
	const struct input_tls_files *tls;
};
void app_places_view(const struct app_places_reader *reader, struct app_places *out);

/* The first of wanted that has does not cover; NULL. */
const struct app_place *app_places_lack(
    const struct app_places *has, const struct app_places *wanted);

/* ---- confining ---- */

/* Of config.sandbox, in the order of its choices. */
enum app_sandbox { APP_SANDBOX_ON, APP_SANDBOX_REQUIRED, APP_SANDBOX_OFF };

/*
 * Confine this thread and those that it starts.  done: what is in force, and
 * what is not for lack of support, as a sentence.  -1, ERR_CONFIG: something
 * is not, though required.
 */
int app_confine(const struct app_places *places, enum app_sandbox want, bool udp,
    struct buf *done, struct err *e);

/* Landlock alone: its version into abi (0: there is none).  -1 with e. */
int app_confine_files(const struct app_places *places, int *abi, struct err *e);
/* Seccomp alone.  udp: sockets for datagrams may be made.  0; -1 with e. */
int app_confine_calls(bool udp, struct err *e);

#ifdef CRETULA_TESTING
/* Try what must not work, as $CRETULA_ESCAPE names it, and say how it ended. */
void app_escape(void);
#endif

#endif
