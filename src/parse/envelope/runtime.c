/*
 * parse: what container runtimes write around a line.
 *
 *	2025-11-24T10:11:12.003Z stdout F text                              CRI
 *	{"log":"text\n","stream":"stdout","time":"2025-11-24T10:11:12.003Z"} docker
 *
 * Both cut long lines into parts.
 */
#include "parse/envelope/envelope.h"
#include "parse/json/json.h"
#include "parse/piece.h"
#include "parse/timestamp.h"

/* The next line of rest, without its end; rest goes behind it. */
static struct span
take_line(struct span *rest)
{
	size_t len = span_find(*rest, '\n');
	struct span line = span_of(rest->ptr, len);

	*rest = span_from(*rest, len < rest->len ? len + 1 : len);
	return (line);
}

/* ---- CRI ---- */

struct cri {
	struct span time, stream, text;
	bool part;
};

static bool
cri_read(struct span line, struct cri *c)
{
	size_t time = span_find(line, ' '), stream;
	struct span rest = span_from(line, time < line.len ? time + 1 : time);

	stream = span_find(rest, ' ');
	if (time < 20 || stream + 2 >= rest.len || rest.ptr[stream + 2] != ' ' ||
	    (rest.ptr[stream + 1] != 'F' && rest.ptr[stream + 1] != 'P'))
		return (false);
	c->time = span_of(line.ptr, time);
	c->stream = span_of(rest.ptr, stream);
	c->part = rest.ptr[stream + 1] == 'P';
	c->text = span_from(rest, stream + 3);
	return (span_is(c->stream, "stdout") || span_is(c->stream, "stderr"));
}

/* Texts of the parts, one behind the other; a line by itself stays where it is. */
static bool
append(struct parse_peel *p, struct span text, char **end)
{
	if (text.len > p->room)
		return (false);
	memcpy(*end, text.ptr, text.len);
	*end += text.len;
	p->room -= text.len;
	return (true);
}

bool
parse_peel_cri(struct parse_peel *p)
{
	struct parse_peel made = *p;
	struct span rest = p->text;
	struct cri first, more;
	char *end = made.scratch;

	if (!cri_read(take_line(&rest), &first) ||
	    parse_time_iso(first.time, &made.outer.time_us) == -1)
		return (false);
	made.outer.has_time = true;
	made.outer.stream = first.stream;
	made.text = first.text;
	if (rest.len > 0) {
		if (!append(&made, first.text, &end))
			return (false);
		while (rest.len > 0) {
			if (!cri_read(take_line(&rest), &more))
				return (false);
			if (span_equal(more.stream, first.stream) &&
			    !append(&made, more.text, &end))
				return (false);
		}
		made.text = span_of(made.scratch, (size_t)(end - made.scratch));
		made.scratch = end;
	}
	*p = made;
	return (true);
}

bool
parse_part_cri(struct span line, struct parse_part *part)
{
	struct cri c;

	if (!cri_read(line, &c))
		return (false);
	*part = (struct parse_part){ .stream = c.stream, .part = c.part };
	return (true);
}

void
parse_piece_cri(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	(void)parser;
	parse_piece_parts(parse_part_cri, rest, piece);
}

/* ---- docker ---- */

#define DOCKER_PART_BYTES 16384 /* shorter ones are whole, whatever they end with */

struct docker {
	struct span log, stream, time;
	bool escaped;
};

static bool
docker_leaf(void *arg, const struct parse_json_leaf *leaf)
{
	struct docker *d = arg;

	if (leaf->path_cut || leaf->type != PARSE_JSON_STRING)
		return (true);
	if (span_is(leaf->path, "log")) {
		d->log = leaf->text;
		d->escaped = leaf->escaped;
	} else if (span_is(leaf->path, "stream")) {
		d->stream = leaf->text;
	} else if (span_is(leaf->path, "time")) {
		d->time = leaf->text;
	}
	return (true);
}

static bool
docker_read(struct span line, struct docker *d)
{
	*d = (struct docker){ .escaped = false };
	return (line.len > 9 && memcmp(line.ptr, "{\"log\":", 7) == 0 &&
	    parse_json_walk(line, docker_leaf, d) == PARSE_JSON_OK && d->log.ptr != NULL &&
	    d->time.ptr != NULL);
}

static bool
docker_part(const struct docker *d)
{
	size_t end = d->log.len, escapes = 0;

	if (end < DOCKER_PART_BYTES)
		return (false);
	/* An even number of backslashes before the n: none of them makes it a line end. */
	while (escapes + 1 < end && d->log.ptr[end - 2 - escapes] == '\\')
		escapes++;
	return (d->log.ptr[end - 1] != 'n' || escapes % 2 == 0);
}

bool
parse_peel_docker(struct parse_peel *p)
{
	struct parse_peel made = *p;
	struct span rest = p->text;
	char *end = made.scratch;

	for (bool first = true; first || rest.len > 0; first = false) {
		struct docker d;
		bool whole = true;

		if (!docker_read(take_line(&rest), &d) || d.log.len > made.room)
			return (false);
		if (first && parse_time_iso(d.time, &made.outer.time_us) == -1)
			return (false);
		if (first)
			made.outer.stream = d.stream;
		else if (!span_equal(d.stream, made.outer.stream))
			continue;
		(void)parse_json_unescape(d.log, &end, &whole);
		made.room = p->room - (size_t)(end - p->scratch);
	}
	made.outer.has_time = true;
	made.text = span_of(p->scratch, (size_t)(end - p->scratch));
	made.scratch = end;
	if (made.text.len > 0 && made.text.ptr[made.text.len - 1] == '\n')
		made.text.len--;
	*p = made;
	return (true);
}

bool
parse_part_docker(struct span line, struct parse_part *part)
{
	struct docker d;

	if (!docker_read(line, &d))
		return (false);
	*part = (struct parse_part){ .stream = d.stream.len > 0 ? d.stream : span_of("", 0),
		.part = docker_part(&d) };
	return (true);
}

void
parse_piece_docker(const struct parser *parser, struct span rest, struct parse_piece *piece)
{
	size_t len = span_find(rest, '\n');

	(void)parser;
	if (len >= DOCKER_PART_BYTES)
		parse_piece_parts(parse_part_docker, rest, piece);
	else
		parse_piece_record(
		    rest, len < rest.len ? len + 1 : len, len == rest.len, piece);
}
