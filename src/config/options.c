/* config: the table of options, and how to find one in it. */
#include "config/options.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "archive/archive.h"
#include "config/config.h"
#include "parse/string/string.h"
#include "retain/retain.h"
#include "view/view.h"

#define FILE_AT(member) offsetof(struct config, member), 0
#define STREAM_AT(member) offsetof(struct config_stream, member), 0
#define STREAM_LIST(member, count) \
	offsetof(struct config_stream, member), offsetof(struct config_stream, count)
#define ROLE_AT(member) offsetof(struct config_role, member), 0
#define ROLE_LIST(member, count) \
	offsetof(struct config_role, member), offsetof(struct config_role, count)
#define ANY 0, 0, NULL
#define RANGE(min, max) (min), (max), NULL
#define ONE_OF(words) 0, 0, (words)
#define TERM RANGE((uint64_t)RETAIN_DAY_US, (uint64_t)36500 * (uint64_t)RETAIN_DAY_US)
#define GRACE_MAX ((uint64_t)365 * 86400 * 1000000)

const struct config_option config_options[] = {
	{ "approvers", CONFIG_VKEYS, offsetof(struct config, approvers),
	    offsetof(struct config, approver_count), "[]", ANY,
	    "who may approve requests of persons, two for each; `cretula subject approver`" },
	{ "disk", CONFIG_SIZE, FILE_AT(disk), "0", RANGE(0, UINT64_C(1) << 60),
	    "what the store may take: then the oldest records go; 0: all that there is" },
	{ "escrow_key", CONFIG_SEAL_KEY, FILE_AT(escrow_key), "", ANY,
	    "public key that the keys of ratchets in memory are sealed to; `cretula key pair`" },
	{ "geo.asn", CONFIG_FILE, FILE_AT(geo_asn), "", ANY,
	    "database (.mmdb) for the network operator of a client, relative to this file" },
	{ "geo.country", CONFIG_FILE, FILE_AT(geo_country), "", ANY,
	    "database (.mmdb) for the country of a client, relative to this file" },
	{ "group", CONFIG_NAME, FILE_AT(group), "", ANY,
	    "the group of `run` beside those of user" },
	{ "include", CONFIG_INCLUDE, 0, 0, "", ANY,
	    "one more file of options, relative to this one; neither may repeat the other" },
	{ "keys", CONFIG_PATH, FILE_AT(keys), "", ANY,
	    "directory of the keys, never inside of the store; beside it if not given" },
	{ "metrics", CONFIG_LISTEN, FILE_AT(metrics), "", ANY,
	    "`run` answers /metrics and /healthz there: 127.0.0.1:9464 or unix:PATH; no password" },
	{ "quarantine_key", CONFIG_SEAL_KEY, FILE_AT(quarantine_key), "", ANY,
	    "public key that lines which cannot be read are sealed to; `cretula key pair`" },
	{ "roles.*.fields", CONFIG_FIELD_NAMES, ROLE_LIST(fields, field_count), "[]", ANY,
	    "the only fields that the role sees; none: all of its tier, an auditor no records" },
	{ "roles.*.k", CONFIG_COUNT, ROLE_AT(k), "10", RANGE(10, 20),
	    "figures of fewer clients than this are not told; public roles have 20" },
	{ "roles.*.streams", CONFIG_NAMES, ROLE_LIST(streams, stream_count), "[]", ANY,
	    "the only streams that the role sees; none: all but those of cretula itself" },
	{ "roles.*.tier", CONFIG_CHOICE, ROLE_AT(tier), "public",
	    ONE_OF("developer analyst public auditor"),
	    "developer: records; analyst, public: figures; auditor: chain and proofs" },
	{ "roles.*.token_hash", CONFIG_HASH, ROLE_AT(token_hash), "", ANY,
	    "of the token that opens the role; `cretula serve token` makes one" },
	{ "roles.*.users", CONFIG_NAMES, ROLE_LIST(users, user_count), "[]", ANY,
	    "users of this machine at the socket, or whom a proxy names; \"*\": all of those" },
	{ "sandbox", CONFIG_CHOICE, FILE_AT(sandbox), "on", ONE_OF("on required off"),
	    "commands that read logs confine themselves; required: they end where that cannot be" },
	{ "seal_key", CONFIG_SEAL_KEY, FILE_AT(seal_key), "", ANY,
	    "public key of the method seal, made by `cretula key pair`" },
	{ "serve.certificate", CONFIG_FILE, FILE_AT(serve.tls.certificate), "", ANY,
	    "PEM, the chain behind it: `serve` speaks TLS, and may listen on any address" },
	{ "serve.hosts", CONFIG_NAMES, offsetof(struct config, serve.hosts),
	    offsetof(struct config, serve.host_count), "[]", ANY,
	    "names, with the port, by which browsers reach `serve`; others are refused" },
	{ "serve.key", CONFIG_FILE, FILE_AT(serve.tls.key), "", ANY,
	    "private key of the certificate, PEM, mode 600" },
	{ "serve.listen", CONFIG_LISTEN, FILE_AT(serve.listen), "", ANY,
	    "where `serve` answers: unix:PATH or 127.0.0.1:PORT; others need a certificate" },
	{ "serve.proxy", CONFIG_NAME, FILE_AT(serve.proxy), "", ANY,
	    "user whose X-Remote-User is believed at the unix socket: that of the web server" },
	{ "serve.user", CONFIG_NAME, FILE_AT(serve.user), "", ANY,
	    "started as root, `serve` is this user for good; it needs to read the store only" },
	{ "store", CONFIG_PATH, FILE_AT(store), "", ANY,
	    "directory of the sealed records, as seen from the working directory" },
	{ "streams.*.after_read", CONFIG_CHOICE, STREAM_AT(after_read), "keep",
	    ONE_OF("keep punch shred"),
	    "what becomes of committed lines of input.file: punch frees, shred zeroes them" },
	{ "streams.*.agents", CONFIG_AGENTS, STREAM_LIST(policy.agents, policy.agent_count), "[]",
	    ANY, "our own programs as their User-Agent begins (MyApp/3.1), kept in clear" },
	{ "streams.*.archive.client", CONFIG_SWITCH, STREAM_AT(archive.client), "rekey",
	    ONE_OF("drop rekey"),
	    "of the second pass (`cretula archive`): tokens get another key, or go" },
	{ "streams.*.archive.cpu", CONFIG_COUNT, STREAM_AT(archive.cpu), "25", RANGE(1, 100),
	    "percent of a processor that it may take" },
	{ "streams.*.archive.k", CONFIG_COUNT, STREAM_AT(archive.k), "10",
	    RANGE(ARCHIVE_K_MIN, ARCHIVE_K_MAX),
	    "a value that fewer subjects of a day share is not kept" },
	{ "streams.*.archive.keys", CONFIG_PATH, STREAM_AT(archive.keys), "", ANY,
	    "keys of the archive; without it the archive's name and .keys" },
	{ "streams.*.archive.session", CONFIG_SWITCH, STREAM_AT(archive.session), "rekey",
	    ONE_OF("drop rekey"), "as archive.client, of sessions" },
	{ "streams.*.archive.to", CONFIG_PATH, STREAM_AT(archive.to), "", ANY,
	    "the archive: a store of its own, no part of this one" },
	{ "streams.*.archive.user", CONFIG_SWITCH, STREAM_AT(archive.user), "rekey",
	    ONE_OF("drop rekey"), "as archive.client, of users" },
	{ "streams.*.detail", CONFIG_DETAIL, STREAM_LIST(policy.detail, policy.detail_count), "[]",
	    ANY, "how much of an event is kept: { when: FILTER, keep: count, slim or full }" },
	{ "streams.*.docroot", CONFIG_PATHS, STREAM_LIST(docroot, docroot_count), "[]", ANY,
	    "directories of public files, whose names are kept in clear; no links, no dot files" },
	{ "streams.*.epochs.*", CONFIG_EPOCH, STREAM_AT(policy.epoch), "", ONE_OF("day week month"),
	    "how long the keys of a class live: ip covers ip.peer and ip.fwd" },
	{ "streams.*.epochs.grace.day", CONFIG_DURATION, STREAM_AT(grace_us[KEY_DAY]), "1d",
	    RANGE(0, GRACE_MAX), "a key of a day is destroyed this long after the day" },
	{ "streams.*.epochs.grace.month", CONFIG_DURATION, STREAM_AT(grace_us[KEY_MONTH]), "1w",
	    RANGE(0, GRACE_MAX), "a key of a month is destroyed this long after the month" },
	{ "streams.*.epochs.grace.week", CONFIG_DURATION, STREAM_AT(grace_us[KEY_WEEK]), "1w",
	    RANGE(0, GRACE_MAX), "a key of a week is destroyed this long after the week" },
	{ "streams.*.fields.*", CONFIG_FIELDS, STREAM_AT(policy.field_drop), "", ANY,
	    "drop or redact a field, whatever its class leaves in it" },
	{ "streams.*.format", CONFIG_FORMAT, STREAM_AT(format), "auto", ANY,
	    "format of the lines, or auto: decide on the first lines" },
	{ "streams.*.format_dialect", CONFIG_CHOICE, STREAM_AT(format_dialect), "auto",
	    ONE_OF("auto nginx apache log4j"), "whose format_string is" },
	{ "streams.*.format_string", CONFIG_FORMAT_STRING, STREAM_AT(format_string), "", ANY,
	    "how the server was told to write its lines: log_format, LogFormat, PatternLayout" },
	{ "streams.*.gaps", CONFIG_SWITCH, STREAM_AT(policy.gaps), "ignore", ONE_OF("ignore count"),
	    "count: numbers that are missing are lost lines; nginx, RFC 5424 (share/presets)" },
	{ "streams.*.hosts", CONFIG_HOSTS, STREAM_LIST(policy.hosts, policy.host_count), "[]", ANY,
	    "names of our own sites, kept in clear" },
	{ "streams.*.input.certificate", CONFIG_FILE, STREAM_AT(tls.certificate), "", ANY,
	    "of tls and http: PEM, the chain behind it; read again at a reload" },
	{ "streams.*.input.client_ca", CONFIG_FILE, STREAM_AT(tls.client_ca), "", ANY,
	    "of tls and http: clients must show a certificate of one of these" },
	{ "streams.*.input.fifo", CONFIG_INPUT, STREAM_AT(input), "", ANY,
	    "a FIFO that servers write to, made if it is not there" },
	{ "streams.*.input.file", CONFIG_INPUT, STREAM_AT(input), "", ANY,
	    "a file that grows; renamed, or copied and cut, it is read on where it was left" },
	{ "streams.*.input.http", CONFIG_INPUT, STREAM_AT(input), "", ANY,
	    "HOST:PORT or PATH for POST /k8s/audit, /v1/logs, /ndjson; 200 once committed" },
	{ "streams.*.input.key", CONFIG_FILE, STREAM_AT(tls.key), "", ANY,
	    "of tls and http: private key of the certificate, PEM, mode 600" },
	{ "streams.*.input.syslog", CONFIG_INPUT, STREAM_AT(input), "", ANY,
	    "any other input in one word: unix:/run/cretula/shop.sock, udp:127.0.0.1:514 ..." },
	{ "streams.*.input.tcp", CONFIG_INPUT, STREAM_AT(input), "", ANY,
	    "HOST:PORT for connections: lines, or frames with their length (RFC 6587)" },
	{ "streams.*.input.tls", CONFIG_INPUT, STREAM_AT(input), "", ANY,
	    "HOST:PORT, as of tcp, encrypted (RFC 5425); needs certificate and key" },
	{ "streams.*.input.token", CONFIG_FILE, STREAM_AT(token), "", ANY,
	    "of http: file with the bearer token that requests must show, mode 600" },
	{ "streams.*.input.udp", CONFIG_INPUT, STREAM_AT(input), "", ANY,
	    "HOST:PORT for datagrams, each a line" },
	{ "streams.*.input.unix", CONFIG_INPUT, STREAM_AT(input), "", ANY,
	    "a socket for datagrams, as /dev/log is one" },
	{ "streams.*.input.unix-stream", CONFIG_INPUT, STREAM_AT(input), "", ANY,
	    "a socket for connections, as of tcp" },
	{ "streams.*.limits.connections", CONFIG_COUNT, STREAM_AT(connections), "1024",
	    RANGE(1, 65536),
	    "of tcp, tls, http and unix-stream at once; one that never sent a line makes room" },
	{ "streams.*.limits.line", CONFIG_SIZE, STREAM_AT(line_max), "64K", RANGE(1024, 65536),
	    "a longer line is not parsed" },
	{ "streams.*.limits.rate", CONFIG_RATE, STREAM_AT(rate), "0/s", RANGE(0, DETAIL_RATE_MAX),
	    "of what comes live: events over that many a second are only counted; 0/s: none are" },
	{ "streams.*.machine_accounts", CONFIG_MACHINES,
	    STREAM_LIST(policy.machines, policy.machine_count), "[]", ANY,
	    "users that are no persons, kept in clear; a * at the end stands for any rest" },
	{ "streams.*.map.*", CONFIG_MEMBERS, STREAM_AT(map), "", ANY,
	    "which member of a JSON line is what: { client: peer.addr, user: actor.name }" },
	{ "streams.*.mask.*", CONFIG_METHOD, STREAM_AT(policy.method), "", ANY,
	    "what becomes of the identifiers of a class" },
	{ "streams.*.mask.agent.full", CONFIG_SWITCH, STREAM_AT(policy.agent_full), "drop",
	    ONE_OF("drop token"),
	    "what becomes of the whole User-Agent; its family is always kept" },
	{ "streams.*.openapi", CONFIG_PATHS, STREAM_LIST(openapi, openapi_count), "[]", ANY,
	    "OpenAPI files (JSON or YAML): words of paths and names of parameters stay" },
	{ "streams.*.own_networks.keep", CONFIG_NETWORKS,
	    STREAM_LIST(policy.own_networks, policy.own_network_count), "[]", RANGE(8, 7),
	    "addresses of our own machines, kept in clear" },
	{ "streams.*.path_token", CONFIG_SWITCH, STREAM_AT(policy.path_token_shared), "subject",
	    ONE_OF("subject shared"),
	    "subject: tokens of a path are equal for one client only; shared: for all" },
	{ "streams.*.public.sample", CONFIG_SHARE, STREAM_AT(policy.sample), "0%", RANGE(0, 50),
	    "the public's counts are of so many of the clients, by a secret key; 0%: of all" },
	{ "streams.*.ratchet", CONFIG_SWITCH, STREAM_AT(ratchet_ram), "sector",
	    ONE_OF("sector ram"),
	    "ram: for disks that never overwrite (btrfs, zfs); needs escrow_key; see threats.md" },
	{ "streams.*.raw_at_rest", CONFIG_CHOICE, STREAM_AT(raw_at_rest), "auto",
	    ONE_OF("auto none tmpfs disk node"),
	    "where lines lie unmasked before they come; auto: of input.file tmpfs or disk" },
	{ "streams.*.retain.access", CONFIG_DURATION, STREAM_AT(retain.term_us[RETAIN_ACCESS]), "",
	    TERM,
	    "who looked at what: cretula.access, the longest of all streams counts; else 1y" },
	{ "streams.*.retain.aggregates", CONFIG_DURATION,
	    STREAM_AT(retain.term_us[RETAIN_AGGREGATES]), "", TERM,
	    "what `stats` counted; else for good" },
	{ "streams.*.retain.archive", CONFIG_DURATION, STREAM_AT(retain.term_us[RETAIN_ARCHIVE]),
	    "", TERM,
	    "of an archive, from their time on (`cretula retain --store ARCHIVE`); else for good" },
	{ "streams.*.retain.detail", CONFIG_DURATION, STREAM_AT(retain.term_us[RETAIN_DETAIL]), "",
	    TERM, "records, from their seal on, of imports from their time on; else 90d" },
	{ "streams.*.retain.least", CONFIG_DURATION, STREAM_AT(retain.least_us), "", TERM,
	    "no younger record goes for `disk:`, what comes waits; else as the preset, or none" },
	{ "streams.*.retain.preset", CONFIG_CHOICE, STREAM_AT(retain.preset), "none",
	    ONE_OF(RETAIN_PRESET_WORDS),
	    "terms that a text asks for, with its bounds; what is said beside it wins" },
	{ "streams.*.retain.quarantine", CONFIG_DURATION,
	    STREAM_AT(retain.term_us[RETAIN_QUARANTINE]), "", TERM,
	    "lines that were sealed to quarantine_key, if shorter; else they go with their "
	    "records" },
	{ "streams.*.rotate", CONFIG_PERIOD, STREAM_AT(rotate), "never", ANY,
	    "where a period of `pipe` ends: daily, weekly, monthly, or at a size from 1M" },
	{ "streams.*.rotate_zone", CONFIG_ZONE, STREAM_AT(rotate_zone), "", ANY,
	    "whose midnight ends a period: Europe/Berlin, +02:00; without it that of UTC" },
	{ "streams.*.routes", CONFIG_PATHS, STREAM_LIST(routes, route_count), "[]", ANY,
	    "files of routes, whose words are kept in clear; relative to this file" },
	{ "streams.*.rules", CONFIG_RULES, STREAM_LIST(policy.rules, policy.rule_count), "[]", ANY,
	    "own identifiers: { name: N, pattern: PCRE2, class: C, test: found, not: clean }" },
	{ "streams.*.seal_every", CONFIG_DURATION, STREAM_AT(seal_every_us), "1h",
	    RANGE(1000000, UINT64_C(3600000000)), "`pipe` seals a segment so often" },
	{ "streams.*.servers", CONFIG_NAMES, STREAM_LIST(policy.servers, policy.server_count), "[]",
	    ANY, "names of our own machines, kept in clear" },
	{ "streams.*.timezone", CONFIG_ZONE, STREAM_AT(timezone), "", ANY,
	    "of times that name none: Europe/Berlin, +02:00; without it UTC, and flagged" },
	{ "streams.*.triggers", CONFIG_TRIGGERS, STREAM_LIST(policy.triggers, policy.trigger_count),
	    "[]", ANY,
	    "what raises detail: { when: error_burst or login_failures, raise: full, for: 30m }" },
	{ "streams.*.trusted_proxies", CONFIG_NETWORKS,
	    STREAM_LIST(policy.trusted_proxies, policy.trusted_proxy_count), "[]", RANGE(8, 7),
	    "proxies whose X-Forwarded-For is believed" },
	{ "streams.*.words.k", CONFIG_COUNT, STREAM_AT(policy.words_k), "10", RANGE(10, 1000),
	    "a word of a path is kept once this many networks used it" },
	{ "streams.*.words.mode", CONFIG_CHOICE, STREAM_AT(policy.words_mode), "learn",
	    ONE_OF("learn fixed keep"),
	    "learn: words from use; fixed: configured ones only; keep: all, and evidence says so" },
	{ "subject.requests", CONFIG_COUNT, FILE_AT(subject_requests), "20", RANGE(1, 1000),
	    "requests of persons that `cretula subject` carries out within 24 hours" },
	{ "tenant", CONFIG_NAME, FILE_AT(tenant), "default", ANY,
	    "part of every key: the same value has other tokens for another tenant" },
	{ "user", CONFIG_NAME, FILE_AT(user), "", ANY,
	    "started as root, `run` opens its inputs and then is this user for good" },
	{ "verify_every", CONFIG_DURATION, FILE_AT(verify_every_us), "1d",
	    RANGE(0, UINT64_C(86400) * 31 * 1000000),
	    "`run` verifies its own store so often, all of it each seventh time; 0s: never" },
};
const size_t config_option_count = sizeof(config_options) / sizeof(config_options[0]);
_Static_assert(sizeof(config_options) / sizeof(config_options[0]) <= CONFIG_OPTIONS_MAX,
    "a loader has room for every option");

/* The choices of words.mode are stored as the enum of mask/policy.h. */
_Static_assert(
    MASK_WORDS_LEARN == 0 && MASK_WORDS_FIXED == 1 && MASK_WORDS_KEEP == 2, "learn fixed keep");
_Static_assert(PARSE_STRING_AUTO == 0 && PARSE_STRING_NGINX == 1 && PARSE_STRING_APACHE == 2 &&
	PARSE_STRING_LOG4J == 3 && PARSE_STRING_DIALECT_COUNT == 4,
    "auto nginx apache log4j");
_Static_assert(CONFIG_PATH_BYTES == INPUT_FILE_BYTES, "a path fits");
_Static_assert(VIEW_DEVELOPER == 0 && VIEW_ANALYST == 1 && VIEW_PUBLIC == 2 && VIEW_AUDITOR == 3,
    "developer analyst public auditor");
_Static_assert(INPUT_KEEP == 0 && INPUT_PUNCH == 1 && INPUT_SHRED == 2, "keep punch shred");
_Static_assert(sizeof(enum mask_words_mode) == sizeof(unsigned), "a choice is an unsigned");

const struct config_option *
config_option_find(const char *path)
{
	for (size_t i = 0; i < config_option_count; i++)
		if (strcmp(config_options[i].path, path) == 0)
			return (&config_options[i]);
	return (NULL);
}

/* What path says below group; NULL if it is not below it. */
static const char *
below(const char *path, const char *group)
{
	size_t len = strlen(group);

	if (len == 0)
		return (path);
	return (strncmp(path, group, len) == 0 && path[len] == '.' ? path + len + 1 : NULL);
}

bool
config_option_group(const char *path)
{
	for (size_t i = 0; i < config_option_count; i++)
		if (below(config_options[i].path, path) != NULL)
			return (true);
	return (false);
}

const char *
config_option_name(const struct config_option *o)
{
	const char *rest = below(o->path, "streams.*");

	if (rest == NULL)
		rest = below(o->path, "roles.*");
	return (rest == NULL ? o->path : rest);
}

void
config_option_shown(const char *path, struct buf *out)
{
	const char *name = "NAME", *start = path;

	for (; *path != '\0'; path++) {
		if (*path != '*') {
			buf_char(out, *path);
			continue;
		}
		buf_str(out,
		    strcmp(path, "*") != 0                ? name :
			strstr(start, ".fields.") != NULL ? "FIELD" :
			strstr(start, ".map.") != NULL    ? "WHAT" :
							    name);
		name = "CLASS";
	}
}

bool
config_option_next(const char *group, size_t *at, struct config_child *child)
{
	for (; *at < config_option_count; (*at)++) {
		const struct config_option *o = &config_options[*at];
		const char *rest = below(o->path, group);
		size_t len;

		if (rest == NULL)
			continue;
		len = (size_t)(rest - o->path) + strcspn(rest, ".");
		assert(len < sizeof(child->path));
		memcpy(child->path, o->path, len);
		child->path[len] = '\0';
		child->name = child->path + (rest - o->path);
		child->row = o->path[len] == '\0' ? o : NULL;
		/* All rows of a group stand together. */
		do
			(*at)++;
		while (child->row == NULL && *at < config_option_count &&
		    below(config_options[*at].path, child->path) != NULL);
		return (true);
	}
	return (false);
}

struct span
config_word(const char *words, unsigned i)
{
	for (;; i--) {
		size_t len;

		words += strspn(words, " ");
		len = strcspn(words, " ");
		if (i == 0 || len == 0)
			return (span_of(words, len));
		words += len;
	}
}
