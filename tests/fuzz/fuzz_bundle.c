/*
 * Fuzz target: what an outsider brings beside stores.  The first byte says
 * what the rest is: a file of pins, the manifest of a bundle, its facts or its
 * policy.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit/outside/beside.h"
#include "audit/outside/bundle.h"
#include "audit/outside/pin.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/cretula-fuzz-XXXXXX";
static const char *const files[] = { "pins", "b/MANIFEST.sha256", "b/bundle.json", "b/policy" };

static void
demand(int claim)
{
	if (!claim)
		abort();
}

static void
path_of(size_t file, char path[static 128])
{
	(void)snprintf(path, 128, "%s/%s", dir, files[file]);
}

static void
put(size_t file, const void *bytes, size_t len)
{
	char path[128];
	int fd;

	path_of(file, path);
	demand((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640)) != -1);
	demand(write(fd, bytes, len) == (ssize_t)len);
	(void)close(fd);
}

static void
clean_up(void)
{
	char path[128];

	for (size_t i = 0; i < 4; i++) {
		path_of(i, path);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/b", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
}

static void
begin(void)
{
	char path[128];

	demand(mkdtemp(dir) != NULL && atexit(clean_up) == 0);
	(void)snprintf(path, sizeof(path), "%s/b", dir);
	demand(mkdir(path, 0700) == 0);
	put(1, "", 0);
	put(2, "{\"v\":1}\n", 8);
	put(3, "", 0);
}

/* Pins that were read are written as they were, but sorted: the same again. */
static void
try_pins(void)
{
	struct audit_pins pins, again;
	struct err e = { 0 };
	char path[128];

	path_of(0, path);
	if (audit_pins_read(&pins, path, &e) == 0) {
		demand(audit_pins_write(&pins, path, &e) == 0);
		demand(audit_pins_read(&again, path, &e) == 0 && again.count == pins.count);
		audit_pins_free(&again);
	} else
		demand(e.code == ERR_CONFIG);
	audit_pins_free(&pins);
}

static void
try_bundle(void)
{
	struct audit_range range;
	struct audit_list list;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/b", dir);
	audit_list_init(&list, "bundle", AUDIT_FINDINGS_PER_FILE);
	demand(audit_bundle_check(path, &range, &list, NULL) == 0 && !list.failed);
	audit_list_free(&list);
	audit_range_free(&range);
}

/* Keys that are there are those that a reader finds, and no others. */
static void
try_policy(struct span text)
{
	struct audit_beside beside = { .line = { 0 } };
	struct audit_list list;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/b", dir);
	audit_list_init(&list, "bundle", AUDIT_FINDINGS_PER_FILE);
	audit_beside_check(path, &beside, &list);
	/* anchor is missing; policy is good if it has no key */
	demand(!list.failed && list.count >= 1 && list.count <= 2);
	demand(list.count == 2 || !span_starts(text, span_str("log ")));
	audit_list_free(&list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;
	size_t file;

	if (!begun)
		begin();
	begun = true;
	if (size == 0)
		return (0);
	file = data[0] % 4;
	put(file, data + 1, size - 1);
	if (file == 0)
		try_pins();
	else if (file == 3)
		try_policy(span_of((const char *)data + 1, size - 1));
	else
		try_bundle();
	put(1, "", 0);
	put(2, "{\"v\":1}\n", 8);
	put(3, "", 0);
	return (0);
}
