/* app: thirty days of three servers, the same for the same day. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/demo/demo.h"

#define CLIENTS 420
#define ATTACK_DAY 21 /* from the first one */
#define ATTACKER "203.0.113.66"
#define LINE_BYTES 1024

#define WEEK_HOURS ((DEMO_DAYS - DEMO_KEPT_DAYS) * 24)

struct source {
	uint64_t state;
	int64_t from_s; /* midnight, UTC */
	struct buf *out;
};

/* ---- chance ---- */

/* Below n; xorshift64*, seeded by the stream: nothing here is a secret. */
static unsigned
chance(struct source *s, unsigned n)
{
	s->state ^= s->state >> 12;
	s->state ^= s->state << 25;
	s->state ^= s->state >> 27;
	return ((unsigned)((s->state * UINT64_C(2685821657736338717)) >> 33) % n);
}

#define PICK(s, list) (list)[chance(s, sizeof(list) / sizeof((list)[0]))]

/* Few come often. */
static unsigned
client(struct source *s)
{
	unsigned a = chance(s, CLIENTS), b = chance(s, CLIENTS);

	return (a < b ? a : b);
}

/* Of 2001:db8::/32 (RFC 3849) and 198.18.0.0/15 (RFC 2544), which nobody has. */
static void
address(unsigned who, char out[static 48])
{
	if (who % 3 == 0)
		(void)snprintf(out, 48, "2001:db8:%x:%x::%x", who % 17 + 1, who, who * 7 % 4093);
	else
		(void)snprintf(out, 48, "198.%u.%u.%u", 18 + who % 2, who % 256, who % 251 + 1);
}

/* Requests of an hour: days are busier than nights, and weekends quieter. */
static unsigned
busy(struct source *s, int64_t hour_s, unsigned at_noon)
{
	double day = (double)(hour_s % 86400) / 86400;
	bool weekend = hour_s / 86400 % 7 == 2 || hour_s / 86400 % 7 == 3;
	double height = 0.55 - 0.45 * cos(2 * 3.14159265358979 * (day - 0.08));

	return ((unsigned)(at_noon * height * (weekend ? 0.6 : 1)) + chance(s, at_noon / 8 + 1));
}

static void
clf_time(int64_t at_s, char out[static 40])
{
	time_t when = (time_t)at_s;
	struct tm tm;

	(void)gmtime_r(&when, &tm);
	(void)strftime(out, 40, "%d/%b/%Y:%H:%M:%S +0000", &tm);
}

static const char *const agents[] = {
	"Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
	"Chrome/129.0.0.0 Safari/537.36",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
	"Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
	"Chrome/129.0.0.0 Mobile Safari/537.36",
};

/* ---- a shop behind nginx ---- */

static const char *const goods[] = { "lamps", "chairs", "kettles", "shelves", "rugs", "clocks" };
static const char *const names[] = { "erika", "max", "lena", "jonas", "mia", "paul", "emma",
	"noah" };

static void
shop_line(struct source *s, int64_t at_s, const char *ip, const char *target, unsigned status,
    const char *agent)
{
	bool guest = strcmp(ip, ATTACKER) != 0 && chance(s, 4) != 0;
	char when[40];

	clf_time(at_s, when);
	buf_fmt(s->out, "%s - - [%s] \"GET %s HTTP/1.1\" %u %u \"%s\" \"%s\"\n", ip, when, target,
	    status, status == 304 ? 0 : 400 + chance(s, 30000),
	    guest ? "https://shop.example/" : "-", agent);
}

static unsigned
shop_target(struct source *s, unsigned who, char out[static 256])
{
	const char *what = PICK(s, goods);

	switch (chance(s, 12)) {
	case 0:
	case 1: (void)snprintf(out, 256, "/"); break;
	case 2:
	case 3: (void)snprintf(out, 256, "/%s?page=%u", what, chance(s, 5) + 1); break;
	case 4:
	case 5: (void)snprintf(out, 256, "/%s/item-%u.html", what, chance(s, 40)); break;
	case 6: (void)snprintf(out, 256, "/static/site.css"); return (chance(s, 3) ? 304 : 200);
	case 7: (void)snprintf(out, 256, "/search?q=%s+for+%s", what, PICK(s, names)); break;
	case 8: (void)snprintf(out, 256, DEMO_SUBJECT_PATH "/%u", 100000 + who * 37); break;
	case 9:
		(void)snprintf(
		    out, 256, "/newsletter?email=%s.%u%%40example.org", names[who % 8], who);
		break;
	case 10: (void)snprintf(out, 256, "/cart"); return (chance(s, 60) ? 200 : 500);
	default: (void)snprintf(out, 256, "/%s/old-%u", what, chance(s, 9)); return (404);
	}
	return (200);
}

/* A scanner of an hour: what it looks for is nowhere. */
static void
shop_attack(struct source *s, int64_t hour_s)
{
	static const char *const targets[] = { "/wp-login.php", "/.env", "/admin/config.php",
		"/index.php?id=1%27%20OR%20%271%27%3D%271", "/search?q=%3Cscript%3E",
		"/../../etc/passwd", "/phpmyadmin/", "/login" };

	for (unsigned i = 0; i < 1200; i++)
		shop_line(s, hour_s + i * 3, ATTACKER, targets[i % 8],
		    i % 8 == 7       ? 401 :
			i % 40 == 11 ? 500 :
				       404,
		    "scanner/1.0");
}

static void
shop(int64_t until_s, struct buf *out, size_t *older)
{
	struct source s = { 88172645463325252, until_s - DEMO_DAYS * 86400, out };

	for (unsigned hour = 0; hour < DEMO_DAYS * 24; hour++) {
		int64_t hour_s = s.from_s + hour * 3600;
		unsigned count = busy(&s, hour_s, 48);

		if (hour == WEEK_HOURS)
			*older = out->len;
		for (unsigned i = 0; i < count; i++) {
			char ip[48], target[256];
			unsigned who = client(&s), status = shop_target(&s, who, target);

			address(who, ip);
			shop_line(
			    &s, hour_s + i * 3600 / count, ip, target, status, agents[who % 4]);
		}
		if (hour == ATTACK_DAY * 24 + 2)
			shop_attack(&s, hour_s + 3600);
	}
}

/* ---- an interface behind Caddy ---- */

static void
api(int64_t until_s, struct buf *out, size_t *older)
{
	static const char *const paths[] = { "/v1/orders", "/v1/stock", "/v1/prices", "/healthz" };
	struct source s = { 1181783497276652981, until_s - DEMO_DAYS * 86400, out };

	for (unsigned hour = 0; hour < DEMO_DAYS * 24; hour++) {
		int64_t hour_s = s.from_s + hour * 3600;
		unsigned count = busy(&s, hour_s, 18);

		if (hour == WEEK_HOURS)
			*older = out->len;
		for (unsigned i = 0; i < count; i++) {
			unsigned who = client(&s), slow = chance(&s, 50) ? 0 : 900;
			char ip[48];

			address(who, ip);
			buf_fmt(out,
			    "{\"level\":\"info\",\"ts\":%lld.%03u,\"logger\":\"http.log.access\","
			    "\"msg\":\"handled request\",\"request\":{\"remote_ip\":\"%s\","
			    "\"remote_port\":\"%u\",\"client_ip\":\"%s\",\"proto\":\"HTTP/2.0\","
			    "\"method\":\"%s\",\"host\":\"api.shop.example\",\"uri\":\"%s?session="
			    "%08x%08x\",\"headers\":{\"User-Agent\":[\"ShopApp/3.%u\"]}},"
			    "\"duration\":0.%03u,\"size\":%u,\"status\":%u}\n",
			    (long long)hour_s + i * 3600 / count, chance(&s, 1000), ip,
			    1024 + chance(&s, 60000), ip, chance(&s, 5) ? "GET" : "POST",
			    PICK(&s, paths), who * 2654435761U, who * 40503U, who % 4,
			    slow + chance(&s, 60) + 3, 200 + chance(&s, 4000),
			    slow != 0 && chance(&s, 3) == 0 ? 503U : 200U);
		}
	}
}

/* ---- who logs in ---- */

static void
hosts_line(struct source *s, int64_t at_s, const char *what, const char *user, const char *ip)
{
	time_t when = (time_t)at_s;
	char text[40];
	struct tm tm;

	(void)gmtime_r(&when, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_fmt(s->out, "%s.%06u+00:00 web%u sshd[%u]: %s %s from %s port %u ssh2\n", text,
	    chance(s, 1000000), chance(s, 3) + 1, 900 + chance(s, 9000), what, user, ip,
	    1024 + chance(s, 60000));
}

static void
hosts(int64_t until_s, struct buf *out, size_t *older)
{
	static const char *const guesses[] = { "admin", "oracle", "test", "ubuntu", "git" };
	struct source s = { 6364136223846793005, until_s - DEMO_DAYS * 86400, out };

	for (unsigned hour = 0; hour < DEMO_DAYS * 24; hour++) {
		int64_t hour_s = s.from_s + hour * 3600;
		unsigned count = busy(&s, hour_s, 5);
		char ip[48];

		if (hour == WEEK_HOURS)
			*older = out->len;
		for (unsigned i = 0; i < count; i++) {
			bool good = chance(&s, 9) != 0;

			address(chance(&s, 40), ip);
			hosts_line(&s, hour_s + i * 3600 / count,
			    good ? "Accepted publickey for" : "Failed password for",
			    PICK(&s, names), ip);
		}
		for (unsigned i = 0; hour == ATTACK_DAY * 24 + 3 && i < 900; i++)
			hosts_line(&s, hour_s + 3000 + i / 2, "Failed password for invalid user",
			    PICK(&s, guesses), ATTACKER);
	}
}

/* What the shop would say of itself: these words are no secret. */
const char app_demo_routes[] = "/account/orders\n/lamps\n/chairs\n/kettles\n/shelves\n/rugs\n"
			       "/clocks\n/static/site.css\n/v1/orders\n/v1/stock\n/v1/prices\n";

const struct demo_stream app_demo_streams[] = {
	{ "api", "caddy-json",
	    ", hosts: [api.shop.example], agents: [ShopApp], routes: [routes.txt]",
	    "an interface behind Caddy", api, false },
	{ "hosts", "auth", "", "who logs in by ssh", hosts, false },
	{ "shop", "nginx-combined", ", hosts: [shop.example], routes: [routes.txt]",
	    "a shop behind nginx", shop, true },
};
const unsigned app_demo_stream_count = sizeof(app_demo_streams) / sizeof(app_demo_streams[0]);
