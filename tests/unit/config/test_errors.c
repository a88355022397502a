/* Every error has its place, its text and, where there is one, its hint. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_text.h"

#define IN_STREAM "streams:\n  s:\n    "
#define HINT "hint: "

static const struct {
	const char *claim, *in, *out;
} rows[] = {
	{ "an unknown key has a suggestion", "stor: /x\n",
	    "c.yaml:1:1: unknown key \"stor\"\n  stor: /x\n  ^\nhint: did you mean \"store\"?\n" },
	{ "an unlike key has none", "zebra: /x\n",
	    "c.yaml:1:1: unknown key \"zebra\"\n  zebra: /x\n  ^\n" },
	{ "a known key at the wrong place is sent home", "mode: fixed\n",
	    "c.yaml:1:1: unknown key \"mode\"\n  mode: fixed\n  ^\n"
	    "hint: \"mode\" belongs below streams.NAME.words\n" },
	{ "a group at the wrong place is sent home", "words: {}\n",
	    "c.yaml:1:1: unknown key \"words\"\n  words: {}\n  ^\n"
	    "hint: \"words\" belongs below streams.NAME\n" },
	{ "a path is no key", IN_STREAM "words.k: 10\n",
	    "c.yaml:3:5: unknown key \"words.k\"\n      words.k: 10\n      ^\n"
	    "hint: every . is a map of its own: words: { k: 10 }\n" },
	{ "a star is no key", IN_STREAM "mask: {'*': token}\n",
	    "c.yaml:3:12: no class is called \"*\"\n      mask: {'*': token}\n             ^\n" },
	{ "an empty key is unknown", "'': 1\n", "c.yaml:1:1: unknown key \"\"\n  '': 1\n  ^\n" },
	{ "a period that is none", IN_STREAM "rotate: dayly\n",
	    "c.yaml:3:13: rotate must be a period\n      rotate: dayly\n              ^\n"
	    "hint: did you mean \"daily\"?\n" },
	{ "a period too small", IN_STREAM "rotate: 9K\n",
	    "c.yaml:3:13: rotate must be a period\n      rotate: 9K\n              ^\n"
	    "hint: one of: never daily weekly monthly, or a size from 1M\n" },
	{ "a filter that is none, the caret in it", IN_STREAM "detail: [{when: 'path = /a', keep: count}]\n",
	    "c.yaml:3:27: when: no operator = ; did you mean ==?\n"
	    "      detail: [{when: 'path = /a', keep: count}]\n                            ^\n" },
	{ "a rule without a filter", IN_STREAM "detail: [{keep: count}]\n",
	    "c.yaml:3:14: detail: when is missing\n      detail: [{keep: count}]\n               ^\n" },
	{ "a rule with more than it may have", IN_STREAM "detail: [{when: status > 1, keep: slim, wen: 1}]\n",
	    "c.yaml:3:45: unknown key \"wen\"\n      detail: [{when: status > 1, keep: slim, wen: 1}]\n"
	    "                                              ^\n"
	    "hint: did you mean \"when\"?\n" },
	{ "how much is one of three", IN_STREAM "detail: [{when: status > 1, keep: slin}]\n",
	    "c.yaml:3:39: keep must be one of: count slim full\n"
	    "      detail: [{when: status > 1, keep: slin}]\n                                        ^\n"
	    "hint: did you mean \"slim\"?\n" },
	{ "a trigger that never ends", IN_STREAM "triggers: [{when: error_burst, raise: full, for: 2d}]\n",
	    "c.yaml:3:54: for must be a duration of at most a day: 30m\n"
	    "      triggers: [{when: error_burst, raise: full, for: 2d}]\n"
	    "                                                       ^\n" },
	{ "a trigger of nothing", IN_STREAM
	    "triggers: [{when: login_failures, raise: full, for: 1h, least: 0}]\n",
	    "c.yaml:3:68: least must be a number of events a minute, from 1\n"
	    "      triggers: [{when: login_failures, raise: full, for: 1h, least: 0}]\n"
	    "                                                                     ^\n" },
	{ "a rule is a map", IN_STREAM "detail: [count]\n",
	    "c.yaml:3:14: detail: every item must be a map\n      detail: [count]\n               ^\n" },
	{ "a rule about a person", IN_STREAM "detail: [{when: 'user == us.a', keep: count}]\n",
	    "c.yaml:3:22: when: user: a rule asks what happened, not who did it or when\n"
	    "      detail: [{when: 'user == us.a', keep: count}]\n                       ^\n" },
	{ "a sealed line cannot outlive its record", IN_STREAM "retain: {quarantine: 1y}\n",
	    "c.yaml:3:26: detail: shorter than quarantine: a sealed line is in its record and goes "
	    "with it\n      retain: {quarantine: 1y}\n                           ^\n" },
	{ "a term without a unit", IN_STREAM "retain: {detail: 30}\n",
	    "c.yaml:3:22: retain.detail must be a duration from 1d to 36500d\n"
	    "      retain: {detail: 30}\n                       ^\n"
	    "hint: durations have a unit: 500ms 30s 5m 12h 7d 2w 1y\n" },
	{ "a term of an unknown unit", IN_STREAM "retain: {detail: 3mo}\n",
	    "c.yaml:3:22: retain.detail must be a duration from 1d to 36500d\n"
	    "      retain: {detail: 3mo}\n                       ^\n"
	    "hint: durations have a unit: 500ms 30s 5m 12h 7d 2w 1y\n" },
	{ "less than a preset asks for", IN_STREAM "retain: {preset: pci-dss, detail: 90d}\n",
	    "c.yaml:3:39: detail: neither it nor an archive has the 365d of the preset pci-dss (PCI "
	    "DSS 4.0 10.5.1: twelve months, the most recent three immediately at hand)\n"
	    "      retain: {preset: pci-dss, detail: 90d}\n"
	    "                                        ^\n" },
	{ "an archive that nothing makes", IN_STREAM "retain: {preset: pci-dss, detail: 90d, archive: 1y}\n",
	    "c.yaml:3:53: archive: the preset pci-dss needs it, and `archive: { to: DIR }` is not "
	    "said\n      retain: {preset: pci-dss, detail: 90d, archive: 1y}\n"
	    "                                                      ^\n" },
	{ "what a preset gave is in the way", IN_STREAM "retain: {detail: 4y, preset: iso-27001}\n",
	    "c.yaml:3:34: aggregates: shorter than detail: what was counted of records that are "
	    "there can be counted again\n      retain: {detail: 4y, preset: iso-27001}\n"
	    "                                   ^\n" },
	{ "a preset that is none", IN_STREAM "retain: {preset: pci}\n",
	    "c.yaml:3:22: retain.preset must be \"none\" or \"30d\" or \"60d\" or \"90d\" or "
	    "\"cnil\" or \"hipaa\" or \"iso-27001\" or \"pci-dss\" or \"soc-2\"\n"
	    "      retain: {preset: pci}\n                       ^\n" },
	{ "the disk may not take early what goes earlier", IN_STREAM
	    "retain: {detail: 30d, least: 31d}\n",
	    "c.yaml:3:22: detail: shorter than least: what the disk may not take early goes "
	    "earlier\n      retain: {detail: 30d, least: 31d}\n                       ^\n" },
	{ "what a disk takes has a unit", "disk: 200GB\n",
	    "c.yaml:1:7: disk must be a size from 0 to 1048576T\n  disk: 200GB\n        ^\n"
	    "hint: sizes are whole numbers of bytes, K, M, G or T: 64K\n" },
	{ "a session is not linked for longer than a day", IN_STREAM "epochs: {session: week}\n",
	    "c.yaml:3:23: session: its key lives a day, never longer\n"
	    "      epochs: {session: week}\n                        ^\n" },
	{ "nor is a claimed user by a word for all users", IN_STREAM "epochs: {user: month}\n",
	    "c.yaml:3:20: user.claim: its key lives a day, never longer\n"
	    "      epochs: {user: month}\n                     ^\n" },
	{ "nor a device", IN_STREAM "epochs: {device: week}\n",
	    "c.yaml:3:22: device: its key lives a day, never longer\n"
	    "      epochs: {device: week}\n                       ^\n" },
	{ "what never becomes a token has no key", IN_STREAM "epochs: {phone: day}\n",
	    "c.yaml:3:21: phone: never becomes a token, so it has no key\n"
	    "      epochs: {phone: day}\n                      ^\n" },
	{ "a period of keys that is none", IN_STREAM "epochs: {ip: weak}\n",
	    "c.yaml:3:18: \"ip\" must be day, week or month\n"
	    "      epochs: {ip: weak}\n                   ^\n"
	    "hint: did you mean \"week\"?\n" },
	{ "one class cannot have two periods", IN_STREAM "epochs: {ip: day, ip.fwd: week}\n",
	    "c.yaml:3:23: ip.fwd: the keys of its tokens (if.) already live a day\n"
	    "      epochs: {ip: day, ip.fwd: week}\n                        ^\n" },
	{ "classes of one prefix have one key", IN_STREAM "epochs: {server: month, text: day}\n",
	    "c.yaml:3:29: text: the keys of its tokens (xx.) already live a month\n"
	    "      epochs: {server: month, text: day}\n                              ^\n" },
	{ "a period of a class that is none", IN_STREAM "epochs: {ip.pear: day}\n",
	    "c.yaml:3:14: no class is called \"ip.pear\"\n"
	    "      epochs: {ip.pear: day}\n               ^\n"
	    "hint: did you mean \"ip.peer\"?\n" },
	{ "a field that is none", IN_STREAM "fields: {refferer: drop}\n",
	    "c.yaml:3:14: no field is called \"refferer\"\n      fields: {refferer: drop}\n"
	    "               ^\nhint: did you mean \"referer\"?\n" },
	{ "a member that is nothing we have", IN_STREAM "map: {cilent: a.b}\n",
	    "c.yaml:3:11: a member cannot be \"cilent\"\n      map: {cilent: a.b}\n"
	    "            ^\nhint: did you mean \"client\"?\n" },
	{ "a map for a format without members",
	    "streams: {s: {format: squid, map: {client: a.b}}}\n",
	    "c.yaml:1:11: map: is of members that have names, and squid has none\n"
	    "  streams: {s: {format: squid, map: {client: a.b}}}\n"
	    "            ^\nhint: formats in JSON have them, and logfmt\n" },
	{ "a map for a format string",
	    "streams: {s: {format_string: $status, map: {client: a.b}}}\n",
	    "c.yaml:1:11: map: is of members that have names, and a format string has none\n"
	    "  streams: {s: {format_string: $status, map: {client: a.b}}}\n"
	    "            ^\nhint: formats in JSON have them, and logfmt\n" },
	{ "a member twice", IN_STREAM "map: {user: [a, a]}\n",
	    "c.yaml:3:21: a path is 1 to 127 bytes, each one only once\n"
	    "      map: {user: [a, a]}\n                      ^\n"
	    "hint: names with dots between, [] behind that of an array: a.b, a[].b\n" },
	{ "a field is not kept over its class", IN_STREAM "fields: {client: keep}\n",
	    "c.yaml:3:22: a field is dropped, redacted, or left as its class says\n"
	    "      fields: {client: keep}\n                       ^\n"
	    "hint: one of: drop redact\n" },
	{ "a field that every record keeps", IN_STREAM "fields: {state: drop}\n",
	    "c.yaml:3:21: every record keeps its state\n      fields: {state: drop}\n"
	    "                      ^\n" },
	{ "a field without a class", IN_STREAM "fields: {status: redact}\n",
	    "c.yaml:3:22: status holds no identifier in a text: drop it\n"
	    "      fields: {status: redact}\n                       ^\n" },
	{ "a class that is sealed to nobody", IN_STREAM "mask: {ip.peer: seal}\n",
	    "c.yaml:2:3: a class has the method seal, and there is no seal_key\n    s:\n    ^\n"
	    "hint: cretula key pair makes one, and prints the line for this file\n" },
	{ "a ratchet in memory whose keys nobody gets", IN_STREAM "ratchet: ram\n",
	    "c.yaml:2:3: ratchet: ram is for who gets its keys, and there is no escrow_key\n"
	    "    s:\n    ^\nhint: cretula key pair makes one; put its public line there\n" },
	{ "a rule that does not compile",
	    IN_STREAM "rules: [{name: n, pattern: 'C-[0-9', class: unknown, test: C-1}]\n",
	    "c.yaml:3:39: pattern: missing terminating ] for character class\n"
	    "      rules: [{name: n, pattern: 'C-[0-9', class: unknown, test: C-1}]\n"
	    "                                        ^\n" },
	{ "a rule without a test", IN_STREAM "rules: [{name: n, pattern: 'C-1', class: unknown}]\n",
	    "c.yaml:3:13: rules: test is missing\n"
	    "      rules: [{name: n, pattern: 'C-1', class: unknown}]\n              ^\n" },
	{ "a rule that is too slow",
	    IN_STREAM "rules: [{name: n, pattern: '(a+)+$', class: unknown, test: aa}]\n",
	    "c.yaml:3:32: pattern: it is too slow: more than 1000 steps on 512 bytes like its test\n"
	    "      rules: [{name: n, pattern: '(a+)+$', class: unknown, test: aa}]\n"
	    "                                 ^\n" },
	{ "a rule that does not find its test",
	    IN_STREAM "rules: [{name: n, pattern: 'C-1', class: unknown, test: C-2}]\n",
	    "c.yaml:3:32: pattern: it finds nothing in its test\n"
	    "      rules: [{name: n, pattern: 'C-1', class: unknown, test: C-2}]\n"
	    "                                 ^\n"
	    "hint: every rule has a test, a text in which it finds something\n" },
	{ "a rule of a class that is none",
	    IN_STREAM "rules: [{name: n, pattern: x, class: customer, test: x}]\n",
	    "c.yaml:3:42: class: there is no class of this name\n"
	    "      rules: [{name: n, pattern: x, class: customer, test: x}]\n"
	    "                                           ^\n"
	    "hint: `cretula help classes` lists them; unknown fits everything\n" },
	{ "a key twice", "store: /a\nkeys: /b\nstore: /c\n",
	    "c.yaml:3:1: \"store\" is given twice; the first is on line 1\n  store: /c\n  ^\n" },
	{ "a stream twice", "streams:\n  a:\n  a:\n",
	    "c.yaml:3:3: \"a\" is given twice; the first is on line 2\n    a:\n    ^\n" },
	{ "an anchor", "store: &a /x\n",
	    "c.yaml:1:8: anchors (&) are not allowed\n  store: &a /x\n         ^\n"
	    "hint: write the value out where it is needed\n" },
	{ "an alias", "store: *a\n",
	    "c.yaml:1:8: aliases (*) are not allowed\n  store: *a\n         ^\n"
	    "hint: put a value that starts with * in quotes\n" },
	{ "a tag", "store: !!str /x\n",
	    "c.yaml:1:8: tags (!) are not allowed\n  store: !!str /x\n         ^\n"
	    "hint: put a value that starts with ! in quotes\n" },
	{ "a tab in front", "streams:\n\ts: {}\n",
	    "c.yaml:2:1: a tab in the indentation\n   s: {}\n  ^\nhint: indent with spaces\n" },
	{ "no UTF-8", "store: \xff\n", "c.yaml:1:8: this is not UTF-8\n  store: ?\n         ^\n" },
	{ "half a character", "store: \xe2\x82\n",
	    "c.yaml:1:8: this is not UTF-8\n  store: ??\n         ^\n" },
	{ "a control character", "store: a\x1b[0m\n",
	    "c.yaml:1:9: a control character\n  store: a?[0m\n          ^\n" },
	{ "a lone carriage return", "store: a\rkeys: b\n",
	    "c.yaml:1:9: a line break that is no line feed\n  store: a?keys: b\n          ^\n" },
	{ "a hidden line break", "store: a\xe2\x80\xa8\n",
	    "c.yaml:1:9: a line break that is no line feed\n  store: a\xe2\x80\xa8\n          "
	    "^\n" },
	{ "a control character by an escape", "store: \"a\\nb\"\n",
	    "c.yaml:1:8: store has a control character in it\n  store: \"a\\nb\"\n         ^\n" },
	{ "a NUL by an escape", "store: \"a\\0b\"\n",
	    "c.yaml:1:8: store has a control character in it\n  store: \"a\\0b\"\n         ^\n" },
	{ "columns are characters", "tenant: \xc3\xa4\xc3\xb6 # x\nzebra: 1",
	    "c.yaml:1:9: tenant must be 1 to 63 letters, digits and . _ -\n"
	    "  tenant: \xc3\xa4\xc3\xb6 # x\n          ^\n"
	    "c.yaml:2:1: unknown key \"zebra\"\n  zebra: 1\n  ^\n" },
	{ "nested too deep", "a: {a: {a: {a: {a: {a: {a: {a: {}}}}}}}}\n",
	    "c.yaml:1:1: unknown key \"a\"\n"
	    "  a: {a: {a: {a: {a: {a: {a: {a: {}}}}}}}}\n  ^\n"
	    "c.yaml:1:32: nested deeper than 8\n"
	    "  a: {a: {a: {a: {a: {a: {a: {a: {}}}}}}}}\n                                 ^\n" },
	{ "a syntax error", "store: [a\nkeys: b\n",
	    "c.yaml:1:8: store must be one value, not a list\n  store: [a\n         ^\n"
	    "c.yaml:2:5: did not find expected ',' or ']' while parsing a flow sequence that starts"
	    " on line 1\n  keys: b\n      ^\n" },
	{ "a value with a colon", "store: a: b\n",
	    "c.yaml:1:9: mapping values are not allowed in this context\n  store: a: b\n          "
	    "^\n"
	    "hint: put a value with \": \" in it in quotes; indent keys of one map alike\n" },
	{ "a value that starts with a percent sign", "store: %a\n",
	    "c.yaml:1:8: found character that cannot start any token\n  store: %a\n         "
	    "^\nhint: put the value in quotes\n" },
	{ "two documents", "store: a\n---\nkeys: b\n",
	    "c.yaml:2:1: a second document (---)\n  ---\n  ^\n" },
	{ "a list as the file", "- a\n",
	    "c.yaml:1:1: the file must be a map of options\n  - a\n  ^\n"
	    "hint: for example store: /var/lib/cretula\n" },
	{ "a map as a key", "{a: b}: c\n", "c.yaml:1:1: a key must be a word\n  {a: b}: c\n  ^\n" },
	{ "a list for a value", "store: [a]\n",
	    "c.yaml:1:8: store must be one value, not a list\n  store: [a]\n         ^\n" },
	{ "nothing for a value", "store:\n",
	    "c.yaml:1:7: store has no value\n  store:\n        ^\n" },
	{ "a value for a map", IN_STREAM "words: 10\n",
	    "c.yaml:3:12: streams.NAME.words must be a map\n      words: 10\n             ^\n" },
	{ "a value for a list", IN_STREAM "routes: r.txt\n",
	    "c.yaml:3:13: routes must be a list\n      routes: r.txt\n              ^\n"
	    "hint: write [ one, two ], or one a line behind \"- \"\n" },
	{ "a stream's name", "streams:\n  Shop:\n",
	    "c.yaml:2:3: a stream is named by 1 to 32 of a-z, 0-9 and -\n    Shop:\n    ^\n"
	    "hint: it starts with a letter\n" },
	{ "a reserved stream", "streams: {cretula.store: {}}\n",
	    "c.yaml:1:11: a stream is named by 1 to 32 of a-z, 0-9 and -\n"
	    "  streams: {cretula.store: {}}\n            ^\nhint: it starts with a letter\n" },
	{ "a format", IN_STREAM "format: nginx_combined\n",
	    "c.yaml:3:13: format: there is no such format\n      format: nginx_combined\n"
	    "              ^\nhint: did you mean \"nginx-combined\"?\n" },
	{ "a method", IN_STREAM "mask: {ip.peer: tokn}\n",
	    "c.yaml:3:21: ip.peer: there is no such method\n      mask: {ip.peer: tokn}\n"
	    "                      ^\nhint: did you mean \"token\"?\n" },
	{ "a method that the class may not use", IN_STREAM "mask: {pan: token}\n",
	    "c.yaml:3:17: pan: method \"token\" is not allowed; use one of: redact, drop\n"
	    "      mask: {pan: token}\n                  ^\n" },
	{ "keep", IN_STREAM "mask: {credential: keep}\n",
	    "c.yaml:3:24: credential: method \"keep\" is not allowed; use one of: redact, drop\n"
	    "      mask: {credential: keep}\n                         ^\n" },
	{ "a class", IN_STREAM "mask: {ip.per: token}\n",
	    "c.yaml:3:12: no class is called \"ip.per\"\n      mask: {ip.per: token}\n"
	    "             ^\nhint: did you mean \"ip.peer\"?\n" },
	{ "the class of nothing", IN_STREAM "mask: {none: drop}\n",
	    "c.yaml:3:12: no class is called \"none\"\n      mask: {none: drop}\n             "
	    "^\n" },
	{ "agent is a map", IN_STREAM "mask: {agent: token}\n",
	    "c.yaml:3:19: streams.NAME.mask.agent must be a map\n      mask: {agent: token}\n"
	    "                    ^\nhint: write agent: { full: token }\n" },
	{ "a choice", IN_STREAM "words: {mode: lern}\n",
	    "c.yaml:3:19: words.mode must be \"learn\" or \"fixed\" or \"keep\"\n"
	    "      words: {mode: lern}\n                    ^\nhint: did you mean \"learn\"?\n" },
	{ "a number below the range", IN_STREAM "words: {k: 9}\n",
	    "c.yaml:3:16: words.k must be a whole number from 10 to 1000\n      words: {k: 9}\n"
	    "                 ^\n" },
	{ "no number", IN_STREAM "words: {k: 1e3}\n",
	    "c.yaml:3:16: words.k must be a whole number from 10 to 1000\n      words: {k: 1e3}\n"
	    "                 ^\n" },
	{ "a duration without a unit", IN_STREAM "epochs: {grace: {day: 24}}\n",
	    "c.yaml:3:27: epochs.grace.day must be a duration from 0s to 365d\n"
	    "      epochs: {grace: {day: 24}}\n                            ^\n"
	    "hint: durations have a unit: 500ms 30s 5m 12h 7d 2w 1y\n" },
	{ "a duration over the range", IN_STREAM "epochs: {grace: {day: 2y}}\n",
	    "c.yaml:3:27: epochs.grace.day must be a duration from 0s to 365d\n"
	    "      epochs: {grace: {day: 2y}}\n                            ^\n" },
	{ "a size over the range", IN_STREAM "limits: {line: 1M}\n",
	    "c.yaml:3:20: limits.line must be a size from 1K to 64K\n      limits: {line: 1M}\n"
	    "                     ^\n" },
	{ "no size", IN_STREAM "limits: {line: 64k}\n",
	    "c.yaml:3:20: limits.line must be a size from 1K to 64K\n      limits: {line: 64k}\n"
	    "                     ^\nhint: sizes are whole numbers of bytes, K, M, G or T: 64K\n" },
	{ "no network", IN_STREAM "trusted_proxies: [10.0.0.0/33]\n",
	    "c.yaml:3:23: trusted_proxies must be networks, such as 192.0.2.0/24 or 2001:db8::/32\n"
	    "      trusted_proxies: [10.0.0.0/33]\n                        ^\n" },
	{ "a network of everybody", IN_STREAM "own_networks: {keep: [\"::/0\"]}\n",
	    "c.yaml:3:27: own_networks.keep: a network this large has strangers in it\n"
	    "      own_networks: {keep: [\"::/0\"]}\n                            ^\n"
	    "hint: IPv4 from /8, IPv6 from /7\n" },
	{ "a machine account that is everybody", IN_STREAM "machine_accounts: ['*']\n",
	    "c.yaml:3:24: machine_accounts: a * stands at the end, behind 3 characters or more\n"
	    "      machine_accounts: ['*']\n                         ^\nhint: for example "
	    "system:*\n" },
	{ "a host with a scheme", IN_STREAM "hosts: ['https://a.b']\n",
	    "c.yaml:3:13: hosts must be host names of at most 63 bytes\n"
	    "      hosts: ['https://a.b']\n              ^\n"
	    "hint: without scheme, port, path and wildcard; other letters as xn--\n" },
	{ "a program with a version", IN_STREAM "agents: [MyApp/3]\n",
	    "c.yaml:3:14: agents must be names of 1 to 31 letters, digits, _ or -\n"
	    "      agents: [MyApp/3]\n               ^\n" },
	{ "a server with a blank", IN_STREAM "servers: [a b]\n",
	    "c.yaml:3:15: servers must be names of 1 to 63 bytes without blanks\n"
	    "      servers: [a b]\n                ^\n" },
	{ "a variable that is not set", "store: /x/${CRETULA_TEST_UNSET}\n",
	    "c.yaml:1:8: the environment has no CRETULA_TEST_UNSET\n"
	    "  store: /x/${CRETULA_TEST_UNSET}\n         ^\n" },
	{ "a variable without an end", "store: ${HOME\n",
	    "c.yaml:1:8: \"${\" without the name of a variable and \"}\"\n  store: ${HOME\n"
	    "         ^\nhint: write $${ for ${ itself\n" },
	{ "a variable with an odd name", "store: \"${A B}\"\n",
	    "c.yaml:1:8: \"${\" without the name of a variable and \"}\"\n  store: \"${A B}\"\n"
	    "         ^\nhint: write $${ for ${ itself\n" },
	{ "a file that is not there", "include: /nonexistent/cretula/x\n",
	    "c.yaml:1:10: include: /nonexistent/cretula/x: No such file or directory\n"
	    "  include: /nonexistent/cretula/x\n           ^\n" },
	{ "errors come in the order of the file", "zebra: 1\nstore: [b]\nstore: c\nyonder: 1\n",
	    "c.yaml:1:1: unknown key \"zebra\"\n  zebra: 1\n  ^\n"
	    "c.yaml:2:8: store must be one value, not a list\n  store: [b]\n         ^\n"
	    "c.yaml:3:1: \"store\" is given twice; the first is on line 2\n  store: c\n  ^\n"
	    "c.yaml:4:1: unknown key \"yonder\"\n  yonder: 1\n  ^\n" },
	{ "a secret is cut off", "api_token: hunter2\n",
	    "c.yaml:1:1: unknown key \"api_token\"\n  api_token: ...\n  ^\n" },
	{ "a role that is called badly", "roles: {A b: {}}\n",
	    "c.yaml:1:9: a role is named by 1 to 32 of a-z, 0-9 and -\n  roles: {A b: {}}\n"
	    "          ^\nhint: it starts with a letter\n" },
	{ "a role twice", "roles:\n  a: {}\n  a: {}\n",
	    "c.yaml:3:3: \"a\" is given twice; the first is on line 2\n    a: {}\n    ^\n" },
	{ "a user of two roles", "roles:\n  a: {users: [x]}\n  b: {users: [y, x]}\n",
	    "c.yaml:3:3: users: x has another role already\n    b: {users: [y, x]}\n    ^\n" },
	{ "a role of no stream", "roles:\n  a: {streams: [cretula.other]}\n",
	    "c.yaml:2:3: streams: cretula.other cannot be a stream\n"
	    "    a: {streams: [cretula.other]}\n    ^\n" },
	{ "serving the world in clear", "serve: {listen: \"0.0.0.0:80\"}\n",
	    "c.yaml:1:9: serve: others would read along: that address needs TLS\n"
	    "  serve: {listen: \"0.0.0.0:80\"}\n          ^\n"
	    "hint: listen: \"127.0.0.1:8466\", or a certificate and its key\n" },
	{ "half of TLS", "serve:\n  certificate: a.pem\n",
	    "c.yaml:2:3: serve: TLS needs certificate and key; there is no key\n"
	    "    certificate: a.pem\n    ^\n" },
	{ "a proxy that anybody could be", "serve: {listen: \"127.0.0.1:80\", proxy: www-data}\n",
	    "c.yaml:1:9: serve: a proxy is believed at a unix socket only\n"
	    "  serve: {listen: \"127.0.0.1:80\", proxy: www-data}\n          ^\n" },
	{ "a tier that is none", "roles: {a: {tier: analist}}\n",
	    "c.yaml:1:19: tier must be \"developer\" or \"analyst\" or \"public\" or \"auditor\"\n"
	    "  roles: {a: {tier: analist}}\n                    ^\n"
	    "hint: did you mean \"analyst\"?\n" },
	{ "a k that shows more than its tier", "roles: {a: {tier: analyst, k: 9}}\n",
	    "c.yaml:1:31: k must be a whole number from 10 to 20\n"
	    "  roles: {a: {tier: analyst, k: 9}}\n                                ^\n" },
	{ "a k between the public's and the analysts'", "roles: {a: {tier: public, k: 15}}\n",
	    "c.yaml:1:9: role \"a\": k of the public is 20\n"
	    "  roles: {a: {tier: public, k: 15}}\n          ^\n" },
	{ "a k of somebody who sees records", "roles: {a: {tier: developer, k: 15}}\n",
	    "c.yaml:1:9: role \"a\": k is of the tiers analyst and public\n"
	    "  roles: {a: {tier: developer, k: 15}}\n          ^\n" },
	{ "a field that is none", "roles: {a: {tier: auditor, fields: [pathh]}}\n",
	    "c.yaml:1:37: fields: a record has no field of this name\n"
	    "  roles: {a: {tier: auditor, fields: [pathh]}}\n"
	    "                                      ^\nhint: did you mean \"path\"?\n" },
	{ "a field that the tier does not see", "roles: {a: {tier: analyst, fields: [path, user]}}\n",
	    "c.yaml:1:9: role \"a\": its tier does not see user\n"
	    "  roles: {a: {tier: analyst, fields: [path, user]}}\n          ^\n" },
	{ "a tier by another name", "roles: {developer: {tier: analyst}}\n",
	    "c.yaml:1:9: role \"developer\" must be of the tier of this name\n"
	    "  roles: {developer: {tier: analyst}}\n          ^\n" },
	{ "a secret where its hash belongs", "roles: {a: {token_hash: hunter2}}\n",
	    "c.yaml:1:25: token_hash must be the hash of a token, sha256:...\n"
	    "  roles: {a: {token_hash: ...\n"
	    "hint: cretula serve token makes one, and prints the line for this file\n" },
	{ "a secret beside an error", "{password: hunter2, zebra: 1}\n",
	    "c.yaml:1:2: unknown key \"password\"\n  {password: ...\n   ^\n"
	    "c.yaml:1:21: unknown key \"zebra\"\n  {password: ...\n" },
	{ "a secret below its key", "db:\n  secret:\n    a: !x hunter2\n",
	    "c.yaml:1:1: unknown key \"db\"\n  db:\n  ^\n"
	    "c.yaml:3:8: tags (!) are not allowed\n      ...\n"
	    "hint: put a value that starts with ! in quotes\n" },
	{ "a secret that is half read", "secret: \"hunter2\n  hunter3\n",
	    "c.yaml:3:1: found unexpected end of stream while scanning a quoted scalar that starts"
	    " on line 1\nhint: a quote or bracket is not closed\n" },
	{ "a secret with a syntax error behind", "secret: hunter2: hunter3\n",
	    "c.yaml:1:1: unknown key \"secret\"\n  secret: ...\n  ^\n"
	    "c.yaml:1:16: mapping values are not allowed in this context\n  secret: ...\n"
	    "hint: put a value with \": \" in it in quotes; indent keys of one map alike\n" },
	{ "a secret in a text that went on too long", "zebra\napi_key: hunter2\n",
	    "c.yaml:1:1: the file must be a map of options\n  ...\n"
	    "hint: for example store: /var/lib/cretula\n"
	    "c.yaml:2:8: mapping values are not allowed in this context\n"
	    "hint: put a value with \": \" in it in quotes; indent keys of one map alike\n" },
	{ "a secret whose value breaks off", "secret:\n  \"a\"\n  [ - {b:{hunter2}\n",
	    "c.yaml:1:1: unknown key \"secret\"\n  secret: ...\n  ^\n"
	    "c.yaml:3:9: found unexpected ':'\n" },
	{ "a secret behind a tab", "token:\n\t- hunter2\n",
	    "c.yaml:2:1: a tab in the indentation\nhint: indent with spaces\n" },
	{ "path_token is no secret", IN_STREAM "path_token: share\n",
	    "c.yaml:3:17: path_token must be \"subject\" or \"shared\"\n      path_token: share\n"
	    "                  ^\nhint: did you mean \"shared\"?\n" },
	{ "a secret that is nested too deep", "secret: [[[[[[[[hunter2]]]]]]]]\n",
	    "c.yaml:1:1: unknown key \"secret\"\n  secret: ...\n  ^\n"
	    "c.yaml:1:16: nested deeper than 8\n  secret: ...\n" },
};

static void
test_each_error_has_its_place(void **state)
{
	unsigned failed = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loaded l;
		int rc = load_text(&l, rows[i].in);

		if (rc != -1 || l.e.code != ERR_CONFIG || l.config != NULL ||
		    strcmp(report_of(&l), rows[i].out) != 0 ||
		    strstr(report_of(&l), "hunter") != NULL) {
			print_error("%s: rc %d, code %d\nwant:\n%sgot:\n%s", rows[i].claim, rc,
			    (int)l.e.code, rows[i].out, report_of(&l));
			failed++;
		}
		loaded_free(&l);
	}
	assert_int_equal(failed, 0);
}

static void
test_a_hundred_errors_are_printed(void **state)
{
	struct buf text = { 0 };
	struct loaded l;

	for (int i = 0; i < 150; i++)
		buf_fmt(&text, "zebra%d: 1\n", i);
	assert_int_equal(load_text(&l, text.data), -1);
	assert_string_equal(l.e.text, "c.yaml: 150 errors");
	assert_non_null(strstr(report_of(&l), "c.yaml:100:1: unknown key \"zebra99\"\n"));
	assert_null(strstr(report_of(&l), "zebra100"));
	assert_string_equal(
	    report_of(&l) + l.report.len - strlen("and 50 more\n"), "and 50 more\n");
	loaded_free(&l);
	buf_free(&text);
}

static void
fill(struct buf *text, const char *before, const char *item, int count, const char *after)
{
	buf_clear(text);
	buf_str(text, before);
	for (int i = 0; i < count; i++)
		buf_fmt(text, item, i);
	buf_str(text, after);
}

static void
test_everything_has_a_bound(void **state)
{
	static const struct {
		const char *claim, *before, *item;
		int most;
		const char *after, *error;
	} bounds[] = {
		{ "streams", "streams:\n", "  s%d:\n", CONFIG_STREAMS_MAX, "",
		    "more than 64 streams" },
		{ "hosts", IN_STREAM "hosts: [", "h%d, ", MASK_NAMES_MAX, "]",
		    "hosts has more than 64 items" },
		{ "networks", IN_STREAM "trusted_proxies: [", "10.0.0.%d, ", MASK_NETWORKS_MAX, "]",
		    "trusted_proxies has more than 64 items" },
		{ "routes", IN_STREAM "routes: [", "r%d, ", CONFIG_ROUTES_MAX, "]",
		    "routes has more than 16 items" },
		{ "a path", "store: /12", "%.1d", CONFIG_PATH_BYTES, "",
		    "store is longer than 1023 bytes" },
	};
	struct buf text = { 0 };
	struct loaded l;

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		if (strcmp(bounds[i].claim, "a path") != 0) {
			fill(&text, bounds[i].before, bounds[i].item, bounds[i].most,
			    bounds[i].after);
			assert_int_equal(load_text(&l, text.data), 0);
			loaded_free(&l);
		}
		fill(&text, bounds[i].before, bounds[i].item, bounds[i].most + 1, bounds[i].after);
		assert_int_equal(load_text(&l, text.data), -1);
		if (strstr(report_of(&l), bounds[i].error) == NULL)
			fail_msg("%s: %s", bounds[i].claim, report_of(&l));
		loaded_free(&l);
	}
	fill(&text, "[", "a,", CONFIG_ITEMS_MAX + 1, "]");
	assert_int_equal(load_text(&l, text.data), -1);
	assert_non_null(strstr(report_of(&l), "more than 1024 in one list"));
	loaded_free(&l);
	fill(&text, "a: [\n", "[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]],\n", 1000, "]");
	assert_int_equal(load_text(&l, text.data), -1);
	assert_non_null(strstr(report_of(&l), "more than 16384 values"));
	loaded_free(&l);
	fill(&text, "#", "%064d", 16384, "");
	assert_int_equal(load_text(&l, text.data), -1);
	assert_string_equal(l.e.text, "c.yaml: larger than 1 MiB");
	loaded_free(&l);
	buf_free(&text);
}

static void
test_a_long_line_is_shown_around_the_place(void **state)
{
	struct buf text = { 0 };
	struct loaded l;

	fill(&text, "streams: {s: {hosts: [", "host%d, ", 60,
	    "], zebra: 1, hosts2: [a, b, c, d, e, f, "
	    "g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v]}}\n");
	assert_int_equal(load_text(&l, text.data), -1);
	assert_string_equal(report_of(&l),
	    "c.yaml:1:496: unknown key \"zebra\"\n"
	    "  ... host53, host54, host55, host56, host57, host58, host59, ], zebra: 1, hosts2: "
	    "[a, b, c, d, e, f, g, ...\n"
	    "                                                                 ^\n"
	    "c.yaml:1:506: unknown key \"hosts2\"\n"
	    "  ...ost54, host55, host56, host57, host58, host59, ], zebra: 1, hosts2: [a, b, c, d, "
	    "e, f, g, h, i, j, k...\n"
	    "                                                                 ^\n"
	    "hint: did you mean \"hosts\"?\n");
	loaded_free(&l);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_hundred_errors_are_printed),
		cmocka_unit_test(test_a_long_line_is_shown_around_the_place),
		cmocka_unit_test(test_each_error_has_its_place),
		cmocka_unit_test(test_everything_has_a_bound),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
