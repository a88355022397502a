/* app: which store and stream a command means that reads one. */
#ifndef CRETULA_APP_ROLE_PLACE_H
#define CRETULA_APP_ROLE_PLACE_H

#include "config/config.h"

struct app_args;
struct err;

/* Where the words live that are filled in. */
struct app_place {
	char store[CONFIG_PATH_BYTES], stream[CONFIG_NAME_BYTES];
};

/* For who writes: the store was named, by --store or --config.  0; -1: ERR_USAGE. */
int app_place_named(const struct app_args *args, struct err *e);

/*
 * --store and --stream that are not given, as --config has them, into args:
 * its store, and its stream if it has one only.  Without --store and --config
 * that of the system, where there is one.  What neither says stays away.
 * 0; -1: what reading the configuration fails with, whose errors are added to
 * report.
 */
int app_place_config(
    struct app_args *args, struct app_place *place, struct buf *report, struct err *e);

/*
 * The stream that is not given into args, if the store has one only beside
 * those of cretula itself.  0, and both are there; -1: ERR_USAGE, which names
 * the streams; ERR_INPUT: there is no store, or nothing in it.
 */
int app_place_stream(struct app_args *args, struct app_place *place, struct err *e);

#endif
