#ifndef TEXT_ATTRIBUTE_H
#define TEXT_ATTRIBUTE_H

/*
 * What a compiler can be told about a function, in words.  A compiler that
 * knows none of it builds the same program.
 */
#if defined(__GNUC__)
#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define NO_RETURN __attribute__((noreturn))
#else
#define MUST_USE
#define PRINTF_LIKE(text, first)
#define NO_RETURN
#endif

#endif
