/* The data on the client of an exchange, for programs. */
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
