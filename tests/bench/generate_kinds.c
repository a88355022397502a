/*
 * Kinds of logs beside the plain one: the same requests in JSON, calls of a
 * Kubernetes API server, what scanners send, and text that names nobody.
 */
#include <stdio.h>
#include <string.h>

#include "generate.h"

#define COUNT(table) (uint32_t)(sizeof(table) / sizeof((table)[0]))
#define CLIENT "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

/* count letters and digits, letters first. */
static const char *
word(char *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		out[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[draw(i == 0 ? 26 : 36)];
	out[count] = '\0';
	return (out);
}

static const char *
letters(char *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		out[i] = (char)('a' + draw(26));
	out[count] = '\0';
	return (out);
}

/* ---- JSON ---- */

/* A log_format with escape=json and 17 variables. */
static int
nginx_json(char *out, size_t size, const struct request *r)
{
	char date[64];
	unsigned took = draw(400);

	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S+00:00", &r->tm);
	return (snprintf(out, size,
	    "{\"time_iso8601\":\"%s\",\"remote_addr\":\"%s\",\"remote_user\":\"%s\","
	    "\"request_id\":\"%08x%08x%08x%08x\",\"request_method\":\"%s\",\"host\":\"shop.example.com\","
	    "\"request_uri\":\"%s\",\"server_protocol\":\"HTTP/2.0\",\"status\":%u,"
	    "\"body_bytes_sent\":%u,\"request_length\":%u,\"request_time\":0.%03u,"
	    "\"http_referer\":\"%s\",\"http_user_agent\":\"%s\",\"http_x_forwarded_for\":\"\","
	    "\"upstream_addr\":\"10.0.0.%u:8080\",\"upstream_response_time\":\"0.%03u\"}\n",
	    date, r->address, r->user[0] == '-' ? "" : r->user, draw(UINT32_MAX), draw(UINT32_MAX),
	    draw(UINT32_MAX), draw(UINT32_MAX), r->method, r->target, r->status, r->bytes,
	    300 + draw(500), took, r->referer[0] == '-' ? "" : r->referer, r->agent, draw(8) + 1,
	    took));
}

/* What a fourth of the events bring along, and no record keeps. */
#define BODY \
	",\"requestObject\":{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{" \
	"\"name\":\"%s\",\"namespace\":\"%s\",\"labels\":{\"app\":\"%s\",\"tier\":\"backend\"}," \
	"\"annotations\":{\"deployment.kubernetes.io/revision\":\"%u\"}},\"spec\":{\"replicas\":%u," \
	"\"selector\":{\"matchLabels\":{\"app\":\"%s\"}},\"template\":{\"metadata\":{\"labels\":{" \
	"\"app\":\"%s\"}},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":" \
	"\"registry.example.com/shop/%s:1.%u\",\"ports\":[{\"containerPort\":8080,\"protocol\":" \
	"\"TCP\"}],\"env\":[{\"name\":\"LANG\",\"value\":\"C.UTF-8\"}],\"resources\":{\"limits\":{" \
	"\"cpu\":\"500m\",\"memory\":\"256Mi\"}},\"imagePullPolicy\":\"IfNotPresent\"}]," \
	"\"restartPolicy\":\"Always\",\"dnsPolicy\":\"ClusterFirst\"}},\"strategy\":{\"type\":" \
	"\"RollingUpdate\"}}}"

static int
k8s_body(char *out, size_t size, const char *space, const char *name)
{
	if (draw(4) != 0)
		return (snprintf(out, size, "%s", ""));
	return (snprintf(out, size, BODY, name, space, name, draw(90) + 1, draw(9) + 1, name, name,
	    name, draw(200)));
}

/* Calls of 20 accounts on 40 nodes for 4000 objects; only audit ids never come twice. */
static int
k8s_audit(char *out, size_t size, const struct request *r)
{
	static const char *const verbs[] = { "get", "list", "watch", "patch", "update", "create" };
	static const char *const spaces[] = { "default", "kube-system", "shop", "monitoring" };
	static const char *const names[] = { "checkout", "search", "images", "mailer", "ledger" };
	uint32_t at = draw(COUNT(spaces)), who = draw(COUNT(names)), node = draw(40);
	const char *verb = verbs[draw(COUNT(verbs))], *space = spaces[at], *account = names[who];
	uint32_t uid = (at * 8 + who + 1) * 2654435761u;
	char date[64], name[32], body[2048];

	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &r->tm);
	snprintf(name, sizeof(name), "%s-%05x", account, (draw(200) + 1) * 5233u & 0xfffff);
	k8s_body(body, sizeof(body), space, name);
	return (snprintf(out, size,
	    "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"%s\","
	    "\"auditID\":\"%08x-%04x-4%03x-8%03x-%08x%04x\",\"stage\":\"ResponseComplete\","
	    "\"requestURI\":\"/apis/apps/v1/namespaces/%s/deployments/%s?timeout=32s\","
	    "\"verb\":\"%s\",\"user\":{\"username\":\"system:serviceaccount:%s:%s\",\"uid\":"
	    "\"%08x-77ab-4c30-9f21-0d5e%08x\",\"groups\":[\"system:serviceaccounts\","
	    "\"system:serviceaccounts:%s\",\"system:authenticated\"],\"extra\":{"
	    "\"authentication.kubernetes.io/node-name\":[\"worker-%u\"]}},\"sourceIPs\":[\"10.1.0.%u\"],"
	    "\"userAgent\":\"kube-controller-manager/v1.29.%u (linux/amd64) kubernetes/3f6a1c2\","
	    "\"objectRef\":{\"resource\":\"deployments\",\"namespace\":\"%s\",\"name\":\"%s\","
	    "\"apiGroup\":\"apps\",\"apiVersion\":\"v1\",\"resourceVersion\":\"%u\"},"
	    "\"responseStatus\":{\"metadata\":{},\"code\":%u}%s,\"requestReceivedTimestamp\":"
	    "\"%s.%06uZ\",\"stageTimestamp\":\"%s.%06uZ\",\"annotations\":{"
	    "\"authorization.k8s.io/decision\":\"allow\",\"authorization.k8s.io/reason\":"
	    "\"RBAC: allowed by ClusterRoleBinding \\\"edit-%s\\\"\"}}\n",
	    body[0] == '\0' ? "Metadata" : "Request", draw(UINT32_MAX), draw(65536), draw(4096),
	    draw(4096), draw(UINT32_MAX), draw(65536), space, name, verb, space, account, uid, ~uid,
	    space, node, node, draw(4), space, name, draw(9999999), r->status, body, date,
	    draw(500000), date, 500000 + draw(499999), account));
}

/* ---- what scanners send ---- */

/* No path, parameter and client comes twice. */
static int
spray(char *out, size_t size, const struct request *r)
{
	char first[16], second[16], date[64];
	unsigned long long n = r->n;

	letters(first, 9);
	letters(second, 8);
	strftime(date, sizeof(date), "%d/%b/%Y:%H:%M:%S +0000", &r->tm);
	return (snprintf(out, size,
	    "%u.%u.%u.%u - - [%s] \"GET /%s/%s-%llu?%s=%llu HTTP/1.1\" 200 %u "
	    "\"https://shop.example.com/%s/%s\" \"" CLIENT "\"\n",
	    draw(223) + 1, draw(256), draw(256), draw(256), date, first, second, n, second, n,
	    r->bytes, second, first));
}

/* Browsers, phones and crawlers in turn, each with numbers and a name of its own. */
static int
agent(char *out, size_t size, uint64_t number)
{
	static const char *const systems[] = { "Windows NT 10.0; Win64; x64",
		"Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64", "Linux; Android 14; Pixel 8",
		"iPhone; CPU iPhone OS 17_5 like Mac OS X" };
	const char *system = systems[draw(COUNT(systems))];
	unsigned long long n = number;
	unsigned major = 90 + draw(50);
	char name[16];

	word(name, 8);
	switch (n % 4) {
	case 0:
		return (snprintf(out, size, "Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) "
		    "Chrome/%u.0.%u.%llu Safari/537.36", system, major, draw(9999), n));
	case 1:
		return (snprintf(out, size, "Mozilla/5.0 (%s; rv:%u.%llu) Gecko/20100101 Firefox/%u.%llu",
		    system, major, n, major, n));
	case 2:
		return (snprintf(out, size, "%s-client/%llu.%u (+https://%s.example/bot)", name, n,
		    draw(99), name));
	default:
		return (snprintf(out, size, "Mozilla/5.0 (Linux; Android %u; SM-%s Build/%.4s.%llu; wv) "
		    "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/%u.0.%llu.%u "
		    "Mobile Safari/537.36 %s/%llu", 5 + draw(10), name, name, n, major, n, draw(200),
		    name, n));
	}
}

static int
agents(char *out, size_t size, const struct request *r)
{
	char date[64], program[512];

	agent(program, sizeof(program), r->n);
	strftime(date, sizeof(date), "%d/%b/%Y:%H:%M:%S +0000", &r->tm);
	return (snprintf(out, size,
	    "%s - - [%s] \"GET /index.html HTTP/1.1\" 200 %u \"-\" \"%s\"\n", r->address, date,
	    r->bytes, program));
}

/* ---- text ---- */

/* Messages of programs; nothing in them is anyone's. */
static int
text(char *out, size_t size, const struct request *r)
{
	static const char *const messages[] = {
		"worker process %u exited on signal 11, restarting in %u ms",
		"connection to upstream %u timed out after %u ms while reading the response header",
		"cache: %u entries, %u evictions since the last report",
		"rendered the template of the index in %u ms; queries took %u ms",
		"open() of a page of the manual failed (%u: no such file or directory), try %u" };
	char date[64];
	int len;

	len = (int)strftime(date, sizeof(date), "%Y/%m/%d %H:%M:%S [error] ", &r->tm);
	memcpy(out, date, (size_t)len);
	len += snprintf(out + len, size - (size_t)len, messages[draw(COUNT(messages))], draw(9999),
	    draw(999));
	out[len] = '\n';
	return (len + 1);
}

line_fn *
kind_line(const char *name)
{
	static const struct {
		const char *name;
		line_fn *line;
	} kinds[] = {
		{ "agents", agents },
		{ "combined", line_combined },
		{ "k8s-audit", k8s_audit },
		{ "nginx-json", nginx_json },
		{ "spray", spray },
		{ "text", text },
	};

	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return (kinds[i].line);
	return (NULL);
}
