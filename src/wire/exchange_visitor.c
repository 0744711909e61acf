/* What programs learn of the client of an exchange. */
#include "wire/exchange.h"

struct visitor
exchange_visitor(const struct exchange *exchange)
{
	return (struct visitor){
		.peer = exchange->peer,
		.tls = exchange->transport != NULL ? &exchange->transport->tls
						   : NULL,
	};
}
