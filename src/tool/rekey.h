#ifndef TOOL_REKEY_H
#define TOOL_REKEY_H

#define REKEY_USAGE \
	"rekey [--day DATE] [--notice DIR] CERTS NAME\n" \
	"       capsule rekey --now [--force] CERTS NAME\n" \
	"       capsule rekey --names [--force] CERTS NAME..."

/*
 * The verb `rekey`; the arguments begin with its name.  Returns the exit
 * status: 0, 1 on failure, or 2 for wrong usage.
 */
int rekey_main(int argc, char **argv);

#endif
