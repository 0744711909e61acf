#ifndef TEXT_ATTRIBUTE_H
#define TEXT_ATTRIBUTE_H

/* Function attributes in words; empty for compilers without them. */
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
