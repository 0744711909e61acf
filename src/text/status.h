#ifndef TEXT_STATUS_H
#define TEXT_STATUS_H

/*
 * The status of an answer: Gemini's codes (Gemini 0.24, Responses), which
 * Gopher's errors are made from.
 */
enum status {
	STATUS_INPUT = 10,
	STATUS_SENSITIVE_INPUT = 11,
	STATUS_SUCCESS = 20,
	STATUS_REDIRECT = 30,
	STATUS_MOVED = 31,
	STATUS_FAILURE = 40,
	STATUS_UNAVAILABLE = 41,
	STATUS_PROGRAM = 42, /* a program failed: "CGI error" */
	STATUS_PROXY = 43, /* of programs only */
	STATUS_SLOW_DOWN = 44,
	STATUS_TOO_LARGE = 50, /* a permanent failure without its own code */
	STATUS_GONE = 52,
	STATUS_NOT_FOUND = 51,
	STATUS_REFUSED = 53,
	STATUS_BAD_REQUEST = 59,
	STATUS_CERTIFICATE_REQUIRED = 60,
	STATUS_CERTIFICATE_REFUSED = 61,
	STATUS_CERTIFICATE_INVALID = 62,
};

#endif
