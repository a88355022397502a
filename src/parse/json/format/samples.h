/* parse: a line of each format in JSON; no real data. */
#ifndef CRETULA_PARSE_JSON_SAMPLES_H
#define CRETULA_PARSE_JSON_SAMPLES_H

#define PARSE_SAMPLE_NGINX \
	"{\"time_iso8601\":\"2025-11-24T10:11:12+00:00\",\"remote_addr\":\"192.0.2.7\"," \
	"\"request_method\":\"GET\",\"request_uri\":\"/index.html\",\"status\":200," \
	"\"body_bytes_sent\":512,\"request_time\":0.004,\"http_user_agent\":\"curl/8.5.0\"}"
#define PARSE_SAMPLE_INGRESS \
	"{\"time\":\"2025-11-24T10:11:12+00:00\",\"remote_addr\":\"192.0.2.7\"," \
	"\"method\":\"GET\",\"vhost\":\"www.example.com\",\"path\":\"/index.html\"," \
	"\"request_query\":\"page=2\",\"request_proto\":\"HTTP/2.0\",\"status\":200," \
	"\"bytes_sent\":512,\"duration\":0.004,\"proxy_upstream_name\":\"shop-web-80\"}"
#define PARSE_SAMPLE_LINES \
	"{\"@timestamp\":\"2025-11-24T10:11:12Z\",\"client.ip\":\"192.0.2.7\"," \
	"\"http.request.method\":\"GET\",\"url.path\":\"/index.html\"," \
	"\"http.response.status_code\":200,\"log.level\":\"info\"}"

#define PARSE_SAMPLE_CADDY \
	"{\"level\":\"info\",\"ts\":1763979072.5,\"logger\":\"http.log.access\"," \
	"\"msg\":\"handled request\",\"request\":{\"remote_ip\":\"192.0.2.7\"," \
	"\"remote_port\":\"40812\",\"client_ip\":\"192.0.2.7\",\"proto\":\"HTTP/2.0\"," \
	"\"method\":\"GET\",\"host\":\"www.example.com\",\"uri\":\"/index.html\"," \
	"\"headers\":{\"User-Agent\":[\"curl/8.5.0\"]}},\"duration\":0.0021,\"size\":512," \
	"\"status\":200}"
#define PARSE_SAMPLE_TRAEFIK \
	"{\"ClientAddr\":\"192.0.2.7:40812\",\"ClientHost\":\"192.0.2.7\"," \
	"\"ClientPort\":\"40812\",\"ClientUsername\":\"-\",\"DownstreamContentSize\":512," \
	"\"DownstreamStatus\":200,\"Duration\":4000000,\"OriginDuration\":3900000," \
	"\"OriginStatus\":200,\"RequestHost\":\"www.example.com\",\"RequestMethod\":\"GET\"," \
	"\"RequestPath\":\"/index.html\",\"RequestProtocol\":\"HTTP/2.0\"," \
	"\"RouterName\":\"shop@docker\",\"StartUTC\":\"2025-11-24T10:11:12.5Z\"," \
	"\"request_User-Agent\":\"curl/8.5.0\"}"
#define PARSE_SAMPLE_ENVOY \
	"{\"start_time\":\"2025-11-24T10:11:12.500Z\",\"method\":\"GET\"," \
	"\"path\":\"/index.html\",\"protocol\":\"HTTP/2\",\"response_code\":200," \
	"\"response_flags\":\"-\",\"bytes_received\":0,\"bytes_sent\":512,\"duration\":4," \
	"\"x_forwarded_for\":\"192.0.2.7\",\"user_agent\":\"curl/8.5.0\"," \
	"\"request_id\":\"3bbc0252-2d5c-49fe-bd89-104e9b61770b\"," \
	"\"authority\":\"www.example.com\",\"upstream_host\":\"10.0.0.9:8080\"," \
	"\"downstream_remote_address\":\"192.0.2.7:40812\"}"
#define PARSE_SAMPLE_K8S \
	"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"level\":\"Metadata\"," \
	"\"auditID\":\"841d3e6d-90d2-43df-8da4-684738bee3d5\",\"stage\":\"ResponseComplete\"," \
	"\"requestURI\":\"/api/v1/namespaces/default/pods\",\"verb\":\"list\"," \
	"\"user\":{\"username\":\"system:serviceaccount:default:deploy\"," \
	"\"groups\":[\"system:authenticated\"]},\"sourceIPs\":[\"192.0.2.7\"]," \
	"\"objectRef\":{\"resource\":\"pods\",\"namespace\":\"default\"}," \
	"\"responseStatus\":{\"code\":200}," \
	"\"requestReceivedTimestamp\":\"2025-11-24T10:11:12.500000Z\"," \
	"\"stageTimestamp\":\"2025-11-24T10:11:12.504000Z\"}"
#define PARSE_SAMPLE_CLOUDTRAIL \
	"{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"IAMUser\"," \
	"\"userName\":\"deploy\"},\"eventTime\":\"2025-11-24T10:11:12Z\"," \
	"\"eventSource\":\"ec2.amazonaws.com\",\"eventName\":\"DescribeInstances\"," \
	"\"awsRegion\":\"eu-central-1\",\"sourceIPAddress\":\"192.0.2.7\"," \
	"\"userAgent\":\"aws-cli/2.15.0\",\"requestParameters\":{\"maxResults\":5}," \
	"\"responseElements\":null,\"eventID\":\"9315083d-47f7-4f3d-aafb-1d47faaeb2e8\"," \
	"\"eventType\":\"AwsApiCall\"}"
#define PARSE_SAMPLE_POSTGRES \
	"{\"timestamp\":\"2025-11-24 10:11:12.500 UTC\",\"user\":\"shop\"," \
	"\"dbname\":\"shop\",\"pid\":4711,\"remote_host\":\"192.0.2.7\"," \
	"\"remote_port\":40812,\"session_id\":\"69242f00.1267\",\"line_num\":3," \
	"\"ps\":\"SELECT\",\"session_start\":\"2025-11-24 10:11:00 UTC\"," \
	"\"error_severity\":\"ERROR\",\"state_code\":\"42P01\"," \
	"\"message\":\"relation \\\"orders\\\" does not exist\"," \
	"\"statement\":\"select * from orders\",\"application_name\":\"psql\"," \
	"\"backend_type\":\"client backend\",\"query_id\":0}"

#endif
