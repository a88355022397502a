/* parse: access logs of AWS whose fields have places. */
#ifndef CRETULA_PARSE_AWS_H
#define CRETULA_PARSE_AWS_H

#include "parse/parse.h"

parse_line_function parse_aws_alb, parse_aws_clb, parse_aws_nlb, parse_aws_s3;

#endif
