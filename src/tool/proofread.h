#ifndef TOOL_PROOFREAD_H
#define TOOL_PROOFREAD_H

#include "tool/links.h"
#include "tool/survey.h"

/*
 * Checks one file, open in `entry`: its lines, and the links in them.  Memory
 * does not grow with the file.
 */
void proofread_gemtext(struct links *links, const struct survey_entry *entry);
void proofread_gophermap(struct links *links, const struct survey_entry *entry);

/* Checks the encoding of any other text. */
void proofread_text(struct links *links, const struct survey_entry *entry);

#endif
