/* mask: what a path segment is by its name alone. */
#include "mask/url/segment.h"

#include <stdlib.h>
#include <string.h>

static bool
equal_folded(struct span a, const char *lower)
{
	size_t i = 0;

	for (; i < a.len && lower[i] != '\0'; i++) {
		char c = a.ptr[i];

		if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != lower[i])
			return (false);
	}
	return (i == a.len && lower[i] == '\0');
}

#define PARENT_BYTES_MAX 13 /* of the names below */

/* Sorted: what stands below these names a person or is a secret. */
static const char *const parents[] = { "account", "accounts", "applicant", "applicants",
	"appointment", "appointments", "author", "authors", "avatar", "avatars", "benutzer",
	"bestellung", "bestellungen", "booking", "bookings", "candidate", "candidates", "case",
	"cases", "chat", "claim", "claims", "client", "cliente", "clientes", "clients",
	"commande", "commandes", "compte", "comptes", "confirm", "contact", "contacts", "cuenta",
	"cuentas", "customer", "customers", "doctor", "doctors", "donor", "donors", "download",
	"downloads", "email", "emails", "employee", "employees", "factura", "facturas",
	"follower", "followers", "friend", "friends", "gebruiker", "gebruikers", "guest",
	"guests", "id", "ids", "in", "inbox", "invite", "invites", "invoice", "invoices",
	"klant", "klanten", "konten", "konto", "kunde", "kunden", "mail", "member", "members",
	"membre", "membres", "miembro", "miembros", "mitarbeiter", "mitglied", "mitglieder",
	"name", "names", "nutzer", "order", "orders", "owner", "owners", "paciente", "pacientes",
	"passenger", "passengers", "patient", "patienten", "patients", "pedido", "pedidos",
	"people", "perfil", "perfiles", "person", "policies", "policy", "prescription",
	"prescriptions", "profil", "profile", "profiles", "profils", "rechnung", "rechnungen",
	"reservation", "reservations", "resident", "residents", "s", "share", "staff", "student",
	"students", "subscriber", "subscribers", "t", "teacher", "teachers", "ticket", "tickets",
	"u", "unsubscribe", "usager", "usagers", "user", "username", "usernames", "users",
	"usuario", "usuarios", "utente", "utenti", "utilisateur", "utilisateurs", "verify",
	"voter", "voters" };

/* A bit for each length of those that begin with a letter; made before main. */
static uint16_t parent_lengths[26];

__attribute__((constructor)) static void
index_parents(void)
{
	for (size_t i = 0; i < sizeof(parents) / sizeof(parents[0]); i++)
		parent_lengths[parents[i][0] - 'a'] |= (uint16_t)(1u << strlen(parents[i]));
}

static int
compare_parents(const void *text, const void *name)
{
	return (strcmp(text, *(const char *const *)name));
}

bool
mask_segment_bears_identity(struct span segment)
{
	char folded[PARENT_BYTES_MAX + 1];
	unsigned first = segment.len == 0 ? 0 : (unsigned char)(segment.ptr[0] | 0x20) - 'a';

	if (segment.len >= 5 && equal_folded(span_of(segment.ptr, 5), "reset"))
		return (true);
	if (segment.len > PARENT_BYTES_MAX || first >= 26 ||
	    (parent_lengths[first] >> segment.len & 1) == 0)
		return (false);
	for (size_t i = 0; i < segment.len; i++) {
		folded[i] = segment.ptr[i] | 0x20;
		if (folded[i] < 'a' || folded[i] > 'z')
			return (false);
	}
	folded[segment.len] = '\0';
	return (bsearch(folded, parents, sizeof(parents) / sizeof(parents[0]), sizeof(parents[0]),
		    compare_parents) != NULL);
}

bool
mask_all_digits(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return (false);
	return (text.len > 0);
}

/* Words that identify nobody, even below /users. */
bool
mask_segment_is_reserved(struct span segment)
{
	static const char *const words[] = { "me", "self", "new", "edit" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_is(segment, words[i]))
			return (true);
	return (segment.len >= 2 && segment.len <= 3 && segment.ptr[0] == 'v' &&
	    segment.ptr[1] != '0' && mask_all_digits(span_from(segment, 1)));
}

/* Page numbers, months, years: not below an identity-bearing parent. */
bool
mask_segment_is_small(struct span segment)
{
	if (!mask_all_digits(segment))
		return (false);
	if (segment.len <= 2)
		return (true);
	return (segment.len == 4 &&
	    (memcmp(segment.ptr, "199", 3) == 0 || (memcmp(segment.ptr, "20", 2) == 0)));
}

/* Too short for a card, a telephone or a day, and no year: an id like most. */
bool
mask_segment_is_number(struct span segment)
{
	return ((segment.len == 3 || (segment.len >= 5 && segment.len <= 7)) &&
	    mask_all_digits(segment));
}

typedef unsigned char block __attribute__((vector_size(16)));

/* Does a segment start with a digit?  16 bytes a step; the last step may overlap. */
static bool
has_digit_first(struct span path)
{
	uint64_t any[2];
	block found = { 0 }, here, next;
	size_t at = 0;

	if (path.len <= sizeof(block)) {
		for (; at + 1 < path.len; at++)
			if (path.ptr[at] == '/' && (unsigned char)(path.ptr[at + 1] - '0') <= 9)
				return (true);
		return (false);
	}
	for (bool more = true; more; at += sizeof(block)) {
		if (at + sizeof(block) + 1 >= path.len) {
			at = path.len - sizeof(block) - 1;
			more = false;
		}
		memcpy(&here, path.ptr + at, sizeof(here));
		memcpy(&next, path.ptr + at + 1, sizeof(next));
		found |= (block)(here == '/') & (block)(next - '0' <= 9);
	}
	memcpy(any, &found, sizeof(any));
	return ((any[0] | any[1]) != 0);
}

struct span
mask_segment_form(struct span path, char out[static MASK_FORM_BYTES])
{
	size_t len = 0, kept = 0, at = 0;

	if (path.len > MASK_FORM_BYTES || !has_digit_first(path))
		return (path);
	while (at < path.len) {
		size_t start = at + 1, end = start;

		if (path.ptr[at] == '/')
			while (end < path.len && (unsigned char)(path.ptr[end] - '0') <= 9)
				end++;
		at++;
		if ((end < path.len && path.ptr[end] != '/') ||
		    !mask_segment_is_number(span_of(path.ptr + start, end - start)))
			continue;
		memcpy(out + len, path.ptr + kept, start - kept);
		len += start - kept;
		out[len++] = '?';
		at = kept = end;
	}
	if (kept == 0)
		return (path);
	memcpy(out + len, path.ptr + kept, path.len - kept);
	return (span_of(out, len + path.len - kept));
}

/* The extension of a static file, from a closed list; empty if it has none. */
struct span
mask_segment_extension(struct span segment)
{
	static const char *const known[] = {
		"avif",
		"bmp",
		"css",
		"csv",
		"doc",
		"docx",
		"eot",
		"gif",
		"gz",
		"htm",
		"html",
		"ico",
		"jpeg",
		"jpg",
		"js",
		"json",
		"map",
		"mjs",
		"mov",
		"mp3",
		"mp4",
		"odt",
		"ogg",
		"otf",
		"pdf",
		"php",
		"png",
		"ppt",
		"pptx",
		"svg",
		"tar",
		"tgz",
		"tiff",
		"ttf",
		"txt",
		"wasm",
		"wav",
		"webm",
		"webmanifest",
		"webp",
		"woff",
		"woff2",
		"xls",
		"xlsx",
		"xml",
		"zip",
		"zst",
	};
	size_t dot = segment.len;

	while (dot > 0 && segment.ptr[dot - 1] != '.')
		dot--;
	if (dot <= 1)
		return (span_of("", 0));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (equal_folded(span_from(segment, dot), known[i]))
			return (span_str(known[i]));
	return (span_of("", 0));
}
