/* Hides the signature of the manifest where files can be uploaded. */
#include "daemon/config_signature.h"

#include "daemon/config_section.h"
#include "serve/rules.h"

int
config_signature_hide(struct config_loader *loader, struct host_config *host)
{
	size_t count = 0;
	const char **hide;

	if (rules_first_writable(&host->rules) == NULL)
		return 0;
	while (host->hide != NULL && host->hide[count] != NULL)
		count++;
	hide = arena_alloc(&loader->config->arena, (count + 2) * sizeof *hide);
	if (hide == NULL)
		return config_section_fail_memory(loader->config);
	for (size_t i = 0; i < count; i++)
		hide[i] = host->hide[i];
	hide[count] = CONFIG_SIGNATURE_NAME;
	hide[count + 1] = NULL;
	host->hide = hide;
	return 0;
}
