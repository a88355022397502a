/*
 * app: cretula doctor: is everything around cretula as it has to be?  Looks
 * only; each thing that is not comes with the command that mends it.
 */
#ifndef CRETULA_APP_DOCTOR_DOCTOR_H
#define CRETULA_APP_DOCTOR_DOCTOR_H

#include <sys/types.h>

#include <dirent.h>
#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"

enum app_doctor_level { APP_DOCTOR_GOOD, APP_DOCTOR_ADVICE, APP_DOCTOR_BAD, APP_DOCTOR_LEVELS };

struct app_doctor {
	const struct config *config;
	const char *store, *keys; /* as configured or given */
	uid_t uid; /* of the daemon */
	const char *check; /* the one at hand */
	bool said; /* by it */
	struct buf text, json, good;
	unsigned counts[APP_DOCTOR_LEVELS];
};

struct app_doctor_check {
	const char *name;
	void (*look)(struct app_doctor *d);
};

/*
 * Something is not as it should be; mend: the command, may be "".  Bytes that
 * do not print become '?': names of files may be anybody's.
 */
void app_doctor_say(struct app_doctor *d, enum app_doctor_level level, const char *mend,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A file of the system; in testing builds below $CRETULA_ROOT.  false: it cannot be read. */
#define APP_DOCTOR_BYTES_MAX ((size_t)1 << 20)
bool app_doctor_read(const char *path, struct buf *out);
/* A directory of the system, in the same way; NULL: it is none. */
DIR *app_doctor_dir(const char *path);
#define APP_DOCTOR_MEND_BYTES (2 * CONFIG_PATH_BYTES + 128)

/* ---- the checks ---- */

void app_doctor_store(struct app_doctor *d); /* files.c */
void app_doctor_keys(struct app_doctor *d);
void app_doctor_place(struct app_doctor *d);
void app_doctor_backup(struct app_doctor *d);
void app_doctor_daemon(struct app_doctor *d); /* daemon.c */
void app_doctor_disk(struct app_doctor *d);
void app_doctor_queue(struct app_doctor *d); /* inputs.c */
void app_doctor_buffer(struct app_doctor *d);
void app_doctor_inputs(struct app_doctor *d);
void app_doctor_raw(struct app_doctor *d);
void app_doctor_certificates(struct app_doctor *d);
void app_doctor_servers(struct app_doctor *d); /* servers.c */
void app_doctor_network(struct app_doctor *d); /* network.c */
void app_doctor_memory(struct app_doctor *d); /* machine.c */
void app_doctor_swap(struct app_doctor *d);
void app_doctor_clock(struct app_doctor *d);

#endif
