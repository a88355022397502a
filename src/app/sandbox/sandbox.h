/*
 * app: what a daemon, or a command that reads logs, can still do to the machine.
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
	APP_PLACE_FIFO = 8,   /* the same for FIFOs, which are opened */
	APP_PLACE_REPLACE = 16 /* files in it, each as a whole; others are not read */
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
const char *app_places_hint(struct err *e); /* its text, with why no reload may open a file */

/*
 * Of a command, which knows all that it opens.  New: with what the system has for
 * everybody, to be freed; NULL with e.  Beside: in the directory of path.
 */
struct app_places *app_places_new(struct err *e);
void app_places_add(struct app_places *out, const char *path, unsigned rights);
void app_places_add_beside(struct app_places *out, const char *path, unsigned rights);
/* A store and its keys (NULL: beside it); not yet made: the directories where they will be. */
void app_places_add_store(
    struct app_places *out, const char *store, const char *keys, bool made);
/* Routes, OpenAPI files and document roots. */
void app_places_add_words(struct app_places *out, const struct config_stream *s);

/* The first of wanted that has does not cover; NULL. */
const struct app_place *app_places_lack(
    const struct app_places *has, const struct app_places *wanted);

/* ---- confining ---- */

/* Of config.sandbox, in the order of its choices. */
enum app_sandbox { APP_SANDBOX_ON, APP_SANDBOX_REQUIRED, APP_SANDBOX_OFF };

/* What system calls may do beside work on files. */
enum {
	APP_CALLS_SERVE = 1,   /* sockets, for connections to us */
	APP_CALLS_UDP = 2,     /* and for datagrams of anybody */
	APP_CALLS_RELAY = 4,   /* unix sockets, connected to others */
	APP_CALLS_CONFINE = 8  /* app_confine_files once more */
};

/*
 * Confine this thread and those that it starts.  done: what is in force, and
 * what is not for lack of support, as a sentence.  -1, ERR_CONFIG: something
 * is not, though required.
 */
int app_confine(const struct app_places *places, enum app_sandbox want, unsigned calls,
    struct buf *done, struct err *e);

/*
 * The same for a command, before it reads what others wrote.  Frees places.  want: of
 * config.sandbox.  say: tell it in a line of the log; others are silent.
 */
int app_confine_command(struct app_places *places, unsigned want, unsigned calls, bool say,
    struct err *e);
/* Once more, by files alone, where APP_CALLS_CONFINE was said.  Frees places. */
int app_confine_narrower(struct app_places *places, unsigned want, struct err *e);

/* Landlock alone: its version into abi (0: there is none).  -1 with e. */
int app_confine_files(const struct app_places *places, int *abi, struct err *e);
/* Seccomp alone.  0; -1 with e. */
int app_confine_calls(unsigned calls, struct err *e);

#ifdef CRETULA_TESTING
/* Try what must not work, as $CRETULA_ESCAPE names it, and say how it ended. */
void app_escape(void);
#endif

#endif
