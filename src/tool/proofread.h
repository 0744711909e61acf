#ifndef TOOL_PROOFREAD_H
#define TOOL_PROOFREAD_H

#include "tool/links.h"
#include "tool/survey.h"

/*
 * Proofreading of one file, which is open in `entry`: its lines, and where
 * its links lead.  In memory that does not grow with the file.
 */
void proofread_gemtext(struct links *links, const struct survey_entry *entry);
void proofread_gophermap(struct links *links, const struct survey_entry *entry);

/* Any other text: its encoding. */
void proofread_text(struct links *links, const struct survey_entry *entry);

#endif
