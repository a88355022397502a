/* Where the planted values are, in any form that software gives them. */
#include <sys/stat.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/canary/canary.h"
#include "base/err.h"
#include "base/json.h"
#include "leak/tree.h"

#define DEPTH_MAX 8
#define ATTEMPTS 10
#define KEEP 1000 /* findings that are shown */

struct files {
	char **list;
	size_t count, size;
	const struct app_canary *canary;
	int64_t since_us;
	bool failed;
};

static void
add_file(struct files *f, const char *path)
{
	char *copy = strdup(path);

	if (f->count == f->size) {
		size_t size = f->size == 0 ? 64 : f->size * 2;
		char **more = reallocarray(f->list, size, sizeof(*more));

		if (more != NULL) {
			f->list = more;
			f->size = size;
		}
	}
	if (copy == NULL || f->count == f->size) {
		free(copy);
		f->failed = true;
		return;
	}
	f->list[f->count++] = copy;
}

/* What was not written since cannot hold what is new. */
static void
gather(struct files *f, const char *path, unsigned depth)
{
	char below[CONFIG_PATH_BYTES];
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (lstat(path, &st) == -1 ||
	    (f->canary->appended && st.st_dev == f->canary->dev && st.st_ino == f->canary->ino))
		return;
	if (S_ISREG(st.st_mode) &&
	    (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000 >= f->since_us)
		add_file(f, path);
	if (!S_ISDIR(st.st_mode) || depth == DEPTH_MAX || (dir = opendir(path)) == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) <
			(int)sizeof(below))
			gather(f, below, depth + 1);
	(void)closedir(dir);
}

/* ---- what was found ---- */

/* Values are planted in their order, those that are there; the mark is the last. */
static int
value_of(const struct app_canary *c, uint64_t number)
{
	for (int i = 0; i < APP_CANARY_VALUES; i++)
		if (c->values[i][0] != '\0' && --number == 0)
			return (i);
	return (APP_CANARY_VALUES);
}

static void
tell(const struct app_canary *c, const struct leak_tree *tree, struct app_canary_found *found)
{
	for (size_t i = 0; i < tree->hit_count; i++) {
		const struct leak_hit *hit = &tree->hits[i];
		int value = value_of(c, hit->value);

		if (value == APP_CANARY_VALUES) {
			found->came_out = true;
			continue;
		}
		found->leaks++;
		buf_fmt(&found->text, "%s: %ju: %s%s%s\n", tree->files[hit->file].path,
		    (uintmax_t)hit->at, app_canary_names[value], hit->view[0] == '\0' ? "" : ", ",
		    hit->view);
		buf_str(&found->json, found->json.len == 0 ? "{" : ",{");
		json_str(&found->json, "file", span_str(tree->files[hit->file].path));
		json_u64(&found->json, "at", hit->at);
		json_str(&found->json, "value", span_str(app_canary_names[value]));
		json_str(&found->json, "view", span_str(hit->view));
		buf_char(&found->json, '}');
	}
	for (size_t i = 0; i < tree->file_count; i++) {
		found->files++;
		found->bytes += tree->files[i].read;
		found->unread += tree->files[i].problem[0] != '\0';
	}
}

static int
open_rules(const struct app_canary *c, struct leak_rules **rules, struct err *e)
{
	struct buf values = { 0 };
	int rc = -1;

	for (int i = 0; i < APP_CANARY_VALUES; i++)
		if (c->values[i][0] != '\0')
			buf_fmt(&values, "%s\n", c->values[i]);
	if (c->mark[0] != '\0')
		buf_fmt(&values, "\"bytes\":%s\n", c->mark);
	if (leak_rules_open(LEAK_VALUES_ONLY, rules, e) == 0)
		rc = leak_rules_plant(*rules, buf_view(&values), e);
	buf_wipe(&values);
	return (rc);
}

static void
forget(struct files *f)
{
	while (f->count > 0)
		free(f->list[--f->count]);
	free(f->list);
	f->list = NULL;
	f->size = 0;
}

static bool
is_all_read(const struct leak_tree *tree)
{
	for (size_t i = 0; i < tree->file_count; i++)
		if (tree->files[i].problem[0] != '\0')
			return (false);
	return (true);
}

/* What was listed may have another name by now: then all is listed again. */
static int
scan(const struct app_canary *c, const char *const *paths, unsigned count, int64_t since_us,
    struct leak_tree *tree, struct err *e)
{
	struct files f = { .canary = c, .since_us = since_us };
	struct leak_tree empty = *tree;
	int rc = -1;

	for (int i = 0; i < ATTEMPTS && (rc == -1 || !is_all_read(tree)); i++) {
		forget(&f);
		leak_tree_free(tree);
		*tree = empty;
		for (unsigned k = 0; k < count; k++)
			gather(&f, paths[k], 0);
		if (f.failed) {
			err_memory(e);
			break;
		}
		rc = f.count == 0 ? 0 :
				    leak_tree_scan(tree, (const char *const *)f.list, f.count, e);
		if (rc == -1 && e->code != ERR_INPUT)
			break;
	}
	forget(&f);
	return (rc);
}

int
app_canary_look(const struct app_canary *c, const char *const *paths, unsigned count,
    int64_t since_us, struct app_canary_found *found, struct err *e)
{
	struct leak_tree tree = { .jobs = 1, .keep = KEEP };
	struct leak_rules *rules = NULL;
	int rc = open_rules(c, &rules, e);

	tree.rules = rules;
	if (rc == 0 && (rc = scan(c, paths, count, since_us, &tree, e)) == 0)
		tell(c, &tree, found);
	leak_tree_free(&tree);
	leak_rules_close(rules);
	return (rc);
}
