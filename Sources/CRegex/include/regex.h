/* RE2 for callers that speak C. */
#ifndef BNORM_REGEX_H
#define BNORM_REGEX_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bnorm_regex;

/* A compiled pattern, or NULL with a message (to be freed with bnorm_regex_free_text). */
struct bnorm_regex *bnorm_regex_compile(const char *pattern, size_t length, char **error);
void bnorm_regex_free(struct bnorm_regex *regex);

/* Whether all of the text matches. */
int bnorm_regex_full_match(const struct bnorm_regex *regex, const char *text, size_t length);

/* The text with the first match or all matches replaced; `\0` to `\9` in `rewrite` stand for groups.
 * The result is freed with bnorm_regex_free_text. */
char *bnorm_regex_replace(const struct bnorm_regex *regex, const char *text, size_t length,
                          const char *rewrite, size_t rewrite_length, int all, size_t *out_length);

/* Whether `rewrite` only names groups that the pattern has; else a message. */
int bnorm_regex_check_rewrite(const struct bnorm_regex *regex, const char *rewrite, size_t length,
                              char **error);
void bnorm_regex_free_text(char *text);

#ifdef __cplusplus
}
#endif

#endif
