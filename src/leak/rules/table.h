/* The table of rules, and what verifies a match. */
#ifndef CRETULA_LEAK_RULES_TABLE_H
#define CRETULA_LEAK_RULES_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A match in the bytes of its view: [start, end). */
struct leak_match {
	const unsigned char *bytes;
	size_t len, start, end;
};

typedef bool leak_check(const struct leak_match *m);

enum {
	LEAK_ROW_STRICT = 1, /* only with LEAK_STRICT */
	LEAK_ROW_NOISE = 2, /* may be a chance find in random bytes: needs text around it */
	LEAK_ROW_BEFORE = 4 /* begins before its literal; others with it, or with the name */
};

struct leak_row {
	const char *name;
	uint32_t kinds; /* bits of leak_kind: where to try */
	unsigned flags;
	uint16_t back, ahead; /* how far around the place a match may reach */
	leak_check *check; /* NULL: the pattern is enough */
	const char *pattern;
	const char *help;
};

extern const struct leak_row leak_rows[];
extern const size_t leak_row_count;

/* What rules of the kind LITERAL begin with; the three bytes from rare on are looked for. */
struct leak_literal {
	const char *text;
	size_t rare;
};
extern const struct leak_literal leak_literals[];

/* What names that rules of the kind NAME look for end with; three letters, in lower case. */
extern const char *const leak_name_ends[];

/* checks.c: of addresses and numbers */
leak_check leak_check_email, leak_check_ipv4, leak_check_ipv6, leak_check_mac;
leak_check leak_check_number_address, leak_check_dashed;
/* money.c: with check digits */
leak_check leak_check_pan, leak_check_iban, leak_check_phone;
/* people.c */
leak_check leak_check_cpf, leak_check_nir, leak_check_steuer, leak_check_aadhaar, leak_check_fiscal,
    leak_check_pesel, leak_check_bsn, leak_check_dni;
/* secrets.c: and what is no leak because cretula writes it */
leak_check leak_check_value, leak_check_basic, leak_check_hexid, leak_check_ulid,
    leak_check_entropy, leak_check_path_number, leak_check_key, leak_check_uuid, leak_check_jwt;

/* Do the bytes around [start, end) look like chance rather than text? */
bool leak_is_noise(const struct leak_match *m);

#endif
