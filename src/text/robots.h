#ifndef TEXT_ROBOTS_H
#define TEXT_ROBOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/str.h"

/*
 * Whether robots.txt lets a robot that goes by any of `count` names (lower
 * case; "archiver", say) ask for `path`, which is decoded and begins with
 * "/".  As the companion specification has it: lines of "User-agent:" begin
 * a group, "Disallow:" holds the beginning of paths, "#" a comment, and all
 * else is passed over; a group for "*" is for those who are not named.
 */
bool robots_allow(
    struct str robots, const struct str *names, size_t count, struct str path);

#endif
