/*
 * detect: secrets by their names, by how they begin, and by how random they
 * look.
 */
#ifndef CRETULA_DETECT_SECRET_H
#define CRETULA_DETECT_SECRET_H

#include <stdbool.h>

#include "base/span.h"
#include "record/record.h"

/* ---- names.c ---- */

/* A name so plain that what is assigned to it in free text is a secret. */
bool detect_name_is_password(struct span name);

/* ---- random.c ---- */

/* 1 digit, 2 upper, 3 lower, 0 anything else. */
unsigned detect_secret_kind(char c);
/* A run of characters that looks drawn by lot. */
bool detect_secret_random(struct span text);
/* Bits per character of the first 64, times 256. */
unsigned detect_secret_entropy(struct span text);
/* Neighbours that change between upper, lower and digit. */
unsigned detect_secret_changes(struct span text);

/* ---- secret.c ---- */

/* CREDENTIAL or SESSION by prefix, header or name; NONE. */
enum record_class detect_secret_known(struct span text);

/* "Bearer x", "Basic x" at the front of rest: its length; 0 if there is none. */
size_t detect_secret_scheme(struct span rest);
/* What is assigned at text[i], '=' or ':', by the name in front: CREDENTIAL, SESSION, NONE. */
enum record_class detect_secret_assigned(struct span text, size_t i);

/*
 * Call look for each run of plain text of at least 6 characters that a
 * base64 or hex run of at least 16 in text decodes to; the most sensitive
 * answer, NONE if there is nothing.
 */
enum record_class detect_secret_decoded(struct span text, enum record_class (*look)(struct span));

#endif
