#!/bin/sh
# A CGI program for sh(1): who asks.
if [ "$SERVER_PROTOCOL" = GEMINI ] && [ -z "$TLS_CLIENT_HASH" ]; then
	printf '60 Show a certificate\r\n'
	exit
fi
printf '20 text/gemini\r\n'
printf 'Hello, %s\n' "${REMOTE_USER:-visitor}"
printf '=> %s/next Next\n' "$SCRIPT_NAME"
