/* Between the files of paper: what fills it. */
#ifndef CRETULA_APP_PAPER_INSIDE_H
#define CRETULA_APP_PAPER_INSIDE_H

#include "app/paper/paper.h"

struct app_records;
struct json_cursor;
struct seal_entry;
struct seal_history;

/* A copy that lives as long as the paper (escaped: of what stands between quotes), or "". */
const char *app_paper_keep(struct paper *p, struct span text);
const char *app_paper_keep_escaped(struct paper *p, struct span text);
const char *app_paper_keep_buf(struct paper *p, struct buf *text); /* frees it */
void app_paper_free_texts(struct paper *p);

/* Is it of the window?  Entries are by their own time. */
bool app_paper_in(const struct paper *p, int64_t t_us);

/* ---- acts ---- */

/* What entries say was done: *act is copied, and may make an older one give way. */
int app_paper_add(struct paper_acts *acts, const struct paper_act *act, struct err *e);
void app_paper_sort(struct paper_acts *acts);
/* "1-3, 7" of the runs of an entry; *count segments. */
const char *app_paper_runs(struct paper *p, struct span runs, uint64_t *count);

/* ---- one stream ---- */

/* Its chain, as far as it can be read; the rest is problem.  -1: no memory. */
int app_paper_see_stream(struct paper *p, const char *name, struct err *e);
/* Of an entry that is no segment. */
int app_paper_see_act(struct paper *p, struct paper_stream *s, const struct seal_entry *entry,
    const struct seal_history *history, struct err *e);
int app_paper_see_policy(
    struct paper *p, const struct paper_stream *s, const struct seal_entry *entry);

/* ---- keys ---- */

int app_paper_see_keys(struct paper *p, const struct seal_entry *entry, struct err *e);
int app_paper_see_destroyed(struct paper *p, const struct seal_entry *entry, struct err *e);
/* Each key once, and its state as of now_us; grace_us: of a day, week and month. */
void app_paper_fold_keys(struct paper *p, const int64_t *grace_us);

/* ---- the rest ---- */

/* Which policies are known: that of no configuration, and those of config (may be NULL). */
int app_paper_know(struct paper *p, const struct config *config, struct err *e);
int app_paper_see_retain(struct paper *p, const struct config *config, struct err *e);
int app_paper_see_access(struct paper *p, const struct app_paper *how, struct err *e);

#endif
