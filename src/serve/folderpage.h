#ifndef SERVE_FOLDERPAGE_H
#define SERVE_FOLDERPAGE_H

#include "serve/response.h"

/*
 * Answers for a path that ends in a slash: with the directory's gophermap for a
 * menu, else with its index.gmi or index.gemini, else with a listing. Declines
 * any other path.
 */
handler folderpage_answer;

/* Answers for a path that ends in a slash with the directory's listing. */
handler folderpage_list;

#endif
