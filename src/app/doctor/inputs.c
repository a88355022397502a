/* Where lines come from: queues and buffers of sockets, FIFOs, files. */
#include <sys/stat.h>
#include <sys/vfs.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/doctor/doctor.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "input/tls.h"

#define QUEUE_LEAST 512
#define BUFFER_LEAST ((uint64_t)8 << 20)
#define DAY_US (INT64_C(86400) * 1000000)
#define RENEW_DAYS 21
#define TMPFS 0x01021994UL

static bool
has_input(const struct app_doctor *d, enum input_kind kind)
{
	for (unsigned i = 0; d->config != NULL && i < d->config->stream_count; i++)
		if (d->config->streams[i].input.kind == kind)
			return (true);
	return (false);
}

/* A number of /proc/sys; UINT64_MAX: not known. */
static uint64_t
setting(const char *path)
{
	struct buf text = { 0 };
	uint64_t n = UINT64_MAX;

	if (app_doctor_read(path, &text)) {
		struct span s = buf_view(&text);

		s.len = span_find(s, '\n');
		if (num_u64(s, &n) == -1)
			n = UINT64_MAX;
	}
	buf_free(&text);
	return (n);
}

void
app_doctor_queue(struct app_doctor *d)
{
	uint64_t n = setting("/proc/sys/net/unix/max_dgram_qlen");

	if (has_input(d, INPUT_UNIX) && n < QUEUE_LEAST)
		app_doctor_say(d, APP_DOCTOR_BAD,
		    "sysctl -w net.unix.max_dgram_qlen=512   # and in /etc/sysctl.d/cretula.conf",
		    "net.unix.max_dgram_qlen is %ju: of bursts nginx drops what does not fit, and "
		    "nobody counts it",
		    (uintmax_t)n);
}

void
app_doctor_buffer(struct app_doctor *d)
{
	uint64_t n = setting("/proc/sys/net/core/rmem_max");

	if (has_input(d, INPUT_UDP) && n < BUFFER_LEAST)
		app_doctor_say(d, APP_DOCTOR_ADVICE,
		    "sysctl -w net.core.rmem_max=8388608   # and in /etc/sysctl.d/cretula.conf",
		    "net.core.rmem_max is %ju: bursts over UDP do not fit, and are sealed as lost",
		    (uintmax_t)n);
}

/* ---- places ---- */

static void
check_directory(struct app_doctor *d, const char *path)
{
	char directory[INPUT_PLACE_BYTES], mend[APP_DOCTOR_MEND_BYTES];
	const char *slash = strrchr(path, '/');
	struct stat st;

	(void)snprintf(
	    directory, sizeof(directory), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	if (stat(directory, &st) == -1) {
		(void)snprintf(mend, sizeof(mend), "install -d -m 0755 -o %ju %s",
		    (uintmax_t)d->uid, directory);
		app_doctor_say(d, APP_DOCTOR_BAD, mend, "%s is not there", directory);
		return;
	}
	(void)snprintf(mend, sizeof(mend), "chmod o-w %s", directory);
	if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
		app_doctor_say(d, APP_DOCTOR_BAD, mend,
		    "everybody may put something else in the place of %s", path);
}

static void
check_fifo(struct app_doctor *d, const char *path)
{
	char mend[APP_DOCTOR_MEND_BYTES];
	struct stat st;

	if (lstat(path, &st) == -1)
		return; /* `run` makes it */
	(void)snprintf(mend, sizeof(mend), "rm %s   # run makes it anew", path);
	if (!S_ISFIFO(st.st_mode))
		app_doctor_say(d, APP_DOCTOR_BAD, mend, "%s is no FIFO", path);
	else if (st.st_uid != d->uid || (st.st_mode & S_IRWXO) != 0)
		app_doctor_say(d, APP_DOCTOR_BAD, mend,
		    "others than the daemon's user can read %s: each line they read is gone", path);
	app_doctor_say(d, APP_DOCTOR_ADVICE, "",
	    "%s: a server that writes to a FIFO stands still when nobody reads; a socket does not "
	    "hold it up",
	    path);
}

void
app_doctor_inputs(struct app_doctor *d)
{
	for (unsigned i = 0; d->config != NULL && i < d->config->stream_count; i++) {
		const struct input_place *place = &d->config->streams[i].input;

		if (place->path[0] == '/')
			check_directory(d, place->path);
		if (place->kind == INPUT_FIFO)
			check_fifo(d, place->path);
	}
}

/* ---- files: raw at rest ---- */

/* Older files of the same name. */
static unsigned
count_older(const char *path)
{
	char directory[INPUT_PLACE_BYTES];
	const char *base = strrchr(path, '/') + 1;
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	(void)snprintf(directory, sizeof(directory), "%.*s", (int)(base - path), path);
	dir = opendir(directory);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(base);

		count += strncmp(entry->d_name, base, len) == 0 &&
		    (entry->d_name[len] == '.' || entry->d_name[len] == '-');
	}
	if (dir != NULL)
		(void)closedir(dir);
	return (count);
}

/* In memory: it has to be freed, and is small. */
static void
check_ring(struct app_doctor *d, const struct config_stream *s, const struct statfs *fs)
{
	uint64_t used = fs->f_blocks - fs->f_bfree;

	if (s->after_read == INPUT_KEEP)
		app_doctor_say(d, APP_DOCTOR_BAD, "",
		    "stream %s: %s lies in memory, and nothing of it is ever freed: `after_read: "
		    "punch`",
		    s->name, s->input.path);
	else if (fs->f_blocks > 0 && used > fs->f_blocks / 2)
		app_doctor_say(d, APP_DOCTOR_BAD, "cretula status   # does it read?",
		    "stream %s: the memory of %s is %ju %% full; once it is, lines are lost",
		    s->name, s->input.path, (uintmax_t)(used * 100 / fs->f_blocks));
}

static void
check_file(struct app_doctor *d, const struct config_stream *s)
{
	const char *name = s->name, *path = s->input.path;
	char mend[APP_DOCTOR_MEND_BYTES];
	unsigned older = count_older(path);
	struct statfs fs;

	if (access(path, R_OK) == -1 && access(path, F_OK) == 0)
		app_doctor_say(d, APP_DOCTOR_BAD, "", "stream %s: %s cannot be read", name, path);
	if (statfs(path, &fs) == -1)
		return;
	if ((unsigned long)fs.f_type == TMPFS) {
		check_ring(d, s, &fs);
		return;
	}
	app_doctor_say(d, APP_DOCTOR_ADVICE, "",
	    "stream %s: %s lies raw on a disk before it is read; a socket (share/presets) or a "
	    "file on a tmpfs does not",
	    name, path);
	if (older == 0)
		return;
	(void)snprintf(mend, sizeof(mend), "shred -u %s[.-]*   # once cretula has read them", path);
	app_doctor_say(d, APP_DOCTOR_BAD, mend, "stream %s: %u older raw files lie beside %s", name,
	    older, path);
}

void
app_doctor_raw(struct app_doctor *d)
{
	for (unsigned i = 0; d->config != NULL && i < d->config->stream_count; i++)
		if (d->config->streams[i].input.kind == INPUT_FILE)
			check_file(d, &d->config->streams[i]);
}

/* ---- certificates ---- */

static void
check_certificate(struct app_doctor *d, const char *name, const char *path)
{
	struct err e = { ERR_NONE, "" };
	int64_t until_us, days;

	if (input_tls_expiry(path, &until_us, &e) == -1) {
		app_doctor_say(d, APP_DOCTOR_BAD, "", "stream %s: %s", name, e.text);
		return;
	}
	days = (until_us - clock_now_us()) / DAY_US;
	if (until_us < clock_now_us())
		app_doctor_say(d, APP_DOCTOR_BAD, "systemctl reload cretula   # once it is renewed",
		    "stream %s: %s has expired", name, path);
	else if (days < RENEW_DAYS)
		app_doctor_say(d, APP_DOCTOR_ADVICE,
		    "systemctl reload cretula   # once it is renewed",
		    "stream %s: %s expires in %jd days", name, path, (intmax_t)days);
}

void
app_doctor_certificates(struct app_doctor *d)
{
	for (unsigned i = 0; d->config != NULL && i < d->config->stream_count; i++) {
		const struct config_stream *s = &d->config->streams[i];

		if (s->tls.certificate[0] != '\0')
			check_certificate(d, s->name, s->tls.certificate);
		if (s->tls.client_ca[0] != '\0')
			check_certificate(d, s->name, s->tls.client_ca);
	}
}
