#ifndef TOOL_PROOF_H
#define TOOL_PROOF_H

#include "tool/links.h"
#include "tool/survey.h"

/*
 * Proofreading of one file, which is open in `entry`: its lines, and where
 * its links lead.  In memory that does not grow with the file.
 */
void proof_gemtext(struct links *links, const struct survey_entry *entry);
void proof_gophermap(struct links *links, const struct survey_entry *entry);

/* Any other text: its encoding. */
void proof_text(struct links *links, const struct survey_entry *entry);

#endif
